"""Policy actions-name-their-resources."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.actions import matching
from policies.identity.conditions import chosen_keys
from policies.identity.permissions import DOCUMENTS, is_everything, own_documents
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

# Conditions that choose resources as an ARN would.
_CHOOSES_RESOURCES = re.compile(r"[\w-]+:resourcetag/.+|kms:(requestalias|resourcealiases)|ec2:(vpc|subnet|owner)")


@policy(
    id="actions-name-their-resources",
    title="Actions are allowed on named resources wherever AWS lets a statement name them",
    remediation="Name the ARNs in Resource instead of `*`; only actions for which AWS knows no resource, and those "
    "that merely list what there is, may stand on `*`.",
    severity="high",
    applies_to=tuple(DOCUMENTS),
)
def judge(grantor: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A role that reads one secret must not be able to read all of them. Single actions on every resource are how
    narrow-looking policies give away an account: one leaked role then reaches the data of every other workload."""
    documents = own_documents(grantor, graph)
    for document in documents:
        found = [one for statement in statements(document, graph) for one in _unlimited(statement)]
        yield from found or [document.passes("every action that can be limited to resources is")]
    if not documents:
        yield grantor.not_applicable("it holds no permissions itself")


def _unlimited(statement: Statement) -> Iterator[Finding]:
    everything = bool(statement.not_resources) or any(is_everything(one) for one in statement.resources)
    if statement.effect == "Deny" or not everything:
        return
    if any(_CHOOSES_RESOURCES.fullmatch(key) for key in chosen_keys(statement)):
        return
    for action in statement.actions:
        yield from _verdict(statement, action)
    if statement.not_actions:
        yield statement.place.fails("NotAction allows nearly every action on every resource")


def _verdict(statement: Statement, action: Attribute) -> Iterator[Finding]:
    known = list(matching(action.text))
    limited = [str(one) for one in known if one.is_limited]
    if limited:
        shown = ", ".join(limited[:3]) + (", ..." if len(limited) > 3 else "")
        yield statement.place.fails(f"{shown} could be limited to resources, and is allowed on all of them")
    elif not known:
        yield statement.place.undetermined(f"whether {action.text} can be limited to resources is not known here")
