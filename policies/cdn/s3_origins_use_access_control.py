"""Policy s3-origins-use-access-control."""

import re
from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION, is_bucket_origin
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource

_ACCESS_CONTROL = "aws_cloudfront_origin_access_control"
_ENDPOINT = re.compile(r"(^|\.)s3[.-][\w.-]*amazonaws\.com(\.cn)?$")
_BUCKETS = ("aws_s3_bucket", "aws_s3_bucket_website_configuration", "data.aws_s3_bucket")


@policy(
    id="s3-origins-use-access-control",
    title="CloudFront signs every request to a bucket",
    remediation="Give each S3 origin an origin access control with signing_behavior always, and use the bucket's "
    "regional domain name, not its website endpoint.",
    severity="high",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A bucket can tell CloudFront from everybody else only by a signature. Without one it has to be public, and then
    whoever knows its name walks around the distribution. The older origin access identity knows neither KMS nor new
    regions."""
    silent = True
    for origin in distribution.blocks("origin"):
        if is_bucket_origin(origin):
            silent = False
            yield from _judge_origin(origin, graph)
        elif graph.targets(origin.attribute("domain_name"), *_BUCKETS) or _is_bucket(origin):
            silent = False
            yield origin.attribute("domain_name").fails("requests to the bucket are not signed: it is a custom origin")
    if silent:
        yield distribution.not_applicable("no origin of it is a bucket")


def _judge_origin(origin: Block, graph: ResourceGraph) -> Iterator[Finding]:
    named = origin.attribute("origin_access_control_id")
    if not named.is_unresolved and not named.text:
        yield named.fails("requests to the bucket are not signed by an origin access control")
        return
    controls = graph.targets(named, _ACCESS_CONTROL, f"data.{_ACCESS_CONTROL}")
    if not controls:
        yield named.undetermined("the origin access control is not part of this input")
    for control in controls:
        behavior = control.attribute("signing_behavior")
        if control.type.startswith("data.") and behavior.is_missing:
            yield named.undetermined(f"what {control.address} finds is not known here")
        elif behavior.value == "always":
            yield named.passes(f"{control.address} has every request signed")
        else:
            yield named.fails(f"{control.address} does not have every request signed: {behavior.text or 'not set'}")


def _is_bucket(origin: Block) -> bool:
    """A bucket of another stack, by its website endpoint or any other."""
    domain = origin.attribute("domain_name")
    return not domain.is_unresolved and bool(_ENDPOINT.search(domain.text))
