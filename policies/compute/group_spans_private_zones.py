"""Policy group-spans-private-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource

_SUBNETS = ("aws_subnet", "aws_default_subnet")


@policy(
    id="group-spans-private-zones",
    title="An Auto Scaling group places its instances in private subnets of several zones",
    remediation="List one private subnet of each zone in vpc_zone_identifier.",
    severity="high",
    applies_to=("aws_autoscaling_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, zones: int) -> Iterator[Finding]:
    """A zone that fails takes its instances with it; the group starts others only in the subnets that it has. An
    instance in a public subnet is one address away from the Internet."""
    listed = group.attribute("vpc_zone_identifier")
    items = (listed,) if listed.is_unresolved else listed.items()
    if not items:
        yield listed.fails("no subnet is named, so the instances start in default subnets, which are public")
        return
    found = [graph.targets(item, *_SUBNETS) for item in items]
    subnets = tuple(dict.fromkeys(subnet for named in found for subnet in named))
    for subnet in (one for one in subnets if topology.is_public(one, graph)):
        yield listed.fails(f"{subnet.address} is public: a route leads to an internet gateway")
    spanned = len(topology.zones(subnets)) if subnets else 0
    if not all(found) or any(subnet.may_not_exist for subnet in subnets):
        yield listed.undetermined("not every subnet is part of this input, or known to exist")
    elif spanned < zones:
        yield listed.fails(f"the subnets lie in {spanned} zones, not in {zones}")
    else:
        yield listed.passes(f"the subnets are private, and lie in {spanned} zones")
