"""Policy nothing-blocks-teardown."""

from collections.abc import Iterator

from policies.graph import EVERY_TYPE, ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production
from policies.teardown.guards import holding_back


@policy(
    id="nothing-blocks-teardown",
    title="Outside production everything can be destroyed without a trace",
    remediation="Outside production, set force_destroy and skip_final_snapshot, recovery_window_in_days = 0, no "
    "deletion protection, no prevent_destroy, nothing that is retained.",
    severity="low",
    applies_to=(EVERY_TYPE,),
)
def judge(
    resource: Resource,
    graph: ResourceGraph,
    *,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """Environments that cannot be destroyed pile up: they cost, nobody patches them, and copies of data stay in
    buckets, snapshots and secrets that no one remembers."""
    guards = [(attribute, holds) for attribute, holds in holding_back(resource)]
    blocking = [attribute for attribute, holds in guards if holds]
    prevents = _prevents_destruction(resource)
    if not guards and not prevents:
        yield resource.not_applicable("nothing of it could keep it from being destroyed")
        return
    if (blocking or prevents) and is_in_production(resource, graph, production, elsewhere):
        yield resource.not_applicable("production keeps its data")
        return
    for attribute in blocking:
        yield attribute.fails("this keeps the resource, or something of it, when the environment is destroyed")
    if prevents:
        yield prevents.fails("Terraform refuses to destroy it")
    if not blocking and not prevents:
        yield guards[0][0].passes("it can be destroyed without a trace")


def _prevents_destruction(resource: Resource) -> Attribute | None:
    """Only a configuration says so; plans and states do not have it."""
    prevents = resource.attribute("lifecycle.prevent_destroy") if resource.written is not None else None
    return prevents if prevents is not None and prevents.is_true else None
