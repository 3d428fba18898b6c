"""Policy origins-use-modern-tls."""

from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION, behaviors
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource

_MODERN = ("TLSv1.2", "TLSv1.3")


@policy(
    id="origins-use-modern-tls",
    title="CloudFront speaks TLS 1.2 or newer with every origin that is no bucket",
    remediation="Set origin_protocol_policy of each custom origin to https-only, and origin_ssl_protocols to TLSv1.2.",
    severity="high",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """From CloudFront to the origin a request crosses open networks a second time, with the same session cookies and
    the same account data in it as on the first part of the way."""
    silent = True
    for origin in distribution.blocks("origin"):
        for config in origin.blocks("custom_origin_config"):
            silent = False
            yield from _judge_origin(distribution, config, config.attribute("origin_ssl_protocols"))
        for reference in origin.blocks("vpc_origin_config"):
            silent = False
            yield from _judge_endpoint(distribution, reference.attribute("vpc_origin_id"), graph)
    if silent:
        yield distribution.not_applicable("it has no origin but buckets")


def _judge_endpoint(distribution: Resource, named: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    endpoints = graph.targets(named, "aws_cloudfront_vpc_origin")
    if not endpoints:
        yield named.undetermined("the VPC origin is not part of this input")
    for endpoint in endpoints:
        for config in endpoint.blocks("vpc_origin_endpoint_config"):
            protocols = config.attribute("origin_ssl_protocols.items")
            for finding in _judge_origin(distribution, config, protocols):
                yield Finding(finding.outcome, named.path, finding.observed, f"{endpoint.address}: {finding.message}")


def _judge_origin(distribution: Resource, config: Block, protocols: Attribute) -> Iterator[Finding]:
    policy_ = config.attribute("origin_protocol_policy")
    if policy_.value != "https-only" and not (policy_.value == "match-viewer" and _is_https_only(distribution)):
        yield policy_.fails("requests go to the origin without TLS")
    old = [protocol.text for protocol in protocols.items() if protocol.text not in _MODERN]
    if old or not protocols.items():
        yield protocols.fails(f"CloudFront falls back to {', '.join(old) or 'a protocol that is not said'}")
    else:
        yield policy_.passes("requests go to the origin with TLS 1.2 or newer")


def _is_https_only(distribution: Resource) -> bool:
    """No behavior takes plain HTTP from viewers, so that there is none to pass on."""
    policies = [behavior.attribute("viewer_protocol_policy").value for behavior in behaviors(distribution)]
    return all(one in ("https-only", "redirect-to-https") for one in policies)
