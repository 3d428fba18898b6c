"""Policy table-is-recoverable."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.replication.replicas import TABLE, TABLE_REPLICA
from policies.resources import Attribute, Resource


@policy(
    id="table-is-recoverable",
    title="A DynamoDB table, like each of its replicas, can be restored to any second of the last days",
    remediation="Enable point_in_time_recovery in the table, in each replica block, and in each "
    "aws_dynamodb_table_replica.",
    severity="high",
    applies_to=(TABLE, TABLE_REPLICA),
)
def judge(table: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A wrong write reaches every replica within a second: replicas are no backup. Each region has to be able to go
    back in time by itself, since the other one may be the one that is gone."""
    if table.type == TABLE_REPLICA:
        yield _verdict(table.attribute("point_in_time_recovery"), "the replica")
        return
    yield _verdict(table.attribute("point_in_time_recovery.enabled"), "the table")
    for replica in table.blocks("replica"):
        where = replica.attribute("region_name").raw_value
        yield _verdict(replica.attribute("point_in_time_recovery"), f"the replica in {where}")


def _verdict(switch: Attribute, what: str) -> Finding:
    if switch.is_true:
        return switch.passes(f"{what} can be restored to any second")
    return switch.fails(f"{what} cannot be restored to a point in time")
