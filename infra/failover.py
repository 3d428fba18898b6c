"""Route 53: one name that leads to the primary region while it is healthy, and to the secondary one otherwise.

Detection takes three checks of 30 seconds, after which resolvers keep the old answer for up to a minute. Route 53 does
this by itself: a failover changes nothing in AWS, so it needs no control plane, no Terraform and no state.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.route53_health_check import Route53HealthCheck
from cdktf_cdktf_provider_aws.route53_record import (
    Route53Record,
    Route53RecordAlias,
    Route53RecordFailoverRoutingPolicy,
)
from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.alb import HEALTH_PATH
from infra.dashboards import Graph, dashboard_body
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.groups import HTTPS_PORT

CHECK_EVERY_SECONDS = 30
FAILURES_UNTIL_UNHEALTHY = 3


@dataclass(frozen=True)
class FailoverTarget:
    """A region's part in the failover (PRIMARY or SECONDARY), and the DNS name that leads to its load balancer."""

    region: str
    part: str
    domain_name: str


class Failover(Construct):
    """A health check and a record for each region, and an alarm that tells when a check fails."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        zone: HostedZone,
        domain_name: str,
        targets: tuple[FailoverTarget, ...],
        alarms: AlarmMaker,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        checks: dict[str, str] = {}
        for target in targets:
            part = target.part.lower()
            check = self._check(part, target)
            checks[target.region] = check.id
            Route53Record(
                self,
                part,
                zone_id=zone.id,
                name=domain_name,
                type="A",
                set_identifier=part,
                failover_routing_policy=Route53RecordFailoverRoutingPolicy(type=target.part),
                health_check_id=check.id,
                # To the region's own name, which follows the health of the load balancer behind it.
                alias=Route53RecordAlias(name=target.domain_name, zone_id=zone.id, evaluate_target_health=True),
            )
            alarms.make(
                self,
                f"{part}_unhealthy",
                Alarm(
                    f"Route 53 finds {target.region} unhealthy, or has stopped looking",
                    _status(check.id),
                    1,
                    below=True,
                    period_seconds=60,
                    missing_is_bad=True,
                ),
            )
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=deployment.names("failover"),
            dashboard_body=dashboard_body(deployment.region, _graphs(checks)),
        )

    def _check(self, part: str, target: FailoverTarget) -> Route53HealthCheck:
        return Route53HealthCheck(
            self,
            f"{part}_check",
            type="HTTPS",
            fqdn=target.domain_name,
            port=HTTPS_PORT,
            resource_path=HEALTH_PATH,
            enable_sni=True,
            request_interval=CHECK_EVERY_SECONDS,
            failure_threshold=FAILURES_UNTIL_UNHEALTHY,
            measure_latency=True,
            tags=self._deployment.names.tag(part),
        )


def _status(check_id: str) -> Metric:
    return Metric("AWS/Route53", "HealthCheckStatus", {"HealthCheckId": check_id}, "Minimum")


def _graphs(checks: Mapping[str, str]) -> list[Graph]:
    graphs = []
    for region, check_id in checks.items():
        dimensions = {"HealthCheckId": check_id}
        share = Metric("AWS/Route53", "HealthCheckPercentageHealthy", dimensions, "Average")
        first_byte = Metric("AWS/Route53", "TimeToFirstByte", dimensions, "Average")
        graphs += [
            Graph(f"{region}: healthy (1) or not (0)", [_status(check_id)]),
            Graph(f"{region}: checkers that find it healthy (%)", [share]),
            Graph(f"{region}: time to first byte (ms)", [first_byte]),
        ]
    return graphs
