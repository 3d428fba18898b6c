"""Metrics, and alarms on them that nobody can forget to connect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from infra.deployment import Deployment


@dataclass(frozen=True)
class Metric:
    """What CloudWatch measures; `statistic` is Sum, Average, Minimum, Maximum or a percentile such as p99."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: str = "Sum"


@dataclass(frozen=True)
class Alarm:
    """When a metric needs somebody: at or above `threshold` (or below it), so many periods in a row.

    Where there is no data, nothing happened; `missing_is_bad` where there should always be some.
    """

    description: str
    metric: Metric
    threshold: float
    below: bool = False
    period_seconds: int = 300
    periods: int = 1
    missing_is_bad: bool = False


@dataclass(frozen=True)
class AlarmMaker:
    """Makes alarms named after their id, each of which publishes to the alerts topic."""

    deployment: Deployment
    topic_arn: str

    def make(self, scope: Construct, id_: str, alarm: Alarm, *, also: Sequence[str] = ()) -> None:
        """Create `alarm`; `also` lists the ARNs of what it does besides publishing."""
        name = self.deployment.names(id_.replace("_", "-"))
        is_percentile = alarm.metric.statistic.startswith("p")
        CloudwatchMetricAlarm(
            scope,
            id_,
            alarm_name=name,
            alarm_description=alarm.description,
            namespace=alarm.metric.namespace,
            metric_name=alarm.metric.name,
            dimensions=dict(alarm.metric.dimensions),
            statistic=None if is_percentile else alarm.metric.statistic,
            extended_statistic=alarm.metric.statistic if is_percentile else None,
            threshold=alarm.threshold,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanOrEqualToThreshold",
            period=alarm.period_seconds,
            evaluation_periods=alarm.periods,
            treat_missing_data="breaching" if alarm.missing_is_bad else "notBreaching",
            actions_enabled=True,
            alarm_actions=[self.topic_arn, *also],
            tags={"Name": name},
        )
