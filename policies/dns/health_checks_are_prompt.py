"""Policy health-checks-are-prompt."""

from collections.abc import Iterator

from policies.dns import failover
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="health-checks-are-prompt",
    title="Health checks ask over HTTPS, as often as planned, and soon believe what they see",
    remediation="Set type HTTPS, request_interval and failure_threshold as planned; neither disable nor invert it.",
    severity="high",
    applies_to=(failover.CHECK,),
)
def judge(check: Resource, graph: ResourceGraph, *, interval_seconds: int, failures: int) -> Iterator[Finding]:
    """Until the health check gives up, viewers are sent to what is down: the interval times the failures in a row is
    that time. A check over plain HTTP, or of a port alone, finds a service healthy that nobody can use."""
    kind = check.attribute("type")
    if kind.text not in failover.ENDPOINT_TYPES:
        yield check.not_applicable("it asks no endpoint by itself")
        return
    if blind := failover.is_blind(check):
        yield check.fails(f"it {blind}")
    if kind.text not in failover.HTTPS_TYPES:
        yield kind.fails(f"it asks by {kind.text}, not by HTTPS")
    for path, found, limit in (
        ("request_interval", failover.interval_seconds(check), interval_seconds),
        ("failure_threshold", failover.failures(check), failures),
    ):
        if found <= limit:
            yield check.attribute(path).passes(f"it is {found:g}")
        else:
            yield check.attribute(path).fails(f"it is {found:g}, more than {limit}")
