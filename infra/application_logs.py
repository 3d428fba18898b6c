"""What the application says: log groups at hand, a copy in a bucket, and the metrics counted from it."""

from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.log_archive import LogCopier
from infra.logs import application_log_group
from infra.request_metrics import count_requests


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
        count_requests(self, deployment=deployment, log_group=self.application.name, namespace=self.metrics_namespace)
        copier = LogCopier(self, deployment=deployment, bucket=bucket, prefix="application/", kms_key_arn=kms_key_arn)
        copier.copy("subscription", self.application, resource="log-delivery")
