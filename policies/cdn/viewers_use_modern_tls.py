"""Policy viewers-use-modern-tls."""

import re
from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION, behaviors
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# CloudFront's security policies from 2019 on have forward secrecy in every cipher suite.
_MODERN = re.compile(r"TLSv1\.[23]_20(19|[2-9]\d)")
_DEFAULT = "TLSv1"


@policy(
    id="viewers-use-modern-tls",
    title="Viewers reach a distribution with modern TLS only",
    remediation="Give the distribution a certificate of its own with minimum_protocol_version TLSv1.2_2021, and every "
    "cache behavior the viewer_protocol_policy https-only or redirect-to-https.",
    severity="high",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """On the viewer's side of CloudFront anybody may listen. Plain HTTP gives them the session, and old versions of
    TLS can be broken; CloudFront offers TLS 1.0 unless it is told otherwise."""
    for behavior in behaviors(distribution):
        policy_ = behavior.attribute("viewer_protocol_policy")
        if policy_.value not in ("https-only", "redirect-to-https"):
            yield policy_.fails("plain HTTP is answered")
    names = ("acm_certificate_arn", "iam_certificate_id")
    if not any(distribution.attribute(f"viewer_certificate.{name}").is_given for name in names):
        own = distribution.attribute("viewer_certificate.cloudfront_default_certificate")
        yield own.fails("the certificate is CloudFront's own, with which TLS 1.0 cannot be refused")
        return
    version = distribution.attribute("viewer_certificate.minimum_protocol_version")
    if _MODERN.fullmatch(version.text or _DEFAULT):
        yield version.passes("TLS 1.2 or newer is demanded")
    else:
        yield version.fails(f"{version.text or _DEFAULT} is accepted")
