"""Whether a log group of a given name is part of the stack."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Unresolved


def written(attribute: Attribute) -> str:
    """The value as it stands there: known text, or the expression, which equals itself wherever it is repeated."""
    value = attribute.raw_value
    return value.text if isinstance(value, Unresolved) else attribute.text


def is_declared(name: str, graph: ResourceGraph) -> bool | None:
    """Whether the stack has a log group that is written to have this name; None when one may have it."""
    groups = graph.of_type("aws_cloudwatch_log_group")
    named = [group for group in groups if written(group.attribute("name")) == name]
    if any(not group.may_not_exist for group in named):
        return True
    return None if named or any(group.attribute("name").is_unresolved for group in groups) else False
