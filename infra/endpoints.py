"""Private ways to AWS services, so that the instances need no way to the internet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import EVERYONE, Statement, allow, policy_document

# What the workloads ask of each service; an endpoint lets nothing else through.
INTERFACE_ACTIONS: Mapping[str, Sequence[str]] = {
    "secretsmanager": (
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "secretsmanager:GetRandomPassword",
    ),
    "kms": ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"),
    "logs": (
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
    ),
    "monitoring": ("cloudwatch:PutMetricData",),
    # Session Manager, which is how an operator reaches an instance: there is no SSH.
    "ssm": (
        "ssm:UpdateInstanceInformation",
        "ssm:ListAssociations",
        "ssm:ListInstanceAssociations",
        "ssm:DescribeAssociation",
        "ssm:DescribeDocument",
        "ssm:GetDocument",
        "ssm:GetManifest",
        "ssm:GetDeployablePatchSnapshotForInstance",
        "ssm:PutInventory",
        "ssm:PutComplianceItems",
        "ssm:PutConfigurePackageResult",
        "ssm:UpdateAssociationStatus",
        "ssm:UpdateInstanceAssociationStatus",
    ),
    "ssmmessages": (
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ),
    "ec2messages": (
        "ec2messages:AcknowledgeMessage",
        "ec2messages:DeleteMessage",
        "ec2messages:FailMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
    ),
}


@dataclass(frozen=True)
class Gateways:
    """Makes gateway endpoints, which are routes: of one network, for the subnets of some route tables."""

    deployment: Deployment
    vpc_id: str
    route_table_ids: Sequence[str]

    def make(self, scope: Construct, service: str, statements: Sequence[Statement]) -> VpcEndpoint:
        """Return the endpoint of `service`, whose policy is `statements`."""
        return VpcEndpoint(
            scope,
            service,
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self.deployment.region}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(self.route_table_ids),
            policy=policy_document(statements),
            tags=self.deployment.names.tag(f"endpoint-{service}"),
        )


@dataclass(frozen=True)
class Interfaces:
    """Makes interface endpoints, which are addresses: of one network, in some subnets, behind one security group."""

    deployment: Deployment
    vpc_id: str
    subnet_ids: Sequence[str]
    security_group_id: str

    def make(self, scope: Construct, service: str, actions: Sequence[str]) -> VpcEndpoint:
        """Return the endpoint of `service`, which lets principals of this account do `actions`, and no others."""
        ours = {"StringEquals": {"aws:PrincipalAccount": self.deployment.account_id}}
        return VpcEndpoint(
            scope,
            service,
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self.deployment.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(self.subnet_ids),
            security_group_ids=[self.security_group_id],
            policy=policy_document([allow(*actions, on="*", to=EVERYONE, where=ours)]),
            tags=self.deployment.names.tag(f"endpoint-{service}"),
        )


class Endpoints(Construct):
    """Gateway endpoints for S3 and DynamoDB, interface endpoints for the rest.

    Their policies answer only principals of this account, so that stolen keys of another account carry no data out.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        vpc_id: str,
        subnet_ids: Sequence[str],
        route_table_ids: Sequence[str],
        security_group_id: str,
        readable_bucket_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        gateways = Gateways(deployment, vpc_id, route_table_ids)
        s3 = gateways.make(self, "s3", _s3_access(deployment, readable_bucket_arn))
        self.s3_prefix_list_id: str = s3.prefix_list_id
        gateways.make(self, "dynamodb", [_dynamodb_access(deployment)])
        interfaces = Interfaces(deployment, vpc_id, subnet_ids, security_group_id)
        self.interfaces = [interfaces.make(self, service, actions) for service, actions in INTERFACE_ACTIONS.items()]


def _s3_access(deployment: Deployment, readable_bucket_arn: str) -> list[Statement]:
    """Allow the application's files to be read, and the packages of Amazon Linux, which are fetched unsigned."""
    packages = f"arn:aws:s3:::al2023-repos-{deployment.region}-*/*"
    return [
        allow(
            "s3:GetObject",
            on=f"{readable_bucket_arn}/*",
            to=EVERYONE,
            where={"StringEquals": {"aws:PrincipalAccount": deployment.account_id}},
        ),
        allow("s3:GetObject", on=packages, to=EVERYONE),
    ]


def _dynamodb_access(deployment: Deployment) -> Statement:
    """Allow this environment's own tables."""
    return allow(
        "dynamodb:*",
        on=deployment.arn("dynamodb", f"table/{deployment.names('*')}"),
        to=EVERYONE,
        where={"StringEquals": {"aws:PrincipalAccount": deployment.account_id}},
    )
