"""Where subnets lie and where their routes lead, over all the ways Terraform has of writing a route.

A subnet uses the route table that an association gives it, and the main one of its VPC otherwise. It is public when
that table has a route to an internet gateway (Amazon VPC user guide, "Subnet types"), whichever the destination.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policies.graph import ResourceGraph
from policies.network.address_ranges import is_everywhere, range_of
from policies.resources import Attribute, Block, Resource, Undetermined, Unresolved

# An aws_vpc stands for its own main route table: routes may name it by `main_route_table_id`.
_TABLES = ("aws_route_table", "aws_default_route_table", "aws_vpc")
_INTERNET_GATEWAYS = ("aws_internet_gateway", "data.aws_internet_gateway")
_OTHER_GATEWAYS = ("aws_vpn_gateway", "data.aws_vpn_gateway", "aws_vpc_endpoint")
# The argument's name in `route` blocks, then in aws_route.
_DESTINATIONS = {4: ("cidr_block", "destination_cidr_block"), 6: ("ipv6_cidr_block", "destination_ipv6_cidr_block")}
_INDEXED_ZONE = re.compile(r"(\$\{data\.aws_availability_zones\.[\w-]+\.(?:names|zone_ids))\[(\d+)\]\}")

# What differs between the instances of one resource, though its text does not.
_PER_INSTANCE = re.compile(r"\b(?:count|each|self)\.|\*")


class Zone(NamedTuple):
    """An availability zone as a subnet names it. Two places are told apart only when they are of one `origin`."""

    origin: str
    place: str


def subnets_of(vpc: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """Every subnet of the VPC. Raises Undetermined when a subnet may or may not be one."""
    return graph.referrers(vpc, "aws_subnet", "vpc_id")


def route_tables(subnet: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The tables the subnet uses: one, unless the input associates several by mistake.

    The VPC itself stands for its main table when that is not a resource of its own. Raises Undetermined when the
    table is not part of this input.
    """
    associations = graph.referrers(subnet, "aws_route_table_association", "subnet_id")
    if associations:
        return _all_known([one.attribute("route_table_id") for one in associations], graph, *_TABLES)
    vpcs = _all_known([subnet.attribute("vpc_id")], graph, "aws_vpc")
    replaced = [
        one.attribute("route_table_id")
        for vpc in vpcs
        for one in graph.referrers(vpc, "aws_main_route_table_association", "vpc_id")
    ]
    return _all_known(replaced, graph, *_TABLES) if replaced else vpcs


def routes(table: Resource, graph: ResourceGraph) -> Iterator[Block]:
    """Every route of one table: blocks in the table, and aws_route resources that name it."""
    if table.type == "aws_vpc":
        for default in graph.referrers(table, "aws_default_route_table", "default_route_table_id"):
            yield from routes(default, graph)
    else:
        yield from table.blocks("route")
    yield from graph.referrers(table, "aws_route", "route_table_id")


def default_routes(table: Resource, graph: ResourceGraph, version: int = 4) -> tuple[Block, ...]:
    """The routes of the table that lead everywhere, or half of everywhere; `version` of IP is 4 or 6."""
    return tuple(
        route
        for route in routes(table, graph)
        if any(_leads_everywhere(route.attribute(path)) for path in _DESTINATIONS[version])
    )


def internet_gateways(route: Block, graph: ResourceGraph) -> tuple[Resource, ...] | None:
    """The internet gateways that the route leads to; None when it leads elsewhere, empty for one of another stack."""
    gateway = route.attribute("gateway_id")
    if gateway.is_missing:
        return None
    found = graph.targets(gateway, *_INTERNET_GATEWAYS)
    if found:
        return found
    if graph.targets(gateway, *_OTHER_GATEWAYS):
        return None
    return () if gateway.text.startswith("igw-") else None


