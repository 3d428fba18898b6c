"""Policy rotation-role-only-rotates."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import statements
from policies.identity.permissions import attachments_of, documents_of, judge_attached
from policies.identity.rotation_rights import too_much, writes_secrets
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="rotation-role-only-rotates",
    title="The role of a rotation function may rotate its secrets, nothing else",
    remediation="Allow the four actions of a rotation on the ARNs of the secrets it rotates, GetRandomPassword, and "
    "what a function needs to run; nothing else.",
    severity="high",
    applies_to=("aws_lambda_function",),
)
def judge(function: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A rotation function holds the master password of the database. Rights beyond the rotation, or on secrets of
    others, turn a flaw in it into the loss of every credential there is."""
    if not graph.referrers(function, "aws_secretsmanager_secret_rotation", "rotation_lambda_arn"):
        yield function.not_applicable("it rotates no secret")
        return
    named = function.attribute("role")
    roles = graph.targets(named, "aws_iam_role")
    if not roles:
        yield named.undetermined("the role of the function is not part of this input")
    for role in roles:
        rotates = False
        for document in documents_of(role, graph):
            for statement in statements(document, graph):
                yield from (named.fails(f"{document.resource.address} {excess}") for excess in too_much(statement))
                rotates = rotates or writes_secrets(statement)
        for attached in attachments_of(role, graph):
            finding = judge_attached(attached, graph)
            if finding.outcome != "pass":
                yield Finding(finding.outcome, named.path, finding.observed, finding.message)
        yield named.passes("it may rotate its secrets") if rotates else named.fails("it may not write a secret")
