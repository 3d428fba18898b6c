"""A Lambda function as the target of a load balancer."""

from dataclasses import dataclass

from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from cdktf_cdktf_provider_aws.lb_target_group_attachment import LbTargetGroupAttachment
from constructs import Construct

from infra.alb import HEALTH_PATH
from infra.deployment import Deployment
from infra.naming import LOAD_BALANCER_LIMIT


@dataclass(frozen=True)
class HealthChecks:
    """How often the balancer asks a function for its health, and after how many equal answers it believes it.

    It calls the function itself, past the listener's rules, and each time is a call that is paid for.
    """

    interval_seconds: int
    timeout_seconds: int
    until_change: int


def function_targets(
    scope: Construct, id_: str, *, deployment: Deployment, function: LambdaFunction, checks: HealthChecks
) -> LbTargetGroup:
    """Return a target group with `function` in it, which load balancers may call from there only."""
    names = deployment.names
    targets = LbTargetGroup(
        scope,
        id_,
        name=names(id_, limit=LOAD_BALANCER_LIMIT),
        target_type="lambda",
        health_check={
            "enabled": True,
            "path": HEALTH_PATH,
            "matcher": "200",
            "interval": checks.interval_seconds,
            "timeout": checks.timeout_seconds,
            "healthy_threshold": checks.until_change,
            "unhealthy_threshold": checks.until_change,
        },
        tags=names.tag(id_),
    )
    permission = LambdaPermission(
        scope,
        f"{id_}_permission",
        statement_id="LoadBalancer",
        action="lambda:InvokeFunction",
        function_name=function.function_name,
        principal="elasticloadbalancing.amazonaws.com",
        source_arn=targets.arn,
    )
    LbTargetGroupAttachment(
        scope,
        f"{id_}_target",
        target_group_arn=targets.arn,
        target_id=function.arn,
        depends_on=[permission],
    )
    return targets
