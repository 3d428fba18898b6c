"""Policy alb-requires-origin-header."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS, unexposed
from policies.alb.listeners import listeners_of, rules_of
from policies.alb.origin_secret import is_generated_secret
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource


@policy(
    id="alb-requires-origin-header",
    title="The load balancer forwards only requests that carry the secret header of our own distribution",
    remediation="Let the listener answer 403 by default and forward only by rules with an http_header condition whose "
    "value is a generated secret.",
    severity="high",
    applies_to=BALANCERS,
)
def judge(balancer: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """CloudFront's prefix list admits the distributions of every AWS customer: anyone can point one of their own at
    our load balancer. Only a secret that our distribution alone sends tells them apart."""
    finding = unexposed(balancer, graph)
    if finding is not None:
        yield balancer.not_applicable(finding.message)
        return
    listeners = listeners_of(balancer, graph)
    if not listeners:
        yield balancer.undetermined("no listener of this load balancer is part of this input")
    for listener in listeners:
        forwards = [action for action in listener.blocks("default_action") if _forwards(action)]
        if forwards:
            yield balancer.fails(f"{listener.address} forwards by default, without asking for the header")
        else:
            yield balancer.passes(f"{listener.address} does not forward by default")
        for rule in rules_of(listener, graph):
            if any(_forwards(action) for action in rule.blocks("action")):
                yield _judge_rule(balancer, rule, graph)


def _judge_rule(balancer: Resource, rule: Resource, graph: ResourceGraph) -> Finding:
    """All conditions of a rule must hold, so one that demands the secret is enough; any of its values opens it."""
    unclear: Finding | None = None
    for header in rule.blocks("condition.http_header"):
        values = header.attribute("values").items()
        verdicts = {is_generated_secret(value, graph) for value in values}
        if verdicts == {True}:
            name = header.attribute("http_header_name").text
            return balancer.passes(f"{rule.address} forwards only with the header {name}")
        if values and False not in verdicts:
            unclear = balancer.undetermined(
                f"{rule.address} forwards with a header of which nobody knows here if it is secret"
            )
    return unclear or balancer.fails(f"{rule.address} forwards without a secret header, or with one written down")


def _forwards(action: Block) -> bool:
    return action.attribute("type").value == "forward" or bool(action.blocks("forward"))
