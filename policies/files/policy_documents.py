"""The policy documents of a file system, and where they let clients in."""

from policies.graph import ResourceGraph
from policies.iam_documents import Statement
from policies.resources import Attribute, Resource

FILE_SYSTEM, ACCESS_POINT, MOUNT_TARGET = "aws_efs_file_system", "aws_efs_access_point", "aws_efs_mount_target"
_ACCESS_POINT_ARN = "elasticfilesystem:accesspointarn"
_CHOOSING = ("stringequals", "stringlike", "arnequals", "arnlike")


def documents(file_system: Resource, graph: ResourceGraph) -> tuple[Attribute, ...]:
    """The attributes that hold the file system's policy; of several, each has to be right by itself."""
    return tuple(
        one.attribute("policy") for one in graph.referrers(file_system, "aws_efs_file_system_policy", "file_system_id")
    )


def is_about_mounting(statement: Statement) -> bool:
    """Whether the statement decides if a client may mount the file system at all; `NotResource` leaves it out."""
    return not statement.not_resources and any(
        action.text.lower()
        in ("*", "elasticfilesystem:*", "elasticfilesystem:client*", "elasticfilesystem:clientmount")
        for action in statement.actions
    )


def names_access_point(statement: Statement) -> bool:
    """Whether a condition asks for an access point, by its ARN or by any."""
    return any(
        one.key == _ACCESS_POINT_ARN and one.operator.lower() in _CHOOSING and bool(one.values)
        for one in statement.conditions
    )


def refuses_without_access_point(statement: Statement) -> bool:
    """Whether the statement denies whoever comes by no access point, or by another one than is named."""
    if len(statement.conditions) != 1:
        return False
    [condition] = statement.conditions
    negated = condition.operator.lower() in tuple(
        one.replace("equals", "notequals").replace("like", "notlike") for one in _CHOOSING
    )
    absent = condition.operator.lower() == "null" and [one.is_true for one in condition.values] == [True]
    return condition.key == _ACCESS_POINT_ARN and (negated or absent)
