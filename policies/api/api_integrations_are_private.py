"""Policy api-integrations-are-private."""

from collections.abc import Iterator

from policies.api.apis import INTEGRATION, REST_INTEGRATION
from policies.api.backends import by_vpc_link, calls_http, host_of, uri_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_VPC_LINKS = ("aws_apigatewayv2_vpc_link", "aws_api_gateway_vpc_link")


@policy(
    id="api-integrations-are-private",
    title="An API calls servers through a VPC link, and no host of the Internet but those planned",
    remediation="Set connection_type = VPC_LINK and connection_id of HTTP integrations.",
    severity="high",
    applies_to=(INTEGRATION, REST_INTEGRATION),
)
def judge(integration: Resource, graph: ResourceGraph, *, hosts: tuple[str, ...]) -> Iterator[Finding]:
    """A server that API Gateway reaches over the Internet is one that everybody reaches, without the authorizer, the
    limits and the log of the API."""
    way = integration.attribute("connection_type")
    if not calls_http(integration):
        yield integration.passes("it calls a function or a service of AWS")
    elif by_vpc_link(integration):
        link = integration.attribute("connection_id")
        named = bool(graph.targets(link, *_VPC_LINKS)) or link.is_given
        yield link.passes("it goes through a VPC link") if named else link.fails("it names no VPC link")
    elif hosts and host_of(uri_of(integration)) in hosts:
        yield way.passes("it calls a planned host")
    else:
        yield way.fails("it calls its server over the Internet")
