"""Policy table-replicas-use-key-of-their-region."""

from collections.abc import Iterator

from policies.deployment.regions import region_name
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.replication.replicas import TABLE, TABLE_REPLICA, key_verdict, replicas_of
from policies.resources import Resource


@policy(
    id="table-replicas-use-key-of-their-region",
    title="Each replica of a DynamoDB table is encrypted with a customer-managed key of its own region",
    remediation="Name in kms_key_arn of each replica a KMS key that is made in the replica's region.",
    severity="high",
    applies_to=(TABLE, TABLE_REPLICA),
)
def judge(table: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A replica that needs a key of another region falls with that region, which is when it is needed. A replica that
    names no key is encrypted with one of AWS's, however the table is encrypted."""
    if table.type == TABLE_REPLICA:
        yield key_verdict(table.attribute("kms_key_arn"), region_name(table), graph)
        return
    replicas = replicas_of(table, graph)
    if not replicas:
        yield table.not_applicable("it has no replica")
        return
    yield key_verdict(table.attribute("server_side_encryption.kms_key_arn"), region_name(table), graph)
    for replica in replicas:
        if replica.block.resource is table:
            yield key_verdict(replica.block.attribute("kms_key_arn"), replica.region, graph)
