"""The data that lies in both regions: a table with a replica in each, and a bucket in each that copies the other."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable, DynamodbTableAttribute
from cdktf_cdktf_provider_aws.dynamodb_table_replica import DynamodbTableReplicaA
from constructs import Construct

from infra.access_logs import AccessLogs, Senders
from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.iam import EVERYONE, Statement, deny
from infra.keys import EncryptionKey
from infra.recovery import DATA, TABLE_KEY, RegionalData

REPLACED_VERSION_DAYS = 90


class RegionalCopy(Construct):
    """What one region has of the data: the key of its own, and the bucket; the table's replica uses the key."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id_)
        self.deployment = deployment
        key = EncryptionKey(self, DATA, deployment=deployment, description=f"Data in {deployment.region}")
        self.key_arn = key.arn
        self.bucket = PrivateBucket(
            self,
            "bucket",
            deployment=deployment,
            resource=DATA,
            retention=Retention(current_days=None, noncurrent_days=REPLACED_VERSION_DAYS),
            kms_key_arn=key.arn,
        )
        self.bucket.attach_policy(_our_account_only(deployment, self.bucket.arn))
        logs = AccessLogs(
            self, "access_logs", deployment=deployment, senders=Senders(buckets=True), resource="data-access"
        )
        self.bucket.log_access(logs, logs.policy)


def _our_account_only(deployment: Deployment, bucket_arn: str) -> Statement:
    """Deny outsiders, whatever another statement may one day allow; AWS's services act for nobody's account."""
    return deny(
        "s3:*",
        on=[bucket_arn, f"{bucket_arn}/*"],
        to=EVERYONE,
        where={
            "StringNotEquals": {"aws:PrincipalAccount": deployment.account_id},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
        sid="OurAccountOnly",
    )


@dataclass(frozen=True)
class ReplicatedTable:
    """The ARNs of the table's two replicas."""

    arn: str
    replica_arn: str


def replicated_table(here: RegionalCopy, there: RegionalCopy) -> ReplicatedTable:
    """Create the table in the region of `here`, and its replica in that of `there`.

    Each replica takes reads and writes, and is encrypted and restorable by itself.
    """
    table = DynamodbTable(
        here,
        "table",
        name=RegionalData.of(here.deployment).table,
        billing_mode="PAY_PER_REQUEST",
        hash_key=TABLE_KEY,
        attribute=[DynamodbTableAttribute(name=TABLE_KEY, type="S")],
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",  # what replication reads
        server_side_encryption={"enabled": True, "kms_key_arn": here.key_arn},
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=here.deployment.profile.deletion_protection,
        # The replica is a resource of its own: as a block of this one it could not be protected from deletion.
        lifecycle=here.deployment.profile.lifecycle(ignore_changes=["replica"]),
        tags=here.deployment.names.tag("transactions"),
    )
    replica = DynamodbTableReplicaA(
        there,
        "replica",
        global_table_arn=table.arn,
        kms_key_arn=there.key_arn,
        point_in_time_recovery=True,
        deletion_protection_enabled=there.deployment.profile.deletion_protection,
        lifecycle=there.deployment.profile.lifecycle(),
        tags=there.deployment.names.tag("transactions"),
    )
    return ReplicatedTable(table.arn, replica.arn)
