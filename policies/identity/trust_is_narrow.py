"""Policy trust-is-narrow."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, pattern, statements
from policies.identity.conditions import chosen_keys
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

# Conditions that leave only principals somebody chose.
_CHOOSES_PRINCIPALS = ("aws:principalorgid", "aws:principalarn", "aws:principalaccount", "aws:principalorgpaths")
_SUBJECT = re.compile(r":sub$|^cognito-identity\.amazonaws\.com:aud$")
_CALLER = "data.aws_caller_identity"
_EXTERNAL = ("sts:externalid", *_CHOOSES_PRINCIPALS)


@policy(
    id="trust-is-narrow",
    title="A role trusts named principals only",
    remediation="Name the service, role or account in Principal; ask other accounts for sts:ExternalId, and identity "
    "providers for the subject (`...:sub`) of the token.",
    severity="critical",
    applies_to=("aws_iam_role",),
)
def judge(role: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whoever a role trusts can become it. A wildcard trusts every AWS customer; an identity provider without a
    condition on the subject trusts every repository or user that the provider knows."""
    trust = role.attribute("assume_role_policy")
    allowed = [statement for statement in statements(trust, graph) if statement.effect == "Allow"]
    if not allowed:
        yield trust.fails("nothing says who may assume the role")
    for statement in allowed:
        yield from list(_too_wide(statement, graph)) or [statement.place.passes("names who may assume the role")]


def _too_wide(statement: Statement, graph: ResourceGraph) -> Iterator[Finding]:
    keys = chosen_keys(statement)
    if not statement.principals:
        yield statement.place.fails("everybody but some principals may assume the role")
    for kind, principals in statement.principals.items():
        for principal in principals:
            if kind == "Federated":
                yield from _any_subject(statement, principal, keys)
            elif not _is_own_account(principal, graph):
                yield from _any_account(statement, pattern(principal), keys)


def _is_own_account(principal: Attribute, graph: ResourceGraph) -> bool:
    """The account of the stack itself, which needs no secret from itself."""
    if principal.is_unresolved:
        return any(one.startswith(_CALLER) for one in principal.references) and "*" not in pattern(principal)
    accounts = [one.attribute("account_id").raw_value for one in graph.of_type(_CALLER)]
    return principal.text in (*accounts, *(f"arn:aws:iam::{account}:root" for account in accounts))


def _any_account(statement: Statement, name: str, keys: set[str]) -> Iterator[Finding]:
    if "*" in name and not keys & set(_CHOOSES_PRINCIPALS):
        yield statement.place.fails(f"everybody whom {name} means may assume the role")
    elif (name.isdigit() or name.endswith(":root")) and not keys & set(_EXTERNAL):
        yield statement.place.fails(f"everybody in the account of {name} may assume the role, without sts:ExternalId")


def _any_subject(statement: Statement, provider: Attribute, keys: set[str]) -> Iterator[Finding]:
    """SAML providers belong to one organization; those of OpenID Connect serve everybody who has an account there."""
    if ":saml-provider/" in str(provider.raw_value) or any(
        "aws_iam_saml_provider." in one for one in provider.references
    ):
        return
    if not any(_SUBJECT.search(key) for key in keys):
        yield statement.place.fails("every identity that the provider knows may assume the role: no subject is named")
