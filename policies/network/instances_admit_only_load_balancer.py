"""Policy instances-admit-only-load-balancer."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import ALL_PORTS, GROUPS, admissions
from policies.network.wearers import LOAD_BALANCERS, groups_of_fleet, is_worn_by
from policies.registry import policy
from policies.resources import Attribute, Resource

_ATTACHING = ("aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment")


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
    attached = [one for type_ in _ATTACHING for one in graph.referrers(fleet, type_, "autoscaling_group_name")]
    if not attached and not any(one.is_unresolved or one.value for one in sources):
        yield fleet.not_applicable("behind no load balancer")
        return
    groups = groups_of_fleet(fleet, graph)
    if not groups:
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
