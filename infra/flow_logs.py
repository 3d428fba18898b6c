"""Who connected to whom inside the network, kept as audit material."""

from cdktf_cdktf_provider_aws.flow_log import FlowLog
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import WorkloadRole, allow
from infra.logs import audit_log_group

AGGREGATION_SECONDS = 60


class FlowLogs(Construct):
    """Accepted and rejected connections of the whole VPC."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, vpc_id: str, kms_key_arn: str) -> None:
        super().__init__(scope, id_)
        group = audit_log_group(self, "group", name=deployment.names("flow-logs"), kms_key_arn=kms_key_arn)
        writer = WorkloadRole(
            self,
            "writer",
            deployment=deployment,
            resource="flow-logs",
            assumed_by="vpc-flow-logs",
            statements=[
                allow("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", on=f"{group.arn}:*"),
                allow("logs:DescribeLogGroups", on=deployment.arn("logs", "log-group:*")),
            ],
        )
        FlowLog(
            self,
            "log",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=writer.arn,
            max_aggregation_interval=AGGREGATION_SECONDS,
            depends_on=[writer.policy],
            tags=deployment.names.tag("flow-logs"),
        )
