"""A region's load balancer: open to the world behind a firewall, in front of what proves that the region can serve."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.lb_listener_rule import LbListenerRuleCondition, LbListenerRuleConditionPathPattern
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.alb import HEALTH_PATH, LoadBalancer, Refusal, ServedNames
from infra.deployment import Deployment
from infra.function_targets import HealthChecks, function_targets
from infra.functions import DeployedFunction

# Route 53 asks every 30 s from many places; the balancer's own checks need not be more frequent.
HEALTH_CHECKS = HealthChecks(interval_seconds=35, timeout_seconds=5, until_change=2)


class RegionalBalancer(LoadBalancer):
    """Forwards the health checks to a function, and refuses everything else: the application brings its own rules."""

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
        web_acl_arn: str,
    ) -> None:
        super().__init__(
            scope,
            id_,
            deployment=deployment,
            subnet_ids=subnet_ids,
            security_group_ids=security_group_ids,
            access_logs=access_logs,
            served=served,
            certificate_resource="certificate",
            refusal=Refusal("404", "Not found"),
        )
        Wafv2WebAclAssociation(self, "firewall", resource_arn=self.arn, web_acl_arn=web_acl_arn)

    def answer_health_checks(self, answering: DeployedFunction) -> None:
        """Have the function answer health checks, and nothing else."""
        targets = function_targets(
            self, "health", deployment=self._deployment, function=answering.function, checks=HEALTH_CHECKS
        )
        path = LbListenerRuleConditionPathPattern(values=[HEALTH_PATH])
        self.forward("to_health", LbListenerRuleCondition(path_pattern=path), targets.arn)
