"""What every stack of ours has: Terraform's version, a provider per region with the tags, a place for its state."""

from collections.abc import Mapping, Sequence

from cdktf import LocalBackend, S3Backend, TerraformDataSource, TerraformOutput, TerraformResource
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from infra.deployment import Deployment
from infra.naming import Naming
from infra.readable_stack import ReadableStack
from infra.settings import Settings

TERRAFORM_VERSIONS = ">= 1.5.0"
PROVIDER_VERSION = "5.100.0"  # not left to the bindings: newer ones would bring a newer provider along (decision 22)
LOCAL_STATE_FOLDER = "../../.."  # seen from the stack's folder: the one that holds cdktf.out


class SystemStack(ReadableStack):
    """A stack of one system in one environment: most of it in `region`, some of it perhaps in `other_regions`.

    `system_tags` are the tags that say which system it is. `names` and `global_names` are those of `Deployment`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        system_tags: Mapping[str, str],
        region: str,
        names: Naming,
        global_names: Naming,
        other_regions: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.tags = {
            "Environment": settings.environment,
            **system_tags,
            "CostCenter": settings.cost_center,
            "ManagedBy": "cdktf",
        }
        self.add_override("terraform.required_version", TERRAFORM_VERSIONS)
        self.add_override("terraform.required_providers.aws.version", PROVIDER_VERSION)
        default_tags = [AwsProviderDefaultTags(tags=self.tags)]
        AwsProvider(self, "aws", region=region, default_tags=default_tags)
        self._others = {
            other: AwsProvider(
                self, f"aws_{other.replace('-', '_')}", region=other, alias=other, default_tags=default_tags
            )
            for other in other_regions
        }
        self._keep_state(id_, settings)
        account = DataAwsCallerIdentity(self, "account")
        self.deployment = Deployment(names, global_names, region, account.account_id, settings.teardown)

    def deploy_elsewhere(self, part: Construct, region: str) -> None:
        """Deploy all that is below `part` by now to one of `other_regions`, instead of the stack's own."""
        for element in part.node.find_all():
            if isinstance(element, TerraformResource | TerraformDataSource):
                element.provider = self._others[region]

    def give_out(self, id_: str, value: object, description: str) -> None:
        """Make `value` an output of the stack."""
        TerraformOutput(self, id_, value=value, description=description)

    def _keep_state(self, stack: str, settings: Settings) -> None:
        remote = settings.remote_state
        if remote is None:
            LocalBackend(self, path=f"{LOCAL_STATE_FOLDER}/terraform.{stack}.{settings.names.suffix}.tfstate")
            return
        S3Backend(
            self,
            bucket=remote.bucket,
            key=f"{stack}/{settings.names.suffix}.tfstate",
            region=remote.region,
            encrypt=True,
            kms_key_id=remote.kms_key_id,
            dynamodb_table=remote.lock_table,
        )
