"""Policy bucket-replicates."""

from collections.abc import Iterator

from policies.deployment.regions import region_name
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import holds_logs
from policies.registry import policy
from policies.replication.replicas import (
    BUCKET,
    BUCKET_REPLICATION,
    covers_everything,
    enabled_rules,
    is_enabled,
    region_of_copies,
)
from policies.resources import Block, Resource

_TIME = "destination.replication_time"


@policy(
    id="bucket-replicates",
    title="Every object of a bucket is copied to another region in time",
    remediation="Declare an aws_s3_bucket_replication_configuration with an enabled rule without filter, to a bucket "
    "of another region, with replication_time, metrics and delete_marker_replication.",
    severity="high",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph, *, minutes: int, both_ways: bool = False) -> Iterator[Finding]:
    """S3 copies when it gets round to it, unless a rule says by when, and tells nobody what it did not copy. A rule for
    a part of the bucket leaves the rest to be lost with the region. Buckets that hold logs are excepted.

    With `both_ways` the bucket that takes the copies has to copy back what is put into it."""
    if reason := holds_logs(bucket, graph):
        yield bucket.not_applicable(f"a bucket for logs: {reason}")
        return
    rules = enabled_rules(bucket, graph)
    if not rules and not both_ways and graph.referrers(bucket, BUCKET_REPLICATION, "rule.destination.bucket"):
        yield bucket.not_applicable("it holds the copies of another bucket")
        return
    if not any(covers_everything(rule) for rule in rules):
        yield bucket.fails("no enabled rule copies all of its objects")
    here = region_name(bucket) if rules else ""
    for rule in rules:
        place, flaws = f"{rule.resource.address}: {rule.path}", list(_flaws(rule, minutes))
        there = region_of_copies(rule, graph)
        if there == here:
            flaws.append(f"copies within {here}")
        if flaws:
            yield bucket.fails(f"{place} {', '.join(flaws)}")
        else:
            yield bucket.passes(f"{place} copies to {there} within {minutes} minutes")


def _flaws(rule: Block, minutes: int) -> Iterator[str]:
    limit = rule.attribute(f"{_TIME}.time.minutes").number
    if not is_enabled(rule, _TIME) or limit is None or limit > minutes:
        yield f"promises no copy within {minutes} minutes"
    if not is_enabled(rule, "destination.metrics"):
        yield "measures nothing"
    if not is_enabled(rule, "delete_marker_replication"):
        yield "leaves deleted objects in the copy"
