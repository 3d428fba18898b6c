"""Whether a value is a secret that something generates, rather than one that is written down."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Unresolved, sensitive_at

# Resource types and look-ups whose value nobody chose; input variables are somebody else's choice.
_GENERATORS = ("random_", "data.aws_secretsmanager_", "var.")


def is_generated_secret(value: Attribute, graph: ResourceGraph) -> bool | None:
    """True for a secret, False for a value that is written down or matches anything, None when nobody can tell.

    A value that a plan or state knows counts when it is marked sensitive, or, in a state, as it has no marks of the
    configuration, when it is no wildcard.
    """
    known = value.raw_value
    if isinstance(known, Unresolved):
        return True if known.is_reference and not known.literal and _is_generated(known.references[0], graph) else None
    if value.is_missing or not value.text.strip("*?") or value.resource.written is not None:
        return False
    if not value.resource.scope.has_configuration:
        return True
    return sensitive_at(value)


def _is_generated(address: str, graph: ResourceGraph) -> bool:
    """`terraform_data` only keeps what it is given: then that has to be a generated secret."""
    if address.startswith(_GENERATORS):
        return True
    keepers = graph.at(address) if address.startswith("terraform_data.") else ()
    return bool(keepers) and all(_keeps_secret(keeper.attribute("input").raw_value, graph) for keeper in keepers)


def _keeps_secret(value: object, graph: ResourceGraph) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_keeps_secret(inner, graph) for inner in value.values())
    return isinstance(value, Unresolved) and value.is_reference and _is_generated(value.references[0], graph)
