"""Business hours, and what scheduled actions of an Auto Scaling group do in them, over a year of both clock changes."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies import cron
from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Undetermined

TYPICAL_YEAR = 2025
MAX_OCCURRENCES = 20_000
UNCHANGED = -1  # by which an action leaves a size as it is; what it does not name it sets to 0


@dataclass(frozen=True)
class BusinessHours:
    """From `opens` to `closes` (`08:00`, local time) on `days` (as cron writes weekdays: `MON-FRI`)."""

    opens: time
    closes: time
    zone: ZoneInfo
    days: frozenset[int]

    @classmethod
    def of(cls, opens: str, closes: str, time_zone: str, days: str) -> "BusinessHours":
        """The hours as a specification writes them. Raises ValueError for what is no time, zone or weekday."""
        weekdays = frozenset(day % 7 for day in cron.numbers(days, 0, 7, cron.WEEKDAYS_FROM_0))
        return cls(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo(time_zone), weekdays)

    def of_year(self, year: int) -> Iterator[tuple[datetime, datetime]]:
        """Opening and closing of each business day of the year, in UTC."""
        for day in _days_of(year):
            if day.isoweekday() % 7 in self.days:
                yield tuple(datetime.combine(day, at, self.zone).astimezone(UTC) for at in (self.opens, self.closes))  # type: ignore[misc]


def schedules(group: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The scheduled actions of the group."""
    return graph.referrers(group, "aws_autoscaling_schedule", "autoscaling_group_name")


def occurrences(schedule: Resource, year: int) -> list[datetime]:
    """When the action runs in the year, in UTC and in order. Raises Undetermined when its times cannot be read."""
    recurrence, start, zone_name = (schedule.attribute(path) for path in ("recurrence", "start_time", "time_zone"))
    try:
        if not recurrence.text:
            once = datetime.fromisoformat(start.text.replace("Z", "+00:00"))
            return [once] if once.year == year else []
        zone = ZoneInfo(zone_name.text or "UTC")
        return sorted(at.astimezone(UTC) for at in _runs(recurrence, zone, year))
    except (ValueError, KeyError, OSError) as error:
        raise Undetermined(recurrence.undetermined(f"its times cannot be read: {error}")) from None


def runs_between(runs: list[datetime], start: datetime, end: datetime) -> bool:
    """Whether one of the sorted moments lies from `start` to `end`, both included."""
    index = bisect_left(runs, start)
    return index < len(runs) and runs[index] <= end


def years(actions: Iterable[Resource]) -> list[int]:
    """The years to look at: a typical one, and those of actions that run once."""
    once = [one.attribute("start_time").text[:4] for one in actions if not one.attribute("recurrence").text]
    return sorted({TYPICAL_YEAR, *(int(year) for year in once if year.isdigit())})


def floor_set_by(schedule: Resource) -> float | None:
    """The number of instances below which the action lets the group fall; None when it leaves that as it is."""
    minimum, maximum = (schedule.attribute(path).number for path in ("min_size", "max_size"))
    floor = None if minimum == UNCHANGED else minimum or 0
    if maximum is None or maximum == UNCHANGED:
        return floor
    return maximum if floor is None else min(floor, maximum)


class Floor:
    """How low the group may fall at each moment: what it starts with, and then what the actions set."""

    def __init__(self, initial: float, actions: Iterable[tuple[datetime, float]]) -> None:
        moments: dict[datetime, float] = {}
        for at, floor in actions:
            moments[at] = min(floor, moments.get(at, floor))
        self._at = sorted(moments)
        self._floors = [initial, *(moments[at] for at in self._at)]

    def lowest(self, start: datetime, end: datetime) -> float:
        """The lowest from `start` until before `end`."""
        first = bisect_right(self._at, start)
        last = bisect_right(self._at, end - timedelta(microseconds=1))
        return min(self._floors[first : last + 1])


def _runs(recurrence: Attribute, zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """Every time a cron expression of five fields names; days of month and week that are both given are either-or."""
    fields = recurrence.text.split()
    if len(fields) != 5:
        raise ValueError(f"{recurrence.text} does not have five fields")
    minutes, hours = sorted(cron.numbers(fields[0], 0, 59)), sorted(cron.numbers(fields[1], 0, 23))
    month_days, months = cron.numbers(fields[2], 1, 31), cron.numbers(fields[3], 1, 12, cron.MONTHS)
    weekdays = {day % 7 for day in cron.numbers(fields[4], 0, 7, cron.WEEKDAYS_FROM_0)}
    either = fields[2] != "*" and fields[4] != "*"
    count = 0
    for day in _days_of(year):
        of_month, of_week = day.day in month_days, day.isoweekday() % 7 in weekdays
        if day.month not in months or not (of_month or of_week if either else of_month and of_week):
            continue
        count += len(hours) * len(minutes)
        if count > MAX_OCCURRENCES:
            raise ValueError(f"{recurrence.text} runs too often to be followed")
        for hour in hours:
            for minute in minutes:
                yield datetime.combine(day, time(hour, minute), zone)


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
