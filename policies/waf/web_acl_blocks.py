"""Policy web-acl-blocks."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource
from policies.waf.rules import WEB_ACL, group_statements, may_allow, members, only_counts, rules

_RATE = "statement.rate_based_statement"
_ADDRESSES = "statement.ip_set_reference_statement"


@policy(
    id="web-acl-blocks",
    title="A web ACL blocks the attacks that its rules find",
    remediation="Run at least one rule group with override_action none and without scope_down_statement, none with "
    "override_action count, and none behind a rule that allows.",
    severity="high",
    applies_to=(WEB_ACL,),
)
def judge(acl: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Rules are put in with the action count, to see what they would do, and then forgotten: the attacks are in the
    statistics, and in the application. A rule that allows ends the questioning for whatever it meets."""
    blocking: list[str] = []
    for rule in rules(acl):
        name = rule.attribute("name").text
        if group_statements(rule):
            if only_counts(rule):
                yield rule.attribute("override_action").fails(f"{name} only counts what it finds")
            elif not rule.blocks("override_action.none"):
                yield rule.attribute("override_action").fails(f"{name} does not say that its rules act as they are")
        if not blocking and _lets_pass(rule, graph):
            yield acl.fails(f"{name} allows requests that no rule has seen")
        if _stops_attacks(rule, graph):
            blocking.append(name)
    if blocking:
        yield acl.passes(f"{', '.join(blocking)} block")
    else:
        yield acl.fails("no rule of it blocks an attack")


def _lets_pass(rule: Block, graph: ResourceGraph) -> bool:
    """Allows more than a list of addresses."""
    listed = rule.blocks(_ADDRESSES)
    if listed and not any(one.blocks("ip_set_forwarded_ip_config") for one in listed):
        return False
    return may_allow(rule, graph)


def _stops_attacks(rule: Block, graph: ResourceGraph) -> bool:
    """Every request meets it, and it blocks by what it finds, not by how many there are."""
    groups = group_statements(rule)
    if not groups:
        return bool(rule.blocks("action.block")) and not rule.blocks(_RATE)
    if only_counts(rule) or any(one.blocks("scope_down_statement") for one in groups):
        return False
    inner = members(rule, graph)
    return inner is None or any(one.blocks("action.block") and not one.blocks(_RATE) for one in inner)
