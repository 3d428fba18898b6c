"""Is the portal well? Alarms on what its users would notice, and a dashboard that shows the same figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.dashboards import Graph, dashboard_body
from infra.database_alarms import DatabaseLimits, DatabaseMetrics
from infra.deployment import Deployment
from infra.request_metrics import DURATION, ERRORS, REQUESTS

SLOW_SECONDS = 1.0
SLOW_MILLISECONDS = 1000
ERROR_LIMIT = 5  # per five minutes
FULL_PERCENT = 90
# Of the 1,000 that Aurora allows a db.r6g.large, and of its 16 GiB.
DATABASE_LIMITS = DatabaseLimits(connections=800, free_memory_bytes=1024**3)
CDN_ERROR_PERCENT = 5
BLOCKED_REQUESTS = 1000  # per five minutes


@dataclass(frozen=True)
class Monitored:
    """The names by which CloudWatch knows the portal's parts."""

    metrics_namespace: str
    balancer: str
    target_group: str
    group: str
    cluster: str
    function: str
    web_acl: str
    distribution: str


class PortalMetrics:
    """Every figure that is watched, shown, or both."""

    def __init__(self, parts: Monitored) -> None:
        own = parts.metrics_namespace
        group = {"AutoScalingGroupName": parts.group}
        self.requests = Metric(own, REQUESTS)
        self.errors = Metric(own, ERRORS)
        self.duration = Metric(own, DURATION, statistic="p99")
        self.instance_memory = Metric(own, "mem_used_percent", group, "Maximum")
        self.instance_disk = Metric(own, "disk_used_percent", group, "Maximum")
        self.instance_cpu = Metric("AWS/EC2", "CPUUtilization", group, "Average")
        self.instances = Metric("AWS/AutoScaling", "GroupInServiceInstances", group, "Average")

        balancer = {"LoadBalancer": parts.balancer}
        targets = {**balancer, "TargetGroup": parts.target_group}
        self.balancer_requests = Metric("AWS/ApplicationELB", "RequestCount", balancer)
        self.balancer_errors = Metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer)
        self.target_errors = Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer)
        self.response_time = Metric("AWS/ApplicationELB", "TargetResponseTime", balancer, "p99")
        self.healthy_hosts = Metric("AWS/ApplicationELB", "HealthyHostCount", targets, "Maximum")
        self.unhealthy_hosts = Metric("AWS/ApplicationELB", "UnHealthyHostCount", targets, "Maximum")

        self.database = DatabaseMetrics(cluster=parts.cluster, rotation_function=parts.function)
        self.blocked = Metric("AWS/WAFV2", "BlockedRequests", {"WebACL": parts.web_acl, "Rule": "ALL"})
        distribution = {"DistributionId": parts.distribution, "Region": "Global"}
        self.cdn_errors = Metric("AWS/CloudFront", "5xxErrorRate", distribution, "Average")


class Monitoring(Construct):
    """The alarms, each of which publishes to the alerts topic, and the dashboard."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, monitored: Monitored, alarms: AlarmMaker
    ) -> None:
        super().__init__(scope, id_)
        metrics = PortalMetrics(monitored)
        for alarm_id, alarm in {**_alarms_of_service(metrics), **metrics.database.alarms(DATABASE_LIMITS)}.items():
            alarms.make(self, alarm_id, alarm)
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=deployment.names("portal"),
            dashboard_body=dashboard_body(deployment.region, _graphs(metrics)),
        )


def _alarms_of_service(metrics: PortalMetrics) -> Mapping[str, Alarm]:
    return {
        "application_errors": Alarm("The application logged errors", metrics.errors, ERROR_LIMIT),
        "application_slow": Alarm(
            "One request in a hundred takes the application longer than a second",
            metrics.duration,
            SLOW_MILLISECONDS,
            periods=3,
        ),
        "balancer_errors": Alarm(
            "The load balancer itself answers 5xx: it reaches no instance", metrics.balancer_errors, ERROR_LIMIT
        ),
        "target_errors": Alarm("The instances answer 5xx", metrics.target_errors, ERROR_LIMIT),
        "target_slow": Alarm(
            "One request in a hundred takes longer than a second", metrics.response_time, SLOW_SECONDS, periods=3
        ),
        "unhealthy_hosts": Alarm(
            "An instance fails its health check: it, or its way to the database, is broken",
            metrics.unhealthy_hosts,
            1,
            period_seconds=60,
            periods=5,
        ),
        "no_healthy_host": Alarm(
            "No instance serves the portal",
            metrics.healthy_hosts,
            1,
            below=True,
            period_seconds=60,
            periods=2,
            missing_is_bad=True,
        ),
        "memory_high": Alarm("An instance runs out of memory", metrics.instance_memory, FULL_PERCENT, periods=3),
        "disk_full": Alarm("The root volume of an instance fills up", metrics.instance_disk, FULL_PERCENT, periods=3),
        "waf_blocked": Alarm("The firewall blocks unusually many requests", metrics.blocked, BLOCKED_REQUESTS),
        "cdn_errors": Alarm(
            "CloudFront answers 5xx to too many viewers", metrics.cdn_errors, CDN_ERROR_PERCENT, periods=2
        ),
    }


def _graphs(metrics: PortalMetrics) -> list[Graph]:
    return [
        Graph("Requests", [metrics.requests, metrics.balancer_requests]),
        Graph("Errors", [metrics.errors, metrics.target_errors, metrics.balancer_errors]),
        Graph("Duration of requests in the application (ms)", [metrics.duration]),
        Graph("Response time at the load balancer (s)", [metrics.response_time]),
        Graph("Instances", [metrics.instances, metrics.healthy_hosts, metrics.unhealthy_hosts]),
        Graph("Load of the instances (%)", [metrics.instance_cpu, metrics.instance_memory, metrics.instance_disk]),
        Graph("Load of the database (%)", [metrics.database.cpu]),
        Graph("Connections to the database", [metrics.database.connections]),
        Graph("Requests the firewall blocked", [metrics.blocked]),
        Graph("Rotations of the secret", [metrics.database.rotations, metrics.database.rotation_errors]),
    ]
