"""A load balancer: TLS 1.2 and 1.3, and nothing but a refusal until it is told more."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
)
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.groups import HTTP_PORT, HTTPS_PORT
from infra.naming import LOAD_BALANCER_LIMIT

# TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only.
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
HEALTH_PATH = "/health"
IDLE_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Refusal:
    """What a request gets that no rule forwards: the HTTP status and its text."""

    status_code: str
    message: str


@dataclass(frozen=True)
class ServedNames:
    """The DNS names that a balancer has a certificate for: the first one, and others in the same zone."""

    zone: HostedZone
    name: str
    others: Sequence[str] = ()


class LoadBalancer(Construct):
    """HTTPS is refused: what is forwarded, `forward` says. HTTP is redirected to HTTPS, or nobody listens to it.

    One that is `internal` has no address in the internet. Who calls it is a program, which has nothing to be redirected
    for: it should rather fail than send once more what it has sent in the clear.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        subnet_ids: Sequence[str],
        security_group_ids: Sequence[str],
        access_logs: AccessLogs,
        served: ServedNames,
        certificate_resource: str,
        refusal: Refusal,
        internal: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._names = deployment.names
        balancer = Lb(
            self,
            "balancer",
            name=self._names("alb", limit=LOAD_BALANCER_LIMIT),
            load_balancer_type="application",
            internal=internal,
            subnets=list(subnet_ids),
            security_groups=list(security_group_ids),
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            idle_timeout=IDLE_TIMEOUT_SECONDS,
            enable_deletion_protection=deployment.profile.deletion_protection,
            access_logs=_logs_in(access_logs),
            connection_logs=_logs_in(access_logs),
            # AWS writes a test object when logging is turned on.
            depends_on=[access_logs.policy],
            tags=self._names.tag("alb"),
        )
        self.arn: str = balancer.arn
        self.arn_suffix: str = balancer.arn_suffix
        self.domain_name: str = balancer.dns_name
        self.zone_id: str = balancer.zone_id
        self.certificate_arn = served.zone.certificate(
            self, "certificate", name=served.name, others=served.others, tags=self._names.tag(certificate_resource)
        )
        if not internal:
            self._redirect_http()
        self._https = self._refuse_https(refusal)
        self.listener_arn: str = self._https.arn

    def forward(self, id_: str, condition: LbListenerRuleCondition, target_group_arn: str) -> None:
        """Forward the requests that meet `condition`."""
        LbListenerRule(
            self,
            id_,
            listener_arn=self._https.arn,
            priority=1,
            condition=[condition],
            action=[LbListenerRuleAction(type="forward", target_group_arn=target_group_arn)],
            tags=self._names.tag(id_.replace("_", "-")),
        )

    def _redirect_http(self) -> None:
        LbListener(
            self,
            "http",
            load_balancer_arn=self.arn,
            port=HTTP_PORT,
            protocol="HTTP",
            default_action=[
                LbListenerDefaultAction(
                    type="redirect",
                    redirect={"protocol": "HTTPS", "port": str(HTTPS_PORT), "status_code": "HTTP_301"},
                )
            ],
            tags=self._names.tag("http"),
        )

    def _refuse_https(self, refusal: Refusal) -> LbListener:
        answer = {
            "content_type": "text/plain",
            "message_body": refusal.message,
            "status_code": refusal.status_code,
        }
        return LbListener(
            self,
            "https",
            load_balancer_arn=self.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self.certificate_arn,
            default_action=[LbListenerDefaultAction(type="fixed-response", fixed_response=answer)],
            tags=self._names.tag("https"),
        )


def _logs_in(bucket: AccessLogs) -> dict[str, object]:
    return {"enabled": True, "bucket": bucket.name, "prefix": "alb"}
