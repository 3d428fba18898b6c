"""Policy function-is-scheduled."""

import re
from collections.abc import Iterator

from policies import cron
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_PERMISSION = "aws_lambda_permission"


@policy(
    id="function-is-scheduled",
    title="A schedule runs the function as often as planned",
    remediation="Point an enabled aws_cloudwatch_event_rule (or aws_scheduler_schedule) with rate(...) at the "
    "function, and let events.amazonaws.com invoke it for that rule.",
    severity="high",
    applies_to=("aws_lambda_function",),
)
def judge(function: Resource, graph: ResourceGraph, *, named: str, minutes: int) -> Iterator[Finding]:
    """A monitor that nobody starts finds nothing, and what nobody invokes raises no error either. A rule that is
    disabled, or may not invoke its target, looks the same as one that works."""
    name = function.attribute("function_name")
    begins = name.raw_value.literal if isinstance(name.raw_value, Unresolved) else ""
    if not (begins or name.text).startswith(named):
        yield function.not_applicable(f"its name does not begin with {named}")
        return
    flaws: list[str] = []
    for schedule, flaw in (*_rules(function, graph), *_schedules(function, graph)):
        flaw = flaw or _flaw(schedule, minutes)
        if flaw is None:
            yield function.passes(f"{schedule.address} runs it: {schedule.attribute('schedule_expression').text}")
            return
        flaws.append(f"{schedule.address} {flaw}")
    yield function.fails("; ".join(flaws) or "no schedule of this stack runs it")


def _rules(function: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, str | None]]:
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


def _schedules(function: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, str | None]]:
    """Those of EventBridge Scheduler, which invokes by a role of its own."""
    for schedule in graph.referrers(function, "aws_scheduler_schedule", "target.arn"):
        yield schedule, "may end" if schedule.attribute("end_date").text else None


def _flaw(schedule: Resource, minutes: int) -> str | None:
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
