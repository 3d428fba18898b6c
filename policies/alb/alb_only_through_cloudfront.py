"""Policy alb-only-through-cloudfront."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS, unexposed
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import admissions, is_cloudfront
from policies.registry import policy
from policies.resources import Attribute, Resource


@policy(
    id="alb-only-through-cloudfront",
    title="An internet-facing load balancer admits nothing but CloudFront",
    remediation="Let every security group of the load balancer admit only the managed prefix list "
    "com.amazonaws.global.cloudfront.origin-facing.",
    severity="critical",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whoever reaches the load balancer directly walks around the web application firewall, the rate limit and the
    logs that CloudFront keeps."""
    finding = unexposed(balancer, graph)
    if finding is not None:
        yield finding
        return
    groups = balancer.attribute("security_groups")
    if not groups.items():
        yield groups.fails("no security group is named, so the default one of the VPC applies")
        return
    silent = True
    for item in groups.items():
        for found in _judge_group(item, graph):
            silent = False
            yield found
    if silent:
        yield groups.undetermined("no ingress rule is part of this input, so who gets in is not known")


def _judge_group(item: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    groups = graph.targets(item, "aws_security_group", "aws_default_security_group")
    if not groups:
        yield item.undetermined("the security group is not part of this input")
    for group in groups:
        for admission in admissions(group, graph):
            verdict = is_cloudfront(admission, graph)
            if verdict:
                yield item.passes(str(admission))
            elif verdict is None:
                yield item.undetermined(f"{admission}, which cannot be told from another list")
            else:
                yield item.fails(f"{admission}, which is not CloudFront's prefix list")
