"""Policy cors-names-origins."""

import re
from collections.abc import Iterator

from policies.api.apis import API
from policies.cdn.distributions import DISTRIBUTION, behaviors, is_static
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource, Unresolved

_HEADERS = "aws_cloudfront_response_headers_policy"
_PLACES = {
    API: ("cors_configuration", "allow_origins"),
    "aws_lambda_function_url": ("cors", "allow_origins"),
    "aws_s3_bucket_cors_configuration": ("cors_rule", "allowed_origins"),
    "aws_s3_bucket": ("cors_rule", "allowed_origins"),
    _HEADERS: ("cors_config", "access_control_allow_origins.items"),
}
_RESPONSES = ("aws_api_gateway_integration_response", "aws_api_gateway_gateway_response")
_ALLOWED = re.compile(r"(method\.|gateway)response\.header\.access-control-allow-origin", re.IGNORECASE)
_READING = frozenset({"GET", "HEAD"})
_ORIGIN = re.compile(r"https://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?")


@policy(
    id="cors-names-origins",
    title="Only pages of named origins may call from a browser, and only over HTTPS",
    remediation="List the origins (https://app.example.com) instead of *, and none that begins with http://.",
    severity="high",
    applies_to=(*_PLACES, *_RESPONSES),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """`*` lets a page of anybody ask in the name of whoever looks at it, and read the answer; so does an origin over
    plain HTTP for whoever sits on the way. Files that a bucket only hands out may be read from everywhere.
    What a distribution says takes the place of what the API behind it says."""
    origins = list(_origins(resource, graph))
    if not origins:
        yield resource.not_applicable("nothing is said about other origins, so browsers refuse them")
    for origin, reads_only in origins:
        known = origin.raw_value
        text = known.literal if isinstance(known, Unresolved) else origin.text.strip("'")
        if not isinstance(known, Unresolved) and not text:
            yield origin.fails("no origin is named")
        elif isinstance(known, Unresolved) and not text.startswith("https://"):
            yield origin.undetermined(f"which origin this is cannot be known here: {known.text}")
        elif isinstance(known, Unresolved) or _ORIGIN.fullmatch(text):
            yield origin.passes(f"{text} is a named origin")
        elif text == "*" and reads_only:
            yield origin.passes("everybody may read what the bucket hands out")
        else:
            yield origin.fails("every origin may call" if "*" in text else f"{text} is no origin over HTTPS")


def _origins(resource: Resource, graph: ResourceGraph) -> Iterator[tuple[Attribute, bool]]:
    """Each origin, and whether it may do no more than read a bucket's objects."""
    if resource.type in _RESPONSES:
        headers = resource.attribute("response_parameters").value
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if _ALLOWED.fullmatch(name):
                yield Attribute(resource, f"response_parameters.{name}", value, ()), False
        return
    block_name, path = _PLACES[resource.type]
    for block in resource.blocks(block_name):
        named = block.attribute(path)
        reads_only = _is_of_buckets(resource, graph) and _reads_only(block)
        for item in (named,) if named.is_unresolved or not named.value else named.items():
            yield item, reads_only


def _is_of_buckets(resource: Resource, graph: ResourceGraph) -> bool:
    """Whether it is about buckets alone: one itself, or what a distribution adds to the answers of buckets."""
    if resource.type != _HEADERS:
        return resource.type.startswith("aws_s3_")
    answering = [
        is_static(behavior, distribution)
        for distribution in graph.of_type(DISTRIBUTION)
        for behavior in behaviors(distribution)
        if resource in graph.targets(behavior.attribute("response_headers_policy_id"), _HEADERS)
    ]
    return all(answering)


def _reads_only(rule: Block) -> bool:
    """Whether nothing is written, and no browser adds its cookies."""
    methods = [rule.attribute(path) for path in ("allowed_methods", "access_control_allow_methods.items")]
    named = {method.text for one in methods for method in one.items()}
    return named <= _READING and not rule.attribute("access_control_allow_credentials").is_true
