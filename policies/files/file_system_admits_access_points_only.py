"""Policy file-system-admits-access-points-only."""

import re
from collections.abc import Iterator

from policies.files.policy_documents import (
    FILE_SYSTEM,
    documents,
    is_about_mounting,
    names_access_point,
    refuses_without_access_point,
)
from policies.graph import ResourceGraph
from policies.iam_documents import Statement, pattern, statements
from policies.identity.conditions import chosen_keys, is_for_everyone
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# An account as a principal stands for whoever its IAM policies let in.
_ACCOUNT = re.compile(r"arn:.*:root|\d{12}")


@policy(
    id="file-system-admits-access-points-only",
    title="A file system is mounted through access points only, by roles that its policy names",
    remediation="In the aws_efs_file_system_policy allow elasticfilesystem:ClientMount to named roles only, where "
    "elasticfilesystem:AccessPointArn is that of their access point.",
    severity="high",
    applies_to=(FILE_SYSTEM,),
)
def judge(file_system: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Without a policy, whoever reaches a mount target mounts everything, as whichever user he says he is, root
    included. An access point forces a user and a folder; it protects nothing while there is a way around it."""
    written = documents(file_system, graph)
    if not written:
        yield file_system.fails("the file system has no policy, so everybody who reaches it may mount all of it")
    for document in written:
        found = statements(document, graph)
        allowing = [one for one in found if one.effect == "Allow"]
        around = [one for one in allowing if not names_access_point(one)]
        if any(is_for_everyone(one) or set(one.principals) != {"AWS"} for one in allowing):
            yield file_system.fails(f"{document.resource.address} lets everybody in, whichever role he has")
        elif (around or not allowing) and not any(_refuses_others(one) for one in found):
            yield file_system.fails(f"{document.resource.address} does not keep clients to the access points")
        elif any(_lets_accounts_in(one) for one in allowing):
            yield file_system.fails(f"{document.resource.address} lets in whichever role of an account IAM allows it")
        else:
            yield file_system.passes(f"{document.resource.address} lets in named roles, through access points")


def _refuses_others(statement: Statement) -> bool:
    denies = statement.effect == "Deny" and is_for_everyone(statement) and is_about_mounting(statement)
    return denies and refuses_without_access_point(statement)


def _lets_accounts_in(statement: Statement) -> bool:
    """Whether it names an account, and no role of it in a condition."""
    named = [pattern(one) for one in statement.principals.get("AWS", ())]
    return any(_ACCOUNT.fullmatch(one) for one in named) and "aws:principalarn" not in chosen_keys(statement)
