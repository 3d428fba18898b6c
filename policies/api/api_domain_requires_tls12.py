"""Policy api-domain-requires-tls12."""

import re
from collections.abc import Iterator

from policies.api.apis import DOMAIN, REST_DOMAIN
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_MODERN = re.compile(r"TLS_1_[23]|SecurityPolicy_TLS1[23]_.*")


@policy(
    id="api-domain-requires-tls12",
    title="The domain name of an API speaks TLS 1.2 and newer only",
    remediation="Set security_policy to TLS_1_2.",
    severity="high",
    applies_to=(DOMAIN, REST_DOMAIN),
)
def judge(domain: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """TLS 1.0 and 1.1 have known weaknesses that let somebody on the way read what is sent. A domain name of a REST
    API that names no policy keeps the one that was AWS's default on the day it was made, which was TLS 1.0 once."""
    named = domain.attribute(
        "security_policy" if domain.type == REST_DOMAIN else "domain_name_configuration.security_policy"
    )
    if not named.text:
        yield named.fails("no policy is named, so the default of the day on which it is made decides")
    elif _MODERN.fullmatch(named.text):
        yield named.passes("it speaks TLS 1.2 and newer only")
    else:
        yield named.fails(f"{named.text} is not known to refuse TLS 1.0 and 1.1")
