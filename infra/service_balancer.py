"""The internal load balancer between API Gateway and the function that serves transactions."""

from collections.abc import Sequence

from constructs import Construct

from infra.access_logs import AccessLogs
from infra.alb import LoadBalancer, Refusal, ServedNames
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.function_targets import HealthChecks, function_targets
from infra.functions import DeployedFunction
from infra.origin_header import OriginHeader
from infra.transaction_service import TIMEOUT_SECONDS

# One function is the only target, and a load balancer without a healthy target asks it all the same: these checks raise
# an alarm, and divert nothing.
HEALTH_CHECKS = HealthChecks(interval_seconds=35, timeout_seconds=TIMEOUT_SECONDS, until_change=2)


class ServiceBalancer(LoadBalancer):
    """HTTPS in, the function behind; requests that did not come through our distribution get 403.

    A web ACL cannot stand before an HTTP API, so CloudFront has one, and API Gateway hands on the header by which its
    requests are known: whoever calls API Gateway itself, with a valid token even, ends here. `server_name` is the name
    on the certificate; DNS does not know it, since API Gateway finds the balancer by its listener.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        subnet_ids: Sequence[str],
        security_group_id: str,
        access_logs: AccessLogs,
        zone: HostedZone,
        origin_header: OriginHeader,
        answering: DeployedFunction,
    ) -> None:
        self.server_name = f"service.{zone.viewer_name}"
        super().__init__(
            scope,
            id_,
            deployment=deployment,
            subnet_ids=subnet_ids,
            security_group_ids=[security_group_id],
            access_logs=access_logs,
            served=ServedNames(zone, self.server_name),
            certificate_resource="service-certificate",
            refusal=Refusal("403", "Forbidden"),
            internal=True,
        )
        targets = function_targets(
            self, "service", deployment=deployment, function=answering.function, checks=HEALTH_CHECKS
        )
        self.target_group_arn_suffix: str = targets.arn_suffix
        self.forward("from_cloudfront", origin_header.demanded(), targets.arn)
