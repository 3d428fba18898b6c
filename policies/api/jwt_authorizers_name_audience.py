"""Policy jwt-authorizers-name-audience."""

from collections.abc import Iterator

from policies.api.apis import AUTHORIZER
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved


@policy(
    id="jwt-authorizers-name-audience",
    title="An API takes tokens of one issuer, made for this API",
    remediation="Set issuer (https) and audience of jwt_configuration, and identity_sources to "
    "$request.header.Authorization.",
    severity="high",
    applies_to=(AUTHORIZER,),
)
def judge(authorizer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """An issuer makes tokens for many applications. An API that does not ask for whom takes the token that a user gave
    to any of them, and so does whoever runs one of them. In a URL a token ends up in logs."""
    if authorizer.attribute("authorizer_type").text != "JWT":
        yield authorizer.not_applicable("a function decides, and what it asks is its code")
        return
    issuer, audience = (authorizer.attribute(f"jwt_configuration.{path}") for path in ("issuer", "audience"))
    source = authorizer.attribute("identity_sources")
    begins = issuer.raw_value.literal if isinstance(issuer.raw_value, Unresolved) else issuer.text
    if issuer.is_unresolved and not begins:
        yield issuer.undetermined("which issuer this is cannot be known here")
    elif not begins.startswith("https://"):
        yield issuer.fails("no issuer is named" if not begins else "the issuer's keys are fetched without TLS")
    named = [one for one in audience.items() if one.is_given and one.raw_value != "*"]
    if named:
        yield audience.passes("it takes tokens that were made for it")
    else:
        yield audience.fails("it takes tokens that were made for anybody")
    if any("querystring" in one.text.lower() for one in source.items()):
        yield source.fails("the token is part of the URL")
