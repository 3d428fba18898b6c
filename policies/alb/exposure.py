"""Which load balancers the two CloudFront policies are about."""

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Resource

BALANCERS = ("aws_lb", "aws_alb")


def unexposed(balancer: Resource, graph: ResourceGraph) -> Finding | None:
    """The finding for a balancer that is no internet-facing application load balancer; None for one that is."""
    kind = balancer.attribute("load_balancer_type")
    if not kind.is_missing and kind.value != "application":
        return balancer.not_applicable(f"a {kind.text} load balancer, not an application load balancer")
    internal = balancer.attribute("internal")
    if not internal.is_true:
        return None
    if graph.referrers(balancer, "aws_cloudfront_vpc_origin", "vpc_origin_endpoint_config.arn"):
        return internal.passes("internal, and reached through a CloudFront VPC origin")
    return balancer.not_applicable("an internal load balancer")
