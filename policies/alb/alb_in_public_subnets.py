"""Policy alb-in-public-subnets."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="alb-in-public-subnets",
    title="An internet-facing load balancer stands in public subnets of several availability zones",
    remediation="Give the load balancer one public subnet in each zone; make it internal if nobody outside needs it.",
    severity="medium",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph, *, zones: int = 2) -> Iterator[Finding]:
    """In a private subnet the load balancer has a public name that nobody can reach. In one zone too few, the failure
    of a zone takes more of the service away than was planned."""
    kind = balancer.attribute("load_balancer_type").text
    if kind not in ("", "application") or balancer.attribute("internal").is_true:
        yield balancer.not_applicable("no internet-facing application load balancer")
        return
    named = [one for path in ("subnets", "subnet_mapping.subnet_id") for one in balancer.attributes(path)]
    items = [item for one in named for item in ((one,) if one.is_unresolved else one.items())]
    found = {item: graph.targets(item, "aws_subnet", "aws_default_subnet") for item in items}
    for item, subnets in found.items():
        if not subnets:
            yield item.undetermined("the subnet is not part of this input")
        for subnet in subnets:
            public = topology.is_public(subnet, graph)
            yield item.passes(f"{subnet.address} is public") if public else item.fails(f"{subnet.address} is private")
    known = topology.zones([subnet for subnets in found.values() for subnet in subnets])
    if len(known) < zones and all(found.values()):
        places = ", ".join(sorted(one.place for one in known)) or "none"
        yield balancer.attribute("subnets").fails(f"{zones} zones are asked for, and the subnets name {places}")
