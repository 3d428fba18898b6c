"""The portal's load balancer: takes what our CloudFront distribution sends, and nothing else."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.alb import HEALTH_PATH, LoadBalancer, Refusal, ServedNames
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.naming import LOAD_BALANCER_LIMIT
from infra.origin_header import OriginHeader
from infra.security import APPLICATION_PORT, SecurityGroups

DEREGISTRATION_SECONDS = 60
# 5 x 30 s outlast a database failover (30 to 60 s), in which every instance fails the check: else the group would
# replace all of them at once.
HEALTH_INTERVAL_SECONDS = 30
HEALTH_TIMEOUT_SECONDS = 10
HEALTHY_AFTER_CHECKS = 2
UNHEALTHY_AFTER_CHECKS = 5


class OriginBalancer(LoadBalancer):
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
        access_logs: AccessLogs,
        zone: HostedZone,
        origin_header: OriginHeader,
    ) -> None:
        super().__init__(
            scope,
            id_,
            deployment=deployment,
            subnet_ids=subnet_ids,
            security_group_ids=[security_groups.balancer.id, security_groups.redirect.id],
            access_logs=access_logs,
            served=ServedNames(zone, zone.origin_name),
            certificate_resource="origin-certificate",
            refusal=Refusal("403", "Forbidden"),
        )
        zone.alias(
            self, "origin", name=zone.origin_name, type_="A", target=self.domain_name, target_zone_id=self.zone_id
        )
        targets = self._targets(vpc_id)
        self.target_group_arn: str = targets.arn
        self.target_group_arn_suffix: str = targets.arn_suffix
        # The prefix list admits every distribution of every customer; the header admits ours.
        self.forward("from_cloudfront", origin_header.demanded(), targets.arn)

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
