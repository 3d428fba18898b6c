"""Policy recent-logs-at-hand."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import KEPT_DAYS, audit_sources, transitions
from policies.registry import policy
from policies.resources import Resource

# Storage classes from which an object has to be fetched back first, which takes minutes to days.
_FROZEN = ("GLACIER", "DEEP_ARCHIVE")


@policy(
    id="recent-logs-at-hand",
    title="Audit logs of the last three months can be read at once",
    remediation="Let lifecycle rules move audit logs to GLACIER or DEEP_ARCHIVE after 90 days or more.",
    severity="medium",
    applies_to=("aws_s3_bucket",),
)
def judge(bucket: Resource, graph: ResourceGraph, *, days: int = KEPT_DAYS) -> Iterator[Finding]:
    """Whoever follows an intruder cannot wait half a day for each file. Classes that answer at once (also
    GLACIER_IR) cost little more."""
    if next(audit_sources(bucket, graph), None) is None:
        yield bucket.not_applicable("nothing says that it takes audit logs")
        return
    early = [
        transition
        for transition in transitions(bucket, graph)
        if transition.attribute("storage_class").text in _FROZEN
        and (transition.attribute("date").text or (transition.attribute("days").number or 0) < days)
    ]
    for transition in early:
        when = transition.attribute("date").text or f"{transition.attribute('days').text or 0} days"
        class_ = transition.attribute("storage_class").text
        yield bucket.fails(f"{transition.resource.address} moves objects to {class_}: {when}")
    if not early:
        yield bucket.passes(f"nothing has to be fetched back within {days} days")
