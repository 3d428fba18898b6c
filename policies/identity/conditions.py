"""Which conditions of a statement really choose something."""

import re

from policies.iam_documents import Condition, Statement

# Others hold where the key is absent, where the value is anything but the one named, or say nothing about a name.
_CHOOSES = re.compile(r"(ForAnyValue:)?(String(Equals|Like|EqualsIgnoreCase)|Arn(Equals|Like))", re.IGNORECASE)


def chosen_keys(statement: Statement) -> set[str]:
    """The keys, in lower case, for which the statement's conditions ask a value that somebody chose."""
    return {condition.key for condition in statement.conditions if _chooses(condition)}


def _chooses(condition: Condition) -> bool:
    known = [value.text for value in condition.values if not value.is_unresolved]
    if condition.operator.lower() == "bool":
        return known == ["true"]
    return bool(_CHOOSES.fullmatch(condition.operator)) and all(text.strip("*?") for text in known)
