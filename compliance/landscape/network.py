"""Diagrams of a stack's network (PCI DSS 1.2.3): its subnets and their ways out, and who may talk to whom."""

from collections import defaultdict
from collections.abc import Iterator

from compliance.landscape.diagram import Arrow, Diagram, Kind, Node
from compliance.landscape.naming import heading, identifier, kind_of, kind_of_all, sentence, words
from policies.documents import Document
from policies.graph import ResourceGraph
from policies.network import topology
from policies.network.security_group_rules import ALL_PORTS, GROUPS, Peer, admissions, ways_out
from policies.network.wearers import wearers
from policies.resources import Resource, Undetermined

REQUIREMENT = "1.2.3"
INTERNET = Node("internet", "Internet", "", "outside")
_GATEWAYS: dict[str, tuple[str, Kind]] = {
    "aws_internet_gateway": ("gateway_id", "edge"),
    "aws_nat_gateway": ("nat_gateway_id", "edge"),
    "aws_ec2_transit_gateway": ("transit_gateway_id", "edge"),
    "aws_vpn_gateway": ("gateway_id", "edge"),
    "aws_vpc_peering_connection": ("vpc_peering_connection_id", "edge"),
}


def subnets(document: Document) -> Diagram | None:
    """Each subnet, and where the routes of its table lead; None for a stack without subnets."""
    graph = document.graph
    nodes: set[Node] = set()
    arrows: set[Arrow] = set()
    notes: list[str] = []
    for subnet in graph.of_type("aws_subnet"):
        nodes.add(_subnet(subnet, graph))
        try:
            for gateway in _gateways_of(subnet, graph):
                nodes.add(_resource(gateway))
                arrows.add(Arrow(subnet.address, gateway.address))
        except Undetermined as unknown:
            notes.append(f"The routes of {subnet.address} cannot be followed: {sentence(unknown)}")
    if not nodes:
        return None
    for nat in graph.of_type("aws_nat_gateway"):
        for subnet in graph.targets(nat.attribute("subnet_id"), "aws_subnet"):
            arrows.add(Arrow(nat.address, subnet.address, "stands in"))
            nodes.add(_resource(nat))
    for gateway in graph.of_type("aws_internet_gateway"):
        nodes |= {_resource(gateway), INTERNET}
        arrows.add(Arrow(gateway.address, INTERNET.id))
    for endpoint in graph.of_type("aws_vpc_endpoint"):
        if endpoint.attribute("vpc_endpoint_type").raw_value == "Gateway":
            nodes.add(_resource(endpoint, detail=words(endpoint.attribute("service_name"))))
            tables = graph.targets(endpoint.attribute("route_table_ids"), "aws_route_table")
            for table in tables:
                for one in graph.referrers(table, "aws_route_table_association", "route_table_id"):
                    for subnet in graph.targets(one.attribute("subnet_id"), "aws_subnet"):
                        arrows.add(Arrow(subnet.address, endpoint.address))
    title = f"{document.stack}: subnets and their ways out"
    return _diagram("subnets", document, title, nodes, arrows, notes)


def connections(document: Document) -> Diagram | None:
    """Each security group with what wears it, and who may open a connection to it; None where there is no group."""
    graph = document.graph
    groups = [group for group in graph.of_type(*GROUPS) if group.type != "aws_default_security_group"]
    nodes: set[Node] = set()
    ports: dict[tuple[str, str], set[str]] = defaultdict(set)
    notes: list[str] = []
    for group in groups:
        nodes.add(_group(group, graph, notes))
        try:
            for peer in admissions(group, graph):
                for node in _peers(peer, graph):
                    nodes.add(node)
                    ports[node.id, group.address].add(_ports(peer))
            for peer in ways_out(group, graph):
                for node in _peers(peer, graph):
                    nodes.add(node)
                    ports[group.address, node.id].add(_ports(peer))
        except Undetermined as unknown:
            notes.append(f"The rules of {group.address} cannot all be followed: {sentence(unknown)}")
    if not groups:
        return None
    known = {node.id: node for node in nodes}
    arrows = {
        Arrow(source, target, ", ".join(sorted(allowed)))
        for (source, target), allowed in ports.items()
        if source != target
    }
    notes.append(
        "An arrow is what rules of security groups allow; between two groups, either side's rule draws it. Network "
        "ACLs and routes may allow less."
    )
    title = f"{document.stack}: who may open a connection to whom"
    return _diagram("connections", document, title, set(known.values()), arrows, notes)


def _diagram(
    what: str, document: Document, title: str, nodes: set[Node], arrows: set[Arrow], notes: list[str]
) -> Diagram:
    id_ = f"{what}-{identifier(document.stack)}"
    return Diagram(id_, REQUIREMENT, title, tuple(sorted(nodes)), tuple(sorted(arrows)), tuple(notes), what)


def _subnet(subnet: Resource, graph: ResourceGraph) -> Node:
    try:
        kind: Kind = "edge" if topology.is_public(subnet, graph) else "compute"
    except Undetermined:
        kind = "control"
    place = [words(subnet.attribute("cidr_block")), words(subnet.attribute("availability_zone"))]
    return Node(subnet.address, heading(subnet), ", ".join(one for one in place if one), kind)


def _gateways_of(subnet: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    for table in topology.route_tables(subnet, graph):
        for route in topology.routes(table, graph):
            for type_, (path, _) in _GATEWAYS.items():
                yield from graph.targets(route.attribute(path), type_)


def _resource(resource: Resource, detail: str = "") -> Node:
    return Node(resource.address, heading(resource), detail or resource.type, kind_of(resource.type))


def _group(group: Resource, graph: ResourceGraph, notes: list[str]) -> Node:
    try:
        worn = wearers(group, graph)
    except Undetermined as unknown:
        notes.append(f"What wears {group.address} is not wholly known: {sentence(unknown)}")
        worn = ()
    types = sorted({one.type for one in worn})
    detail = ", ".join(type_.removeprefix("aws_") for type_ in types) or "worn by nothing in this stack"
    return Node(group.address, heading(group), detail, kind_of_all(types))


def _peers(peer: Peer, graph: ResourceGraph) -> Iterator[Node]:
    """What stands at the other end: groups of this stack, or a box for what lies outside."""
    groups = graph.targets(peer.source, *GROUPS)
    if groups:
        for group in groups:
            yield _group(group, graph, [])
        return
    for one in graph.targets(peer.source, "data.aws_ec2_managed_prefix_list", "data.aws_prefix_list"):
        name = words(one.attribute("name"))
        yield Node(f"list {name}", name.rpartition(".")[2], name, "outside")
        return
    for one in graph.targets(peer.source, "aws_vpc_endpoint"):
        yield _resource(one, detail=words(one.attribute("service_name")))
        return
    if peer.kind == "self":
        return
    text = words(peer.source)
    if text in ("0.0.0.0/0", "::/0"):
        yield Node("internet", "Internet", "any address", "outside")
    else:
        yield Node(f"peer {text}", text, peer.kind, "outside")


def _ports(peer: Peer) -> str:
    first, last = peer.ports
    if (first, last) == ALL_PORTS:
        return "all ports"
    return str(first) if first == last else f"{first}-{last}"
