"""Whom a statement means, and which of its conditions really choose something."""

import re

from policies.iam_documents import Condition, Statement, pattern
from policies.resources import Attribute, Unresolved

# Others hold where the key is absent, where the value is anything but the one named, or say nothing about a name.
_CHOOSES = re.compile(r"(ForAnyValue:)?(String(Equals|Like|EqualsIgnoreCase)|Arn(Equals|Like))", re.IGNORECASE)
# Every value, every organization, every repository of a provider: what follows the wildcard, anybody can have.
_ANYBODY = re.compile(r"(o-|\w+:)?[*?].*")


def chosen_keys(statement: Statement) -> set[str]:
    """The keys, in lower case, for which the statement's conditions ask a value that somebody chose."""
    return {condition.key for condition in statement.conditions if _chooses(condition)}


def is_for_everyone(statement: Statement) -> bool:
    """Whether the statement's principal is everybody, signed in or not."""
    return any(kind in ("*", "AWS") and _is_star(one) for kind, of in statement.principals.items() for one in of)


def _is_star(principal: Attribute) -> bool:
    """Raises Undetermined when nothing of it is known; what begins like an ARN is somebody, whatever follows."""
    known = principal.raw_value
    return not (isinstance(known, Unresolved) and known.literal) and bool(principal.value == "*")


def refuses_plain_transport(statement: Statement) -> bool:
    """Whether it denies everybody what is asked without TLS; a further condition would leave some of them out."""
    if statement.effect != "Deny" or not is_for_everyone(statement) or len(statement.conditions) != 1:
        return False
    [condition] = statement.conditions
    about_tls = condition.operator in ("Bool", "BoolIfExists") and condition.key == "aws:securetransport"
    return about_tls and [one.is_false for one in condition.values] == [True]


def _chooses(condition: Condition) -> bool:
    values = [pattern(value) for value in condition.values]
    if condition.operator.lower() == "bool":
        return values == ["true"]
    return bool(_CHOOSES.fullmatch(condition.operator)) and all(is_chosen(value) for value in values)


def is_chosen(value: str) -> bool:
    """Whether strangers cannot match the value: in an ARN it is the account that counts, of which buckets have none."""
    if not value.startswith("arn:"):
        return value != "" and not _ANYBODY.fullmatch(value)
    account, resource = (*value.split(":", 5), "", "", "", "", "")[4:6]
    return (account or resource).strip("*?") != ""
