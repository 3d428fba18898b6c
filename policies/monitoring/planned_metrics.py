"""Metrics as a specification writes them: `AWS/DynamoDB ReplicationLatency above 60000`.

Namespace and name, each of which may end in `*`; and, for alarms, the limit at which at the latest somebody has to be
told: `above` or `below` a number.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from policies.resources import Block, Resource, Undetermined

_WRITTEN = re.compile(r"(\S+) (\S+?)(?: (above|below) (-?\d+(?:\.\d+)?))?")
_OF_AWS = "AWS/"


@dataclass(frozen=True)
class PlannedMetric:
    """One metric of the plan; without `direction` any limit will do."""

    written: str
    namespace: str
    name: str
    direction: str
    limit: float

    def is_named(self, namespace: str, name: str) -> bool:
        """Whether this is the metric that is meant."""
        return fnmatchcase(namespace, self.namespace) and fnmatchcase(name, self.name)

    def is_watched_by(self, alarm: Resource, measured: Block) -> bool:
        """Whether the alarm goes off in time, by what it measures: its metric, or one block of metric math."""
        namespace, name = (measured.attribute(path).text for path in ("namespace", "metric_name"))
        if not self.is_named(namespace, name):
            return False
        if namespace.startswith(_OF_AWS) and not measured.attribute("dimensions").raw_value:
            return False  # AWS measures resources: without dimensions there is nothing to see
        return not self.direction or self._is_in_time(alarm)

    def _is_in_time(self, alarm: Resource) -> bool:
        limit, operator = alarm.attribute("threshold").number, alarm.attribute("comparison_operator").text
        if limit is None:
            return False
        if self.direction == "above":
            return operator.startswith("GreaterThan") and limit <= self.limit
        return operator.startswith("LessThan") and limit >= self.limit


def planned(metrics: tuple[str, ...], judged: Resource) -> tuple[PlannedMetric, ...]:
    """The metrics as a specification lists them. Raises Undetermined, at the judged resource, when one is none."""
    return tuple(_planned(one, judged) for one in metrics)


def _planned(written: str, judged: Resource) -> PlannedMetric:
    found = _WRITTEN.fullmatch(written)
    if not found:
        message = f"the specification names no metric: {written} (expected: NAMESPACE NAME [above|below LIMIT])"
        raise Undetermined(judged.undetermined(message))
    return PlannedMetric(written, found[1], found[2], found[3] or "", float(found[4] or 0))
