"""Policy ingress-ports-are-planned."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import HOLDERS, Peer, own_peers
from policies.registry import policy
from policies.resources import Resource

_TCP = ("tcp", "6")


@policy(
    id="ingress-ports-are-planned",
    title="Security groups admit nobody on any port but those planned",
    remediation="Let each ingress rule open exactly one of the planned ports, over TCP.",
    severity="high",
    applies_to=HOLDERS["ingress"],
)
def judge(holder: Resource, graph: ResourceGraph, *, ports: tuple[int, ...]) -> Iterator[Finding]:
    """Each open port is a program that answers. A port for administration, or a range that is wider than the service
    behind it, waits for whoever gets into the network, whomever the rule names."""
    peers = own_peers(holder, "ingress")
    if peers is None:
        yield holder.not_applicable("a rule of the other direction")
        return
    closed = True
    for peer in peers:
        closed, (first, last) = False, peer.ports
        if first == last and first in ports and _protocol(peer) in _TCP:
            yield holder.passes(f"{peer} on port {first}")
        else:
            yield holder.fails(f"{peer} on ports {first} to {last} ({_protocol(peer)}), which were not planned")
    if closed:
        yield holder.passes("no rule stands here")


def _protocol(peer: Peer) -> str:
    newer = peer.rule.attribute("ip_protocol")
    return (peer.rule.attribute("protocol") if newer.is_missing else newer).text.lower()
