"""Policy balancer-logs-requests."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="balancer-logs-requests",
    title="An application load balancer logs every request",
    remediation="Set access_logs { bucket = ..., enabled = true } on the load balancer.",
    severity="medium",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The load balancer is the last place that sees every request, also the ones that reach no instance. Without its
    log nobody can say later who asked for what, and who was refused."""
    kind = balancer.attribute("load_balancer_type")
    if kind.text not in ("", "application"):
        yield balancer.not_applicable(f"a {kind.text} load balancer, not an application load balancer")
        return
    enabled, bucket = balancer.attribute("access_logs.enabled"), balancer.attribute("access_logs.bucket")
    if not enabled.is_true:
        yield enabled.fails("access logs are not switched on" if enabled.is_missing else "access logs are switched off")
    elif bucket.is_handed_over or bucket.is_given:
        yield enabled.passes("every request is logged")
    else:
        yield bucket.fails("no bucket is named for the access logs")
