"""Whether the security groups of what keeps data admit nobody but applications and functions, on its own ports."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import GROUPS, Peer, admissions
from policies.network.wearers import APPLICATIONS, is_worn_by
from policies.resources import Attribute


def admit_clients_only(named: Attribute, ports: tuple[int, ...], graph: ResourceGraph) -> Iterator[Finding]:
    """Findings for the groups that this attribute names; each port of `ports` has to be opened by a rule of its own."""
    items = (named,) if named.is_unresolved else named.items()
    if not items:
        yield named.fails("no security group is named, so the default one of the VPC applies")
    for item in items:
        groups = graph.targets(item, *GROUPS)
        if not groups:
            yield item.undetermined("the security group is not part of this input")
        for group in groups:
            peers = [_verdict(item, peer, ports, graph) for peer in admissions(group, graph)]
            yield from peers or [item.passes(f"{group.address} admits nobody")]


def _verdict(item: Attribute, peer: Peer, ports: tuple[int, ...], graph: ResourceGraph) -> Finding:
    is_client = is_worn_by(peer, graph, APPLICATIONS)
    (first, last), own = peer.ports, " or ".join(map(str, ports))
    if is_client is None:
        return item.undetermined(f"{peer}, and nothing in this input says who that is")
    if not is_client:
        return item.fails(f"{peer}, which is not only the group of an application or function")
    if first != last or first not in ports:
        return item.fails(f"{peer} on ports {first} to {last}, not on {own} alone")
    return item.passes(f"{peer} on port {first}")
