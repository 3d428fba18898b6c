"""Policy log-yields-metrics."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.counted_metrics import counted, is_meant
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="log-yields-metrics",
    title="Metric filters take every planned figure from the log",
    remediation="Add an aws_cloudwatch_log_metric_filter on the log group for each figure.",
    severity="low",
    applies_to=("aws_cloudwatch_log_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, log_group: str, metrics: tuple[str, ...]) -> Iterator[Finding]:
    """Whether processors and disks are well says little about the business. How much was served, how fast, and how much
    was refused, only the application knows; a filter makes a figure of it that graphs and alarms can use."""
    if not is_meant(group, log_group):
        yield group.not_applicable(f"its name does not begin with {log_group}")
        return
    found = {transformation.attribute("name").text: filter_ for filter_, transformation in counted(group, graph)}
    for metric in metrics:
        if metric in found:
            yield group.passes(f"{found[metric].address} makes {metric}")
        else:
            yield group.fails(f"no metric filter makes {metric}")
