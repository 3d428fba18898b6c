"""Policy instances-admit-only-load-balancer."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import ALL_PORTS, GROUPS, admissions
from policies.network.wearers import LOAD_BALANCERS, is_worn_by
from policies.registry import policy
from policies.resources import Attribute, Resource

_MIXED = "mixed_instances_policy.launch_template"
_TEMPLATES = (
    *("launch_template.id", "launch_template.name", "launch_configuration"),
    *(f"{_MIXED}.launch_template_specification.launch_template_{key}" for key in ("id", "name")),
    *(f"{_MIXED}.override.launch_template_specification.launch_template_{key}" for key in ("id", "name")),
)
_GROUPS_OF = ("vpc_security_group_ids", "network_interfaces.security_groups", "security_groups")


@policy(
    id="instances-admit-only-load-balancer",
    title="Instances behind a load balancer admit nobody else",
    remediation="Let the groups of the launch template admit the group of the load balancer only, not on all ports.",
    severity="high",
    applies_to=("aws_autoscaling_group",),
)
def judge(fleet: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The load balancer is where requests are decrypted, logged and filtered. Whoever reaches an instance beside it
    walks around all three, and an intruder on one machine reaches the next."""
    sources = [fleet.attribute(path) for path in ("target_group_arns", "load_balancers", "traffic_source")]
    attached = graph.referrers(fleet, "aws_autoscaling_attachment", "autoscaling_group_name")
    if not attached and not any(one.is_unresolved or one.value for one in sources):
        yield fleet.not_applicable("behind no load balancer")
        return
    templates = [
        template
        for path in _TEMPLATES
        for named in fleet.attributes(path)
        for template in graph.targets(named, "aws_launch_template", "aws_launch_configuration")
    ]
    groups = [
        item for one in templates for path in _GROUPS_OF for named in one.attributes(path) for item in _each(named)
    ]
    if not templates:
        yield fleet.undetermined("the launch template is not part of this input")
    elif not groups:
        yield fleet.fails("no security group is named, so the default one of the VPC applies")
    for item in groups:
        yield from _judge_group(fleet, item, graph)


def _judge_group(fleet: Resource, item: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    groups = graph.targets(item, *GROUPS)
    if not groups:
        yield fleet.undetermined(f"a security group of {item.resource.address} is not part of this input")
    for group in groups:
        closed = True
        for peer in admissions(group, graph):
            closed, verdict = False, is_worn_by(peer, graph, LOAD_BALANCERS)
            if verdict is None:
                yield fleet.undetermined(f"{peer}, and nothing in this input says who that is")
            elif not verdict:
                yield fleet.fails(f"{peer}, which is not only a load balancer's group")
            elif peer.ports == ALL_PORTS:
                yield fleet.fails(f"{peer} on all ports")
            else:
                yield fleet.passes(str(peer))
        if closed:
            yield fleet.passes(f"{group.address} admits nobody")


def _each(named: Attribute) -> tuple[Attribute, ...]:
    return (named,) if named.is_unresolved else named.items()
