"""Policy no-open-egress."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import GROUPS, is_open_peer, ways_out
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="no-open-egress",
    title="No security group lets traffic out to the Internet at large",
    remediation="Let each group reach the security groups, prefix lists or networks that it needs, and nothing else.",
    severity="high",
    applies_to=GROUPS,
)
def judge(group: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Stolen data leaves, and a backdoor calls home, by connections that start inside. One open port is enough for
    both, so that no port is an exception: what a workload needs outside, it reaches by an endpoint or a proxy."""
    closed = True
    for peer in ways_out(group, graph):
        closed, verdict = False, is_open_peer(peer, graph)
        if verdict is None:
            yield group.undetermined(f"{peer}, of which nobody knows here who it is")
        elif verdict:
            yield group.fails(str(peer))
        else:
            yield group.passes(str(peer))
    if closed:
        yield group.passes("the group lets nothing out")
