"""What was asked of a hosted zone, kept as audit material. Route 53 writes it in us-east-1 only."""

from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from cdktf_cdktf_provider_aws.route53_query_log import Route53QueryLog
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import allow, policy_document, service
from infra.logs import audit_log_group


class QueryLog(Construct):
    """The log of a zone's queries. A zone has one such log at most, so that only one environment can keep it."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, zone_id: str, kms_key_arn: str) -> None:
        super().__init__(scope, id_)
        name = deployment.names("queries")
        group = audit_log_group(self, "group", name=f"/aws/route53/{name}", kms_key_arn=kms_key_arn)
        admitted = CloudwatchLogResourcePolicy(
            self,
            "delivery",
            policy_name=name,
            policy_document=policy_document(
                [
                    allow(
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        on=f"{group.arn}:*",
                        to=service("route53"),
                        where={
                            "StringEquals": {"aws:SourceAccount": deployment.account_id},
                            "ArnLike": {"aws:SourceArn": f"arn:aws:route53:::hostedzone/{zone_id}"},
                        },
                        sid="Queries",
                    )
                ]
            ),
        )
        Route53QueryLog(self, "log", zone_id=zone_id, cloudwatch_log_group_arn=group.arn, depends_on=[admitted])
