"""Log groups: encrypted, and kept for one of three periods; and the metrics counted from their lines."""

from collections.abc import Callable
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import CloudwatchLogMetricFilter
from constructs import Construct

from infra.deployment import Deployment

APPLICATION_RETENTION_DAYS = 90
# PCI DSS 10.5.1 asks for twelve months; 400 is the next period CloudWatch offers after 365.
AUDIT_RETENTION_DAYS = 400
# At hand in CloudWatch, where the requirements of the transaction API say 30 days; all of it is in an archive as well,
# at hand there too, for as long as audit material is kept (infra/log_archive.py).
ARCHIVED_RETENTION_DAYS = 30

LogGroupMaker = Callable[..., CloudwatchLogGroup]  # one of the three functions that follow


def application_log_group(scope: Construct, id_: str, *, name: str, kms_key_arn: str) -> CloudwatchLogGroup:
    """Return a log group for what the application says, kept 90 days as required."""
    return _log_group(scope, id_, name, kms_key_arn, APPLICATION_RETENTION_DAYS)


def audit_log_group(scope: Construct, id_: str, *, name: str, kms_key_arn: str) -> CloudwatchLogGroup:
    """Return a log group for who did what: audit material, kept more than twelve months."""
    return _log_group(scope, id_, name, kms_key_arn, AUDIT_RETENTION_DAYS)


def archived_log_group(scope: Construct, id_: str, *, name: str, kms_key_arn: str) -> CloudwatchLogGroup:
    """Return a log group that keeps 30 days of what an archive receives: nothing else may be put into it."""
    return _log_group(scope, id_, name, kms_key_arn, ARCHIVED_RETENTION_DAYS)


def _log_group(scope: Construct, id_: str, name: str, kms_key_arn: str, retention_days: int) -> CloudwatchLogGroup:
    return CloudwatchLogGroup(scope, id_, name=name, kms_key_id=kms_key_arn, retention_in_days=retention_days)


@dataclass(frozen=True)
class LineMetric:
    """A figure taken from the lines that match `pattern`: `value` is a number, or a field such as `$.duration_ms`."""

    name: str
    pattern: str
    unit: str = "Count"
    value: str = "1"


def count_lines(
    scope: Construct, id_: str, metric: LineMetric, *, deployment: Deployment, log_group: str, namespace: str
) -> None:
    """Create the filter that counts `metric` in a log group."""
    CloudwatchLogMetricFilter(
        scope,
        id_,
        name=deployment.names(id_),
        log_group_name=log_group,
        pattern=metric.pattern,
        metric_transformation={
            "namespace": namespace,
            "name": metric.name,
            "value": metric.value,
            "unit": metric.unit,
            # A minute without a line counts none of them, but has no duration.
            "default_value": "0" if metric.value == "1" else None,
        },
    )
