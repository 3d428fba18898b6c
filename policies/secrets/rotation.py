"""How a secret rotates: how long at most between two rotations, and by which function."""

import re
from datetime import date, timedelta
from itertools import pairwise

from policies import cron
from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Undetermined

_HOURS = {"hour": 1, "day": 24}
_RATE = re.compile(r"rate\(\s*(\d+)\s+(hour|day)s?\s*\)")
_CRON = re.compile(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)")
_YEARS = (2024, 2025)  # with and without a leap day


def functions(rotation: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The functions of this stack that the rotation calls; empty when its function is not part of this input."""
    return graph.targets(rotation.attribute("rotation_lambda_arn"), "aws_lambda_function")


def longest_gap_days(rotation: Resource) -> float | None:
    """The longest time between two rotations by schedule; None without one. Raises Undetermined when it is unclear."""
    days = rotation.attribute("rotation_rules.automatically_after_days").number
    if days:
        return days
    expression = rotation.attribute("rotation_rules.schedule_expression")
    if not expression.text:
        return None
    if rate := _RATE.fullmatch(expression.text):
        return int(rate[1]) * _HOURS[rate[2]] / 24
    if fields := _CRON.fullmatch(expression.text):
        return _gap_of_cron(expression, *fields.groups()[2:])
    raise Undetermined(expression.undetermined("the schedule cannot be read"))


def _gap_of_cron(expression: Attribute, of_month: str, month: str, of_week: str, year: str) -> float:
    """The longest gap between two days that the expression names; `?` leaves the choice to the other field."""
    try:
        if year != "*":
            raise ValueError("a schedule of some years ends")
        months, month_days = cron.numbers(month, 1, 12, cron.MONTHS), cron.numbers(of_month, 1, 31)
        weekdays = cron.numbers(of_week, 1, 7, cron.WEEKDAYS_FROM_1)
    except ValueError as error:
        raise Undetermined(expression.undetermined(f"the schedule cannot be read: {error}")) from None
    day, days = date(_YEARS[0], 1, 1), []
    while day.year <= _YEARS[-1]:
        if day.month in months and day.day in month_days and day.isoweekday() % 7 + 1 in weekdays:
            days.append(day)
        day += timedelta(days=1)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return max(gaps) if gaps else float("inf")
