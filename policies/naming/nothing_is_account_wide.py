"""Policy nothing-is-account-wide."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved

# What an account, or an account in one region, has once: a second environment takes it over from the first.
_ONCE = (
    "aws_account_alternate_contact",
    "aws_api_gateway_account",
    "aws_cloudwatch_log_account_policy",
    "aws_config_configuration_recorder",
    "aws_config_delivery_channel",
    "aws_default_vpc",
    "aws_ebs_default_kms_key",
    "aws_ebs_encryption_by_default",
    "aws_ec2_image_block_public_access",
    "aws_ec2_instance_metadata_defaults",
    "aws_ec2_serial_console_access",
    "aws_ecr_registry_policy",
    "aws_ecr_registry_scanning_configuration",
    "aws_ecr_replication_configuration",
    "aws_ecs_account_setting_default",
    "aws_glue_data_catalog_encryption_settings",
    "aws_guardduty_detector",
    "aws_iam_account_alias",
    "aws_iam_account_password_policy",
    "aws_inspector2_enabler",
    "aws_lakeformation_data_lake_settings",
    "aws_macie2_account",
    "aws_s3_account_public_access_block",
    "aws_securityhub_account",
    "aws_sns_sms_preferences",
    "aws_ssm_service_setting",
    "aws_xray_encryption_config",
)
_SERVICE_ROLE = "aws_iam_service_linked_role"


@policy(
    id="nothing-is-account-wide",
    title="The stack holds nothing that an account has only once",
    remediation="Move the setting into a stack of the account; give a service-linked role a custom_suffix, or look up "
    "the one that AWS makes.",
    severity="medium",
    applies_to=(_SERVICE_ROLE, *_ONCE),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Two environments in one account that hold the same setting overwrite each other's, and the one that is destroyed
    first takes it away from the other: encryption by default, or the detection of intruders."""
    if resource.type != _SERVICE_ROLE:
        yield resource.fails("an account has it once, and every environment of the stack would own it")
        return
    suffix = resource.attribute("custom_suffix")
    begun = isinstance(suffix.raw_value, Unresolved) and suffix.raw_value.literal
    if begun or suffix.text:
        yield suffix.passes("a role of the environment's own")
    else:
        yield suffix.fails("without custom_suffix an account has one such role")
