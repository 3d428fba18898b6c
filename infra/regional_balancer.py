"""A region's load balancer: open to the world behind a firewall, in front of what proves that the region can serve."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.lb_listener_rule import LbListenerRuleCondition, LbListenerRuleConditionPathPattern
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from cdktf_cdktf_provider_aws.lb_target_group_attachment import LbTargetGroupAttachment
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.alb import HEALTH_PATH, LoadBalancer, Refusal, ServedNames
from infra.deployment import Deployment
from infra.functions import DeployedFunction
from infra.naming import LOAD_BALANCER_LIMIT

# Route 53 asks every 30 s from many places; the balancer's own checks need not be more frequent.
HEALTH_INTERVAL_SECONDS = 35
HEALTH_TIMEOUT_SECONDS = 5
CHECKS_UNTIL_CHANGE = 2


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
        targets = LbTargetGroup(
            self,
            "health",
            name=self._names("health", limit=LOAD_BALANCER_LIMIT),
            target_type="lambda",
            health_check={
                "enabled": True,
                "path": HEALTH_PATH,
                "matcher": "200",
                "interval": HEALTH_INTERVAL_SECONDS,
                "timeout": HEALTH_TIMEOUT_SECONDS,
                "healthy_threshold": CHECKS_UNTIL_CHANGE,
                "unhealthy_threshold": CHECKS_UNTIL_CHANGE,
            },
            tags=self._names.tag("health"),
        )
        self.target_group_arn_suffix: str = targets.arn_suffix
        permission = LambdaPermission(
            self,
            "health_permission",
            statement_id="LoadBalancer",
            action="lambda:InvokeFunction",
            function_name=answering.function.function_name,
            principal="elasticloadbalancing.amazonaws.com",
            source_arn=targets.arn,
        )
        LbTargetGroupAttachment(
            self,
            "health_target",
            target_group_arn=targets.arn,
            target_id=answering.function.arn,
            depends_on=[permission],
        )
        path = LbListenerRuleConditionPathPattern(values=[HEALTH_PATH])
        self.forward("to_health", LbListenerRuleCondition(path_pattern=path), targets.arn)
