"""Policy database-is-private."""

from collections.abc import Iterator

from policies.database.ports import port_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import GROUPS, Peer, admissions
from policies.network.wearers import APPLICATIONS, is_worn_by
from policies.registry import policy
from policies.resources import Attribute, Resource


@policy(
    id="database-is-private",
    title="Nobody reaches the database but applications and functions, on its own port",
    remediation="Set publicly_accessible to false, and let the security groups admit the groups of clients on the "
    "port of the database only.",
    severity="critical",
    applies_to=("aws_rds_cluster", "aws_db_instance"),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The database holds what an intruder is after, and a password is all that protects it from whoever reaches its
    port. Networks and address ranges do not say who that is; the security group of a client does."""
    instances = graph.referrers(database, "aws_rds_cluster_instance", "cluster_identifier")
    for one in (database, *instances):  # not set means false, in both kinds of instance
        if one.attribute("publicly_accessible").is_true:
            yield database.fails(f"{one.address} is publicly accessible")
    named = database.attribute("vpc_security_group_ids")
    items = (named,) if named.is_unresolved else named.items()
    if not items:
        yield named.fails("no security group is named, so the default one of the VPC applies")
    for item in items:
        groups = graph.targets(item, *GROUPS)
        if not groups:
            yield item.undetermined("the security group is not part of this input")
        for group in groups:
            peers = [_verdict(item, peer, port_of(database), graph) for peer in admissions(group, graph)]
            yield from peers or [item.passes(f"{group.address} admits nobody")]


def _verdict(item: Attribute, peer: Peer, port: int, graph: ResourceGraph) -> Finding:
    is_client = is_worn_by(peer, graph, APPLICATIONS)
    if is_client is None:
        return item.undetermined(f"{peer}, and nothing in this input says who that is")
    if not is_client:
        return item.fails(f"{peer}, which is not only the group of an application or function")
    if peer.ports != (port, port):
        return item.fails(f"{peer} on ports {peer.ports[0]} to {peer.ports[1]}, not on {port} alone")
    return item.passes(f"{peer} on port {port}")
