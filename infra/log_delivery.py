"""Logs that AWS's services write into a log group of ours."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import allow, policy_document, service


def admit_log_delivery(
    scope: Construct,
    id_: str,
    *,
    deployment: Deployment,
    groups: Sequence[CloudwatchLogGroup],
    resource: str,
    sid: str,
) -> CloudwatchLogResourcePolicy:
    """Return the policy by which AWS's log delivery may write to `groups`; an account has ten at most in a region.

    AWS would add this statement itself, to a policy that all of an account's logs share, and leave it behind.
    """
    streams = [f"{group.arn}:*" for group in groups]
    return CloudwatchLogResourcePolicy(
        scope,
        id_,
        policy_name=deployment.names(resource),
        policy_document=policy_document(
            [
                allow(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    on=streams if len(streams) > 1 else streams[0],
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
