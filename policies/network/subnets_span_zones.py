"""Policy subnets-span-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="subnets-span-zones",
    title="The public subnets, like the private ones, lie in enough availability zones",
    remediation="Give every subnet an availability_zone of its own, public and private subnets in each zone.",
    severity="high",
    applies_to=("aws_vpc",),
)
def judge(vpc: Resource, graph: ResourceGraph, *, zones: int) -> Iterator[Finding]:
    """When a zone fails, what runs in the others carries on, but only if both tiers are there: load balancers need a
    public subnet in a zone to send traffic to it, and workloads a private one to run in."""
    subnets = topology.subnets_of(vpc, graph)
    for tier in ("public", "private"):
        members = [subnet for subnet in subnets if topology.is_public(subnet, graph) == (tier == "public")]
        found = topology.zones(members)
        places = ", ".join(sorted(one.place for one in found)) or "none"
        if len(found) >= zones:
            yield vpc.passes(f"the {tier} subnets lie in {len(found)} zones: {places}")
        else:
            yield vpc.fails(f"the {tier} subnets name {len(found)} zones where {zones} are asked for: {places}")
        for subnet in members:
            if topology.zone(subnet) is None:
                yield vpc.fails(f"{subnet.address} names no zone, so AWS chooses one")
