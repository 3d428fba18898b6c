"""Policy kms-key-policies-name-users."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, pattern, statements
from policies.identity.conditions import chosen_keys
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

# Conditions that say on whose behalf a service acts, and those that say which accounts or principals may.
_ON_BEHALF_OF = re.compile(
    r"aws:source(arn|account|orgid|orgpaths)|kms:(encryptioncontext:.+|viaservice|calleraccount)"
)
_CHOOSES_PRINCIPALS = re.compile(
    r"aws:source(arn|account|orgid|orgpaths)|aws:principal(arn|account|orgid|orgpaths)|kms:calleraccount"
)
# Every principal of an account, as far as that account lets them; and where a stack learns which one is its own.
_WHOLE_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_CALLER = "data.aws_caller_identity"


@policy(
    id="kms-key-policies-name-users",
    title="The policy of a KMS key names who may use it",
    remediation="Write a key policy that names principals; give AWS services a condition such as aws:SourceArn or "
    "kms:EncryptionContext, and none of them kms:*.",
    severity="high",
    applies_to=("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"),
)
def judge(key: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The key policy is the last word on who can read what the key encrypts. One that admits everybody, or a service
    on behalf of whichever customer asks it, makes the encryption worthless. One that leaves the key to another account
    leaves to that account who reads."""
    separate = [one.attribute("policy") for one in graph.referrers(key, "aws_kms_key_policy", "key_id")]
    silent = True
    for document in separate or [key.attribute("policy")]:
        for statement in statements(document, graph):
            silent = False
            if statement.effect == "Allow":
                yield from (key.attribute("policy").fails(problem) for problem in _problems(statement))
                yield from _of_other_accounts(key.attribute("policy"), statement, graph)
    if silent:
        yield key.attribute("policy").fails("no policy names the users of the key")
    else:
        yield key.attribute("policy").passes("the policy names who may use the key")


def _problems(statement: Statement) -> Iterator[str]:
    keys = chosen_keys(statement)
    if not statement.principals:
        yield "a statement allows everybody but some principals"
    for kind, principals in statement.principals.items():
        for principal in principals:
            if kind == "Service":
                yield from _of_service(statement, str(principal.fails("").observed), keys)
            elif "*" in pattern(principal) and not _any_is(keys, _CHOOSES_PRINCIPALS):
                yield f"a statement allows everybody whom {principal.fails('').observed} means"


def _of_other_accounts(document: Attribute, statement: Statement, graph: ResourceGraph) -> Iterator[Finding]:
    """The key in the hands of a whole account that is not the stack's own, as far as the stack looks its own up."""
    own = [one.attribute("account_id").raw_value for one in graph.of_type(_CALLER)]
    if not own or _any_is(chosen_keys(statement), _CHOOSES_PRINCIPALS):
        return
    for principal in statement.principals.get("AWS", ()):
        account = _WHOLE_ACCOUNT.fullmatch(pattern(principal))
        if account and not all(isinstance(one, str) for one in own):
            yield document.undetermined(f"whether {account[0]} is the account of the stack is not known here")
        elif account and account[1] not in own:
            yield document.fails(f"a statement leaves the key to whomever {account[0]} lets use it, another account")


def _of_service(statement: Statement, service: str, keys: set[str]) -> Iterator[str]:
    if not _any_is(keys, _ON_BEHALF_OF):
        yield f"{service} may use the key on behalf of anybody"
    if any(action.text.lower() in ("kms:*", "*") for action in statement.actions):
        yield f"{service} may do everything with the key"


def _any_is(keys: set[str], wanted: re.Pattern[str]) -> bool:
    return any(wanted.fullmatch(key) for key in keys)
