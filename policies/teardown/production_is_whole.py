"""Policy production-is-whole."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production, production_beside
from policies.teardown.guards import GUARDS


@policy(
    id="production-is-whole",
    title="A stack says whether it is production, and is so as a whole",
    remediation="Give the tag Environment a name that is known, the same throughout the stack; what is not production "
    "belongs in a stack of its own.",
    severity="medium",
    applies_to=tuple(GUARDS),
)
def judge(
    resource: Resource,
    graph: ResourceGraph,
    *,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """What production has to keep, and what every other environment has to let go, hangs on one tag. A database that
    calls itself development in the midst of production would escape everything that protects production."""
    tags = resource.attribute("tags")
    if is_in_production(resource, graph, production, elsewhere):
        yield resource.passes("it is in production")
    elif beside := production_beside(resource, graph, production, elsewhere):
        yield tags.fails(f"it says that it is not in production, and {beside} beside it is")
    else:
        yield resource.passes("neither it nor anything beside it is in production")
