"""A private bucket: encrypted, versioned, TLS only, logged, and reachable by nobody unless its policy says so."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import S3BucketOwnershipControls
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import EVERYONE, Statement, deny, policy_document
from infra.naming import BUCKET_LIMIT

ACCOUNT_ID_CHARACTERS = 12
ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"


@dataclass(frozen=True)
class Retention:
    """Days until an object expires (None: it stays), and until a replaced or deleted version is gone."""

    current_days: int | None
    noncurrent_days: int


class PrivateBucket(Construct):
    """A bucket nobody may read or write until `attach_policy` says who; call it exactly once."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        resource: str,
        retention: Retention,
        kms_key_arn: str | None,
        object_lock: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        bucket = S3Bucket(
            self,
            "bucket",
            bucket=bucket_name(deployment, resource),
            force_destroy=deployment.profile.force_destroy,
            lifecycle=deployment.profile.lifecycle(),
            object_lock_enabled=object_lock or None,
            tags=deployment.names.tag(resource),
        )
        self.name: str = bucket.id
        self.arn: str = bucket.arn
        self.regional_domain_name: str = bucket.bucket_regional_domain_name
        S3BucketOwnershipControls(self, "ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
        self._public_access_block = S3BucketPublicAccessBlock(
            self,
            "privacy",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        self.versioning = S3BucketVersioningA(
            self, "versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}
        )
        self.encryption = self._encrypt(kms_key_arn)
        self._expire(retention)
        S3BucketNotification(self, "events", bucket=bucket.id, eventbridge=True)

    def attach_policy(self, *statements: Statement) -> S3BucketPolicy:
        """Allow what `statements` say, and deny everything that does not come over TLS 1.2 or newer."""
        everything = [self.arn, f"{self.arn}/*"]
        unencrypted = {"Bool": {"aws:SecureTransport": "false"}}
        outdated = {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}
        return S3BucketPolicy(
            self,
            "policy",
            bucket=self.name,
            policy=policy_document(
                [
                    deny("s3:*", on=everything, to=EVERYONE, where=unencrypted, sid="TlsOnly"),
                    deny("s3:*", on=everything, to=EVERYONE, where=outdated, sid="ModernTlsOnly"),
                    *statements,
                ]
            ),
            # S3 refuses two changes of a bucket's access at the same time.
            depends_on=[self._public_access_block],
        )

    def log_access(self, to: "PrivateBucket", policy: S3BucketPolicy) -> None:
        """Have every request logged in the bucket `to`, whose `policy` admits the logs."""
        S3BucketLoggingA(
            self,
            "logging",
            bucket=self.name,
            target_bucket=to.name,
            target_prefix="s3/",
            # Below the prefix by account, region, bucket and day, so that a reader finds what he looks for.
            target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
            depends_on=[policy],
        )

    def _encrypt(self, kms_key_arn: str | None) -> S3BucketServerSideEncryptionConfigurationA:
        """Encrypt with the given key, or with S3's own where AWS delivers to nothing else."""
        default = (
            {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn}
            if kms_key_arn
            else {"sse_algorithm": "AES256"}
        )
        rule = S3BucketServerSideEncryptionConfigurationRuleA(
            apply_server_side_encryption_by_default=default, bucket_key_enabled=kms_key_arn is not None
        )
        return S3BucketServerSideEncryptionConfigurationA(self, "encryption", bucket=self.name, rule=[rule])

    def _expire(self, retention: Retention) -> None:
        rule = S3BucketLifecycleConfigurationRule(
            id="expire",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],  # the whole bucket
            expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=retention.current_days)]
            if retention.current_days
            else None,
            noncurrent_version_expiration=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=retention.noncurrent_days)
            ],
            abort_incomplete_multipart_upload=[
                S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                    days_after_initiation=ABANDONED_UPLOAD_DAYS
                )
            ],
        )
        S3BucketLifecycleConfiguration(self, "lifecycle", bucket=self.name, rule=[rule], depends_on=[self.versioning])


def bucket_name(deployment: Deployment, resource: str) -> str:
    """Return a bucket's name: unique in the world, so it holds the account, whose id is known only later."""
    placeholder = "0" * ACCOUNT_ID_CHARACTERS
    name = deployment.global_names(f"{resource}-{placeholder}", limit=BUCKET_LIMIT)
    return name.replace(placeholder, deployment.account_id)
