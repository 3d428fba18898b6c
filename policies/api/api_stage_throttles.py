"""Policy api-stage-throttles."""

from collections.abc import Iterator

from policies.api.apis import REST_STAGE, STAGE
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource, Undetermined, Unresolved

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
        every, single = _method_settings(stage, graph)
        default, own = (tuple(block for one in some for block in one.blocks("settings")) for some in (every, single))
    if not default:
        yield stage.fails("nothing limits it but the quota of the account")
    for settings in (*default, *own):
        yield from _judge_settings(stage, settings, rate, burst)


def _method_settings(stage: Resource, graph: ResourceGraph) -> tuple[list[Resource], list[Resource]]:
    """The settings for every method of the stage, and those for single ones. Stages of two APIs may be namesakes."""
    api = stage.attribute("rest_api_id").raw_value
    named = graph.referrers(stage, "aws_api_gateway_method_settings", "stage_name")
    own = [one for one in named if _is_of(one.attribute("rest_api_id"), api)]
    every = [one for one in own if one.attribute("method_path").text == _EVERY_METHOD]
    return every, [one for one in own if one not in every]


def _is_of(named: Attribute, api: object) -> bool:
    """Whether it is the same API. Raises Undetermined for one that may be: an input, a function, a condition."""
    if named.raw_value == api:
        return True
    for one in (named.raw_value, api):
        if isinstance(one, Unresolved) and not (one.is_reference and one.references[0].startswith("aws_")):
            raise Undetermined(named.undetermined(f"of which API these settings are is not known here: {one.text}"))
    return False


def _judge_settings(stage: Resource, settings: Block, rate: float, burst: int) -> Iterator[Finding]:
    for path, planned in (("throttling_rate_limit", rate), ("throttling_burst_limit", burst)):
        limit = settings.attribute(path)
        place = limit if limit.resource is stage else stage.attribute("stage_name")
        where = "" if limit.resource is stage else f"{limit.resource.address}: "
        if limit.number == planned:
            yield place.passes(f"{where}{path} is {planned:g}")
        else:
            yield place.fails(f"{where}{path} is {limit.text or 'not set'}, not {planned:g}")
