"""Policy no-open-egress."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import HOLDERS, is_open_peer, own_peers
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="no-open-egress",
    title="No rule of a security group lets traffic out to the Internet at large",
    remediation="Let each group reach the security groups, prefix lists or networks that it needs, and nothing else.",
    severity="high",
    applies_to=HOLDERS["egress"],
)
def judge(holder: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Stolen data leaves, and a backdoor calls home, by connections that start inside. One open port is enough for
    both, so that no port is an exception: what a workload needs outside, it reaches by an endpoint or a proxy."""
    peers = own_peers(holder, "egress")
    if peers is None:
        yield holder.not_applicable("a rule of the other direction")
        return
    closed = True
    for peer in peers:
        closed, verdict = False, is_open_peer(peer, graph)
        if verdict is None:
            yield holder.undetermined(f"{peer}, of which nobody knows here who it is")
        elif verdict:
            yield holder.fails(str(peer))
        else:
            yield holder.passes(str(peer))
    if closed:
        yield holder.passes("no rule stands here")
