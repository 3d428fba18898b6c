"""Dashboards: graphs of metrics, two in a row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from infra.alarms import Metric

WIDGET_WIDTH = 12
WIDGET_HEIGHT = 6
WIDGETS_PER_ROW = 24 // WIDGET_WIDTH


@dataclass(frozen=True)
class Graph:
    """Metrics shown in one picture, which CloudWatch keeps in `region` (None: in the dashboard's own)."""

    title: str
    metrics: Sequence[Metric]
    region: str | None = None


def dashboard_body(region: str, graphs: Sequence[Graph]) -> str:
    """Return the body of a dashboard, as JSON, whose own region is `region`."""
    widgets = [
        {
            "type": "metric",
            "x": position % WIDGETS_PER_ROW * WIDGET_WIDTH,
            "y": position // WIDGETS_PER_ROW * WIDGET_HEIGHT,
            "width": WIDGET_WIDTH,
            "height": WIDGET_HEIGHT,
            "properties": {
                "title": graph.title,
                "region": graph.region or region,
                "period": 300,
                "metrics": [_as_dashboard_writes(metric) for metric in graph.metrics],
            },
        }
        for position, graph in enumerate(graphs)
    ]
    return json.dumps({"widgets": widgets})


def _as_dashboard_writes(metric: Metric) -> list[object]:
    dimensions = [part for dimension in metric.dimensions.items() for part in dimension]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
