"""What viewers of the transaction API meet first, all in us-east-1: firewall, CloudFront, their logs and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass

from constructs import Construct

from infra.access_logs import AccessLogs, Senders
from infra.alarms import Alarm, AlarmMaker, Metric
from infra.alerting import alerts_with_key
from infra.alerts import ALARMS
from infra.cdn_logs import CdnLogs
from infra.dashboards import Graph
from infra.deployment import Deployment
from infra.distribution import Distribution, Fronted, ResponseHeaders
from infra.dns import HostedZone
from infra.http_api import REQUESTS_PER_SECOND
from infra.keys import EncryptionKey, used_by_log_delivery, used_by_log_groups
from infra.origin_header import OriginHeader
from infra.waf import RATE_WINDOW_SECONDS, Firewall

# A fifth of what the API takes in all. One caller's systems may stand behind one address, and bring all of the 100,000
# transactions a minute that are asked for; no address can take the API away from the others.
REQUESTS_PER_ADDRESS = REQUESTS_PER_SECOND // 5 * RATE_WINDOW_SECONDS
HEADERS = ResponseHeaders(
    comment="What browsers may do with an answer of the API, which is nothing",
    content_security_policy="default-src 'none'; frame-ancestors 'none'",
    referrer_policy="no-referrer",
    others={"Cache-Control": "no-store"},
)
# Refused instead of redirected: what was sent in the clear once has a token in it.
API = Fronted("api", plain_http="https-only")

ERROR_PERCENT = 5
BLOCKED_REQUESTS = 1000  # per five minutes


@dataclass(frozen=True)
class EdgeMetrics:
    """The figures of the edge, which CloudWatch keeps in us-east-1 and nowhere else."""

    requests: Metric
    client_errors: Metric
    server_errors: Metric
    blocked: Metric

    @classmethod
    def of(cls, distribution_id: str, web_acl: str) -> "EdgeMetrics":
        """Return the figures of a distribution and the web ACL before it."""
        distribution = {"DistributionId": distribution_id, "Region": "Global"}
        return cls(
            requests=Metric("AWS/CloudFront", "Requests", distribution),
            client_errors=Metric("AWS/CloudFront", "4xxErrorRate", distribution, "Average"),
            server_errors=Metric("AWS/CloudFront", "5xxErrorRate", distribution, "Average"),
            blocked=Metric("AWS/WAFV2", "BlockedRequests", {"WebACL": web_acl, "Rule": "ALL"}),
        )


class TransactionEdge(Construct):
    """A distribution with a firewall before it, in front of `origin.<domain>`.

    Its logs and alerts have keys and a topic of their own, since none of these can be in another region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        zone: HostedZone,
        origin_header: OriginHeader,
        alert_email: str | None,
    ) -> None:
        super().__init__(scope, id_)
        logs_key = EncryptionKey(
            self,
            "logs",
            deployment=deployment,
            description="Logs",
            statements=[used_by_log_groups(deployment), used_by_log_delivery(deployment)],
        )
        alerts = alerts_with_key(self, deployment=deployment, publishers=ALARMS, email=alert_email)
        self.alerts_topic_arn = alerts.topic_arn
        firewall = Firewall(
            self,
            "waf",
            deployment=deployment,
            kind="CLOUDFRONT",
            description="Transaction API",
            log="api",
            logs_key_arn=logs_key.arn,
            requests_per_address=REQUESTS_PER_ADDRESS,
            for_programs=True,
        )
        cdn = Distribution(self, "cdn", deployment=deployment, zone=zone, fronted=API, headers=HEADERS)
        cdn.distribute(origin_header=origin_header, web_acl_arn=firewall.arn)
        self.domain_name = cdn.domain_name
        access_logs = AccessLogs(
            self,
            "access_logs",
            deployment=deployment,
            senders=Senders(distributions=True),
            resource="edge-access-logs",
            kms_key_arn=logs_key.arn,
        )
        CdnLogs(self, "cdn_logs", deployment=deployment, distribution_arn=cdn.arn, access_logs=access_logs)

        metrics = EdgeMetrics.of(cdn.id, firewall.metric_name)
        alarms = AlarmMaker(deployment, alerts.topic_arn)
        for alarm_id, alarm in _alarms(metrics).items():
            alarms.make(self, alarm_id, alarm)
        self.graphs = [
            Graph("Requests at the edge", [metrics.requests, metrics.blocked], region=deployment.region),
            Graph("Errors at the edge (%)", [metrics.client_errors, metrics.server_errors], region=deployment.region),
        ]


def _alarms(metrics: EdgeMetrics) -> Mapping[str, Alarm]:
    return {
        "cdn_errors": Alarm(
            "CloudFront answers 5xx to too many viewers", metrics.server_errors, ERROR_PERCENT, periods=2
        ),
        "waf_blocked": Alarm("The firewall blocks unusually many requests", metrics.blocked, BLOCKED_REQUESTS),
    }
