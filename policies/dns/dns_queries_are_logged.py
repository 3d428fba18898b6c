"""Policy dns-queries-are-logged."""

from collections.abc import Iterator

from policies.deployment.regions import region_name
from policies.dns.failover import RECORD
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_ZONE, _LOG = "aws_route53_zone", "aws_route53_query_log"
_LOG_REGION = "us-east-1"


@policy(
    id="dns-queries-are-logged",
    title="The queries that a public hosted zone answers are logged",
    remediation="Declare an aws_route53_query_log of the zone with a log group in us-east-1.",
    severity="medium",
    applies_to=(_ZONE, RECORD),
)
def judge(resource: Resource, graph: ResourceGraph, *, of_records: bool = False) -> Iterator[Finding]:
    """The log of queries shows who looked for names that nobody was told, and where viewers were led during an outage.
    Route 53 keeps no other record of what it answered.

    With `of_records` it is asked of the zones of all records, also where a zone belongs to somebody else."""
    if resource.type == _ZONE and resource.blocks("vpc"):
        yield resource.not_applicable("a private zone; its queries are logged by the resolvers of its networks")
        return
    if resource.type == RECORD and not of_records:
        yield resource.not_applicable("its zone is judged where it is made")
        return
    logs = graph.referrers(resource, _LOG, "zone_id") if resource.type == _ZONE else _logs_of_zone(resource, graph)
    for log in logs:
        for group in graph.targets(log.attribute("cloudwatch_log_group_arn"), "aws_cloudwatch_log_group"):
            if region_name(group) != _LOG_REGION:
                yield resource.fails(f"{group.address} is not in {_LOG_REGION}, and Route 53 writes nowhere else")
        yield resource.passes(f"{log.address} logs the queries")
    if not logs:
        yield resource.fails("no query log of this stack is for its zone")


def _logs_of_zone(record: Resource, graph: ResourceGraph) -> list[Resource]:
    """The logs of the record's zone: named by the same expression or id, or the same resource."""
    zone = record.attribute("zone_id")
    return [log for log in graph.of_type(_LOG) if _is_one(zone, log.attribute("zone_id"), graph)]


def _is_one(zone: Attribute, other: Attribute, graph: ResourceGraph) -> bool:
    if zone.raw_value == other.raw_value:
        return not zone.is_missing
    types = (_ZONE, f"data.{_ZONE}")
    return bool(set(graph.targets(zone, *types)) & set(graph.targets(other, *types)))
