"""Buckets: static assets, application logs, access logs, and the application's own files.

The archive of the audit trail belongs to the trail (infra/trail.py).
"""

from cdktf_cdktf_provider_aws.data_aws_elb_service_account import DataAwsElbServiceAccount
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.iam import allow, service
from infra.keys import EncryptionKeys
from infra.logs import APPLICATION_RETENTION_DAYS, AUDIT_RETENTION_DAYS

REPLACED_VERSION_DAYS = 90


class Storage(Construct):
    """The buckets and who may fill them; who may read static assets is said where they are served (infra/cdn.py)."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, keys: EncryptionKeys) -> None:
        super().__init__(scope, id_)
        as_long_as_used = Retention(current_days=None, noncurrent_days=REPLACED_VERSION_DAYS)
        application = Retention(APPLICATION_RETENTION_DAYS, APPLICATION_RETENTION_DAYS)
        audit = Retention(AUDIT_RETENTION_DAYS, AUDIT_RETENTION_DAYS)

        # Load balancer and S3 deliver access logs to nothing but buckets with S3's own encryption (SSE-S3), and S3
        # to none with a default object lock: so these logs lie apart from the audit trail's archive.
        self.access_logs = PrivateBucket(
            self, "access_logs", deployment=deployment, resource="access-logs", retention=audit, kms_key_arn=None
        )
        self.access_logs_policy = self._admit_access_logs(deployment)

        self.static_assets = PrivateBucket(
            self,
            "static",
            deployment=deployment,
            resource="static",
            retention=as_long_as_used,
            kms_key_arn=keys.storage.arn,
        )
        self.files = PrivateBucket(
            self,
            "files",
            deployment=deployment,
            resource="files",
            retention=as_long_as_used,
            kms_key_arn=keys.storage.arn,
        )
        self.files.attach_policy()
        self.application_logs = PrivateBucket(
            self,
            "application_logs",
            deployment=deployment,
            resource="application-logs",
            retention=application,
            kms_key_arn=keys.logs.arn,
        )
        self.application_logs.attach_policy()
        for bucket in (self.static_assets, self.files, self.application_logs):
            bucket.log_access(self.access_logs, self.access_logs_policy)

    def _admit_access_logs(self, deployment: Deployment) -> S3BucketPolicy:
        """Let the load balancer, S3 and CloudFront deliver their logs, each below its own prefix."""
        bucket, account = self.access_logs.arn, deployment.account_id
        balancer = f"{bucket}/alb/AWSLogs/{account}/*"
        ours = {"StringEquals": {"aws:SourceAccount": account}}
        # AWS names both principals: the account of the region's load balancers, and the service that follows it.
        balancers = DataAwsElbServiceAccount(self, "balancers")
        return self.access_logs.attach_policy(
            allow("s3:PutObject", on=balancer, to={"AWS": balancers.arn}, sid="LoadBalancers"),
            allow(
                "s3:PutObject",
                on=balancer,
                to=service("logdelivery.elasticloadbalancing"),
                where=ours,
                sid="LoadBalancerService",
            ),
            allow("s3:PutObject", on=f"{bucket}/s3/*", to=service("logging.s3"), where=ours, sid="Buckets"),
            allow(
                "s3:PutObject",
                on=f"{bucket}/cloudfront/*",
                to=service("delivery.logs"),
                where={
                    "StringEquals": {"aws:SourceAccount": account, "s3:x-amz-acl": "bucket-owner-full-control"},
                    "ArnLike": {"aws:SourceArn": deployment.arn("logs", "delivery-source:*")},
                },
                sid="Distributions",
            ),
        )
