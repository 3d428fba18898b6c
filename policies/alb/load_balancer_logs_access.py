"""Policy load-balancer-logs-access."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="load-balancer-logs-access",
    title="The load balancer writes an access log",
    remediation="Set access_logs { bucket = ..., enabled = true } on the load balancer.",
    severity="medium",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The access log is the only record of every request, with its sender, that an intruder on an instance cannot
    change. It is off unless somebody turns it on, even where a bucket is named."""
    kind = balancer.attribute("load_balancer_type").text
    if kind not in ("", "application"):
        yield balancer.not_applicable(f"a {kind} load balancer")
        return
    enabled, bucket = balancer.attribute("access_logs.enabled"), balancer.attribute("access_logs.bucket")
    if not enabled.is_true:
        yield enabled.fails("the access log is off")
    elif bucket.is_unresolved or bucket.text:
        yield enabled.passes("requests are logged")
    else:
        yield bucket.fails("no bucket is named")
