"""Policy function-is-scheduled."""

from collections.abc import Iterator

from policies.compute.schedules import flaw_of, rules_of, schedules_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved


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
    for schedule, flaw in (*rules_of(function, graph), *schedules_of(function, graph)):
        flaw = flaw or flaw_of(schedule, minutes)
        if flaw is None:
            yield function.passes(f"{schedule.address} runs it: {schedule.attribute('schedule_expression').text}")
            return
        flaws.append(f"{schedule.address} {flaw}")
    yield function.fails("; ".join(flaws) or "no schedule of this stack runs it")
