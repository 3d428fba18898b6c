"""What runs a function by the clock: rules of EventBridge, and schedules of EventBridge Scheduler."""

import re
from collections.abc import Iterator

from policies import cron
from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_PERMISSION = "aws_lambda_permission"


def rules_of(function: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, str | None]]:
    """The rules of EventBridge that have the function as target, and why one may not invoke it."""
    admitted = [
        one.attribute("source_arn")
        for one in graph.referrers(function, _PERMISSION, "function_name")
        if one.attribute("principal").text == "events.amazonaws.com"
        and one.attribute("action").text in ("lambda:InvokeFunction", "lambda:*")
    ]
    for target in graph.referrers(function, "aws_cloudwatch_event_target", "arn"):
        for rule in graph.targets(target.attribute("rule"), "aws_cloudwatch_event_rule"):
            yield rule, None if any(_is_for(source, rule, graph) for source in admitted) else "may not invoke it"


def _is_for(source: Attribute, rule: Resource, graph: ResourceGraph) -> bool:
    return source.is_missing or rule in graph.targets(source, rule.type)


def schedules_of(function: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, str | None]]:
    """Those of EventBridge Scheduler, which invokes by a role of its own."""
    for schedule in graph.referrers(function, "aws_scheduler_schedule", "target.arn"):
        yield schedule, "may end" if schedule.attribute("end_date").text else None


def flaw_of(schedule: Resource, minutes: int) -> str | None:
    """Why the rule or schedule does not run its target every so many minutes; None when it does."""
    state, older = schedule.attribute("state"), schedule.attribute("is_enabled")
    expression = schedule.attribute("schedule_expression")
    if state.text.upper() == "DISABLED" or older.is_false:
        return "is disabled"
    if not _is_often(expression.text, minutes):
        return f"does not run it every {minutes} minutes: {expression.text or 'no schedule'}"
    return None


def _is_often(expression: str, minutes: int) -> bool:
    """Whether at most so many minutes pass between two runs; of cron, expressions for every hour are understood."""
    if rate := _RATE.fullmatch(expression):
        return int(rate[1]) * _MINUTES[rate[2]] <= minutes
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    if len(fields) != 6 or not all(field in ("*", "?") for field in fields[1:]):
        return False
    try:
        runs = sorted(cron.numbers(fields[0], 0, 59))
    except ValueError:
        return False
    return max(later - run for run, later in zip(runs, [*runs[1:], runs[0] + 60], strict=True)) <= minutes
