"""What viewers asked of the distribution, delivered to the bucket of access logs.

By log delivery instead of the distribution's own `logging_config`, which needs a bucket with access control lists.
"""

from cdktf_cdktf_provider_aws.cloudwatch_log_delivery import CloudwatchLogDelivery
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_destination import (
    CloudwatchLogDeliveryDestination,
    CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_source import CloudwatchLogDeliverySource
from constructs import Construct

from infra.access_logs import AccessLogs
from infra.deployment import Deployment


class CdnLogs(Construct):
    """Access logs of one distribution, kept as audit material."""

    def __init__(
        self, scope: Construct, id_: str, *, deployment: Deployment, distribution_arn: str, access_logs: AccessLogs
    ) -> None:
        super().__init__(scope, id_)
        name = deployment.names("cdn")
        source = CloudwatchLogDeliverySource(
            self, "source", name=name, log_type="ACCESS_LOGS", resource_arn=distribution_arn, tags={"Name": name}
        )
        destination = CloudwatchLogDeliveryDestination(
            self,
            "destination",
            name=name,
            output_format="json",
            delivery_destination_configuration=[
                CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration(
                    destination_resource_arn=f"{access_logs.arn}/cloudfront"
                )
            ],
            tags={"Name": name},
        )
        CloudwatchLogDelivery(
            self,
            "delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            # Were the bucket's policy not there yet, AWS would write one of its own.
            depends_on=[access_logs.policy],
            tags={"Name": name},
        )
