"""What a security group admits and lets out, over all three ways Terraform has of writing a rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from policies.graph import ResourceGraph
from policies.network.address_ranges import is_open, range_of
from policies.resources import Attribute, Block, Resource, Unresolved

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")

GROUPS = ("aws_security_group", "aws_default_security_group")
_RULES: dict[Direction, tuple[str, ...]] = {
    "ingress": ("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"),
    "egress": ("aws_vpc_security_group_egress_rule", "aws_security_group_rule"),
}
# Everything that can hold rules of a direction: groups, in blocks, and rule resources.
HOLDERS: dict[Direction, tuple[str, ...]] = {direction: (*GROUPS, *rules) for direction, rules in _RULES.items()}
ALL_PORTS = (0, 65535)
_WITH_PORTS = ("tcp", "udp", "6", "17")
# Of inline blocks and aws_security_group_rule, then of aws_vpc_security_group_ingress_rule and its twin.
_RANGES = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")
_PREFIX_LISTS = ("prefix_list_ids", "prefix_list_id")
_GROUPS = ("security_groups", "source_security_group_id", "self", "referenced_security_group_id")
_CLOUDFRONT = ("com.amazonaws.global.cloudfront.origin-facing", "com.amazonaws.global.ipv6.cloudfront.origin-facing")
_OF_AWS = "com.amazonaws."
_LOOKED_UP_LISTS = ("data.aws_ec2_managed_prefix_list", "data.aws_prefix_list")


@dataclass(frozen=True)
class Peer:
    """One source or destination of one rule: `kind` is the argument's name (`cidr_ipv4`), `source` its value."""

    direction: Direction
    kind: str
    source: Attribute
    rule: Block

    @property
    def is_group(self) -> bool:
        """Whether the peer is another security group, by name; the group itself (`self`) is not."""
        return self.kind in _GROUPS and self.kind != "self"

    @property
    def is_range(self) -> bool:
        """Whether the peer is an address range, rather than a group or a list."""
        return self.kind in _RANGES

    @property
    def ports(self) -> tuple[int, int]:
        """First and last port; a protocol without ports counts as all. Raises Undetermined when they are not known."""
        protocol = self.rule.attribute("protocol" if self.rule.attribute("ip_protocol").is_missing else "ip_protocol")
        first, last = (self.rule.attribute(path).number for path in ("from_port", "to_port"))
        if protocol.text.lower() not in _WITH_PORTS or first is None or last is None:
            return ALL_PORTS
        return int(first), int(last)

    def __str__(self) -> str:
        finding = self.source.fails("")
        verb = "admits" if self.direction == "ingress" else "lets out to"
        return f"{self.source.resource.address} {verb} {self.kind} {finding.observed}"


def admissions(group: Resource, graph: ResourceGraph) -> Iterator[Peer]:
    """Every source the group admits. Raises Undetermined when a rule may or may not belong to the group."""
    return _peers(group, graph, "ingress")


def ways_out(group: Resource, graph: ResourceGraph) -> Iterator[Peer]:
    """Every destination the group lets out to; none unless a rule says so, as Terraform removes AWS's open one."""
    return _peers(group, graph, "egress")


def own_peers(holder: Resource, direction: Direction) -> Iterator[Peer] | None:
    """The peers that this very resource names, a group or a rule; None for a rule of the other direction."""
    if holder.type in GROUPS:
        return (peer for block in holder.blocks(direction) for peer in _of_rule(block, direction))
    if holder.type == "aws_security_group_rule" and holder.attribute("type").value != direction:
        return None
    return _of_rule(holder, direction)


def is_cloudfront(peer: Peer, graph: ResourceGraph) -> bool | None:
    """Whether the peer is CloudFront's managed prefix list; None when a literal id leaves it open."""
    if peer.kind not in _PREFIX_LISTS:
        return False
    lists = graph.targets(peer.source, *_LOOKED_UP_LISTS)
    if not lists:
        return None
    return all(_list_name(prefix_list) in _CLOUDFRONT for prefix_list in lists)


def is_open_peer(peer: Peer, graph: ResourceGraph) -> bool | None:
    """Whether the peer is a large part of the Internet; None when nobody knows the range, or what a list holds."""
    if peer.is_range:
        return _is_open(peer.source)
    if peer.kind not in _PREFIX_LISTS or _is_list_of_aws(peer.source, graph):
        return False
    lists = graph.targets(peer.source, "aws_ec2_managed_prefix_list")
    verdicts = {_is_open(entry) for one in lists for entry in _entries(one, graph)}
    return True if True in verdicts else None if None in verdicts or not lists else False


def _is_open(range_: Attribute) -> bool | None:
    return None if range_.is_unresolved else is_open(range_of(range_))


def _peers(group: Resource, graph: ResourceGraph, direction: Direction) -> Iterator[Peer]:
    yield from own_peers(group, direction) or ()
    for type_ in _RULES[direction]:
        for rule in graph.referrers(group, type_, "security_group_id"):
            yield from own_peers(rule, direction) or ()


def _of_rule(rule: Block, direction: Direction) -> Iterator[Peer]:
    for kind in (*_RANGES, *_PREFIX_LISTS, *_GROUPS):
        for item in _items(rule.attribute(kind)):
            if item.is_unresolved or item.text not in ("", "false"):
                yield Peer(direction, kind, item, rule)


def _items(attribute: Attribute) -> tuple[Attribute, ...]:
    """An unknown value is one source, of which nobody knows what it is."""
    return (attribute,) if attribute.is_unresolved else attribute.items()


def _is_list_of_aws(source: Attribute, graph: ResourceGraph) -> bool:
    """A list that AWS keeps for a service of its own: looked up by name, or that of a gateway endpoint."""
    lists = graph.targets(source, *_LOOKED_UP_LISTS)
    if lists:
        return all(
            _known_start(one.attribute("name")).startswith(_OF_AWS) or _list_name(one).startswith(_OF_AWS)
            for one in lists
        )
    if graph.targets(source, "aws_vpc_endpoint"):
        return True
    endpoints = graph.of_type("aws_vpc_endpoint") if isinstance(source.raw_value, str) else ()
    return any(one.attribute("prefix_list_id").raw_value == source.raw_value for one in endpoints)


def _entries(prefix_list: Resource, graph: ResourceGraph) -> Iterator[Attribute]:
    yield from prefix_list.attributes("entry.cidr")
    for entry in graph.referrers(prefix_list, "aws_ec2_managed_prefix_list_entry", "prefix_list_id"):
        yield entry.attribute("cidr")


def _known_start(name: Attribute) -> str:
    """What is written before the first expression: `com.amazonaws.` in `com.amazonaws.${var.region}.s3`."""
    return name.raw_value.literal if isinstance(name.raw_value, Unresolved) else name.text


def _list_name(prefix_list: Resource) -> str:
    name = prefix_list.attribute("name")
    if not name.is_missing:
        return name.text
    for condition in prefix_list.blocks("filter"):
        values = condition.attribute("values").items()
        if condition.attribute("name").value == "prefix-list-name" and len(values) == 1:
            return values[0].text
    return ""
