"""The secret by which the load balancer knows our own distribution from everybody else's."""

from cdktf import Fn, TerraformResource, Token
from cdktf_cdktf_provider_aws.cloudfront_distribution import CloudfrontDistributionOriginCustomHeader
from cdktf_cdktf_provider_aws.data_aws_secretsmanager_random_password import DataAwsSecretsmanagerRandomPassword
from cdktf_cdktf_provider_aws.lb_listener_rule import LbListenerRuleCondition, LbListenerRuleConditionHttpHeader
from constructs import Construct

NAME = "X-Origin-Verify"
CHARACTERS = 48


class OriginHeader(Construct):
    """A random value, made by AWS at the first apply and kept from then on in Terraform's state.

    CloudFront has to be told the value, so it cannot stay out of the state. To replace it:
    `terraform apply -replace=terraform_data.origin_header_kept`.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        random = DataAwsSecretsmanagerRandomPassword(
            self, "random", password_length=CHARACTERS, exclude_punctuation=True
        )
        # The data source yields another value at every plan: the first one is kept. CDKTF has a class for this
        # resource, but that one asks the `terraform` on PATH for its version, and synthesis needs none.
        kept = TerraformResource(
            self, "kept", terraform_resource_type="terraform_data", lifecycle={"ignore_changes": ["input"]}
        )
        kept.add_override("input", {"value": random.random_password})
        self._value: str = Token.as_string(Fn.sensitive(kept.interpolation_for_attribute("output.value")))

    def sent(self) -> CloudfrontDistributionOriginCustomHeader:
        """Return the header that our distribution adds to every request; a viewer's own of that name is replaced."""
        return CloudfrontDistributionOriginCustomHeader(name=NAME, value=self._value)

    def demanded(self) -> LbListenerRuleCondition:
        """Return the condition by which a load balancer takes nothing but such requests."""
        return LbListenerRuleCondition(
            http_header=LbListenerRuleConditionHttpHeader(http_header_name=NAME, values=[self._value])
        )
