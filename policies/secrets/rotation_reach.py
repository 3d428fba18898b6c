"""Which databases a secret is for, and whether a function in the network reaches them."""

from collections.abc import Iterator

from policies.database.ports import port_of
from policies.graph import ResourceGraph
from policies.network.address_ranges import range_of
from policies.network.security_group_rules import GROUPS, Peer, admissions, is_open_peer, ways_out
from policies.network.topology import default_routes, route_tables
from policies.resources import Resource, Undetermined, Unresolved, without_keys

HTTPS_PORT = 443
DATABASES = ("aws_rds_cluster", "aws_db_instance")
_ADDRESSES = ("endpoint", "reader_endpoint", "address", "arn", "cluster_identifier", "identifier")
_RANGES = ("cidr_blocks", "cidr_ipv4")


def databases_named(rotation: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The databases of the stack that the rotated secret says how to connect to."""
    secrets = graph.targets(rotation.attribute("secret_id"), "aws_secretsmanager_secret")
    versions = [
        one for secret in secrets for one in graph.referrers(secret, "aws_secretsmanager_secret_version", "secret_id")
    ]
    return tuple(one for one in graph.of_type(*DATABASES) if any(_names(version, one) for version in versions))


def referred(resource: Resource, path: str, graph: ResourceGraph, *types: str) -> tuple[Resource, ...]:
    """The resources that a list names; empty without a list. Raises Undetermined when one is not part of this input."""
    attribute = resource.attribute(path)
    found: list[Resource] = []
    for item in (attribute,) if attribute.is_unresolved else attribute.items():
        named = graph.targets(item, *types)
        if not named:
            raise Undetermined(item.undetermined(f"{item.path} of {resource.address} is not part of this input"))
        found.extend(named)
    return tuple(dict.fromkeys(found))


def reaches(function: Resource, database: Resource, graph: ResourceGraph) -> bool:
    """Whether the security groups of both let the function through to the database, on the port of the database."""
    theirs = referred(database, "vpc_security_group_ids", graph, *GROUPS)
    return lets_through(function, theirs, port_of(database), graph)


def lets_through(function: Resource, theirs: tuple[Resource, ...], port: int, graph: ResourceGraph) -> bool:
    """Whether the function's security groups let it out on the port, to what wears `theirs`, and these let it in."""
    subnets = referred(function, "vpc_config.subnet_ids", graph, "aws_subnet")
    own = referred(function, "vpc_config.security_group_ids", graph, *GROUPS)
    outward = [one for group in own for one in ways_out(group, graph) if _has_port(one, port)]
    inward = [one for group in theirs for one in admissions(group, graph) if _has_port(one, port)]
    way_out = any(_leads_to(peer, theirs, graph) for peer in outward)
    return way_out and any(_admits(peer, own, subnets, graph) for peer in inward)


def leaves_by_nat(function: Resource, graph: ResourceGraph) -> bool:
    """Whether the function gets out to AWS's public endpoints: through a NAT gateway, by HTTPS to anywhere."""
    subnets = referred(function, "vpc_config.subnet_ids", graph, "aws_subnet")
    own = referred(function, "vpc_config.security_group_ids", graph, *GROUPS)
    open_out = any(
        _has_port(peer, HTTPS_PORT) and is_open_peer(peer, graph) for group in own for peer in ways_out(group, graph)
    )
    return open_out and all(
        any(
            graph.targets(route.attribute("nat_gateway_id"), "aws_nat_gateway")
            for table in route_tables(subnet, graph)
            for route in default_routes(table, graph)
        )
        for subnet in subnets
    )


def _names(version: Resource, database: Resource) -> bool:
    written = version.attribute("secret_string")
    mentioned = {without_keys(address) for address in _references(written.raw_value, written.references)}
    known = [database.body.get(path) for path in _ADDRESSES]
    text = written.raw_value if isinstance(written.raw_value, str) else ""
    return database.configuration_address in mentioned or any(
        isinstance(one, str) and one and "${" not in one and one in text for one in known
    )


def _references(value: object, followed: tuple[str, ...]) -> Iterator[str]:
    yield from followed
    if isinstance(value, Unresolved):
        yield from value.references


def _has_port(peer: Peer, port: int) -> bool:
    first, last = peer.ports
    return first <= port <= last


def _leads_to(peer: Peer, groups: tuple[Resource, ...], graph: ResourceGraph) -> bool:
    """Another group of the two, or a range of addresses, which is taken to cover the database."""
    return peer.kind in _RANGES or _is_one_of(peer, groups, graph)


def _admits(peer: Peer, groups: tuple[Resource, ...], subnets: tuple[Resource, ...], graph: ResourceGraph) -> bool:
    if peer.kind in _RANGES:
        admitted = range_of(peer.source)
        return all(range_of(one.attribute("cidr_block"))[0] in admitted for one in subnets)
    return _is_one_of(peer, groups, graph)


def _is_one_of(peer: Peer, groups: tuple[Resource, ...], graph: ResourceGraph) -> bool:
    if peer.kind == "self":
        return peer.rule.resource in groups or any(
            one in groups for one in graph.targets(peer.rule.resource.attribute("security_group_id"), *GROUPS)
        )
    return peer.is_group and any(one in groups for one in graph.targets(peer.source, *GROUPS))
