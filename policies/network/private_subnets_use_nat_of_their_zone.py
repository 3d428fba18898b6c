"""Policy private-subnets-use-nat-of-their-zone."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.topology import are_in_one_zone, default_routes, is_public, route_tables
from policies.registry import policy
from policies.resources import Block, Resource


@policy(
    id="private-subnets-use-nat-of-their-zone",
    title="A private subnet goes out through the NAT gateway of its own zone",
    remediation="Give each private subnet a route table whose default route leads to the NAT gateway in its zone.",
    severity="medium",
    applies_to=("aws_subnet",),
)
def judge(subnet: Resource, graph: ResourceGraph, *, nat_required: bool = False) -> Iterator[Finding]:
    """A subnet that goes out through another zone stops when that zone does, although its own is well. A subnet
    without any way out, or with one that is no NAT gateway, is another design, unless the specification asks for it."""
    if is_public(subnet, graph):
        yield subnet.not_applicable("a public subnet")
        return
    for table in route_tables(subnet, graph):
        found = default_routes(table, graph)
        for route in found:
            yield _verdict(subnet, route, graph, nat_required)
        if not found and nat_required:
            yield subnet.fails(f"{table.address} has no default route")
        elif not found:
            yield subnet.not_applicable("a private subnet without a way out")


def _verdict(subnet: Resource, route: Block, graph: ResourceGraph, nat_required: bool) -> Finding:
    named = route.attribute("nat_gateway_id")
    if not named.is_unresolved and not named.text:
        message = f"the default route of {route.resource.address} leads to no NAT gateway"
        return subnet.fails(message) if nat_required else subnet.not_applicable(message)
    gateways = graph.targets(named, "aws_nat_gateway")
    homes = {home for one in gateways for home in graph.targets(one.attribute("subnet_id"), "aws_subnet")}
    if len(homes) != 1:
        return subnet.undetermined(f"where the NAT gateway of {route.resource.address} stands is not known here")
    [home] = homes
    if are_in_one_zone(subnet, home):
        return subnet.passes(f"the default route of {route.resource.address} stays in the zone")
    return subnet.fails(f"the default route of {route.resource.address} leads through {home.address}, another zone")
