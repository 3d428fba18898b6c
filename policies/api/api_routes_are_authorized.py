"""Policy api-routes-are-authorized."""

from collections.abc import Iterator

from policies.api.apis import API, AUTHORIZER, METHOD, REST_API, REST_AUTHORIZER, ROUTE, is_websocket
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_FUNCTION_URL = "aws_lambda_function_url"
_BY_AUTHORIZER = ("JWT", "CUSTOM", "COGNITO_USER_POOLS")


@policy(
    id="api-routes-are-authorized",
    title="Every route of an API asks who is calling",
    remediation="Set authorization_type (authorization of a REST method) to JWT, AWS_IAM or CUSTOM, with the "
    "authorizer_id that goes with it.",
    severity="critical",
    applies_to=(ROUTE, METHOD, API, REST_API, _FUNCTION_URL),
)
def judge(resource: Resource, graph: ResourceGraph, *, scoped: bool = False) -> Iterator[Finding]:
    """A route that is added without authorization is open to the Internet from that minute on, beside others that are
    not. An API key is no authorization: it is made to count requests. What browsers send before a request of another
    origin (OPTIONS) carries no credentials, and need not be authorized. The URL of a function is a route like others.

    With `scoped`, a token has to be issued for what the route does, too."""
    if resource.type in (API, REST_API):
        yield _judge_api(resource)
        return
    is_rest = resource.type == METHOD
    key = resource.attribute("http_method" if is_rest else "route_key")
    kind = resource.attribute("authorization" if is_rest else "authorization_type")
    if not key.is_unresolved and key.text.split(" ")[0].upper() == "OPTIONS":
        yield resource.not_applicable("what browsers ask before a request carries no credentials")
    elif resource.type == ROUTE and key.text != "$connect" and is_websocket(resource, graph):
        yield resource.not_applicable("who sends messages was asked when the connection was opened")
    elif kind.text in ("", "NONE"):
        yield kind.fails("it answers everybody")
    else:
        yield from _judge_authorizer(resource, kind.text, graph)
        if scoped and kind.text != "AWS_IAM" and not resource.attribute("authorization_scopes").value:
            yield resource.attribute("authorization_scopes").fails("any token will do, whatever it was issued for")


def _judge_api(api: Resource) -> Finding:
    body, quick = api.attribute("body"), api.attribute("target")
    if quick.is_unresolved or quick.text:
        return quick.fails("a default route is made for the target, which answers everybody")
    if body.is_unresolved or body.text:
        return body.undetermined("routes are in an OpenAPI document, which is not read here")
    return api.not_applicable("its routes are resources of their own")


def _judge_authorizer(resource: Resource, kind: str, graph: ResourceGraph) -> Iterator[Finding]:
    named = resource.attribute("authorizer_id")
    found = graph.targets(named, AUTHORIZER, REST_AUTHORIZER)
    wrong = [
        one
        for one in found
        if one.type == AUTHORIZER and (one.attribute("authorizer_type").text == "JWT") != (kind == "JWT")
    ]
    if kind not in _BY_AUTHORIZER:
        yield resource.passes("it asks for a signature of IAM")
    elif not found and not named.is_given:
        yield named.fails(f"{kind} asks an authorizer, and none is named")
    elif wrong:
        yield named.fails(f"{wrong[0].address} is no authorizer for {kind}")
    else:
        yield named.passes(f"an authorizer decides ({kind})")
