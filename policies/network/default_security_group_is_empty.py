"""Policy default-security-group-is-empty."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import admissions, ways_out
from policies.registry import policy
from policies.resources import Resource

_RULES = (
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
)


@policy(
    id="default-security-group-is-empty",
    title="The default security group of the VPC has no rules",
    remediation="Adopt the group with an aws_default_security_group that has neither ingress nor egress.",
    severity="medium",
    applies_to=("aws_vpc", "aws_default_vpc"),
)
def judge(vpc: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whatever names no security group gets the default one, by mistake rather than by plan. As AWS makes it, its
    members reach each other on every port, and the whole Internet."""
    adopted = graph.referrers(vpc, "aws_default_security_group", "vpc_id")
    rules = [str(peer) for group in adopted for peer in (*admissions(group, graph), *ways_out(group, graph))]
    rules += [rule.address for type_ in _RULES for rule in graph.referrers(vpc, type_, "security_group_id")]
    for rule in rules:
        yield vpc.fails(f"the default group has a rule: {rule}")
    if not adopted:
        yield vpc.fails("nothing empties the default group, so the rules that AWS gives it stay")
    elif not rules:
        yield vpc.passes(f"{adopted[0].address} has no rules")
