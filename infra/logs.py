"""Log groups: encrypted, and kept for one of two periods."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

APPLICATION_RETENTION_DAYS = 90
# PCI DSS 10.5.1 asks for twelve months; 400 is the next period CloudWatch offers after 365.
AUDIT_RETENTION_DAYS = 400


def application_log_group(scope: Construct, id_: str, *, name: str, kms_key_arn: str) -> CloudwatchLogGroup:
    """Return a log group for what the application says, kept 90 days as required."""
    return _log_group(scope, id_, name, kms_key_arn, APPLICATION_RETENTION_DAYS)


def audit_log_group(scope: Construct, id_: str, *, name: str, kms_key_arn: str) -> CloudwatchLogGroup:
    """Return a log group for who did what: audit material, kept more than twelve months."""
    return _log_group(scope, id_, name, kms_key_arn, AUDIT_RETENTION_DAYS)


def _log_group(scope: Construct, id_: str, name: str, kms_key_arn: str, retention_days: int) -> CloudwatchLogGroup:
    return CloudwatchLogGroup(scope, id_, name=name, kms_key_id=kms_key_arn, retention_in_days=retention_days)
