"""Policy no-open-ingress."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import GROUPS, Peer, admissions, is_open_peer
from policies.registry import policy
from policies.resources import Resource

_WEB_PORTS = (80, 443)


@policy(
    id="no-open-ingress",
    title="No security group admits the Internet, unless on ports that are meant for it",
    remediation="Name the security group, prefix list or network that needs access instead of 0.0.0.0/0 or ::/0.",
    severity="critical",
    applies_to=GROUPS,
)
def judge(group: Resource, graph: ResourceGraph, *, open_ports: tuple[int, ...] = _WEB_PORTS) -> Iterator[Finding]:
    """Every address is scanned within minutes of getting reachable. What the Internet can reach has to withstand the
    Internet; a port that nobody meant to open does not. Halves of the Internet count, and IPv6 like IPv4."""
    closed = True
    for peer in admissions(group, graph):
        closed, verdict = False, is_open_peer(peer, graph)
        if verdict is None:
            yield group.undetermined(f"{peer}, of which nobody knows here who it is")
        elif verdict and not _is_meant(peer, open_ports):
            yield group.fails(str(peer))
        else:
            yield group.passes(str(peer))
    if closed:
        yield group.passes("the group admits nobody")


def _is_meant(peer: Peer, open_ports: tuple[int, ...]) -> bool:
    return bool(open_ports) and peer.ports in {(port, port) for port in open_ports}
