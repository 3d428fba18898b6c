"""Policy log-groups-keep-events."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import event_days
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="log-groups-keep-events",
    title="Log groups have the events of the last days at hand",
    remediation="Set retention_in_days of the log group to the planned number of days, or more.",
    severity="low",
    applies_to=("aws_cloudwatch_log_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, days: int) -> Iterator[Finding]:
    """Questions about yesterday are asked every day. An archive answers them too, but not at once, and not beside the
    graphs and alarms of the hour."""
    retention, kept = group.attribute("retention_in_days"), event_days(group)
    if kept is None or kept >= days:
        yield retention.passes(f"events are kept {'for ever' if kept is None else f'{kept:g} days'}")
    else:
        yield retention.fails(f"events are kept {kept:g} days, fewer than {days}")
