"""What a CloudFront distribution answers from where: its cache behaviors, and the origins behind them."""

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.resources import Attribute, Block, Resource, Undetermined, Unresolved

DISTRIBUTION = "aws_cloudfront_distribution"
_ADDRESS_RECORDS = ("A", "AAAA", "CNAME")
# Names whose value may come from anywhere; a reference to anything else says of what type it is.
_FROM_ELSEWHERE = ("var.", "local.", "module.", "each.", "data.")


def behaviors(distribution: Resource) -> tuple[Block, ...]:
    """Every cache behavior, the default one first."""
    return (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))


def origins_of(behavior: Block, distribution: Resource) -> tuple[Block, ...]:
    """The origins that a behavior sends requests to: one, or the members of an origin group."""
    target = behavior.attribute("target_origin_id")
    members = [
        member.attribute("origin_id")
        for group in _named(distribution.blocks("origin_group"), target)
        for member in group.blocks("member")
    ]
    origins = distribution.blocks("origin")
    return tuple(origin for id_ in members or [target] for origin in _named(origins, id_))


def is_static(behavior: Block, distribution: Resource) -> bool:
    """Whether the behavior answers from buckets only, in which files lie that are the same for everybody."""
    origins = origins_of(behavior, distribution)
    return bool(origins) and all(is_bucket_origin(origin) for origin in origins)


def is_bucket_origin(origin: Block) -> bool:
    """Whether CloudFront speaks S3's own protocol with the origin, which is so unless it is told otherwise."""
    return not origin.blocks("custom_origin_config") and not origin.blocks("vpc_origin_config")


def leads_to_balancer(origin: Block, graph: ResourceGraph) -> bool:
    """Whether the origin is a load balancer: by its own name, by DNS records of this stack, or as a VPC origin."""
    domain = origin.attribute("domain_name")
    endpoints = [
        endpoint.attribute("vpc_origin_endpoint_config.arn")
        for config in origin.blocks("vpc_origin_config")
        for endpoint in graph.targets(config.attribute("vpc_origin_id"), "aws_cloudfront_vpc_origin")
    ]
    if any(_is_balancer(name, graph) for name in (domain, *endpoints)):
        return True
    records = graph.targets(domain, "aws_route53_record")
    addresses = [record for record in records if record.attribute("type").value in _ADDRESS_RECORDS]
    if addresses or is_bucket_origin(origin):
        return bool(addresses) and all(_points_to_balancer(record, graph) for record in addresses)
    known = domain.raw_value
    if isinstance(known, Unresolved) and (not known.is_reference or known.references[0].startswith(_FROM_ELSEWHERE)):
        raise Undetermined(domain.undetermined(f"what answers at this name is not known here: {known.text}"))
    return False


def _points_to_balancer(record: Resource, graph: ResourceGraph) -> bool:
    values = record.attribute("records")
    names = [alias.attribute("name") for alias in record.blocks("alias")]
    return any(_is_balancer(name, graph) for name in [*names, values])


def _is_balancer(name: Attribute, graph: ResourceGraph) -> bool:
    return bool(graph.targets(name, *BALANCERS, *(f"data.{type_}" for type_ in BALANCERS)))


def _named(blocks: tuple[Block, ...], id_: Attribute) -> tuple[Block, ...]:
    """The blocks with this origin_id. Raises Undetermined when only a value that nobody knows could be it."""
    same = tuple(block for block in blocks if block.attribute("origin_id").raw_value == id_.raw_value)
    return same or tuple(block for block in blocks if block.attribute("origin_id").value == id_.value)