def is_public(subnet: Resource, graph: ResourceGraph) -> bool:
    """Whether a route of the subnet's table leads to an internet gateway. A default subnet is public from its birth."""
    if subnet.type == "aws_default_subnet":
        return True
    verdicts = {
        any(internet_gateways(route, graph) is not None for route in routes(table, graph))
        for table in route_tables(subnet, graph)
    }
    if len(verdicts) > 1:
        raise Undetermined(
            subnet.undetermined(f"which of several route tables {subnet.address} uses is not known here")
        )
    return verdicts.pop()


def zone(subnet: Resource) -> Zone | None:
    """The subnet's zone; None when it names none and AWS chooses. Raises Undetermined when no one can tell here."""
    for path in ("availability_zone", "availability_zone_id"):
        named = subnet.attribute(path)
        if isinstance(named.raw_value, Unresolved):
            return _referred_zone(named, named.raw_value)
        if named.text:
            return Zone(path, named.text)
    return None


def zones(subnets: Sequence[Resource]) -> frozenset[Zone]:
    """The distinct zones of those subnets that name one. Raises Undetermined when two of them cannot be told apart."""
    found = frozenset(one for one in map(zone, subnets) if one is not None)
    if len({one.origin for one in found}) > 1:
        places = ", ".join(sorted(one.place for one in found))
        raise Undetermined(subnets[0].undetermined(f"which of these are the same zone is not known: {places}"))
    return found


def count_zones(named: Sequence[Attribute], graph: ResourceGraph, *, wanted: int) -> int:
    """In how many zones the subnets lie that these attributes name, each of them one or a list.

    Raises Undetermined when there are too few for certain, but subnets that are not part of this input may help.
    """
    items = [item for one in named for item in ((one,) if one.is_unresolved else one.items())]
    found = {item: graph.targets(item, "aws_subnet", "aws_default_subnet") for item in items}
    subnets = tuple(dict.fromkeys(subnet for one in found.values() for subnet in one if not subnet.may_not_exist))
    spanned = len(zones(subnets)) if subnets else 0
    doubtful = [item for item, one in found.items() if not one or any(subnet.may_not_exist for subnet in one)]
    if spanned < wanted and doubtful:
        raise Undetermined(doubtful[0].undetermined("the subnet is not part of this input, or may not exist"))
    return spanned


def are_in_one_zone(one: Resource, other: Resource) -> bool:
    """Whether both subnets lie in the same zone. Raises Undetermined when that cannot be known."""
    if zone(one) is None or zone(other) is None:
        raise Undetermined(one.undetermined(f"AWS chooses the zone of {one.address} or of {other.address}"))
    return one is other or len(zones((one, other))) == 1


def _referred_zone(named: Attribute, value: Unresolved) -> Zone:
    """`names[0]` of a look-up, or `${var.region}a`: the index or the letter tells zones apart.

    Any other expression is the same zone as the same expression elsewhere, and nobody knows which.
    """
    if indexed := _INDEXED_ZONE.fullmatch(value.text):
        return Zone(indexed[1], indexed[2])
    if re.fullmatch("[a-z]", value.literal) and value.text.endswith("}" + value.literal) and len(value.references) == 1:
        return Zone(value.text[:-1], value.literal)
    if value.text.startswith("${") and not _PER_INSTANCE.search(value.text):
        return Zone(value.text, value.text)
    raise Undetermined(named.undetermined(f"the zone is not known here: {value.text}"))


def _all_known(names: Iterable[Attribute], graph: ResourceGraph, *types: str) -> tuple[Resource, ...]:
    """What the names mean, none of which may lead out of this input."""
    found: list[Resource] = []
    for name in names:
        named = graph.targets(name, *types)
        if not named:
            message = f"{name.path} of {name.resource.address} is not part of this input"
            raise Undetermined(name.resource.undetermined(message))
        # the id of a main table names its VPC, too: the table itself says more
        found.extend([one for one in named if one.type != "aws_vpc"] or named)
    return tuple(dict.fromkeys(found))


def _leads_everywhere(destination: Attribute) -> bool:
    return bool(destination.text) and is_everywhere(range_of(destination))
