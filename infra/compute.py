"""The instances: an Auto Scaling group of Amazon Linux 2023 in the private subnets of three zones."""

from collections.abc import Mapping, Sequence

from cdktf import Token
from cdktf_cdktf_provider_aws.autoscaling_group import AutoscalingGroup, AutoscalingGroupTag
from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
from cdktf_cdktf_provider_aws.launch_template import (
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateTagSpecifications,
)
from constructs import Construct, IDependable

from infra.application_logs import ApplicationLogs
from infra.boot import user_data
from infra.deployment import Deployment
from infra.endpoints import INTERFACE_ACTIONS
from infra.files import ApplicationFiles
from infra.iam import Statement, WorkloadRole, allow
from infra.keys import EncryptionKeys
from infra.profiles import BUSINESS_MINIMUM_INSTANCES

INSTANCE_TYPE = "t3.large"
ROOT_DEVICE = "/dev/xvda"
ROOT_VOLUME_GIBIBYTES = 30

SESSION_SERVICES = ("ssm", "ssmmessages", "ec2messages")
# The actions of Session Manager's agent for which IAM knows resources; for all others it knows none.
ON_MANAGED_RESOURCES = {
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDocument",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
}

# At night two zones are enough. infra/scaling.py moves the minimum between this one and that of business hours.
NIGHT_MINIMUM = 2
WARMUP_SECONDS = 300
# An instance boots, fetches its packages and passes two health checks well within this.
GRACE_SECONDS = 600
HEALTHY_DURING_REFRESH_PERCENT = 90
GROUP_METRICS = (
    "GroupInServiceInstances",
    "GroupDesiredCapacity",
    "GroupMinSize",
    "GroupMaxSize",
    "GroupPendingInstances",
    "GroupTotalInstances",
)


