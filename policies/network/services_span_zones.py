"""Policy services-span-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource

# What spreads itself over the subnets that it is given; the rest of what stands in a network has one.
_SUBNETS = {
    "aws_lambda_function": ("vpc_config.subnet_ids",),
    "aws_lb": ("subnets", "subnet_mapping.subnet_id"),
    "aws_alb": ("subnets", "subnet_mapping.subnet_id"),
    "aws_apigatewayv2_vpc_link": ("subnet_ids",),
    "aws_ecs_service": ("network_configuration.subnets",),
    "aws_db_subnet_group": ("subnet_ids",),
    "aws_elasticache_subnet_group": ("subnet_ids",),
    "aws_elasticache_serverless_cache": ("subnet_ids",),
    "aws_vpc_endpoint": ("subnet_ids", "subnet_configuration.subnet_id"),
}


@policy(
    id="services-span-zones",
    title="What spreads over subnets has one in each planned zone",
    remediation="Give functions, load balancers, VPC links, endpoints and subnet groups one subnet of each zone.",
    severity="medium",
    applies_to=tuple(_SUBNETS),
)
def judge(service: Resource, graph: ResourceGraph, *, zones: int) -> Iterator[Finding]:
    """A chain over three zones is worth no more than its narrowest link: one endpoint in a single zone, and all three
    stop with it."""
    written = [one for path in _SUBNETS[service.type] for one in service.attributes(path)]
    if service.type == "aws_vpc_endpoint":
        associations = graph.referrers(service, f"{service.type}_subnet_association", "vpc_endpoint_id")
        written += [one.attribute("subnet_id") for one in associations]
    named = [one for one in written if one.is_unresolved or one.value]
    if not named:
        yield service.not_applicable("it stands in no subnet that it names")
        return
    spanned = topology.count_zones(named, graph, wanted=zones)
    if spanned < zones:
        yield named[0].fails(f"its subnets lie in {spanned} zones, not in {zones}")
    else:
        yield named[0].passes(f"its subnets lie in {spanned} zones")
