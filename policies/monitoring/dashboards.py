"""What CloudWatch dashboards show."""

import json
from collections.abc import Iterator
from typing import Any

from policies.resources import Resource, Undetermined, Unresolved

DASHBOARD = "aws_cloudwatch_dashboard"


def shown_metrics(dashboard: Resource) -> Iterator[tuple[str, str]]:
    """Namespace and name of each metric on it; in a widget, a dot repeats what stands above it."""
    for widget in _listed(_body(dashboard), "widgets"):
        above: list[Any] = []
        for row in _listed(widget.get("properties") if isinstance(widget, dict) else None, "metrics"):
            fields = enumerate(row if isinstance(row, list) else ())
            named = [above[i] if field == "." and i < len(above) else field for i, field in fields]
            if len(named) > 1 and all(isinstance(field, str) for field in named[:2]):
                above = named
                yield named[0], named[1]


def _listed(holder: Any, key: str) -> list[Any]:
    """The list at a key of an object; empty when there is none."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def _body(dashboard: Resource) -> Any:
    """The document, with the text of each interpolation in the place of its value."""
    body = dashboard.attribute("dashboard_body")
    try:
        return json.loads(body.raw_value.text if isinstance(body.raw_value, Unresolved) else body.text or "{}")
    except ValueError:
        raise Undetermined(body.undetermined("what the dashboard shows is not known here")) from None
