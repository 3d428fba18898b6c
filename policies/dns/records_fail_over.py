"""Policy records-fail-over."""

from collections.abc import Iterator

from policies.dns import failover
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# Route 53 answers for aliases of load balancers with a TTL of its own, and serves a change everywhere within a minute
# (Route 53 developer guide: "Choosing between alias and non-alias records", "How Route 53 determines health").
ALIAS_TTL_SECONDS = 60
PROPAGATION_SECONDS = 60


@policy(
    id="records-fail-over",
    title="A name has a primary and a secondary record, and moves from one to the other in time",
    remediation="Declare a PRIMARY and a SECONDARY failover record of the name and type, the primary one with a health "
    "check; shorten its interval or threshold, or the TTL.",
    severity="high",
    applies_to=(failover.RECORD,),
)
def judge(record: Resource, graph: ResourceGraph, *, minutes: int) -> Iterator[Finding]:
    """How long an outage lasts is decided before it: by how often somebody looks, how often that has to fail, and how
    long resolvers keep the old answer. A second address type without failover leaves its viewers where they are."""
    if not failover.part(record):
        yield record.not_applicable("no failover record")
        return
    kind = record.attribute("type").text
    siblings = failover.of_one_name(record, graph)
    parts = {part: one for one in siblings if one.attribute("type").text == kind and (part := failover.part(one))}
    for part in (failover.PRIMARY, failover.SECONDARY):
        if part not in parts:
            yield record.fails(f"the name has no {part} record of type {kind}")
    for one in siblings:
        if not failover.part(one) and one.attribute("type").text in failover.ADDRESS_TYPES:
            yield record.fails(f"{one.address} answers for the same name without failover")
    if failover.PRIMARY in parts:
        yield from _in_time(record, parts[failover.PRIMARY], graph, minutes)


def _in_time(record: Resource, primary: Resource, graph: ResourceGraph, minutes: int) -> Iterator[Finding]:
    """The verdict on the time that passes before viewers of the primary record have left it."""
    checks = failover.checks_of(primary, graph)
    if not checks:
        yield record.fails(f"no health check of this stack says when {primary.address} fails")
    for check in checks:
        noticed = failover.interval_seconds(check) * failover.failures(check)
        cached = ALIAS_TTL_SECONDS if primary.blocks("alias") else primary.attribute("ttl").number or 0
        seconds = noticed + PROPAGATION_SECONDS + cached
        shown = f"{seconds:g} s: {noticed:g} to notice, {PROPAGATION_SECONDS} to change, {cached:g} cached"
        yield record.passes(shown) if seconds <= 60 * minutes else record.fails(f"{shown}; {60 * minutes} s planned")
