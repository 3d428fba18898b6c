"""Policy dashboard-shows-metrics."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.dashboards import DASHBOARD, shown_metrics
from policies.monitoring.planned_metrics import planned
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="dashboard-shows-metrics",
    title="The dashboards of the stack show every planned metric",
    remediation="Put a widget of type metric with the namespace and name of the metric on a dashboard.",
    severity="low",
    applies_to=(DASHBOARD,),
)
def judge(dashboard: Resource, graph: ResourceGraph, *, metrics: tuple[str, ...]) -> Iterator[Finding]:
    """In an outage people look at what is in front of them. A figure that has to be searched for first, in another
    region's console, is a figure that nobody looks at."""
    shown = [found for one in graph.of_type(DASHBOARD) for found in shown_metrics(one)]
    body = dashboard.attribute("dashboard_body")
    for metric in planned(metrics, dashboard):
        if any(metric.is_named(*one) for one in shown):
            yield body.passes(f"{metric.written} is shown")
        else:
            yield body.fails(f"no dashboard of the stack shows {metric.written}")
