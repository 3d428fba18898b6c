"""Policy functions-have-log-groups."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_groups import is_declared, written
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="functions-have-log-groups",
    title="The log group of a function is part of its stack",
    remediation="Declare an aws_cloudwatch_log_group named /aws/lambda/FUNCTION, or name one of the stack in "
    "logging_config.log_group.",
    severity="medium",
    applies_to=("aws_lambda_function",),
)
def judge(function: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A log group that is not there, Lambda makes itself, if the role lets it: without a key of ours, kept for ever,
    and left behind. If the role does not, everything the function says is lost."""
    configured, name = function.attribute("logging_config.log_group"), function.attribute("function_name")
    groups = graph.targets(configured, "aws_cloudwatch_log_group")
    if groups:
        yield configured.passes(f"it writes to {groups[0].address}")
        return
    wanted = f"/aws/lambda/{written(name)}" if configured.raw_value in (None, "") else written(configured)
    declared = is_declared(wanted, graph)
    if declared:
        yield name.passes(f"the log group {wanted} is part of the stack")
    elif declared is None or name.is_unresolved or configured.is_unresolved:
        yield name.undetermined(f"whether a log group has the name {wanted} is not known here")
    else:
        yield name.fails(f"no log group of the stack has the name {wanted}")
