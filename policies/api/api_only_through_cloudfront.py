"""Policy api-only-through-cloudfront."""

from collections.abc import Iterator

from policies.alb.listeners import LISTENERS, rules_of
from policies.alb.origin_secret import demands_secret
from policies.api.apis import API, AUTHORIZER, DOMAIN, INTEGRATION, ROUTE, mappings_of
from policies.cdn.distributions import DISTRIBUTION
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, without_keys


@policy(
    id="api-only-through-cloudfront",
    title="An HTTP API behind CloudFront serves no request that came another way",
    remediation="Disable the execute-api endpoint, and let each integration lead, by a VPC link, to a listener whose "
    "rules forward only requests with the generated secret header of the distribution.",
    severity="critical",
    applies_to=(API,),
)
def judge(api: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A web ACL cannot be attached to an HTTP API, so it stands before the distribution. The API's own name answers
    everybody all the same; only a secret that the distribution adds tells requests that passed the web ACL from those
    that went round it."""
    fronting = _distributions(api, graph)
    if not fronting:
        yield api.not_applicable("no distribution of the stack leads to it")
        return
    disabled = api.attribute("disable_execute_api_endpoint")
    if not disabled.is_true:
        yield disabled.fails("it also answers under the name that AWS gives it, past the distribution")
    integrations = graph.referrers(api, INTEGRATION, "api_id")
    if not integrations:
        yield api.undetermined("no integration of it is part of this input")
    for integration in integrations:
        listeners = graph.targets(integration.attribute("integration_uri"), *LISTENERS)
        for listener in listeners:
            yield from demands_secret(listener, api, graph)
            yield from _judge_mapping(api, integration, listener, graph)
        if not listeners:
            yield from _judge_authorizers(api, integration, graph)


def _distributions(api: Resource, graph: ResourceGraph) -> list[Resource]:
    """The distributions of which an origin is a domain name of the API, or the API itself."""
    domains = {
        domain
        for mapping in mappings_of(api, graph)
        for domain in graph.targets(mapping.attribute("domain_name"), DOMAIN)
    }
    found = []
    for distribution in graph.of_type(DISTRIBUTION):
        for name in distribution.attributes("origin.domain_name"):
            named = set(graph.targets(name, DOMAIN))
            for record in graph.targets(name, "aws_route53_record"):
                for alias in record.attributes("alias.name"):
                    named.update(graph.targets(alias, DOMAIN))
            if named & domains or api.configuration_address in map(without_keys, name.references):
                found.append(distribution)
    return found


def _judge_mapping(api: Resource, integration: Resource, listener: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """An integration that sets the header itself gives the secret to every request."""
    asked = {
        header.attribute("http_header_name").text.lower()
        for rule in rules_of(listener, graph)
        for header in rule.blocks("condition.http_header")
    }
    mappings = integration.attribute("request_parameters").value
    for target in mappings if isinstance(mappings, dict) else ():
        action, _, header = target.lower().partition(":header.")
        if action in ("append", "overwrite") and header in asked:
            yield api.fails(f"{integration.address} adds the header {header} to whatever arrives")


def _judge_authorizers(api: Resource, integration: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Where no listener asks for the secret, a function may, if it is asked about every route."""
    routes = graph.referrers(api, ROUTE, "api_id")
    kinds = {route.attribute("authorization_type").text for route in routes}
    authorizers = [one for route in routes for one in graph.targets(route.attribute("authorizer_id"), AUTHORIZER)]
    headers = [one for one in authorizers if "request.header" in str(one.attribute("identity_sources").value)]
    if kinds == {"CUSTOM"} and headers:
        yield api.undetermined(f"whether the function of {headers[0].address} asks for the secret header is not shown")
    else:
        yield api.fails(f"{integration.address} serves requests without asking for the secret header")
