"""Policy cloudfront-fronts-load-balancer."""

from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION, behaviors, leads_to_balancer, origins_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="cloudfront-fronts-load-balancer",
    title="A distribution sends its requests to the load balancer",
    remediation="Name the load balancer (or a DNS record that is an alias of it) as domain_name of a custom origin, "
    "and that origin as target_origin_id of the cache behavior; enable the distribution.",
    severity="medium",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph, *, by_default: bool = False) -> Iterator[Finding]:
    """CloudFront takes in attacks and load far away from the application, but only for requests that come by it. A
    distribution that is switched off, or whose behaviors lead elsewhere, leaves the load balancer without cover.

    With `by_default` it is the default behavior that has to lead there, so that no path is forgotten."""
    fronting = [origin for origin in distribution.blocks("origin") if leads_to_balancer(origin, graph)]
    if not fronting:
        yield distribution.not_applicable("no origin of it is a load balancer of this stack")
        return
    asked = distribution.blocks("default_cache_behavior") if by_default else behaviors(distribution)
    reached = {origin.path for behavior in asked for origin in origins_of(behavior, distribution)}
    enabled = distribution.attribute("enabled")
    if not enabled.is_true:
        yield enabled.fails("the distribution is not switched on")
    for origin in fronting:
        if origin.path in reached:
            yield origin.attribute("domain_name").passes("requests go to the load balancer")
    if not any(origin.path in reached for origin in fronting):
        which = "the default behavior does not send" if by_default else "no behavior sends"
        yield fronting[0].attribute("origin_id").fails(f"{which} requests to the load balancer")
