"""Policy business-hours-scheduled."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from policies.compute.business_hours import (
    TYPICAL_YEAR,
    UNCHANGED,
    BusinessHours,
    occurrences,
    runs_between,
    schedules,
)
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# How long before opening, and after closing, an action may run; less than the hour that clocks change by.
TOLERANCE = timedelta(minutes=30)
_SUSPENDING = frozenset({"ScheduledActions", "Launch"})


@policy(
    id="business-hours-scheduled",
    title="Scheduled actions raise the capacity of an Auto Scaling group for business hours",
    remediation="Add an aws_autoscaling_schedule shortly before opening, and one at closing that lowers the minimum "
    "again, with time_zone set to the zone of the business.",
    severity="medium",
    applies_to=("aws_autoscaling_group",),
)
def judge(
    group: Resource, graph: ResourceGraph, *, opens: str, closes: str, time_zone: str, days: str = "MON-FRI"
) -> Iterator[Finding]:
    """Load that comes by the clock is met by the clock: scaling by metrics starts only when viewers wait already. An
    action in UTC runs an hour early or late for half of the year."""
    suspended = [one for one in group.attribute("suspended_processes").items() if one.text in _SUSPENDING]
    if suspended:
        yield suspended[0].fails(f"the group has suspended {suspended[0].text}")
    hours = list(BusinessHours.of(opens, closes, time_zone, days).of_year(TYPICAL_YEAR))
    raising: list[Resource] = []
    lowering: list[Resource] = []
    actions = schedules(group, graph)
    for action in actions:
        runs = occurrences(action, TYPICAL_YEAR) if not action.attribute("end_time").text else []
        if all(runs_between(runs, opening - TOLERANCE, opening) for opening, _ in hours):
            raising.append(action)
        if all(runs_between(runs, closing, closing + TOLERANCE) for _, closing in hours):
            lowering.append(action)
    pairs = [(up, down) for up in raising for down in lowering if _capacity(up) > _capacity(down)]
    undoing = [one for one in actions if pairs and _undoes(one, pairs[0][0], hours)]
    if undoing:
        yield group.fails(f"{undoing[0].address} lowers the capacity again within business hours")
    elif pairs:
        yield group.passes(f"{pairs[0][0].address} raises the capacity, and {pairs[0][1].address} lowers it again")
    elif not raising:
        yield group.fails(f"no scheduled action runs on every business day within the half hour before {opens}")
    elif not lowering:
        yield group.fails(f"no scheduled action runs on every business day within the half hour after {closes}")
    else:
        yield group.fails(f"{raising[0].address} sets no higher capacity than {lowering[0].address}")


def _undoes(action: Resource, raising: Resource, hours: list[tuple[datetime, datetime]]) -> bool:
    """Whether the action sets less than the raising one while business goes on; one of -1 only sets nothing."""
    runs = occurrences(action, TYPICAL_YEAR)
    lower = UNCHANGED < _capacity(action) < _capacity(raising)
    return lower and any(runs_between(runs, opening, closing - timedelta(microseconds=1)) for opening, closing in hours)


def _capacity(action: Resource) -> float:
    """The capacity that the action asks for, by the minimum or by the desired number."""
    return max(action.attribute(path).number or 0 for path in ("min_size", "desired_capacity"))
