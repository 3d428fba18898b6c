"""Policy logs-kept-90-days."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import KEPT_DAYS, archives, bucket_retention, event_days, holds_logs
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="logs-kept-90-days",
    title="Logs are kept at least 90 days, and not for ever",
    remediation="Set retention_in_days of the log group to 90 or more; give a log bucket one enabled lifecycle rule "
    "without filter that expires objects after 90 days or more.",
    severity="medium",
    applies_to=("aws_cloudwatch_log_group", "aws_s3_bucket"),
)
def judge(store: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """An intrusion is found weeks after it began: logs that are gone by then cannot tell what happened. Logs without
    an end hold personal data longer than anyone may keep it, and cost for ever."""
    if store.type == "aws_s3_bucket":
        reason = holds_logs(store, graph)
        if reason is None:
            yield store.not_applicable("nothing says that logs are kept in this bucket")
        else:
            yield bucket_retention(store, graph)
        return
    retention = store.attribute("retention_in_days")
    days = event_days(store)
    if days is None:
        yield retention.fails("events never expire: retention_in_days is not set")
    elif days >= KEPT_DAYS:
        yield retention.passes(f"events are kept {days:g} days")
    else:
        archived = list(_archived(store, graph))
        yield from archived or [retention.fails(f"events are kept {days:g} days, less than {KEPT_DAYS}")]


def _archived(group: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A subscription of every event to a delivery stream whose bucket keeps them long enough."""
    for stream, bucket in archives(group, graph):
        if bucket_retention(bucket, graph).outcome == "pass":
            yield group.passes(f"every event goes through {stream.address} to {bucket.address}, kept long enough")
