"""The transaction API as its callers see it: routes, who may call them, how often; and the way on into the network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.apigatewayv2_api import Apigatewayv2Api
from cdktf_cdktf_provider_aws.apigatewayv2_api_mapping import Apigatewayv2ApiMapping
from cdktf_cdktf_provider_aws.apigatewayv2_authorizer import Apigatewayv2Authorizer
from cdktf_cdktf_provider_aws.apigatewayv2_domain_name import Apigatewayv2DomainName
from cdktf_cdktf_provider_aws.apigatewayv2_integration import Apigatewayv2Integration
from cdktf_cdktf_provider_aws.apigatewayv2_route import Apigatewayv2Route
from cdktf_cdktf_provider_aws.apigatewayv2_stage import Apigatewayv2Stage
from cdktf_cdktf_provider_aws.apigatewayv2_vpc_link import Apigatewayv2VpcLink
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct, IDependable

from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.log_delivery import admit_log_delivery
from infra.logs import archived_log_group
from infra.service_balancer import ServiceBalancer
from infra.settings import TransactionCallers
from infra.transaction_service import TIMEOUT_SECONDS

# For all callers together: 6 times the 100,000 transactions a minute that are asked for.
REQUESTS_PER_SECOND = 10_000
BURST_REQUESTS = 5000
# Longer than the function has, so that the caller gets its answer, whatever that is.
TIMEOUT_MILLISECONDS = (TIMEOUT_SECONDS + 2) * 1000
PREFLIGHT_SECONDS = 3600
# What a page may send along: its token, what it sends, and the key by which a transaction sent twice is made once.
CORS_HEADERS = ("authorization", "content-type", "idempotency-key")


@dataclass(frozen=True)
class Route:
    """A method and path, and the scope that a token must have for it."""

    id: str
    key: str
    scope: str

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.key.split()[0]


READ = "transactions/read"
WRITE = "transactions/write"
ROUTES = (
    Route("make", "POST /transactions", WRITE),
    Route("find", "GET /transactions/{id}", READ),
    Route("receipt", "GET /transactions/{id}/receipt", READ),
)

# Who, what, when, with what result, from where, upon what (PCI DSS 10.2.2). The address is CloudFront's: the viewer's
# is in CloudFront's own log. Both requests' ids reach the function, as X-Amz-Cf-Id and X-Request-Id.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "subject": "$context.authorizer.claims.sub",
    "clientId": "$context.authorizer.claims.client_id",
    "routeKey": "$context.routeKey",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "protocol": "$context.protocol",
    "status": "$context.status",
    "error": "$context.error.message",
    "errorType": "$context.error.responseType",
    "authorizerError": "$context.authorizer.error",
    "integrationStatus": "$context.integration.status",
    "integrationError": "$context.integrationErrorMessage",
    "sourceIp": "$context.identity.sourceIp",
    "apiId": "$context.apiId",
    "stage": "$context.stage",
    "domainName": "$context.domainName",
    "responseLatency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "responseLength": "$context.responseLength",
}


class HttpApi(Construct):
    """An HTTP API under the name `origin.<domain>` and no other; each route demands a token with its scope.

    API Gateway asks the issuer for its keys when the authorizer is made, and refuses one that does not answer.
    An archive has to receive `access_log_group`; `id` and `stage` are by what CloudWatch knows the API.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        callers: TransactionCallers,
        zone: HostedZone,
        subnet_ids: Sequence[str],
        link_group_id: str,
        balancer: ServiceBalancer,
        logs_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._names = deployment.names
        api = Apigatewayv2Api(
            self,
            "api",
            name=self._names("api"),
            description="Transactions",
            protocol_type="HTTP",
            # The name that AWS gives it would be another way in, with AWS's choice of TLS versions.
            disable_execute_api_endpoint=True,
            cors_configuration={
                "allow_origins": list(callers.origins),
                "allow_methods": sorted({route.method for route in ROUTES}),
                "allow_headers": list(CORS_HEADERS),
                "max_age": PREFLIGHT_SECONDS,
            },
            tags=self._names.tag("api"),
        )
        self.id: str = api.id
        link = Apigatewayv2VpcLink(
            self,
            "link",
            name=self._names("link"),
            subnet_ids=list(subnet_ids),
            security_group_ids=[link_group_id],
            tags=self._names.tag("link"),
        )
        integration = self._integration(link, balancer)
        authorizer = self._authorizer(callers)
        routes = [self._route(route, authorizer, integration) for route in ROUTES]
        self.access_log_group, stage = self._stage(logs_key_arn, routes)
        self.stage: str = stage.name
        self._serve_under_own_name(zone, stage)

    def _integration(self, link: Apigatewayv2VpcLink, balancer: ServiceBalancer) -> Apigatewayv2Integration:
        return Apigatewayv2Integration(
            self,
            "service",
            api_id=self.id,
            description="The load balancer inside the network",
            integration_type="HTTP_PROXY",
            integration_method="ANY",
            integration_uri=balancer.listener_arn,
            connection_type="VPC_LINK",
            connection_id=link.id,
            payload_format_version="1.0",
            timeout_milliseconds=TIMEOUT_MILLISECONDS,
            tls_config={"server_name_to_verify": balancer.server_name},
            request_parameters={
                # Without the stage's name, which API Gateway would put in front of it.
                "overwrite:path": "$request.path",
                # Who the verified token says is calling: what a caller claims in this header is replaced.
                "overwrite:header.x-client-id": "$context.authorizer.claims.sub",
                "overwrite:header.x-request-id": "$context.requestId",
            },
        )

    def _authorizer(self, callers: TransactionCallers) -> Apigatewayv2Authorizer:
        return Apigatewayv2Authorizer(
            self,
            "callers",
            api_id=self.id,
            name=self._names("callers"),
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": callers.issuer, "audience": [callers.audience]},
        )

    def _route(
        self, route: Route, authorizer: Apigatewayv2Authorizer, integration: Apigatewayv2Integration
    ) -> Apigatewayv2Route:
        return Apigatewayv2Route(
            self,
            route.id,
            api_id=self.id,
            route_key=route.key,
            target=f"integrations/{integration.id}",
            authorization_type="JWT",
            authorizer_id=authorizer.id,
            authorization_scopes=[route.scope],
        )

    def _stage(self, logs_key_arn: str, routes: Sequence[IDependable]) -> tuple[CloudwatchLogGroup, Apigatewayv2Stage]:
        """Return the stage, which deploys every change of a route at once, and the group of its access logs."""
        group = archived_log_group(
            self, "log", name=f"/aws/vendedlogs/apigateway/{self._names('api')}", kms_key_arn=logs_key_arn
        )
        delivery = admit_log_delivery(
            self, "delivery", deployment=self._deployment, groups=[group], resource="api-logs", sid="Api"
        )
        stage = Apigatewayv2Stage(
            self,
            "stage",
            api_id=self.id,
            name=self._names.suffix,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": REQUESTS_PER_SECOND,
                "throttling_burst_limit": BURST_REQUESTS,
                "detailed_metrics_enabled": True,
            },
            access_log_settings={"destination_arn": group.arn, "format": json.dumps(ACCESS_LOG)},
            depends_on=[delivery, *routes],
            tags=self._names.tag("stage"),
        )
        return group, stage

    def _serve_under_own_name(self, zone: HostedZone, stage: Apigatewayv2Stage) -> None:
        certificate = zone.certificate(
            self, "certificate", name=zone.origin_name, tags=self._names.tag("origin-certificate")
        )
        domain = Apigatewayv2DomainName(
            self,
            "domain",
            domain_name=zone.origin_name,
            domain_name_configuration={
                "certificate_arn": certificate,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            tags=self._names.tag("origin"),
        )
        Apigatewayv2ApiMapping(self, "mapping", api_id=self.id, domain_name=domain.id, stage=stage.id)
        zone.alias(
            self,
            "origin",
            name=zone.origin_name,
            type_="A",
            target=domain.domain_name_configuration.target_domain_name,
            target_zone_id=domain.domain_name_configuration.hosted_zone_id,
        )
