"""Is a region well, and would the other one lose anything? Alarms in the region they speak of, and a dashboard."""

from collections.abc import Mapping
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.dashboards import Graph, dashboard_body
from infra.deployment import Deployment
from infra.health_answers import DURATION, SERVED, UNSERVED
from infra.replication import RULE, WITHIN_MINUTES

RECOVERY_POINT_MILLISECONDS = 60_000  # the recovery point objective: less than a minute
REPLICATION_SECONDS = WITHIN_MINUTES * 60
SILENT_SECONDS = 360  # three runs of the monitor
HEALTH_PERIOD_SECONDS = 300  # more than two runs, so that one is in it for sure
ERROR_LIMIT = 5  # per five minutes
BLOCKED_REQUESTS = 1000  # per five minutes


@dataclass(frozen=True)
class MonitoredRegion:
    """The names by which CloudWatch knows the parts of a region, and those of the other region's data."""

    region: str
    other_region: str
    balancer: str
    web_acl: str
    monitor: str
    monitor_namespace: str
    dead_letters: str
    answers: str
    answers_namespace: str
    table: str
    bucket: str
    other_bucket: str


class RegionMetrics:
    """Every figure of a region that is watched, shown, or both."""

    def __init__(self, parts: MonitoredRegion) -> None:
        balancer = {"LoadBalancer": parts.balancer}
        self.requests = Metric("AWS/ApplicationELB", "RequestCount", balancer)
        self.balancer_errors = Metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer)
        self.target_errors = Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer)
        self.blocked = Metric(
            "AWS/WAFV2", "BlockedRequests", {"WebACL": parts.web_acl, "Region": parts.region, "Rule": "ALL"}
        )
        self.served = Metric(parts.answers_namespace, SERVED)
        self.unserved = Metric(parts.answers_namespace, UNSERVED)
        self.duration = Metric(parts.answers_namespace, DURATION, statistic="p99")
        self.answer_errors = Metric("AWS/Lambda", "Errors", {"FunctionName": parts.answers})

        region = {"Region": parts.region}
        self.healthy = Metric(parts.monitor_namespace, "Healthy", region, "Minimum")
        self.monitor_errors = Metric(parts.monitor_namespace, "MonitorErrors", region)
        self.probe_latency = Metric(parts.monitor_namespace, "Latency", region, "Maximum")
        self.runs = Metric("AWS/Lambda", "Invocations", {"FunctionName": parts.monitor})
        self.run_errors = Metric("AWS/Lambda", "Errors", {"FunctionName": parts.monitor})
        self.dead_letters = Metric(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": parts.dead_letters}, "Maximum"
        )

        table = {"TableName": parts.table}
        self.reads_throttled = Metric("AWS/DynamoDB", "ReadThrottleEvents", table)
        self.writes_throttled = Metric("AWS/DynamoDB", "WriteThrottleEvents", table)
        self.writes = Metric("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table)
        self.table_lag = Metric(
            "AWS/DynamoDB", "ReplicationLatency", {**table, "ReceivingRegion": parts.other_region}, "Maximum"
        )
        replication = {
            "SourceBucket": parts.bucket,
            "DestinationBucket": parts.other_bucket,
            "RuleId": RULE,
        }
        self.object_lag = Metric("AWS/S3", "ReplicationLatency", replication, "Maximum")
        self.objects_pending = Metric("AWS/S3", "OperationsPendingReplication", replication, "Maximum")
        self.objects_failed = Metric("AWS/S3", "OperationsFailedReplication", replication)


class RegionAlarms(Construct):
    """The alarms, each of which publishes to the region's own topic, and the dashboard."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, monitored: MonitoredRegion, alarms: AlarmMaker
    ) -> None:
        super().__init__(scope, id_)
        metrics = RegionMetrics(monitored)
        for alarm_id, alarm in {
            **_alarms_of_service(metrics),
            **_alarms_of_monitor(metrics),
            **_alarms_of_data(metrics),
        }.items():
            alarms.make(self, alarm_id, alarm)
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=deployment.global_names("region"),
            dashboard_body=dashboard_body(deployment.region, _graphs(metrics)),
        )


def _alarms_of_service(metrics: RegionMetrics) -> Mapping[str, Alarm]:
    return {
        "region_down": Alarm(
            "The monitor sees the region down, or says nothing about it",
            metrics.healthy,
            1,
            below=True,
            period_seconds=HEALTH_PERIOD_SECONDS,
            missing_is_bad=True,
        ),
        "balancer_errors": Alarm("The load balancer itself answers 5xx", metrics.balancer_errors, ERROR_LIMIT),
        "target_errors": Alarm(
            "The region cannot read its data: health checks are answered 5xx", metrics.target_errors, ERROR_LIMIT
        ),
        "answer_errors": Alarm("The function that answers health checks fails", metrics.answer_errors, 1),
        "waf_blocked": Alarm("The firewall blocks unusually many requests", metrics.blocked, BLOCKED_REQUESTS),
    }


def _alarms_of_monitor(metrics: RegionMetrics) -> Mapping[str, Alarm]:
    return {
        "monitor_silent": Alarm(
            "The monitor has not run for six minutes",
            metrics.runs,
            1,
            below=True,
            period_seconds=SILENT_SECONDS,
            missing_is_bad=True,
        ),
        "monitor_run_errors": Alarm("A run of the monitor ended in an error", metrics.run_errors, 1),
        "monitor_errors": Alarm("The monitor could not do its work", metrics.monitor_errors, 1),
        "monitor_dead_letters": Alarm("A run of the monitor was given up", metrics.dead_letters, 1),
    }


def _alarms_of_data(metrics: RegionMetrics) -> Mapping[str, Alarm]:
    return {
        "table_reads_throttled": Alarm("Reads of the table are throttled", metrics.reads_throttled, 1),
        "table_writes_throttled": Alarm("Writes to the table are throttled", metrics.writes_throttled, 1),
        "table_replication_lag": Alarm(
            "The table's other replica lags more than the recovery point objective of a minute",
            metrics.table_lag,
            RECOVERY_POINT_MILLISECONDS,
            period_seconds=60,
            periods=3,
        ),
        "object_replication_lag": Alarm(
            "Objects take longer than 15 minutes to reach the other region", metrics.object_lag, REPLICATION_SECONDS
        ),
        "object_replication_failed": Alarm("Objects did not reach the other region", metrics.objects_failed, 1),
    }


def _graphs(metrics: RegionMetrics) -> list[Graph]:
    return [
        Graph("Region healthy (1) or down (0)", [metrics.healthy]),
        Graph("Could serve, could not", [metrics.served, metrics.unserved]),
        Graph("Time to serve (ms)", [metrics.duration, metrics.probe_latency]),
        Graph("Requests", [metrics.requests, metrics.blocked]),
        Graph("Errors", [metrics.balancer_errors, metrics.target_errors, metrics.answer_errors]),
        Graph("Transactions written (write units)", [metrics.writes]),
        Graph("Throttled", [metrics.reads_throttled, metrics.writes_throttled]),
        Graph("Lag of the table's other replica (ms)", [metrics.table_lag]),
        Graph("Lag of the other bucket (s)", [metrics.object_lag]),
        Graph("Objects on their way to the other region", [metrics.objects_pending, metrics.objects_failed]),
        Graph("Runs of the monitor", [metrics.runs, metrics.run_errors, metrics.monitor_errors]),
        Graph("Runs given up", [metrics.dead_letters]),
    ]
