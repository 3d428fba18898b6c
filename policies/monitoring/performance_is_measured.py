"""Policy performance-is-measured."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.counted_metrics import counted, is_meant, watched_by
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="performance-is-measured",
    title="A metric of the application's own is taken from its log and watched",
    remediation="Add an aws_cloudwatch_log_metric_filter on the log group whose value is a field of the line, such as "
    "$.duration_ms, and an alarm with an action on its metric.",
    severity="low",
    applies_to=("aws_cloudwatch_log_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, log_group: str) -> Iterator[Finding]:
    """What AWS measures ends at the instance: that a request takes ten seconds because a query is slow, only the
    application can say. Its own figures show trouble while everything still answers."""
    if not is_meant(group, log_group):
        yield group.not_applicable(f"its name does not begin with {log_group}")
        return
    measured = [one for one in counted(group, graph) if one[1].attribute("value").text.startswith("$")]
    watched = [(filter_, alarm) for filter_, one in measured if (alarm := watched_by(one, graph))]
    if watched:
        yield group.passes(f"{watched[0][0].address} measures, and {watched[0][1]} watches the figure")
    elif measured:
        yield group.fails(f"no alarm with an action watches what {measured[0][0].address} measures")
    else:
        yield group.fails("no metric filter takes a figure from its lines")
