"""Whether the policy of a topic or key lets CloudWatch act on it."""

from fnmatch import fnmatchcase

from policies.iam_documents import Statement
from policies.resources import Attribute

_CLOUDWATCH = "cloudwatch.amazonaws.com"


def admits(document: tuple[Statement, ...], actions: tuple[str, ...]) -> bool:
    """Whether CloudWatch may do all of the actions, which are in lower case."""
    return all(_admits_to(document, action) for action in actions)


def _admits_to(document: tuple[Statement, ...], action: str) -> bool:
    concerned = [one for one in document if _concerns_cloudwatch(one, action)]
    denied = any(one.effect == "Deny" and not one.conditions for one in concerned)
    return not denied and any(one.effect == "Allow" for one in concerned)


def _concerns_cloudwatch(statement: Statement, action: str) -> bool:
    everybody = [*statement.principals.get("*", ()), *statement.principals.get("AWS", ())]
    named = any(one.text == _CLOUDWATCH for one in statement.principals.get("Service", ()))
    named = named or any(one.text == "*" for one in everybody if not one.is_unresolved)
    but = statement.not_actions
    return named and (_means(action, statement.actions) or (bool(but) and not _means(action, but)))


def _means(action: str, patterns: tuple[Attribute, ...]) -> bool:
    return any(fnmatchcase(action, pattern.text.lower()) for pattern in patterns)
