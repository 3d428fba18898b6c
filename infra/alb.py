"""The load balancer: takes what our CloudFront distribution sends, over TLS, and nothing else."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.lb import Lb
from cdktf_cdktf_provider_aws.lb_listener import LbListener, LbListenerDefaultAction
from cdktf_cdktf_provider_aws.lb_listener_rule import (
    LbListenerRule,
    LbListenerRuleAction,
    LbListenerRuleCondition,
    LbListenerRuleConditionHttpHeader,
)
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.naming import LOAD_BALANCER_LIMIT
from infra.origin_header import OriginHeader
from infra.security import APPLICATION_PORT, HTTP_PORT, HTTPS_PORT, SecurityGroups
from infra.storage import Storage

# TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only.
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
HEALTH_PATH = "/health"
IDLE_TIMEOUT_SECONDS = 60
DEREGISTRATION_SECONDS = 60
# 5 x 30 s outlast a database failover (30 to 60 s), in which every instance fails the check: else the group would
# replace all of them at once.
HEALTH_INTERVAL_SECONDS = 30
HEALTH_TIMEOUT_SECONDS = 10
HEALTHY_AFTER_CHECKS = 2
UNHEALTHY_AFTER_CHECKS = 5


class LoadBalancer(Construct):
    """HTTPS in, HTTPS on to the instances; requests without the secret origin header get 403."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        vpc_id: str,
        subnet_ids: Sequence[str],
        security_groups: SecurityGroups,
        storage: Storage,
        zone: HostedZone,
        origin_header: OriginHeader,
    ) -> None:
        super().__init__(scope, id_)
        self._names = deployment.names
        balancer = Lb(
            self,
            "balancer",
            name=self._names("alb", limit=LOAD_BALANCER_LIMIT),
            load_balancer_type="application",
            internal=False,
            subnets=list(subnet_ids),
            security_groups=[security_groups.balancer.id, security_groups.redirect.id],
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            idle_timeout=IDLE_TIMEOUT_SECONDS,
            enable_deletion_protection=not deployment.teardown.allowed,
            access_logs=_logs_in(storage.access_logs),
            connection_logs=_logs_in(storage.access_logs),
            # AWS writes a test object when logging is turned on.
            depends_on=[storage.access_logs_policy],
            tags=self._names.tag("alb"),
        )
        self.arn: str = balancer.arn
        self.arn_suffix: str = balancer.arn_suffix
        self.domain_name: str = balancer.dns_name
        targets = self._targets(vpc_id)
        self.target_group_arn: str = targets.arn
        self.target_group_arn_suffix: str = targets.arn_suffix

        certificate = zone.certificate(
            self, "certificate", name=zone.origin_name, tags=self._names.tag("origin-certificate")
        )
        zone.alias(
            self,
            "origin",
            name=zone.origin_name,
            type_="A",
            target=balancer.dns_name,
            target_zone_id=balancer.zone_id,
        )
        self._redirect_http()
        self._forward_https(certificate, origin_header)

    def _targets(self, vpc_id: str) -> LbTargetGroup:
        return LbTargetGroup(
            self,
            "targets",
            name=self._names("targets", limit=LOAD_BALANCER_LIMIT),
            vpc_id=vpc_id,
            target_type="instance",
            port=APPLICATION_PORT,
            protocol="HTTPS",
            deregistration_delay=str(DEREGISTRATION_SECONDS),
            health_check={
                "enabled": True,
                "protocol": "HTTPS",
                "port": "traffic-port",
                "path": HEALTH_PATH,
                "matcher": "200",
                "interval": HEALTH_INTERVAL_SECONDS,
                "timeout": HEALTH_TIMEOUT_SECONDS,
                "healthy_threshold": HEALTHY_AFTER_CHECKS,
                "unhealthy_threshold": UNHEALTHY_AFTER_CHECKS,
            },
            tags=self._names.tag("targets"),
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

    def _forward_https(self, certificate_arn: str, origin_header: OriginHeader) -> None:
        listener = LbListener(
            self,
            "https",
            load_balancer_arn=self.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate_arn,
            default_action=[
                LbListenerDefaultAction(
                    type="fixed-response",
                    fixed_response={"content_type": "text/plain", "message_body": "Forbidden", "status_code": "403"},
                )
            ],
            tags=self._names.tag("https"),
        )
        # The prefix list admits every distribution of every customer; the header admits ours.
        LbListenerRule(
            self,
            "from_cloudfront",
            listener_arn=listener.arn,
            priority=1,
            condition=[
                LbListenerRuleCondition(
                    http_header=LbListenerRuleConditionHttpHeader(
                        http_header_name=origin_header.name, values=[origin_header.value]
                    )
                )
            ],
            action=[LbListenerRuleAction(type="forward", target_group_arn=self.target_group_arn)],
            tags=self._names.tag("from-cloudfront"),
        )


def _logs_in(bucket: PrivateBucket) -> dict[str, object]:
    return {"enabled": True, "bucket": bucket.name, "prefix": "alb"}
