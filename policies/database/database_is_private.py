"""Policy database-is-private."""

from collections.abc import Iterator

from policies.database.ports import port_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.clients import admit_clients_only
from policies.registry import policy
from policies.resources import Resource


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
    yield from admit_clients_only(named, (port_of(database),), graph)
