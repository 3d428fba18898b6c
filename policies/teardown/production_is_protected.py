"""Policy production-is-protected."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production
from policies.teardown.guards import GUARDS, holding_back


@policy(
    id="production-is-protected",
    title="In production nothing that holds data can be destroyed by a slip",
    remediation="In production, switch deletion protection on, take final snapshots, leave force_destroy off and give "
    "secrets a recovery window.",
    severity="medium",
    applies_to=tuple(type_ for type_, guards in GUARDS.items() if any(guard.keeps_data for guard in guards)),
)
def judge(
    resource: Resource,
    graph: ResourceGraph,
    *,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """One wrong command, or one changed name that makes Terraform replace what it cannot rename, deletes a database.
    The protection costs nothing, and turns a disaster into an error message."""
    guards = list(holding_back(resource, keeping_data=True))
    open_ = [attribute for attribute, holds in guards if not holds]
    if open_ and not is_in_production(resource, graph, production, elsewhere):
        yield resource.not_applicable("it is not in production")
        return
    yield from (attribute.fails("nothing keeps it from being destroyed with its data") for attribute in open_)
    if not open_:
        yield guards[0][0].passes("it cannot be destroyed by a slip")
