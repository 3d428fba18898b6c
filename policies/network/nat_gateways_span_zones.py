"""Policy nat-gateways-span-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="nat-gateways-span-zones",
    title="Enough availability zones have a NAT gateway of their own",
    remediation="Put one public NAT gateway, with an Elastic IP address, into a public subnet of each zone.",
    severity="medium",
    applies_to=("aws_vpc",),
)
def judge(vpc: Resource, graph: ResourceGraph, *, zones: int) -> Iterator[Finding]:
    """A NAT gateway lives and dies with its zone. One that serves several zones turns the failure of its own into the
    failure of all, and every byte from the others crosses zones."""
    homes: list[Resource] = []
    for subnet in topology.subnets_of(vpc, graph):
        for gateway in graph.referrers(subnet, "aws_nat_gateway", "subnet_id"):
            flaw = _flaw(gateway, subnet, graph)
            if flaw:
                yield vpc.fails(f"{gateway.address} {flaw}")
            else:
                homes.append(subnet)
    found = topology.zones(homes)
    places = ", ".join(sorted(one.place for one in found)) or "none"
    if len(found) >= zones:
        yield vpc.passes(f"NAT gateways stand in {len(found)} zones: {places}")
    else:
        yield vpc.fails(f"NAT gateways stand in {len(found)} zones where {zones} are asked for: {places}")


def _flaw(gateway: Resource, subnet: Resource, graph: ResourceGraph) -> str | None:
    """Why the gateway does not lead to the Internet; None when it does."""
    if gateway.attribute("connectivity_type").text not in ("", "public"):
        return "is private, and leads to other networks only"
    address = gateway.attribute("allocation_id")
    if not address.is_handed_over and not address.is_given:
        return "has no Elastic IP address"
    return None if topology.is_public(subnet, graph) else f"stands in {subnet.address}, which is private"
