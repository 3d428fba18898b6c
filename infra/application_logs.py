"""What the application says: log groups at hand, a copy in a bucket, and the metrics counted from it."""

from cdktf_cdktf_provider_aws.cloudwatch_log_subscription_filter import CloudwatchLogSubscriptionFilter
from cdktf_cdktf_provider_aws.kinesis_firehose_delivery_stream import KinesisFirehoseDeliveryStream
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.iam import WorkloadRole, allow
from infra.logs import application_log_group
from infra.request_metrics import count_requests

BUFFER_SECONDS = 300
BUFFER_MEBIBYTES = 5
EVERYTHING = ""


class ApplicationLogs(Construct):
    """The log groups of the instances, and everything that reads them."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, bucket: PrivateBucket, kms_key_arn: str
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        names = deployment.names
        self.metrics_namespace = names("portal")
        self.application = application_log_group(
            self, "application", name=names("application"), kms_key_arn=kms_key_arn
        )
        self.system = application_log_group(self, "system", name=names("system"), kms_key_arn=kms_key_arn)
        count_requests(self, deployment=deployment, log_group=self.application.name, namespace=self.metrics_namespace)
        self._copy(bucket, kms_key_arn)

    def _copy(self, bucket: PrivateBucket, kms_key_arn: str) -> None:
        """Deliver every line to the bucket of application logs."""
        names = self._deployment.names
        failures = application_log_group(self, "delivery_log", name=names("log-delivery"), kms_key_arn=kms_key_arn)
        writer = WorkloadRole(
            self,
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
        stream = KinesisFirehoseDeliveryStream(
            self,
            "delivery",
            name=names("log-delivery"),
            destination="extended_s3",
            server_side_encryption={"enabled": True, "key_type": "CUSTOMER_MANAGED_CMK", "key_arn": kms_key_arn},
            extended_s3_configuration={
                "role_arn": writer.arn,
                "bucket_arn": bucket.arn,
                "kms_key_arn": kms_key_arn,
                "prefix": "application/",
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
        subscriber = WorkloadRole(
            self,
            "subscriber",
            deployment=self._deployment,
            resource="log-subscription",
            assumed_by="logs",
            statements=[allow("firehose:PutRecord", "firehose:PutRecordBatch", on=stream.arn)],
        )
        CloudwatchLogSubscriptionFilter(
            self,
            "subscription",
            name=names("log-delivery"),
            log_group_name=self.application.name,
            filter_pattern=EVERYTHING,
            destination_arn=stream.arn,
            role_arn=subscriber.arn,
            depends_on=[subscriber.policy],
        )
