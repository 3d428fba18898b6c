"""APIs of API Gateway, of both generations, and what belongs to them."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Unresolved

API, REST_API = "aws_apigatewayv2_api", "aws_api_gateway_rest_api"
ROUTE, METHOD = "aws_apigatewayv2_route", "aws_api_gateway_method"
INTEGRATION, REST_INTEGRATION = "aws_apigatewayv2_integration", "aws_api_gateway_integration"
STAGE, REST_STAGE = "aws_apigatewayv2_stage", "aws_api_gateway_stage"
AUTHORIZER, REST_AUTHORIZER = "aws_apigatewayv2_authorizer", "aws_api_gateway_authorizer"
DOMAIN, REST_DOMAIN = "aws_apigatewayv2_domain_name", "aws_api_gateway_domain_name"
MAPPING, REST_MAPPING = "aws_apigatewayv2_api_mapping", "aws_api_gateway_base_path_mapping"
_WEBSOCKET = "WEBSOCKET"
_TARGET = "integrations/"


def integrations_of(route: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The integration that a route leads to; empty when it names none of this stack."""
    target = route.attribute("target")
    if isinstance(target.raw_value, Unresolved):  # `integrations/` before a reference: it can mean nothing else
        named = [one for address in target.references for one in graph.at(address)]
        return tuple(dict.fromkeys(one for one in named if one.type == INTEGRATION))
    without = Attribute(route, target.path, target.text.removeprefix(_TARGET), target.references)
    return graph.targets(without, INTEGRATION)


def is_websocket(route: Resource, graph: ResourceGraph) -> bool:
    """Whether the route takes messages rather than requests: by its API, or, without that, by how it is written."""
    apis = graph.targets(route.attribute("api_id"), API)
    if apis:
        return any(api.attribute("protocol_type").text == _WEBSOCKET for api in apis)
    key = route.attribute("route_key").text
    return key in ("$connect", "$disconnect") or (" " not in key and key != "$default")


def mappings_of(api: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """What puts the API, under some path, behind a domain name of the customer."""
    return tuple(one for type_ in (MAPPING, REST_MAPPING) for one in graph.referrers(api, type_, "api_id"))
