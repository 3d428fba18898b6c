"""Policy cloudfront-has-web-acl."""

import re
from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_GLOBAL_ACL = re.compile(r"arn:[\w-]+:wafv2:[\w-]+:\d*:global/webacl/.+")


@policy(
    id="cloudfront-has-web-acl",
    title="A web ACL stands before every distribution",
    remediation="Set web_acl_id of the distribution to the ARN of an AWS WAF web ACL with scope CLOUDFRONT.",
    severity="high",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph, *, own: bool = False) -> Iterator[Finding]:
    """Without a web ACL every attempt at injection and every flood of requests arrives at the application, whose own
    checks are then the only ones. An ACL that is declared, but attached to nothing, does not help.

    With `own` it has to be one of this stack, so that its rules are judged, too."""
    named = distribution.attribute("web_acl_id")
    acls = graph.targets(named, "aws_wafv2_web_acl", *(() if own else ("data.aws_wafv2_web_acl",)))
    for acl in acls:
        if acl.attribute("scope").value == "CLOUDFRONT":
            yield named.passes(f"{acl.address} stands before it")
        else:
            yield named.fails(f"{acl.address} is a regional web ACL, which cannot stand before a distribution")
    if acls:
        return
    if graph.targets(named, "aws_waf_web_acl"):
        yield named.fails("the web ACL is of WAF Classic, which AWS has ended")
    elif own and named.text:
        yield named.fails("the web ACL before it is not part of this stack")
    elif _GLOBAL_ACL.fullmatch(named.text):
        yield named.passes("a web ACL given from outside stands before it")
    else:
        yield named.fails("no web ACL stands before it")
