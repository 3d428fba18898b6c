"""Policy vpc-has-planned-range."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="vpc-has-planned-range",
    title="The VPC has the address range that was planned for it",
    remediation="Set cidr_block of the VPC to the planned range, and add no further IPv4 range.",
    severity="medium",
    applies_to=("aws_vpc",),
)
def judge(vpc: Resource, graph: ResourceGraph, *, cidr_block: str) -> Iterator[Finding]:
    """Ranges are planned across systems, so that networks can be connected and firewall rules told apart. One that
    overlaps another network cannot be peered with it, and takes its addresses away."""
    planned = vpc.attribute("cidr_block")
    if planned.text == cidr_block:
        yield planned.passes(f"the range is {cidr_block}")
    else:
        yield planned.fails(f"the range is not {cidr_block}")
    for further in graph.referrers(vpc, "aws_vpc_ipv4_cidr_block_association", "vpc_id"):
        yield vpc.fails(f"{further.address} adds another range")
