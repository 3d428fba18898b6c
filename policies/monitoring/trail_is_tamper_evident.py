"""Policy trail-is-tamper-evident."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="trail-is-tamper-evident",
    title="Changed or missing files of a trail can be detected",
    remediation="Set enable_log_file_validation = true.",
    severity="medium",
    applies_to=("aws_cloudtrail",),
)
def judge(trail: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whoever covers tracks edits the log. With signed digests CloudTrail proves which files are as it wrote them, and
    that none is missing; without them a log is a text like any other."""
    validation = trail.attribute("enable_log_file_validation")
    if validation.is_true:
        yield validation.passes("CloudTrail signs digests of its files")
    else:
        yield validation.fails("CloudTrail signs no digests of its files")
