"""Policy subnets-have-planned-ranges."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.topology import is_public, subnets_of
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="subnets-have-planned-ranges",
    title="The public subnets of the VPC, like the private ones, have exactly the address ranges planned for them",
    remediation="Give the VPC one subnet per planned range, and only the public ones a route to the internet gateway.",
    severity="medium",
    applies_to=("aws_vpc",),
)
def judge(
    vpc: Resource, graph: ResourceGraph, *, public: tuple[str, ...], private: tuple[str, ...]
) -> Iterator[Finding]:
    """Firewalls, peers and people tell the tiers of a network apart by the address plan. A subnet that is not in the
    plan, or a private range that turned public, undoes the separation that they rely on."""
    subnets = subnets_of(vpc, graph)
    for tier, planned in (("public", public), ("private", private)):
        found = {one.attribute("cidr_block").text for one in subnets if is_public(one, graph) == (tier == "public")}
        unplanned, missing = sorted(found - set(planned)), sorted(set(planned) - found)
        if unplanned:
            yield vpc.fails(f"no {tier} subnet was planned with {', '.join(unplanned) or 'no range'}")
        if missing:
            yield vpc.fails(f"no {tier} subnet has {', '.join(missing)}")
        if not unplanned and not missing:
            yield vpc.passes(f"the {tier} subnets have {', '.join(planned)}")
