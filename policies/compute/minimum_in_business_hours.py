"""Policy minimum-in-business-hours."""

from collections.abc import Iterator

from policies.compute.business_hours import BusinessHours, Floor, floor_set_by, occurrences, schedules, years
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="minimum-in-business-hours",
    title="An Auto Scaling group never falls below its planned minimum in business hours",
    remediation="Set min_size of the group, and of the scheduled action before opening, to the planned minimum; let no "
    "action lower it before closing, in summer or in winter.",
    severity="high",
    applies_to=("aws_autoscaling_group",),
)
def judge(
    group: Resource,
    graph: ResourceGraph,
    *,
    instances: int,
    opens: str,
    closes: str,
    time_zone: str,
    days: str = "MON-FRI",
) -> Iterator[Finding]:
    """When load arrives in the morning, or a zone fails at noon, instances that still have to boot come too late.
    Scaling policies never go below the minimum, so the minimum is what holds."""
    hours = BusinessHours.of(opens, closes, time_zone, days)
    for process in group.attribute("suspended_processes").items():
        if process.text == "Launch":
            yield process.fails("the group has suspended Launch, so nothing replaces an instance that fails")
    own, maximum, actions = group.attribute("min_size"), group.attribute("max_size"), schedules(group, graph)
    floors = {action: floor_set_by(action) for action in actions}
    lasting = {one: floor for one, floor in floors.items() if floor is not None and _counts(one, floor, instances)}
    if (maximum.number or 0) < instances:
        yield maximum.fails(f"the group has at most {maximum.text} instances")
    if (own.number or 0) >= instances:
        yield own.passes(f"the group has at least {instances} instances by itself")
    elif own.number in floors.values() and group.written is None:
        yield own.passes("a plan or state shows the minimum of the moment, and this is what a scheduled action sets")
    else:
        yield own.fails(f"from its creation to the first scheduled action the group may fall below {instances}")
    for year in years(actions):
        runs = [(at, floor) for one, floor in lasting.items() for at in occurrences(one, year)]
        floor = Floor(instances, runs)
        low = [opening for opening, closing in hours.of_year(year) if floor.lowest(opening, closing) < instances]
        if low:
            day = low[0].astimezone(hours.zone).date()
            yield group.fails(f"scheduled actions let it fall below {instances} on {len(low)} days, first on {day}")


def _counts(action: Resource, floor: float, instances: int) -> bool:
    """An action that ends some day lowers the minimum all the same, but nobody may rely on its raising it."""
    return floor < instances or not action.attribute("end_time").text