class Compute(Construct):
    """Launch template and Auto Scaling group of the portal."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        tags: Mapping[str, str],
        ami_parameter: str,
        subnet_ids: Sequence[str],
        security_group_id: str,
        target_group_arn: str,
        keys: EncryptionKeys,
        files: ApplicationFiles,
        logs: ApplicationLogs,
        secret_arn: str,
        autoscaling_role_arn: str,
        ready: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, id_)
        names = deployment.names
        instance_tags = {**tags, **names.tag("portal")}
        role = self._role(deployment, keys, files, logs, secret_arn)
        profile = IamInstanceProfile(self, "profile", name=names("portal"), role=role.name, tags=names.tag("portal"))
        image = DataAwsSsmParameter(self, "image", name=ami_parameter)
        template = LaunchTemplate(
            self,
            "template",
            name=names("portal"),
            description="Customer portal on Amazon Linux 2023",
            image_id=image.insecure_value,  # a public image id is no secret, and a plan should show it
            instance_type=INSTANCE_TYPE,
            ebs_optimized="true",
            update_default_version=True,
            iam_instance_profile={"arn": profile.arn},
            vpc_security_group_ids=[security_group_id],
            monitoring={"enabled": True},
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            block_device_mappings=[
                LaunchTemplateBlockDeviceMappings(
                    device_name=ROOT_DEVICE,
                    ebs=LaunchTemplateBlockDeviceMappingsEbs(
                        volume_type="gp3",
                        volume_size=ROOT_VOLUME_GIBIBYTES,
                        encrypted="true",
                        kms_key_id=keys.compute.arn,
                        delete_on_termination="true",
                    ),
                )
            ],
            user_data=user_data(
                {
                    "REGION": deployment.region,
                    "GROUP_NAME": names("portal"),
                    "FILES_BUCKET": files.bucket_name,
                    "APPLICATION_OBJECT": files.application.key,
                    "CA_BUNDLE_OBJECT": files.ca_bundle.key,
                    "SECRET_ARN": secret_arn,
                    "APPLICATION_LOG_GROUP": logs.application.name,
                    "SYSTEM_LOG_GROUP": logs.system.name,
                    "METRICS_NAMESPACE": logs.metrics_namespace,
                }
            ),
            tag_specifications=[
                LaunchTemplateTagSpecifications(resource_type=resource, tags=instance_tags)
                for resource in ("instance", "volume", "network-interface")
            ],
            tags=names.tag("portal"),
        )
        self.group = AutoscalingGroup(
            self,
            "group",
            name=names("portal"),
            min_size=BUSINESS_MINIMUM_INSTANCES,
            max_size=deployment.profile.portal_maximum_instances,
            desired_capacity=BUSINESS_MINIMUM_INSTANCES,
            vpc_zone_identifier=list(subnet_ids),
            # The number, not "$Latest": only a change of it starts the instance refresh.
            launch_template={"id": template.id, "version": Token.as_string(template.latest_version)},
            target_group_arns=[target_group_arn],
            health_check_type="ELB",
            health_check_grace_period=GRACE_SECONDS,
            default_instance_warmup=WARMUP_SECONDS,
            force_delete=deployment.profile.force_destroy,
            service_linked_role_arn=autoscaling_role_arn,
            enabled_metrics=list(GROUP_METRICS),
            metrics_granularity="1Minute",
            instance_refresh={
                "strategy": "Rolling",
                "preferences": {"min_healthy_percentage": HEALTHY_DURING_REFRESH_PERCENT},
            },
            # The provider's default tags reach neither the group nor what it launches.
            tag=[
                AutoscalingGroupTag(key=key, value=value, propagate_at_launch=True)
                for key, value in instance_tags.items()
            ],
            # Schedule and scaling policies own these after the first apply.
            lifecycle={"ignore_changes": ["desired_capacity", "min_size", "max_size"]},
            depends_on=[role.policy, *ready],
        )
        self.group_name: str = self.group.name

    def _role(
        self,
        deployment: Deployment,
        keys: EncryptionKeys,
        files: ApplicationFiles,
        logs: ApplicationLogs,
        secret_arn: str,
    ) -> WorkloadRole:
        """Return the instances' role: fetch the files, read the secret, write logs and metrics, be managed."""
        region = deployment.region
        return WorkloadRole(
            self,
            "instance",
            deployment=deployment,
            resource="portal",
            assumed_by="ec2",
            statements=[
                allow("s3:GetObject", on=f"{files.bucket_arn}/*"),
                _decrypt(keys.storage.arn, through=f"s3.{region}"),
                allow("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", on=secret_arn),
                _decrypt(keys.secrets.arn, through=f"secretsmanager.{region}"),
                allow(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogStreams",
                    on=[f"{logs.application.arn}:*", f"{logs.system.arn}:*"],
                ),
                allow(
                    "cloudwatch:PutMetricData",
                    on="*",
                    where={"StringEquals": {"cloudwatch:namespace": logs.metrics_namespace}},
                ),
                *_be_managed(deployment),
            ],
        )


def _decrypt(kms_key_arn: str, *, through: str) -> Statement:
    """Allow decryption by the service `through` on the instances' behalf, not by the instances themselves."""
    return allow("kms:Decrypt", on=kms_key_arn, where={"StringEquals": {"kms:ViaService": f"{through}.amazonaws.com"}})


def _be_managed(deployment: Deployment) -> list[Statement]:
    """Allow what the agent of Session Manager does, which is used instead of SSH."""
    actions = [action for service in SESSION_SERVICES for action in INTERFACE_ACTIONS[service]]
    managed = [
        deployment.arn("ec2", "instance/*"),
        deployment.arn("ssm", "association/*"),
        deployment.arn("ssm", "document/*"),
        f"arn:aws:ssm:{deployment.region}::document/*",  # those of AWS
    ]
    return [
        allow(*(action for action in actions if action in ON_MANAGED_RESOURCES), on=managed),
        allow(*(action for action in actions if action not in ON_MANAGED_RESOURCES), on="*"),
    ]
