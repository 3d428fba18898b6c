"""Policy dashboard-shows-metrics."""

import json
from collections.abc import Iterator
from typing import Any

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.planned_metrics import planned
from policies.registry import policy
from policies.resources import Resource, Undetermined, Unresolved

_DASHBOARD = "aws_cloudwatch_dashboard"


@policy(
    id="dashboard-shows-metrics",
    title="The dashboards of the stack show every planned metric",
    remediation="Put a widget of type metric with the namespace and name of the metric on a dashboard.",
    severity="low",
    applies_to=(_DASHBOARD,),
)
def judge(dashboard: Resource, graph: ResourceGraph, *, metrics: tuple[str, ...]) -> Iterator[Finding]:
    """In an outage people look at what is in front of them. A figure that has to be searched for first, in another
    region's console, is a figure that nobody looks at."""
    shown = [found for one in graph.of_type(_DASHBOARD) for found in _shown(one)]
    body = dashboard.attribute("dashboard_body")
    for metric in planned(metrics):
        if any(metric.is_named(*one) for one in shown):
            yield body.passes(f"{metric.written} is shown")
        else:
            yield body.fails(f"no dashboard of the stack shows {metric.written}")


def _shown(dashboard: Resource) -> Iterator[tuple[str, str]]:
    """Namespace and name of each metric on it; a dot repeats what stands above it."""
    for widget in _body(dashboard).get("widgets") or ():
        above: list[Any] = []
        for row in (widget.get("properties") or {}).get("metrics") or ():
            named = [above[i] if field == "." and i < len(above) else field for i, field in enumerate(row)]
            if len(named) > 1 and all(isinstance(field, str) for field in named[:2]):
                above = named
                yield named[0], named[1]


def _body(dashboard: Resource) -> dict[str, Any]:
    """The document, with the text of each interpolation in the place of its value."""
    body = dashboard.attribute("dashboard_body")
    try:
        found = json.loads(body.raw_value.text if isinstance(body.raw_value, Unresolved) else body.text or "{}")
    except ValueError:
        raise Undetermined(body.undetermined("what the dashboard shows is not known here")) from None
    return found if isinstance(found, dict) else {}
