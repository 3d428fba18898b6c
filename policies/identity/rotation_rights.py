"""What a function that rotates secrets has to be allowed, and what a statement allows beyond that."""

from collections.abc import Iterator

from policies.iam_documents import Statement
from policies.identity.actions import matching
from policies.identity.permissions import is_everything
from policies.resources import Attribute, Unresolved

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


def writes_secrets(statement: Statement) -> bool:
    """Whether it allows to put a new value into a secret."""
    return statement.effect == "Allow" and any(one.text == "secretsmanager:PutSecretValue" for one in statement.actions)


def too_much(statement: Statement) -> Iterator[str]:
    """What it allows beyond a rotation, as the end of a sentence."""
    if statement.effect == "Deny":
        return
    if statement.not_actions or statement.not_resources:
        yield "allows all but something"
    for pattern in statement.actions:
        known = list(matching(pattern.text))
        if not known:
            yield f"allows {pattern.text}, which no rotation needs"
        for action in known:
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
