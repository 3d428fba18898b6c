"""Policy trail-records-the-account."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.trail_coverage import gaps
from policies.registry import policy
from policies.resources import Resource, Undetermined


@policy(
    id="trail-records-the-account",
    title="A trail records every management call in every region",
    remediation="Switch on enable_logging, is_multi_region_trail and include_global_service_events, and select all "
    "management events.",
    severity="high",
    applies_to=("aws_cloudtrail",),
)
def judge(trail: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Who breaks in works where nobody looks: in a region that is not used, by calls of IAM. Only a trail over all
    of them can say afterwards what was done, and by whom."""
    found = list(gaps(trail))
    for other in graph.of_type("aws_cloudtrail") if found else ():
        if not list(gaps(other)):
            if other.may_not_exist:
                raise Undetermined(trail.undetermined(f"{other.address} records the account, if it exists"))
            yield trail.not_applicable(f"{other.address} records the account")
            return
    yield from (attribute.fails(reason) for attribute, reason in found)
    if not found:
        yield trail.attribute("is_multi_region_trail").passes("every management call in every region is recorded")
