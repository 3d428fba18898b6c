"""Copies what is put into one bucket to a bucket of another region, within 15 minutes."""

from cdktf_cdktf_provider_aws.s3_bucket_replication_configuration import (
    S3BucketReplicationConfigurationA,
    S3BucketReplicationConfigurationRule,
    S3BucketReplicationConfigurationRuleDeleteMarkerReplication,
    S3BucketReplicationConfigurationRuleDestination,
    S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration,
    S3BucketReplicationConfigurationRuleDestinationMetrics,
    S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold,
    S3BucketReplicationConfigurationRuleDestinationReplicationTime,
    S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime,
    S3BucketReplicationConfigurationRuleFilter,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteria,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteriaReplicaModifications,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects,
)
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.iam import Statement, WorkloadRole, allow

RULE = "everything"
WITHIN_MINUTES = 15  # the one time that S3 promises (replication time control)
ENABLED = "Enabled"


class Replication(Construct):
    """Everything in `source`, deletions included, goes to `target`, encrypted there with the key of its region.

    Two of these, one each way, keep two buckets alike: S3 copies no copy, so nothing goes round in circles.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        source: PrivateBucket,
        source_key_arn: str,
        target: PrivateBucket,
        target_key_arn: str,
        target_region: str,
    ) -> None:
        super().__init__(scope, id_)
        role = WorkloadRole(
            self,
            "replicator",
            deployment=deployment,
            resource="replication",
            assumed_by="s3",
            statements=[
                *_read(deployment.region, source, source_key_arn),
                *_write(target_region, target, target_key_arn),
            ],
        )
        S3BucketReplicationConfigurationA(
            self,
            "rules",
            bucket=source.name,
            role=role.arn,
            rule=[_everything_to(target, target_key_arn)],
            depends_on=[role.policy, source.versioning, target.versioning],
        )


def _everything_to(target: PrivateBucket, kms_key_arn: str) -> S3BucketReplicationConfigurationRule:
    return S3BucketReplicationConfigurationRule(
        id=RULE,
        priority=1,
        status=ENABLED,
        filter=S3BucketReplicationConfigurationRuleFilter(prefix=""),
        delete_marker_replication=S3BucketReplicationConfigurationRuleDeleteMarkerReplication(status=ENABLED),
        source_selection_criteria=S3BucketReplicationConfigurationRuleSourceSelectionCriteria(
            sse_kms_encrypted_objects=S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects(
                status=ENABLED
            ),
            # Tags and retention that are changed on a copy reach the original.
            replica_modifications=S3BucketReplicationConfigurationRuleSourceSelectionCriteriaReplicaModifications(
                status=ENABLED
            ),
        ),
        destination=S3BucketReplicationConfigurationRuleDestination(
            bucket=target.arn,
            storage_class="STANDARD",
            encryption_configuration=S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration(
                replica_kms_key_id=kms_key_arn
            ),
            replication_time=S3BucketReplicationConfigurationRuleDestinationReplicationTime(
                status=ENABLED,
                time=S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime(minutes=WITHIN_MINUTES),
            ),
            metrics=S3BucketReplicationConfigurationRuleDestinationMetrics(
                status=ENABLED,
                event_threshold=S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold(
                    minutes=WITHIN_MINUTES
                ),
            ),
        ),
    )


def _read(region: str, source: PrivateBucket, kms_key_arn: str) -> list[Statement]:
    return [
        allow("s3:GetReplicationConfiguration", "s3:ListBucket", on=source.arn),
        allow(
            "s3:GetObjectVersionForReplication",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionTagging",
            on=f"{source.arn}/*",
        ),
        allow("kms:Decrypt", on=kms_key_arn, where=_through_s3(region)),
    ]


def _write(region: str, target: PrivateBucket, kms_key_arn: str) -> list[Statement]:
    return [
        allow("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", on=f"{target.arn}/*"),
        allow("kms:Encrypt", "kms:GenerateDataKey", on=kms_key_arn, where=_through_s3(region)),
    ]


def _through_s3(region: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
