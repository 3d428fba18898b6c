"""Policy audit-logs-kept."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import archives, audit_sources, bucket_retention, event_days
from policies.registry import policy
from policies.resources import Resource, Undetermined

YEAR_DAYS = 365
_BUCKET = "aws_s3_bucket"


@policy(
    id="audit-logs-kept",
    title="Audit logs are kept at least a year",
    remediation="Set retention_in_days of the log group to 365 or more, or none; let no enabled lifecycle rule of the "
    "bucket expire objects earlier; or copy every event to a bucket that keeps it.",
    severity="high",
    applies_to=("aws_cloudwatch_log_group", _BUCKET),
)
def judge(store: Resource, graph: ResourceGraph, *, days: int = YEAR_DAYS) -> Iterator[Finding]:
    """Who did what, who came from where, and what was refused, is asked months later: after a fraud, by an assessor,
    by a court. These are the logs of CloudTrail, networks, firewalls, load balancers, distributions, buckets and the
    audit of databases."""
    if next(audit_sources(store, graph), None) is None:
        yield store.not_applicable("nothing says that it takes audit logs")
    elif store.type == _BUCKET:
        yield bucket_retention(store, graph, days=days, may_stay=True)
    else:
        retention = store.attribute("retention_in_days")
        kept = event_days(store)
        if kept is None or kept >= days:
            yield retention.passes(f"events are kept {'for ever' if kept is None else f'{kept:g} days'}")
        elif _is_kept_elsewhere(store, graph, days):
            yield store.passes(f"a copy of every event is kept at least {days} days")
        else:
            yield retention.fails(f"events are kept {kept:g} days, less than {days}")


def _is_kept_elsewhere(group: Resource, graph: ResourceGraph, days: int) -> bool:
    """Copied by a subscription; or all of it comes from trails, which put the same into buckets of theirs."""

    def lasts(bucket: Resource) -> bool:
        return bucket_retention(bucket, graph, days=days, may_stay=True).outcome == "pass"

    if any(lasts(bucket) for _, bucket in archives(group, graph)):
        return True
    for source in audit_sources(group, graph):
        named = source.attribute("s3_bucket_name")
        buckets = graph.targets(named, _BUCKET)
        if source.type == "aws_cloudtrail" and not buckets:
            raise Undetermined(group.undetermined(f"the bucket of {source.address} is not part of this input"))
        if source.type != "aws_cloudtrail" or not all(lasts(bucket) for bucket in buckets):
            return False
    return True
