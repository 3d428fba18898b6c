"""Policy functions-keep-failed-events."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_INVOKING = (
    ("aws_secretsmanager_secret_rotation", "rotation_lambda_arn"),
    ("aws_scheduler_schedule", "target.arn"),  # under a role, without a permission of the function
)
# Services that invoke a function and do not wait for what it answers.
_DO_NOT_WAIT = ("secretsmanager", "events", "s3", "sns", "logs", "ses", "iot", "scheduler", "config", "codecommit")


@policy(
    id="functions-keep-failed-events",
    title="A function keeps the events that it could not handle",
    remediation="Name a queue or topic in dead_letter_config.target_arn, or in destination_config.on_failure of an "
    "aws_lambda_function_event_invoke_config.",
    severity="medium",
    applies_to=("aws_lambda_function",),
)
def judge(function: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whoever invokes a function without waiting never learns that it failed: Lambda tries twice more and drops the
    event. What was to be done is then neither done nor known to be undone."""
    if not _is_invoked_without_waiting(function, graph):
        yield function.not_applicable("nothing in this stack invokes it without waiting for its answer")
        return
    target = function.attribute("dead_letter_config.target_arn")
    if target.is_given:
        yield target.passes("events that fail go to a dead-letter target")
        return
    for settings in graph.referrers(function, "aws_lambda_function_event_invoke_config", "function_name"):
        destination = settings.attribute("destination_config.on_failure.destination")
        if destination.is_given:
            yield function.passes(f"{settings.address} says where events go that fail")
            return
    yield target.fails("events that fail are dropped")


def _is_invoked_without_waiting(function: Resource, graph: ResourceGraph) -> bool:
    if any(graph.referrers(function, type_, path) for type_, path in _INVOKING):
        return True
    permissions = graph.referrers(function, "aws_lambda_permission", "function_name")
    return any(one.attribute("principal").text.partition(".")[0] in _DO_NOT_WAIT for one in permissions)
