"""Whether a listener asks for a secret that something generates, rather than for one that is written down."""

import re
from collections.abc import Iterator

from policies.alb.listeners import rules_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Attribute, Block, Resource, Unresolved, sensitive_at

# Resource types and look-ups whose value nobody chose; input variables are somebody else's choice.
_GENERATORS = ("random_password.", "random_string.", "random_id.", "random_bytes.", "random_uuid.")
_HANDED_OVER = ("data.aws_secretsmanager_", "var.")
# How long a generated secret has to be that nobody finds it by trying: characters, or bytes.
_LENGTHS = {"random_password": 16, "random_string": 16, "random_id": 12, "random_bytes": 12}
# What is public about a generator: how it is called, and how long its secret is.
_PUBLIC = re.compile(r"\.(?:arn|name|id|length|byte_length|kms_key_id|version_id|description|tags\b.*)\}$")


def demands_secret(listener: Resource, judged: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Findings at `judged`: whether the listener forwards only what carries a secret header."""
    if any(_forwards(action) for action in listener.blocks("default_action")):
        yield judged.fails(f"{listener.address} forwards by default, without asking for the header")
    else:
        yield judged.passes(f"{listener.address} does not forward by default")
    for rule in rules_of(listener, graph):
        if any(_forwards(action) for action in rule.blocks("action")):
            yield _judge_rule(judged, rule, graph)


def is_generated_secret(value: Attribute, graph: ResourceGraph) -> bool | None:
    """True for a secret, False for a value that is written down or matches anything, None when nobody can tell.

    A value that a plan or state knows counts when it is marked sensitive, or, in a state, as it has no marks of the
    configuration, when it is no wildcard.
    """
    known = value.raw_value
    if isinstance(known, Unresolved):
        alone = known.is_reference and not known.literal and not _PUBLIC.search(known.text)
        return True if alone and _is_generated(known.references[0], graph) else None
    if value.is_missing or not value.text.strip("*?") or value.resource.written is not None:
        return False
    if not value.resource.scope.has_configuration:
        return True
    return sensitive_at(value)


def _judge_rule(judged: Resource, rule: Resource, graph: ResourceGraph) -> Finding:
    """All conditions of a rule must hold, so one that demands the secret is enough; any of its values opens it."""
    unclear: Finding | None = None
    for header in rule.blocks("condition.http_header"):
        values = header.attribute("values").items()
        verdicts = {is_generated_secret(value, graph) for value in values}
        if verdicts == {True}:
            name = header.attribute("http_header_name").text
            return judged.passes(f"{rule.address} forwards only with the header {name}")
        if values and False not in verdicts:
            unclear = judged.undetermined(
                f"{rule.address} forwards with a header of which nobody knows here if it is secret"
            )
    return unclear or judged.fails(f"{rule.address} forwards without a secret header, or with one written down")


def _forwards(action: Block) -> bool:
    return action.attribute("type").value == "forward" or bool(action.blocks("forward"))


def _is_generated(address: str, graph: ResourceGraph) -> bool:
    """`terraform_data` only keeps what it is given: then that has to be a generated secret."""
    if address.startswith(_HANDED_OVER):
        return True
    if address.startswith(_GENERATORS):
        return all(_is_long(generator) for generator in graph.at(address))
    keepers = graph.at(address) if address.startswith("terraform_data.") else ()
    return bool(keepers) and all(_keeps_secret(keeper.attribute("input"), graph) for keeper in keepers)


def _is_long(generator: Resource) -> bool:
    path = "byte_length" if generator.type == "random_id" else "length"
    length = generator.attribute(path)
    if length.is_unresolved:
        return length.is_handed_over
    return (length.number or 0) >= _LENGTHS.get(generator.type, 0)


def _keeps_secret(given: Attribute, graph: ResourceGraph) -> bool:
    """Everything in it comes from generators, and nothing is written down beside."""
    if given.resource.written is not None and _has_known_part(given.raw_value):
        return False
    return bool(given.references) and all(_is_generated(address, graph) for address in given.references)


def _has_known_part(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(_has_known_part(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return value is not None and not isinstance(value, Unresolved)
