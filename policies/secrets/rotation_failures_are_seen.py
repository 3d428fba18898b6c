"""Policy rotation-failures-are-seen."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.secrets.error_alarms import sees_first_error, tells_somebody
from policies.secrets.rotation import functions

_ALARM = "aws_cloudwatch_metric_alarm"


@policy(
    id="rotation-failures-are-seen",
    title="An alarm tells somebody when a rotation fails",
    remediation="Add an alarm on the function's Errors (namespace AWS/Lambda, statistic Sum) with an action, which "
    "goes off at the first error.",
    severity="high",
    applies_to=("aws_secretsmanager_secret_rotation",),
)
def judge(rotation: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A rotation that stops half way leaves the old password in use, and nobody notices: the application works on.
    Secrets Manager tries again at its next date, and meets the same error."""
    rotating = functions(rotation, graph)
    if not rotating:
        yield rotation.attribute("rotation_lambda_arn").undetermined("the function is not part of this input")
    for function in rotating:
        watching = graph.referrers(function, _ALARM, "dimensions.FunctionName")
        seeing = [alarm for alarm in watching if sees_first_error(alarm)]
        telling = [alarm for alarm in seeing if tells_somebody(alarm)]
        if telling:
            yield rotation.passes(f"{telling[0].address} goes off at the first error of {function.address}")
        elif seeing:
            yield rotation.fails(f"{seeing[0].address} goes off, and tells nobody")
        else:
            yield rotation.fails(f"no alarm goes off at the first error of {function.address}")
