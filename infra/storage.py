"""Buckets: static assets, application logs, access logs, and the application's own files.

The archive of the audit trail belongs to the trail (infra/trail.py).
"""

from constructs import Construct

from infra.access_logs import AccessLogs, Senders
from infra.bucket import PrivateBucket, Retention
from infra.deployment import Deployment
from infra.keys import EncryptionKeys
from infra.logs import APPLICATION_RETENTION_DAYS

REPLACED_VERSION_DAYS = 90


class Storage(Construct):
    """The buckets and who may fill them; who may read static assets is said where they are served (infra/cdn.py)."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, keys: EncryptionKeys) -> None:
        super().__init__(scope, id_)
        as_long_as_used = Retention(current_days=None, noncurrent_days=REPLACED_VERSION_DAYS)
        application = Retention(APPLICATION_RETENTION_DAYS, APPLICATION_RETENTION_DAYS)

        self.access_logs = AccessLogs(
            self,
            "access_logs",
            deployment=deployment,
            senders=Senders(balancers=True, buckets=True, distributions=True),
        )

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
            bucket.log_access(self.access_logs, self.access_logs.policy)
