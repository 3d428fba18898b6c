"""Who did what in the account: CloudTrail, with an archive and a key of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudtrail import (
    Cloudtrail,
    CloudtrailAdvancedEventSelector,
    CloudtrailAdvancedEventSelectorFieldSelector,
)
from cdktf_cdktf_provider_aws.s3_bucket_object_lock_configuration import (
    S3BucketObjectLockConfigurationA,
    S3BucketObjectLockConfigurationRuleA,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.iam import Statement, WorkloadRole, allow, service
from infra.keys import EncryptionKey
from infra.logs import AUDIT_RETENTION_DAYS, audit_log_group
from infra.storage import Storage

PREFIX = "cloudtrail"


@dataclass(frozen=True)
class RecordedData:
    """Data of other stacks, in any region, of which the trail records every access: ARNs of buckets and tables."""

    bucket_arns: Sequence[str]
    table_arns: Sequence[str]


class Trail(Construct):
    """Management events of all regions, and every access to our buckets and to `others`.

    Validated, encrypted, kept 400 days.

    `log_group_name` is where the security events are counted (infra/security_alarms.py).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        storage: Storage,
        others: RecordedData,
        logs_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        name = deployment.names("trail")
        arn = deployment.arn("cloudtrail", f"trail/{name}")
        key = EncryptionKey(
            self, "audit", deployment=deployment, description="Audit trail", statements=_used_by_trail(deployment, arn)
        )
        archive, policy = self._archive(deployment, arn, key.arn)
        archive.log_access(storage.access_logs, storage.access_logs.policy)

        group = audit_log_group(self, "group", name=name, kms_key_arn=logs_key_arn)
        self.log_group_name: str = group.name
        writer = WorkloadRole(
            self,
            "writer",
            deployment=deployment,
            resource="trail",
            assumed_by="cloudtrail",
            statements=[
                allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{group.arn}:log-stream:*"),
            ],
        )
        Cloudtrail(
            self,
            "trail",
            name=name,
            s3_bucket_name=archive.name,
            s3_key_prefix=PREFIX,
            kms_key_id=key.arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            cloud_watch_logs_group_arn=f"{group.arn}:*",
            cloud_watch_logs_role_arn=writer.arn,
            advanced_event_selector=[
                _events("Management events", ("eventCategory", {"equal_to": ["Management"]})),
                _events(
                    "Objects of the buckets",
                    ("eventCategory", {"equal_to": ["Data"]}),
                    ("resources.type", {"equal_to": ["AWS::S3::Object"]}),
                    # Not the archive itself, whose every new log would log another.
                    ("resources.ARN", {"starts_with": _object_prefixes(storage, others)}),
                ),
                _events(
                    "Items of the tables",
                    ("eventCategory", {"equal_to": ["Data"]}),
                    ("resources.type", {"equal_to": ["AWS::DynamoDB::Table"]}),
                    ("resources.ARN", {"equal_to": list(others.table_arns)}),
                ),
            ],
            depends_on=[policy, writer.policy],
            tags=deployment.names.tag("trail"),
        )

    def _archive(self, deployment: Deployment, trail_arn: str, key_arn: str) -> tuple[PrivateBucket, S3BucketPolicy]:
        """Return the bucket the trail fills, where the profile says so with a lock that no one can lift in time."""
        lock_days = deployment.profile.object_lock_days
        archive = PrivateBucket(
            self,
            "archive",
            deployment=deployment,
            resource="audit",
            # A deleted record stays as a noncurrent version, as long as if it had not been deleted.
            retention=Retention(current_days=AUDIT_RETENTION_DAYS, noncurrent_days=AUDIT_RETENTION_DAYS),
            kms_key_arn=key_arn,
            object_lock=lock_days > 0,
        )
        if lock_days:
            S3BucketObjectLockConfigurationA(
                self,
                "lock",
                bucket=archive.name,
                rule=S3BucketObjectLockConfigurationRuleA(default_retention={"mode": "COMPLIANCE", "days": lock_days}),
                depends_on=[archive.versioning],
            )
        policy = archive.attach_policy(
            allow(
                "s3:GetBucketAcl",
                on=archive.arn,
                to=service("cloudtrail"),
                where={"StringEquals": {"aws:SourceArn": trail_arn}},
                sid="TrailLooks",
            ),
            allow(
                "s3:PutObject",
                on=f"{archive.arn}/{PREFIX}/AWSLogs/{deployment.account_id}/*",
                to=service("cloudtrail"),
                where={"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}},
                sid="TrailWrites",
            ),
        )
        return archive, policy


def _object_prefixes(storage: Storage, others: RecordedData) -> list[str]:
    own = [bucket.arn for bucket in (storage.static_assets, storage.files, storage.application_logs)]
    return [f"{arn}/" for arn in (*own, *others.bucket_arns)]


def _events(name: str, *fields: tuple[str, dict[str, list[str]]]) -> CloudtrailAdvancedEventSelector:
    return CloudtrailAdvancedEventSelector(
        name=name,
        field_selector=[
            CloudtrailAdvancedEventSelectorFieldSelector(field=field, **condition) for field, condition in fields
        ],
    )


def _used_by_trail(deployment: Deployment, trail_arn: str) -> list[Statement]:
    by_trail = {"StringEquals": {"aws:SourceArn": trail_arn}}
    context = f"arn:aws:cloudtrail:*:{deployment.account_id}:trail/*"
    return [
        allow(
            "kms:GenerateDataKey*",
            on="*",
            to=service("cloudtrail"),
            where={**by_trail, "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": context}},
            sid="TrailEncrypts",
        ),
        allow("kms:DescribeKey", on="*", to=service("cloudtrail"), where=by_trail, sid="TrailDescribes"),
    ]
