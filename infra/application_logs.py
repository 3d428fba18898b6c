"""What the application says: log groups at hand, a copy in a bucket, and the metrics counted from it.

Lines are JSON objects with at least `level`, and `duration_ms` where a request was served.
"""

from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.log_archive import LogCopier
from infra.logs import LineMetric, application_log_group, count_lines

ERRORS = "Errors"
REQUESTS = "Requests"
DURATION = "RequestDuration"
_SERVED = "{ $.duration_ms >= 0 }"
_METRICS = {
    "errors": LineMetric(ERRORS, '{ $.level = "ERROR" || $.level = "CRITICAL" }'),
    "requests": LineMetric(REQUESTS, _SERVED),
    "duration": LineMetric(DURATION, _SERVED, "Milliseconds", "$.duration_ms"),
}


class ApplicationLogs(Construct):
    """The log groups of the instances, and everything that reads them."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, bucket: PrivateBucket, kms_key_arn: str
    ) -> None:
        super().__init__(scope, id_)
        names = deployment.names
        self.metrics_namespace = names("portal")
        self.application = application_log_group(
            self, "application", name=names("application"), kms_key_arn=kms_key_arn
        )
        self.system = application_log_group(self, "system", name=names("system"), kms_key_arn=kms_key_arn)
        for id_, metric in _METRICS.items():
            count_lines(
                self,
                id_,
                metric,
                deployment=deployment,
                log_group=self.application.name,
                namespace=self.metrics_namespace,
            )
        copier = LogCopier(self, deployment=deployment, bucket=bucket, prefix="application/", kms_key_arn=kms_key_arn)
        copier.copy("subscription", self.application, resource="log-delivery")
