"""Policy trail-archive-is-locked."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.audit_logs_kept import YEAR_DAYS
from policies.registry import policy
from policies.resources import Block, Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production


@policy(
    id="trail-archive-is-locked",
    title="In production nobody can change or delete the files of a trail for a year",
    remediation="In production, set object_lock_enabled on the bucket of the trail, and give it an "
    "aws_s3_bucket_object_lock_configuration with default_retention { mode = COMPLIANCE, days = 365 }.",
    severity="medium",
    applies_to=("aws_s3_bucket",),
)
def judge(
    bucket: Resource,
    graph: ResourceGraph,
    *,
    days: int = YEAR_DAYS,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """Whoever takes over an account deletes what shows it. A lock in compliance mode is the one protection that the
    account's own administrators, its root user included, cannot lift before its time. Buckets of access logs are not
    meant: S3 and load balancers cannot deliver to a locked one."""
    trail = next(iter(graph.referrers(bucket, "aws_cloudtrail", "s3_bucket_name")), None)
    if trail is None:
        yield bucket.not_applicable("no trail of this stack writes to it")
        return
    findings = [_judge_lock(bucket, retention, days) for retention in _retentions(bucket, graph)]
    locked = next((one for one in findings if one.outcome == "pass"), None)
    if locked:
        yield locked
    elif not is_in_production(bucket, graph, production, elsewhere):
        yield bucket.not_applicable("it is not in production")
    elif findings:
        yield findings[0]
    else:
        enabled = bucket.attribute("object_lock_enabled")
        yield enabled.fails(f"nothing locks the files that {trail.address} writes")


def _retentions(bucket: Resource, graph: ResourceGraph) -> Iterator[Block]:
    for configuration in graph.referrers(bucket, "aws_s3_bucket_object_lock_configuration", "bucket"):
        yield from configuration.blocks("rule.default_retention")
    yield from bucket.blocks("object_lock_configuration.rule.default_retention")


def _judge_lock(bucket: Resource, retention: Block, days: int) -> Finding:
    years = retention.attribute("years").number or 0
    found = retention.attribute("days").number or years * YEAR_DAYS
    if retention.attribute("mode").text != "COMPLIANCE":
        return bucket.fails("its lock is not of compliance mode: it can be lifted before its time")
    if found < days:
        return bucket.fails(f"its lock lasts {found:g} days, less than {days}")
    return bucket.passes(f"its files are locked for {found:g} days")
