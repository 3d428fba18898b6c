"""Policy public-subnets-reach-internet-gateway."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.topology import default_routes, internet_gateways, is_public, route_tables
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="public-subnets-reach-internet-gateway",
    title="The default route of a public subnet leads to the internet gateway of its own VPC",
    remediation="Attach an internet gateway to the VPC and route 0.0.0.0/0 of the public subnets to it.",
    severity="medium",
    applies_to=("aws_subnet",),
)
def judge(subnet: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A load balancer or NAT gateway in a public subnet without a working default route is cut off, and everything
    behind it with it. The routes are accepted all the same, and nobody hears of it until traffic fails."""
    if not is_public(subnet, graph):
        yield subnet.not_applicable("a private subnet")
        return
    version = 6 if subnet.attribute("ipv6_native").is_true else 4
    for table in route_tables(subnet, graph):
        gateways = [internet_gateways(route, graph) for route in default_routes(table, graph, version)]
        if not gateways or None in gateways:
            yield subnet.fails(f"{table.address} has no default route to an internet gateway")
        for gateway in (one for found in gateways for one in found or ()):
            if _is_attached(gateway, subnet, graph):
                yield subnet.passes(f"the default route of {table.address} leads to {gateway.address}")
            else:
                yield subnet.fails(f"{gateway.address} is not attached to the subnet's VPC")
        if () in gateways:
            yield subnet.undetermined("the internet gateway is not part of this input")


def _is_attached(gateway: Resource, subnet: Resource, graph: ResourceGraph) -> bool:
    """By the gateway's own vpc_id, or by an attachment; a look-up finds only what is attached somewhere else."""
    vpcs = graph.targets(subnet.attribute("vpc_id"), "aws_vpc")
    attachments = graph.referrers(gateway, "aws_internet_gateway_attachment", "internet_gateway_id")
    places = [one.attribute("vpc_id") for one in (gateway, *attachments)]
    return any(vpc in vpcs for place in places for vpc in graph.targets(place, "aws_vpc"))
