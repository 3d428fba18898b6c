"""Policy api-stage-throttles."""

from collections.abc import Iterator

from policies.api.apis import REST_STAGE, STAGE
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource

_EVERY_METHOD = "*/*"


@policy(
    id="api-stage-throttles",
    title="A stage lets through as many requests as planned, and no more",
    remediation="Set throttling_rate_limit and throttling_burst_limit of default_route_settings (of method_path */* of "
    "a REST API), and the same wherever a route has settings of its own.",
    severity="medium",
    applies_to=(STAGE, REST_STAGE),
)
def judge(stage: Resource, graph: ResourceGraph, *, rate: float, burst: int) -> Iterator[Finding]:
    """One client in a loop takes the share of all others, of this API and of every other in the account. Settings
    without limits do not mean none: an HTTP API then refuses every request. `rate` is in requests per second."""
    if stage.type == STAGE:
        default, own = stage.blocks("default_route_settings"), stage.blocks("route_settings")
    else:
        methods = graph.referrers(stage, "aws_api_gateway_method_settings", "stage_name")
        every = {one: one.attribute("method_path").text == _EVERY_METHOD for one in methods}
        default = tuple(block for one, is_every in every.items() if is_every for block in one.blocks("settings"))
        own = tuple(block for one, is_every in every.items() if not is_every for block in one.blocks("settings"))
    if not default:
        yield stage.fails("nothing limits it but the quota of the account")
    for settings in (*default, *own):
        yield from _judge_settings(stage, settings, rate, burst)


def _judge_settings(stage: Resource, settings: Block, rate: float, burst: int) -> Iterator[Finding]:
    for path, planned in (("throttling_rate_limit", rate), ("throttling_burst_limit", burst)):
        limit = settings.attribute(path)
        place = limit if limit.resource is stage else stage.attribute("stage_name")
        where = "" if limit.resource is stage else f"{limit.resource.address}: "
        if limit.number == planned:
            yield place.passes(f"{where}{path} is {planned:g}")
        else:
            yield place.fails(f"{where}{path} is {limit.text or 'not set'}, not {planned:g}")
