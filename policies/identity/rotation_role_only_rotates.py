"""Policy rotation-role-only-rotates."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.actions import matching
from policies.identity.permissions import attachments_of, documents_of, is_everything, judge_attached
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved

_ROTATE = {"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}
# What a function needs to run at all: logs, traces, a place for failed events, network interfaces, keys.
_RUN = {
    "ec2": {
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcs",
        "UnassignPrivateIpAddresses",
    },
    "kms": {"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"},
    "logs": {"CreateLogGroup", "CreateLogStream", "PutLogEvents"},
    "sns": {"Publish"},
    "sqs": {"SendMessage"},
    "xray": {"PutTelemetryRecords", "PutTraceSegments"},
}


@policy(
    id="rotation-role-only-rotates",
    title="The role of a rotation function may rotate its secrets",
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
                yield from (named.fails(f"{document.resource.address} {too_much}") for too_much in _too_much(statement))
                rotates = rotates or _puts_secrets(statement)
        for attached in attachments_of(role, graph):
            finding = judge_attached(attached, graph)
            if finding.outcome != "pass":
                yield Finding(finding.outcome, named.path, finding.observed, finding.message)
        yield named.passes("it may rotate its secrets") if rotates else named.fails("it may not write a secret")


def _puts_secrets(statement: Statement) -> bool:
    return statement.effect == "Allow" and any(one.text == "secretsmanager:PutSecretValue" for one in statement.actions)


def _too_much(statement: Statement) -> Iterator[str]:
    if statement.effect == "Deny":
        return
    if statement.not_actions or statement.not_resources:
        yield "allows all but something"
    for pattern in statement.actions:
        for action in matching(pattern.text):
            if action.service == "secretsmanager" and action.name in _ROTATE:
                if any(_is_many(resource) for resource in statement.resources):
                    yield f"allows {action} on more than named secrets"
            elif str(action) != "secretsmanager:GetRandomPassword" and action.name not in _RUN.get(action.service, ()):
                yield f"allows {action}, which no rotation needs"
                break


def _is_many(secret: Attribute) -> bool:
    """Wildcards, but for the six characters that Secrets Manager puts behind a secret's name."""
    value = secret.raw_value
    text = value.literal if isinstance(value, Unresolved) else secret.text
    return is_everything(secret) or "*" in text.removesuffix("-??????").removesuffix("-*")
