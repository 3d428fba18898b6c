"""Policy security-groups-name-their-peers."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import DIRECTIONS, HOLDERS, own_peers
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="security-groups-name-their-peers",
    title="Rules of security groups name groups or prefix lists, and no address ranges but those planned",
    remediation="Name the security group of the peer, or the prefix list of the service, instead of an address range.",
    severity="medium",
    applies_to=tuple(dict.fromkeys((*HOLDERS["ingress"], *HOLDERS["egress"]))),
)
def judge(holder: Resource, graph: ResourceGraph, *, ranges: tuple[str, ...]) -> Iterator[Finding]:
    """A range lets in whatever gets an address in it, today and later: the whole VPC, when it is the VPC's. A group
    says who is meant, and stays right when addresses change."""
    found = False
    for direction in DIRECTIONS:
        for peer in (own_peers(holder, direction) or ()) if holder.type in HOLDERS[direction] else ():
            found = True
            if peer.is_range and (not ranges or peer.source.text not in ranges):
                yield holder.fails(f"{peer}, an address range that was not planned")
            else:
                yield holder.passes(str(peer))
    if not found:
        yield holder.passes("no rule stands here")
