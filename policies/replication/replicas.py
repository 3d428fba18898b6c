"""The copies of a table and of a bucket's objects in other regions, and the keys they are encrypted with."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.deployment.regions import region_name, region_of_arn
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Attribute, Block, Resource, Undetermined
from policies.security.kms_keys import customer_managed

TABLE, TABLE_REPLICA = "aws_dynamodb_table", "aws_dynamodb_table_replica"
BUCKET, BUCKET_REPLICATION = "aws_s3_bucket", "aws_s3_bucket_replication_configuration"
_KEYS = ("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key", "aws_kms_replica_external_key", "aws_kms_alias")
_ENABLED = "Enabled"


@dataclass(frozen=True)
class TableReplica:
    """One replica of a table: a block of the table, or a resource of its own."""

    block: Block

    @property
    def region(self) -> str:
        """The region it is in. Raises Undetermined when nobody knows it."""
        separate = isinstance(self.block, Resource)
        return region_name(self.block.resource) if separate else self.block.attribute("region_name").text


def replicas_of(table: Resource, graph: ResourceGraph) -> tuple[TableReplica, ...]:
    """Every replica of the table. Raises Undetermined when one may or may not be there."""
    separate = graph.referrers(table, TABLE_REPLICA, "global_table_arn")
    return tuple(TableReplica(block) for block in (*table.blocks("replica"), *separate))


def enabled_rules(bucket: Resource, graph: ResourceGraph) -> tuple[Block, ...]:
    """The enabled replication rules of a bucket. Raises Undetermined for rules written in the bucket, as was usual."""
    separate = graph.referrers(bucket, BUCKET_REPLICATION, "bucket")
    if not separate and bucket.blocks("replication_configuration"):
        older = bucket.attribute("replication_configuration")
        raise Undetermined(older.undetermined(f"rules inside {BUCKET} are not read: use {BUCKET_REPLICATION}"))
    return tuple(rule for one in separate for rule in rules_of(one))


def rules_of(replication: Resource) -> Iterator[Block]:
    """The enabled rules of one replication configuration."""
    return (rule for rule in replication.blocks("rule") if rule.attribute("status").text == _ENABLED)


def is_enabled(rule: Block, path: str) -> bool:
    """Whether the part of a rule that is at `path` has the status Enabled; without the part it has not."""
    return rule.attribute(f"{path}.status").text == _ENABLED


def covers_everything(rule: Block) -> bool:
    """No condition at all, or only the empty prefix."""
    if rule.blocks("filter.and") or rule.blocks("filter.tag"):
        return False
    return not any(prefix.text for prefix in (rule.attribute("prefix"), *rule.attributes("filter.prefix")))


def region_of_copies(rule: Block, graph: ResourceGraph) -> str:
    """The region that a rule copies objects to: that of the bucket. Raises Undetermined when nobody knows it."""
    named = rule.attribute("destination.bucket")
    for bucket in graph.targets(named, BUCKET, f"data.{BUCKET}"):
        return region_name(bucket)
    raise Undetermined(named.undetermined("the bucket that takes the copies is not part of this input"))


def key_verdict(key: Attribute, region: str, graph: ResourceGraph) -> Finding:
    """Whether a key of the customer is named here, and is one of the region."""
    managed = customer_managed(key, graph)
    if managed.outcome != "pass":
        return managed
    declared = graph.targets(key, *_KEYS, "data.aws_kms_key", "data.aws_kms_alias")
    found = region_name(declared[0]) if declared else region_of_arn(key.text)
    shown = declared[0].address if declared else "the key"
    if not found:
        return key.undetermined(f"of which region {shown} is, is not known here")
    if found != region:
        return key.fails(f"{shown} is a key of {found}, and the copy is in {region}")
    return key.passes(f"{shown} is a key of {region}")
