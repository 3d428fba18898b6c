"""What stands behind a region's load balancer: a function in the private subnets that reads the region's data."""

import json
from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from infra.deployment import Deployment
from infra.functions import FunctionKeys, FunctionPlan, Place, deploy
from infra.iam import allow
from infra.keys import decrypt_behind_alias
from infra.logs import LineMetric, count_lines
from infra.recovery import CANARY_KEY, RegionalData

HANDLER = "answer_health_check.handler.handler"
TIMEOUT_SECONDS = 5
MEMORY_MEBIBYTES = 512  # the share of a processor grows with it: a cold start has to end within two seconds

SERVED = "Served"
UNSERVED = "Unserved"
DURATION = "ServingDuration"
_METRICS = {
    "served": LineMetric(SERVED, "{ $.status = 200 }"),
    "unserved": LineMetric(UNSERVED, "{ $.status = 503 }"),
    "duration": LineMetric(DURATION, "{ $.duration_ms >= 0 }", "Milliseconds", "$.duration_ms"),
}


class HealthAnswers(Construct):
    """The function, and the figures counted from what it writes: how often, and how fast, the region could serve."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        package: Path,
        data: RegionalData,
        subnet_ids: Sequence[str],
        security_group_id: str,
        keys: FunctionKeys,
    ) -> None:
        super().__init__(scope, id_)
        canary = list(CANARY_KEY.values())
        plan = FunctionPlan(
            resource="answers",
            description="Answers health checks with what the region can do",
            package=package,
            handler=HANDLER,
            timeout_seconds=TIMEOUT_SECONDS,
            memory_mebibytes=MEMORY_MEBIBYTES,
            variables={"TABLE": data.table, "CANARY_KEY": json.dumps(CANARY_KEY)},
            statements=[
                allow(
                    "dynamodb:GetItem",
                    on=data.table_arn,
                    where={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": canary}},
                ),
                decrypt_behind_alias(deployment, data.key_alias, through="dynamodb"),
            ],
            place=Place(subnet_ids, security_group_id),
            is_waited_for=True,
        )
        self.answering = deploy(self, plan, role_id="answerer", deployment=deployment, keys=keys)
        self.metrics_namespace = deployment.names("serving")
        for id_, metric in _METRICS.items():
            count_lines(
                self,
                id_,
                metric,
                deployment=deployment,
                log_group=self.answering.log_group,
                namespace=self.metrics_namespace,
            )
