"""Policy alb-requires-origin-header."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS, unexposed
from policies.alb.listeners import listeners_of
from policies.alb.origin_secret import demands_secret
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="alb-requires-origin-header",
    title="The load balancer forwards only requests that carry the secret header of our own distribution",
    remediation="Let the listener answer 403 by default and forward only by rules with an http_header condition whose "
    "value is a generated secret.",
    severity="high",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """CloudFront's prefix list admits the distributions of every AWS customer: anyone can point one of their own at
    our load balancer. Only a secret that our distribution alone sends tells them apart."""
    finding = unexposed(balancer, graph)
    if finding is not None:
        yield balancer.not_applicable(finding.message)
        return
    listeners = listeners_of(balancer, graph)
    if not listeners:
        yield balancer.undetermined("no listener of this load balancer is part of this input")
    for listener in listeners:
        yield from demands_secret(listener, balancer, graph)
