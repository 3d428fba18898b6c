"""What watches a region: a function that EventBridge runs every two minutes, from outside the region's network.

What it probes, announces and measures says lambda/check_region_health/handler.py.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.dynamodb_table import DynamodbTable, DynamodbTableAttribute
from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import LambdaFunctionEventInvokeConfig
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from infra.alb import HEALTH_PATH
from infra.deployment import Deployment
from infra.functions import FunctionKeys, FunctionPlan, deploy
from infra.iam import EVERYONE, Statement, allow, deny, policy_document, service
from infra.keys import decrypt_behind_alias
from infra.recovery import CANARY_KEY, RegionalData

HANDLER = "check_region_health.handler.handler"
TIMEOUT_SECONDS = 60
MEMORY_MEBIBYTES = 512
RUN_EVERY_MINUTES = 2
# A run that could not start before the next one is due is no run any more.
EVENT_AGE_SECONDS = 120
RETRIES = 1
STATE_KEY = "id"
EVENT_SOURCE = "region-health"
ANNOUNCEMENTS = ("Region Status Change", "Probe Status Change")


@dataclass(frozen=True)
class Watched:
    """What is probed in a region: the name that leads to its load balancer, and its copy of the data."""

    domain_name: str
    data: RegionalData
    replica_region: str


class RegionMonitor(Construct):
    """The function, its memory of what it saw (one item of a table), and the schedule that runs it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        package: Path,
        watched: Watched,
        topic_arn: str,
        keys: FunctionKeys,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        names = deployment.names
        self.metrics_namespace = names("health")
        memory = self._memory(keys.variables_arn)
        self._state_id = f"{deployment.region}/{names('health')}/{deployment.region}"
        plan = FunctionPlan(
            resource="health",
            description="Probes what the region serves from, and says when it goes down or comes back",
            package=package,
            handler=HANDLER,
            timeout_seconds=TIMEOUT_SECONDS,
            memory_mebibytes=MEMORY_MEBIBYTES,
            variables={
                "PROBES": json.dumps(_probes(watched)),
                "STATE_TABLE": memory.name,
                "SNS_TOPIC_ARN": topic_arn,
                "METRICS_NAMESPACE": self.metrics_namespace,
            },
            statements=[
                *self._remember(memory, keys.variables_arn),
                *self._probe(watched.data),
                *self._announce(topic_arn, keys.dead_letters_arn),
            ],
        )
        deployed = deploy(self, plan, role_id="prober", deployment=deployment, keys=keys)
        self.function_name: str = deployed.function.function_name
        assert deployed.dead_letters is not None, "nobody waits for a scheduled function"
        self.dead_letters_name: str = deployed.dead_letters.name
        LambdaFunctionEventInvokeConfig(
            self,
            "retries",
            function_name=self.function_name,
            maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
            maximum_retry_attempts=RETRIES,
        )
        self._schedule(deployed.function.arn, deployed.dead_letters)

    def _memory(self, kms_key_arn: str) -> DynamodbTable:
        names = self._deployment.names
        return DynamodbTable(
            self,
            "memory",
            name=names("health-state"),
            billing_mode="PAY_PER_REQUEST",
            hash_key=STATE_KEY,
            attribute=[DynamodbTableAttribute(name=STATE_KEY, type="S")],
            server_side_encryption={"enabled": True, "kms_key_arn": kms_key_arn},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=self._deployment.profile.deletion_protection,
            lifecycle=self._deployment.profile.lifecycle(),
            tags=names.tag("health-state"),
        )

    def _remember(self, memory: DynamodbTable, kms_key_arn: str) -> list[Statement]:
        own_item = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [self._state_id]}}
        return [
            allow("dynamodb:GetItem", "dynamodb:PutItem", on=memory.arn, where=own_item),
            allow("kms:Decrypt", on=kms_key_arn, where=self._through("dynamodb")),
        ]

    def _probe(self, data: RegionalData) -> list[Statement]:
        canary = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(CANARY_KEY.values())}}
        return [
            allow("dynamodb:DescribeTable", on=data.table_arn),
            allow("dynamodb:GetItem", on=data.table_arn, where=canary),
            decrypt_behind_alias(self._deployment, data.key_alias, through="dynamodb"),
            allow("s3:ListBucket", on=f"arn:aws:s3:::{data.bucket}"),
        ]

    def _announce(self, topic_arn: str, kms_key_arn: str) -> list[Statement]:
        ours = {"StringEquals": {"events:source": EVENT_SOURCE, "events:detail-type": list(ANNOUNCEMENTS)}}
        return [
            allow("sns:Publish", on=topic_arn),
            allow("events:PutEvents", on=self._deployment.arn("events", "event-bus/default"), where=ours),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=kms_key_arn, where=self._through("sns")),
        ]

    def _through(self, name: str) -> dict[str, dict[str, str]]:
        return {"StringEquals": {"kms:ViaService": f"{name}.{self._deployment.region}.amazonaws.com"}}

    def _schedule(self, function_arn: str, dead_letters: SqsQueue) -> None:
        names = self._deployment.names
        rule = CloudwatchEventRule(
            self,
            "schedule",
            name=names("health"),
            description=f"Looks at {self._deployment.region} every {RUN_EVERY_MINUTES} minutes",
            schedule_expression=f"rate({RUN_EVERY_MINUTES} minutes)",
            state="ENABLED",
            tags=names.tag("health"),
        )
        permission = LambdaPermission(
            self,
            "permission",
            statement_id="Schedule",
            action="lambda:InvokeFunction",
            function_name=self.function_name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
        )
        admitted = SqsQueuePolicy(
            self,
            "dead_letters_policy",
            queue_url=dead_letters.url,
            policy=policy_document(
                [
                    allow(
                        "sqs:SendMessage",
                        on=dead_letters.arn,
                        to=service("events"),
                        where={"ArnEquals": {"aws:SourceArn": rule.arn}},
                        sid="Schedule",
                    ),
                    deny(
                        "sqs:*",
                        on=dead_letters.arn,
                        to=EVERYONE,
                        where={"Bool": {"aws:SecureTransport": "false"}},
                        sid="TlsOnly",
                    ),
                ]
            ),
        )
        CloudwatchEventTarget(
            self,
            "target",
            rule=rule.name,
            target_id="health",
            arn=function_arn,
            retry_policy={"maximum_event_age_in_seconds": EVENT_AGE_SECONDS, "maximum_retry_attempts": RETRIES},
            dead_letter_config={"arn": dead_letters.arn},
            depends_on=[permission, admitted],
        )


def _probes(watched: Watched) -> list[dict[str, Any]]:
    """Return what is asked at each run; that a replica elsewhere is broken is not this region's fault."""
    table = {"kind": "table", "table": watched.data.table}
    return [
        {"kind": "endpoint", "name": "endpoint", "url": f"https://{watched.domain_name}{HEALTH_PATH}"},
        {**table, "name": "table", "canary_key": CANARY_KEY},
        {**table, "name": "replica", "required": False, "replicas": [watched.replica_region]},
        {"kind": "bucket", "name": "bucket", "bucket": watched.data.bucket},
    ]
