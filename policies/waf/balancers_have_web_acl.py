"""Policy balancers-have-web-acl."""

import re
from collections.abc import Iterator

from policies.alb.exposure import BALANCERS, unexposed
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource
from policies.waf.rules import WEB_ACL

_REGIONAL_ACL = re.compile(r"arn:[\w-]+:wafv2:[\w-]+:\d*:regional/webacl/.+")
_ASSOCIATION = "aws_wafv2_web_acl_association"


@policy(
    id="balancers-have-web-acl",
    title="A web ACL stands before every load balancer that faces the Internet",
    remediation="Declare an aws_wafv2_web_acl_association of the load balancer and a web ACL with scope REGIONAL.",
    severity="high",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph, *, own: bool) -> Iterator[Finding]:
    """Where no CloudFront stands before it, the load balancer is the first that attacks meet. A web ACL that is
    declared, but associated with nothing, does not help.

    With `own` it has to be one of this stack, so that its rules are judged, too."""
    other = unexposed(balancer, graph)
    if other is not None:
        yield balancer.not_applicable(other.message)
        return
    associations = graph.referrers(balancer, _ASSOCIATION, "resource_arn")
    if not associations:
        yield balancer.fails("no web ACL is associated with it")
    for association in associations:
        yield _verdict(balancer, association.attribute("web_acl_arn"), graph, own=own)


def _verdict(balancer: Resource, named: Attribute, graph: ResourceGraph, *, own: bool) -> Finding:
    for acl in graph.targets(named, WEB_ACL, *(() if own else (f"data.{WEB_ACL}",))):
        if acl.attribute("scope").value == "REGIONAL":
            return balancer.passes(f"{acl.address} stands before it")
        return balancer.fails(f"{acl.address} is a web ACL for CloudFront, which cannot stand before a load balancer")
    if own:
        return balancer.fails("the web ACL before it is not part of this stack")
    if _REGIONAL_ACL.fullmatch(named.text):
        return balancer.passes("a web ACL given from outside stands before it")
    return balancer.fails(f"{named.text or 'nothing'} is no web ACL with scope REGIONAL")
