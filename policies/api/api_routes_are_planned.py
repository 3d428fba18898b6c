"""Policy api-routes-are-planned."""

from collections.abc import Iterator

from policies.api.apis import API, ROUTE, integrations_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="api-routes-are-planned",
    title="An API has exactly the routes that were planned, and each leads somewhere",
    remediation="Declare one aws_apigatewayv2_route for each planned route key, with the integration as its target.",
    severity="medium",
    applies_to=(API,),
)
def judge(api: Resource, graph: ResourceGraph, *, routes: tuple[str, ...]) -> Iterator[Finding]:
    """A route that nobody planned is a way in that nobody looks after; one without integration answers every request
    with an error. `$default` and `ANY` take in whatever the application may answer by accident."""
    found = graph.referrers(api, ROUTE, "api_id")
    keys = [route.attribute("route_key").text for route in found]
    for key in routes:
        if key not in keys:
            yield api.fails(f"it has no route {key}")
    quick = api.attribute("target")
    if quick.is_unresolved or quick.text:
        yield quick.fails("it has a default route, which was not planned")
    for route, key in zip(found, keys, strict=True):
        if key not in routes:
            yield api.fails(f"{route.address} is not planned: {key}")
        elif integrations_of(route, graph):
            yield api.passes(f"it answers {key}")
        elif route.attribute("target").is_given:
            yield api.undetermined(f"the integration of {route.address} is not part of this input")
        else:
            yield api.fails(f"{route.address} leads nowhere")
