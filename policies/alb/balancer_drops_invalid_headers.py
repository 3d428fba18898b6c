"""Policy balancer-drops-invalid-headers."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_SETTING = "drop_invalid_header_fields"


@policy(
    id="balancer-drops-invalid-headers",
    title="An application load balancer drops header fields whose names are not valid",
    remediation="Set drop_invalid_header_fields of the load balancer to true.",
    severity="medium",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The load balancer and the servers behind it can read a header with an odd name differently. An attacker who finds
    such a name hides a request in another one, or a header from the rules that look for it."""
    if balancer.attribute("load_balancer_type").text not in ("", "application"):
        yield balancer.not_applicable("reads no headers: no application load balancer")
        return
    setting = balancer.attribute(_SETTING)
    if setting.is_true:
        yield setting.passes("header fields that are not valid are dropped")
    elif setting.is_missing:
        yield setting.fails(f"{_SETTING} is not set, and the default lets every header through")
    else:
        yield setting.fails(f"{_SETTING} is {setting.text}: every header is let through")
