"""Policy errors-are-counted."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.counted_metrics import counted, is_meant, watched_by
from policies.registry import policy
from policies.resources import Resource

_ERRORS = re.compile(r"error|exception|critical|fatal|fail|panic|traceback|5\*|50\d|>=? *500", re.IGNORECASE)
_ALL_BUT = re.compile(r"(^|\s)-|!=")  # terms and fields that a line must not have


@policy(
    id="errors-are-counted",
    title="Errors in the application's log raise an alarm",
    remediation="Add an aws_cloudwatch_log_metric_filter on the log group whose pattern finds errors, and an alarm "
    "with an action on its metric.",
    severity="medium",
    applies_to=("aws_cloudwatch_log_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, log_group: str) -> Iterator[Finding]:
    """An application says what goes wrong long before it stops. Nobody reads its log all day; a number that rises,
    and an alarm on the number, is what makes somebody look."""
    if not is_meant(group, log_group):
        yield group.not_applicable(f"its name does not begin with {log_group}")
        return
    unwatched = None
    for filter_, transformation in counted(group, graph):
        pattern = filter_.attribute("pattern").text
        if not _ERRORS.search(pattern) or _ALL_BUT.search(pattern):
            continue
        if transformation.attribute("value").text in ("", "0"):
            continue
        alarm = watched_by(transformation, graph)
        if alarm:
            yield group.passes(f"{filter_.address} counts errors, and {alarm} watches the number")
            return
        unwatched = filter_
    if unwatched:
        yield group.fails(f"{unwatched.address} counts errors, and no alarm with an action watches the number")
    else:
        yield group.fails("no metric filter counts the errors in it")
