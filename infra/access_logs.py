"""Where access logs are delivered: a bucket that only AWS's log services may write to."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.data_aws_elb_service_account import DataAwsElbServiceAccount
from constructs import Construct

from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.iam import Statement, allow, service
from infra.logs import AUDIT_RETENTION_DAYS


@dataclass(frozen=True)
class Senders:
    """Whose logs a bucket takes, each below its own prefix: `alb/`, `s3/`, `cloudfront/`."""

    balancers: bool = False
    buckets: bool = False
    distributions: bool = False


class AccessLogs(PrivateBucket):
    """A bucket of access logs, kept as audit material; `policy` admits the logs.

    Load balancers and S3 deliver to nothing but buckets with S3's own encryption (SSE-S3), and S3 to none with a
    default object lock: so these logs lie apart from the audit trail's archive. A bucket that takes the logs of
    distributions only can have a key (`kms_key_arn`), which log delivery must be allowed to use.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        senders: Senders,
        resource: str = "access-logs",
        kms_key_arn: str | None = None,
    ) -> None:
        retention = Retention(AUDIT_RETENTION_DAYS, AUDIT_RETENTION_DAYS)
        super().__init__(
            scope, id_, deployment=deployment, resource=resource, retention=retention, kms_key_arn=kms_key_arn
        )
        ours = {"StringEquals": {"aws:SourceAccount": deployment.account_id}}
        statements: list[Statement] = []
        if senders.balancers:
            statements += self._from_balancers(scope, deployment)
        if senders.buckets:
            statements.append(
                allow("s3:PutObject", on=f"{self.arn}/s3/*", to=service("logging.s3"), where=ours, sid="Buckets")
            )
        if senders.distributions:
            statements.append(self._from_distributions(deployment))
        self.policy = self.attach_policy(*statements)

    def _from_balancers(self, scope: Construct, deployment: Deployment) -> list[Statement]:
        # AWS names both principals: the account of the region's load balancers, and the service that follows it.
        balancers = DataAwsElbServiceAccount(scope, "balancers")
        folder = f"{self.arn}/alb/AWSLogs/{deployment.account_id}/*"
        return [
            allow("s3:PutObject", on=folder, to={"AWS": balancers.arn}, sid="LoadBalancers"),
            allow(
                "s3:PutObject",
                on=folder,
                to=service("logdelivery.elasticloadbalancing"),
                where={"StringEquals": {"aws:SourceAccount": deployment.account_id}},
                sid="LoadBalancerService",
            ),
        ]

    def _from_distributions(self, deployment: Deployment) -> Statement:
        return allow(
            "s3:PutObject",
            on=f"{self.arn}/cloudfront/*",
            to=service("delivery.logs"),
            where={
                "StringEquals": {
                    "aws:SourceAccount": deployment.account_id,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                },
                "ArnLike": {"aws:SourceArn": deployment.arn("logs", "delivery-source:*")},
            },
            sid="Distributions",
        )
