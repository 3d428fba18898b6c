"""Policy no-wildcard-permissions."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.permissions import GRANTORS, is_everything, judge_attached, own_attachments, own_documents
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_WHOLE_SERVICE = re.compile(r"[*?]+|[^:]+:[*?]+")


@policy(
    id="no-wildcard-permissions",
    title="Nobody is allowed every action of a service on every resource",
    remediation="List the actions that are needed instead of `*` or `service:*`, use Action instead of NotAction, and "
    "attach no policy of AWS that allows whole services.",
    severity="high",
    applies_to=GRANTORS,
)
def judge(grantor: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Who takes over a workload gets what its role may do. A wildcard gives that away without anybody having decided
    it, and grows with every action that AWS adds to the service."""
    silent = True
    for document in own_documents(grantor, graph):
        silent = False
        found = [one for statement in statements(document, graph) for one in _broad(statement)]
        yield from found or [document.passes("no statement allows every action of a service on every resource")]
    for attached in own_attachments(grantor, graph):
        silent = False
        yield judge_attached(attached, graph)
    if silent:
        yield grantor.not_applicable("it holds no permissions itself")


def _broad(statement: Statement) -> Iterator[Finding]:
    if statement.effect == "Deny":
        return
    if statement.not_actions:
        yield statement.place.fails("NotAction allows every action but the ones listed")
    broad = [action for action in statement.actions if _WHOLE_SERVICE.fullmatch(action.text)]
    if broad and _reaches_everything(statement.resources, statement.not_resources):
        yield statement.place.fails(f"{broad[0].text} is allowed on every resource")


def _reaches_everything(resources: tuple[Attribute, ...], all_but: tuple[Attribute, ...]) -> bool:
    return bool(all_but) or any(is_everything(resource) for resource in resources)
