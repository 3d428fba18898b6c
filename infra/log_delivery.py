"""Logs that AWS's services write into a log group of ours."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import allow, policy_document, service


def admit_log_delivery(
    scope: Construct, id_: str, *, deployment: Deployment, group: CloudwatchLogGroup, resource: str, sid: str
) -> CloudwatchLogResourcePolicy:
    """Return the policy by which AWS's log delivery may write to `group`.

    AWS would add this statement itself, to a policy that all of an account's logs share, and leave it behind.
    """
    return CloudwatchLogResourcePolicy(
        scope,
        id_,
        policy_name=deployment.names(resource),
        policy_document=policy_document(
            [
                allow(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    on=f"{group.arn}:*",
                    to=service("delivery.logs"),
                    where={
                        "StringEquals": {"aws:SourceAccount": deployment.account_id},
                        "ArnLike": {"aws:SourceArn": deployment.arn("logs", "*")},
                    },
                    sid=sid,
                )
            ]
        ),
    )
