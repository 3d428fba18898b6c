"""What a security group admits, over all three ways Terraform has of writing a rule."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.graph import ResourceGraph
from policies.resources import Attribute, Block, Resource

# Of inline blocks and aws_security_group_rule, then of aws_vpc_security_group_ingress_rule.
_SOURCES = (
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "security_groups",
    "source_security_group_id",
    "self",
    "cidr_ipv4",
    "cidr_ipv6",
    "prefix_list_id",
    "referenced_security_group_id",
)
_CLOUDFRONT = ("com.amazonaws.global.cloudfront.origin-facing", "com.amazonaws.global.ipv6.cloudfront.origin-facing")


@dataclass(frozen=True)
class Admission:
    """One source that one rule admits: `kind` is the argument's name (`cidr_ipv4`), `source` its value."""

    kind: str
    source: Attribute

    def __str__(self) -> str:
        finding = self.source.fails("")
        return f"{self.source.resource.address} admits {self.kind} {finding.observed}"


def admissions(group: Resource, graph: ResourceGraph) -> Iterator[Admission]:
    """Every source the group admits: inline rules, and both kinds of rule resources that name the group.

    Raises Undetermined when a rule may or may not belong to the group.
    """
    for block in group.blocks("ingress"):
        yield from _sources(block)
    for rule in graph.referrers(group, "aws_vpc_security_group_ingress_rule", "security_group_id"):
        yield from _sources(rule)
    for rule in graph.referrers(group, "aws_security_group_rule", "security_group_id"):
        if rule.attribute("type").value == "ingress":
            yield from _sources(rule)


def is_cloudfront(admission: Admission, graph: ResourceGraph) -> bool | None:
    """Whether the source is CloudFront's managed prefix list; None when a literal id leaves it open."""
    if admission.kind not in ("prefix_list_id", "prefix_list_ids"):
        return False
    lists = graph.targets(admission.source, "data.aws_ec2_managed_prefix_list", "data.aws_prefix_list")
    if not lists:
        return None
    return all(_list_name(prefix_list) in _CLOUDFRONT for prefix_list in lists)


def _list_name(prefix_list: Resource) -> str:
    name = prefix_list.attribute("name")
    if not name.is_missing:
        return name.text
    for condition in prefix_list.blocks("filter"):
        values = condition.attribute("values").items()
        if condition.attribute("name").value == "prefix-list-name" and len(values) == 1:
            return values[0].text
    return ""


def _sources(rule: Block) -> Iterator[Admission]:
    for kind in _SOURCES:
        for item in _items(rule.attribute(kind)):
            if item.is_unresolved or item.text not in ("", "false"):
                yield Admission(kind, item)


def _items(attribute: Attribute) -> tuple[Attribute, ...]:
    """An unknown value is one source, of which nobody knows what it is."""
    return (attribute,) if attribute.is_unresolved else attribute.items()
