"""The rules of a web ACL in the order AWS WAF asks them, and what becomes of a request that one of them meets."""

from policies.graph import ResourceGraph
from policies.resources import Block, Resource, Undetermined

WEB_ACL = "aws_wafv2_web_acl"
_RULE_GROUP = "aws_wafv2_rule_group"
_GROUP_STATEMENTS = ("managed_rule_group_statement", "rule_group_reference_statement")


def rules(acl: Resource) -> tuple[Block, ...]:
    """The rules by priority. Raises Undetermined for rules written as JSON of the service."""
    written = acl.attribute("rule_json")
    if written.is_unresolved or written.text:
        raise Undetermined(written.undetermined("rules written as JSON are not read"))
    return _by_priority(acl)


def group_statements(rule: Block) -> tuple[Block, ...]:
    """The statement by which a rule runs a whole group of rules; empty for a rule of its own."""
    return tuple(one for name in _GROUP_STATEMENTS for one in rule.blocks(f"statement.{name}"))


def members(rule: Block, graph: ResourceGraph) -> tuple[Block, ...] | None:
    """The rules of the group that a rule runs, as far as they act as they say; None for a group nobody sees here."""
    found: list[Block] = []
    for statement in group_statements(rule):
        groups = graph.targets(statement.attribute("arn"), _RULE_GROUP)
        if not groups:
            return None
        overridden = {one.attribute("name").text for one in statement.blocks("rule_action_override")}
        for group in groups:
            found += [one for one in _by_priority(group) if one.attribute("name").text not in overridden]
    return tuple(found)


def only_counts(rule: Block) -> bool:
    """Whether everything a group of rules finds is counted, and let through."""
    return bool(rule.blocks("override_action.count"))


def may_allow(rule: Block, graph: ResourceGraph) -> bool:
    """Whether the rule can let a request through for good, so that no later one is asked.

    Raises Undetermined for a rule group that is not part of the input; AWS's managed groups allow nothing.
    """
    if rule.blocks("action.allow"):
        return True
    for statement in group_statements(rule):
        if statement.blocks("rule_action_override.action_to_use.allow"):
            return True
        if statement.attribute("arn").is_missing:
            continue
        inner = members(rule, graph)
        if inner is None:
            raise Undetermined(statement.attribute("arn").undetermined("the rule group is not part of this input"))
        if any(one.blocks("action.allow") for one in inner):
            return True
    return False


def _by_priority(owner: Resource) -> tuple[Block, ...]:
    return tuple(sorted(owner.blocks("rule"), key=lambda rule: rule.attribute("priority").number or 0))
