"""What log groups say, copied to a bucket: CloudWatch Logs hands every line to a stream, which fills the bucket."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_subscription_filter import CloudwatchLogSubscriptionFilter
from cdktf_cdktf_provider_aws.kinesis_firehose_delivery_stream import KinesisFirehoseDeliveryStream
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.iam import WorkloadRole, allow
from infra.logs import AUDIT_RETENTION_DAYS, application_log_group

BUFFER_SECONDS = 300
BUFFER_MEBIBYTES = 5
EVERYTHING = ""


class LogCopier:
    """A stream into `bucket`, below `prefix`, and what it needs, as constructs of `scope`; `copy` feeds it."""

    def __init__(
        self, scope: Construct, *, deployment: Deployment, bucket: PrivateBucket, prefix: str, kms_key_arn: str
    ) -> None:
        self._scope = scope
        self._deployment = deployment
        self._stream = self._deliver(bucket, prefix, kms_key_arn)
        self.stream_name: str = self._stream.name
        self._subscriber = WorkloadRole(
            scope,
            "subscriber",
            deployment=deployment,
            resource="log-subscription",
            assumed_by="logs",
            statements=[allow("firehose:PutRecord", "firehose:PutRecordBatch", on=self._stream.arn)],
        )

    def copy(self, id_: str, group: CloudwatchLogGroup, *, resource: str) -> None:
        """Copy every line that `group` gets from now on; `resource` names the subscription."""
        CloudwatchLogSubscriptionFilter(
            self._scope,
            id_,
            name=self._deployment.names(resource),
            log_group_name=group.name,
            filter_pattern=EVERYTHING,
            destination_arn=self._stream.arn,
            role_arn=self._subscriber.arn,
            depends_on=[self._subscriber.policy],
        )

    def _deliver(self, bucket: PrivateBucket, prefix: str, kms_key_arn: str) -> KinesisFirehoseDeliveryStream:
        names = self._deployment.names
        failures = application_log_group(
            self._scope, "delivery_log", name=names("log-delivery"), kms_key_arn=kms_key_arn
        )
        writer = WorkloadRole(
            self._scope,
            "writer",
            deployment=self._deployment,
            resource="log-delivery",
            assumed_by="firehose",
            statements=[
                allow("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", on=bucket.arn),
                allow("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", on=f"{bucket.arn}/*"),
                allow("kms:Decrypt", "kms:GenerateDataKey", on=kms_key_arn),
                allow("logs:PutLogEvents", on=f"{failures.arn}:*"),
            ],
        )
        return KinesisFirehoseDeliveryStream(
            self._scope,
            "delivery",
            name=names("log-delivery"),
            destination="extended_s3",
            server_side_encryption={"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": kms_key_arn},
            extended_s3_configuration={
                "role_arn": writer.arn,
                "bucket_arn": bucket.arn,
                "kms_key_arn": kms_key_arn,
                "prefix": prefix,
                "error_output_prefix": "undelivered/",
                "buffering_interval": BUFFER_SECONDS,
                "buffering_size": BUFFER_MEBIBYTES,
                # CloudWatch Logs hands over lines that are compressed already.
                "compression_format": "UNCOMPRESSED",
                "cloudwatch_logging_options": {
                    "enabled": True,
                    "log_group_name": failures.name,
                    "log_stream_name": "delivery",
                },
            },
            depends_on=[writer.policy],
            tags=names.tag("log-delivery"),
        )


class LogArchive(Construct):
    """A bucket that keeps every line of some log groups as long as audit material, at hand all the time.

    It makes up for groups that keep less (infra/logs.py). An object holds compressed records of several lines, each
    with the names of their group and stream. A deleted object stays as a noncurrent version, as long as if it had not
    been deleted.
    """

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, kms_key_arn: str, access_logs: AccessLogs
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = PrivateBucket(
            self,
            "bucket",
            deployment=deployment,
            resource="log-archive",
            retention=Retention(current_days=AUDIT_RETENTION_DAYS, noncurrent_days=AUDIT_RETENTION_DAYS),
            kms_key_arn=kms_key_arn,
        )
        self.bucket.attach_policy()
        self.bucket.log_access(access_logs, access_logs.policy)
        self._copier = LogCopier(
            self, deployment=deployment, bucket=self.bucket, prefix="logs/", kms_key_arn=kms_key_arn
        )
        self.stream_name = self._copier.stream_name

    def receive(self, log: str, group: CloudwatchLogGroup) -> None:
        """Keep every line of `group`; `log` is a word for what it holds."""
        self._copier.copy(log.replace("-", "_"), group, resource=f"{log}-archive")
