"""Policy https-listeners-use-modern-tls."""

from collections.abc import Iterator

from policies.alb.listeners import LISTENERS, protocol_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# The security policies that refuse everything before TLS 1.2, as of 2026 (Elastic Load Balancing user guide,
# "Security policies for your Application Load Balancer", tables of protocols).
_PREFIX = "ELBSecurityPolicy-"
_VARIANTS = ("1-3", "1-2", "1-2-Res", "1-2-Ext1", "1-2-Ext2")
_FIPS_VARIANTS = ("1-3", "1-2", "1-2-Res", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2")
MODERN_POLICIES = frozenset(
    {
        *(f"{_PREFIX}TLS13-{one}-{end}" for one in _VARIANTS for end in ("2021-06", "PQ-2025-09")),
        *(f"{_PREFIX}TLS13-{one}-FIPS-{end}" for one in _FIPS_VARIANTS for end in ("2023-04", "PQ-2025-09")),
        *(f"{_PREFIX}{one}" for one in ("TLS-1-2-2017-01", "TLS-1-2-Ext-2018-06", "FS-1-2-2019-08")),
        *(f"{_PREFIX}{one}" for one in ("FS-1-2-Res-2019-08", "FS-1-2-Res-2020-10")),
        *(f"{_PREFIX}TLS13-1-2-RFC9151{one}-FIPS-2023-07" for one in ("", *(f"-INTEROP{n}" for n in range(1, 5)))),
    }
)


@policy(
    id="https-listeners-use-modern-tls",
    title="HTTPS listeners refuse every protocol before TLS 1.2",
    remediation="Set ssl_policy to a policy of the TLS13-1-2 or TLS13-1-3 family, and certificate_arn.",
    severity="high",
    applies_to=LISTENERS,
)
def judge(listener: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """TLS 1.0 and 1.1 have known weaknesses that let somebody on the way read or change what is sent. A listener that
    is made without naming a policy gets one from 2016, which still speaks both."""
    if protocol_of(listener, graph) not in ("HTTPS", "TLS"):
        yield listener.not_applicable("speaks no TLS")
        return
    chosen, certificate = listener.attribute("ssl_policy"), listener.attribute("certificate_arn")
    if not certificate.is_handed_over and not certificate.is_given:
        yield certificate.fails("no certificate is set")
    if chosen.text in MODERN_POLICIES:
        yield chosen.passes("it speaks TLS 1.2 and newer only")
    elif not chosen.text:
        yield chosen.fails("no policy is set, and the default of 2016 speaks TLS 1.0")
    else:
        yield chosen.fails(f"{chosen.text} is not known to refuse TLS 1.0 and 1.1")
