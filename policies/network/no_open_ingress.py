"""Policy no-open-ingress."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import HOLDERS, Peer, is_open_peer, own_peers
from policies.registry import policy
from policies.resources import Resource

_WEB_PORTS = (80, 443)


@policy(
    id="no-open-ingress",
    title="No rule of a security group admits the Internet, unless on ports that are meant for it",
    remediation="Name the security group, prefix list or network that needs access instead of 0.0.0.0/0 or ::/0.",
    severity="critical",
    applies_to=HOLDERS["ingress"],
)
def judge(holder: Resource, graph: ResourceGraph, *, open_ports: tuple[int, ...] = _WEB_PORTS) -> Iterator[Finding]:
    """Every address is scanned within minutes of getting reachable. What the Internet can reach has to withstand the
    Internet; a port that nobody meant to open does not. Halves of the Internet count, and IPv6 like IPv4."""
    peers = own_peers(holder, "ingress")
    if peers is None:
        yield holder.not_applicable("a rule of the other direction")
        return
    closed = True
    for peer in peers:
        closed, verdict = False, is_open_peer(peer, graph)
        if verdict is None:
            yield holder.undetermined(f"{peer}, of which nobody knows here who it is")
        elif verdict and not _is_meant(peer, open_ports):
            yield holder.fails(str(peer))
        else:
            yield holder.passes(str(peer))
    if closed:
        yield holder.passes("no rule stands here")


def _is_meant(peer: Peer, open_ports: tuple[int, ...]) -> bool:
    return bool(open_ports) and peer.ports in {(port, port) for port in open_ports}
