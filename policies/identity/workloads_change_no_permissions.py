"""Policy workloads-change-no-permissions."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.actions import matching
from policies.identity.conditions import chosen_keys
from policies.identity.permissions import attachments_of, documents_of, judge_attached
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# What changes permissions but is harmless under a condition with this key.
_HARMLESS_UNDER = {
    "kms:CreateGrant": "kms:grantisforawsresource",
    "iam:PassRole": "iam:passedtoservice",
    "iam:CreateServiceLinkedRole": "iam:awsservicename",
}


@policy(
    id="workloads-change-no-permissions",
    title="The role of a workload cannot change who may do what",
    remediation="Take the actions that change permissions (iam:*, Put...Policy, AddPermission, CreateGrant) out of the "
    "role; limit iam:PassRole by iam:PassedToService.",
    severity="critical",
    applies_to=("aws_iam_role",),
)
def judge(role: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A workload that may write policies, make access keys or open a bucket makes itself an administrator the moment
    it is broken into, however narrow the rest of its role is."""
    trust = statements(role.attribute("assume_role_policy"), graph)
    if not any(one.effect == "Allow" and "Service" in one.principals for one in trust):
        yield role.not_applicable("no service assumes this role")
        return
    for document in documents_of(role, graph):
        for statement in statements(document, graph):
            for action in _changes(statement):
                yield role.fails(f"{document.resource.address} allows {action}")
            for action in _unknown(statement):
                yield role.undetermined(f"whether {action} changes permissions is not known here")
    for attached in attachments_of(role, graph):
        finding = judge_attached(attached, graph)
        if finding.outcome != "pass":
            yield Finding(finding.outcome, "", finding.observed, finding.message)
    yield role.passes("nothing the role may do changes permissions")


def _unknown(statement: Statement) -> Iterator[str]:
    if statement.effect == "Allow":
        yield from (pattern.text for pattern in statement.actions if next(matching(pattern.text), None) is None)


def _changes(statement: Statement) -> Iterator[str]:
    if statement.effect == "Deny":
        return
    if statement.not_actions:
        yield "every action but some"
    keys = chosen_keys(statement)
    for pattern in statement.actions:
        changing = (str(one) for one in matching(pattern.text) if one.changes_permissions)
        yield from [name for name in changing if _HARMLESS_UNDER.get(name) not in keys][:1]
