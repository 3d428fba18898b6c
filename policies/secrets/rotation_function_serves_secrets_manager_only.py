"""Policy rotation-function-serves-secrets-manager-only."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved
from policies.secrets.rotation import functions

_PRINCIPAL = "secretsmanager.amazonaws.com"
_OTHER_CALLERS = ("aws_lambda_function_url", "aws_lambda_event_source_mapping")
_INVOKING = ("lambda:invokefunction", "lambda:*", "*")


@policy(
    id="rotation-function-serves-secrets-manager-only",
    title="Secrets Manager may invoke the function that rotates a secret, for this account, and no other service may",
    remediation="Give the function one aws_lambda_permission for secretsmanager.amazonaws.com with source_account or "
    "source_arn, and no function URL.",
    severity="high",
    applies_to=("aws_secretsmanager_secret_rotation",),
)
def judge(rotation: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Without the permission no rotation ever runs. Without its condition Secrets Manager may be made to call the
    function for a secret of another account, and every further caller can set passwords out of turn."""
    rotating = functions(rotation, graph)
    if not rotating:
        yield rotation.attribute("rotation_lambda_arn").undetermined("the function is not part of this input")
    for function in rotating:
        permissions = graph.referrers(function, "aws_lambda_permission", "function_name")
        for other in (one for type_ in _OTHER_CALLERS for one in graph.referrers(function, type_, "function_name")):
            yield rotation.fails(f"{other.address} lets others invoke the function")
        own = [one for one in permissions if one.attribute("principal").text == _PRINCIPAL]
        for other in (one for one in permissions if one not in own):
            yield rotation.fails(f"{other.address} lets {other.attribute('principal').text} use the function")
        invoking = [one for one in own if _lets_invoke(one, rotation, graph)]
        if not invoking:
            yield rotation.fails(f"Secrets Manager may not invoke {function.address}")
        for permission in invoking:
            if _names_account(permission):
                yield rotation.passes(f"{permission.address} admits Secrets Manager, for named secrets or this account")
            else:
                yield rotation.fails(f"{permission.address} admits Secrets Manager on behalf of every account")


_INPUTS = ("var.", "local.", "each.", "count.")


def _lets_invoke(permission: Resource, rotation: Resource, graph: ResourceGraph) -> bool:
    """Whether it is a permission to invoke, and not for another secret only."""
    secrets = graph.targets(rotation.attribute("secret_id"), "aws_secretsmanager_secret")
    named = graph.targets(permission.attribute("source_arn"), "aws_secretsmanager_secret")
    for_another = bool(named) and not set(named) & set(secrets)
    return permission.attribute("action").text.lower() in _INVOKING and not for_another


def _names_account(permission: Resource) -> bool:
    """By an account id, or by an ARN that has one; a wildcard in its place is every account."""
    account, arn = permission.attribute("source_account"), permission.attribute("source_arn")
    if _leads_somewhere(account) or (not account.is_unresolved and account.text.strip("*")):
        return True
    if _leads_somewhere(arn):
        return True
    known = account.text if account.is_unresolved else arn.text  # raises for what is not known
    return "*" not in (known.split(":") + ["*"] * 5)[4]


def _leads_somewhere(named: Attribute) -> bool:
    """Whether its value is that of a resource or a look-up, which is no wildcard; an input may be one."""
    known = named.raw_value
    return isinstance(known, Unresolved) and any(not one.startswith(_INPUTS) for one in known.references)
