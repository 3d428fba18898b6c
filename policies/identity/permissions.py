"""Where the permissions of users, groups and roles are written, over all the ways Terraform has of writing them."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import pattern
from policies.model import Finding
from policies.resources import Attribute, Resource, Undetermined, Unresolved

# What holds documents, and what attaches managed policies: resource type -> the attribute for it.
DOCUMENTS = {
    "aws_iam_policy": "policy",
    "aws_iam_role": "inline_policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
ATTACHMENTS = {
    "aws_iam_role": "managed_policy_arns",
    "aws_iam_role_policy_attachment": "policy_arn",
    "aws_iam_role_policy_attachments_exclusive": "policy_arns",
    "aws_iam_user_policy_attachment": "policy_arn",
    "aws_iam_user_policy_attachments_exclusive": "policy_arns",
    "aws_iam_group_policy_attachment": "policy_arn",
    "aws_iam_group_policy_attachments_exclusive": "policy_arns",
    "aws_iam_policy_attachment": "policy_arn",
    "aws_ssoadmin_managed_policy_attachment": "managed_policy_arn",
}
GRANTORS = tuple(dict.fromkeys((*DOCUMENTS, *ATTACHMENTS)))

_ROLE_ATTACHMENTS = (
    ("aws_iam_role_policy_attachment", "role"),
    ("aws_iam_role_policy_attachments_exclusive", "role_name"),
    ("aws_iam_policy_attachment", "roles"),
)
_OF_AWS = re.compile(r"arn:([\w-]+|\$\{[^}]*\}):iam::aws:policy/(?P<name>[^$]+)")  # the partition may be looked up
_BROAD = re.compile(
    r"AdministratorAccess(-.*)?|PowerUserAccess|(.*/)?\w*FullAccess\w*|job-function/(?!ViewOnly|Billing).*"
)
# Policies of AWS that were read: no wildcard over a whole service, and nothing about permissions.
_NARROW = re.compile(
    r"service-role/AWSLambda(BasicExecution|VPCAccessExecution|SQSQueueExecution|DynamoDBExecution)Role"
    r"|service-role/AmazonRDSEnhancedMonitoringRole|service-role/AmazonECSTaskExecutionRolePolicy"
    r"|AmazonEC2ContainerRegistryReadOnly|AmazonEKSWorkerNodePolicy"
    r"|AmazonSSMManagedInstanceCore|CloudWatchAgentServerPolicy|AWSXRayDaemonWriteAccess"
)
# Types whose resources a stack knows by name or makes itself, so that it never needs all of them.
_KNOWN_TYPES = (
    "cluster|db|deliverystream|function|group|key|log-group|parameter|policy|project|repository|role|secret|stateMachine"
    "|stream|table|user"
)
_EVERYTHING = re.compile(
    r"\*+|arn:\*+|arn(:[^:]*){4}:\*+|arn(:[^:]*){3}:\*?:\*+/\*+"
    rf"|arn(:[^:]*){{3}}:[^:]+:({_KNOWN_TYPES})[:/]\*+([:/]\*+)*"
)


def own_documents(grantor: Resource, graph: ResourceGraph) -> tuple[Attribute, ...]:
    """The policy documents that are written in this resource itself.

    A plan or state repeats in a role what resources of their own have put there: that is left to those.
    """
    if grantor.type not in DOCUMENTS:
        return ()
    if grantor.type != "aws_iam_role":
        return (grantor.attribute(DOCUMENTS[grantor.type]),)
    others = [one.attribute("name").raw_value for one in graph.referrers(grantor, "aws_iam_role_policy", "role")]
    blocks = grantor.blocks("inline_policy")
    own = (b for b in blocks if grantor.written is not None or b.attribute("name").raw_value not in others)
    return tuple(document for block in own if (document := block.attribute("policy")).raw_value not in (None, ""))


def own_attachments(grantor: Resource, graph: ResourceGraph) -> tuple[Attribute, ...]:
    """The managed policies that this resource itself attaches, one attribute for each."""
    if grantor.type not in ATTACHMENTS:
        return ()
    named = grantor.attribute(ATTACHMENTS[grantor.type])
    items = (named,) if named.is_unresolved else named.items()
    if grantor.written is not None:
        return items
    others = [item.raw_value for other in _attachments_of(grantor, graph) for item in own_attachments(other, graph)]
    return tuple(item for item in items if item.raw_value not in others)


def documents_of(role: Resource, graph: ResourceGraph) -> Iterator[Attribute]:
    """Every document that gives the role permissions, wherever in the stack it is written."""
    yield from own_documents(role, graph)
    for policy in graph.referrers(role, "aws_iam_role_policy", "role"):
        yield from own_documents(policy, graph)
    for attachment in attachments_of(role, graph):
        for policy in graph.targets(attachment, "aws_iam_policy"):
            yield policy.attribute("policy")


def attachments_of(role: Resource, graph: ResourceGraph) -> Iterator[Attribute]:
    """Every managed policy that the role gets, of this stack or from elsewhere."""
    yield from own_attachments(role, graph)
    for attachment in _attachments_of(role, graph):
        yield from own_attachments(attachment, graph)


def _attachments_of(role: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    for type_, path in _ROLE_ATTACHMENTS:
        yield from graph.referrers(role, type_, path)


def judge_attached(policy: Attribute, graph: ResourceGraph) -> Finding:
    """What can be said of a managed policy from its name; one of this stack is judged where it is written."""
    if graph.targets(policy, "aws_iam_policy"):
        return policy.passes("a policy of this stack, judged where it is written")
    source = policy
    for looked_up in graph.targets(policy, "data.aws_iam_policy"):
        source = looked_up.attribute("arn" if looked_up.attribute("name").is_missing else "name")
    known = _OF_AWS.fullmatch(str(source.raw_value.text if isinstance(source.raw_value, Unresolved) else source.value))
    name = known["name"] if known else source.text
    if _BROAD.fullmatch(name):
        return policy.fails(f"{name} allows whole services")
    if _NARROW.fullmatch(name):
        return policy.passes(f"{name} allows single actions only")
    return policy.undetermined(f"what {name} allows is not part of this input")


def is_everything(resource: Attribute) -> bool:
    """Whether an element of Resource means every resource there is, or every one of a service or type.

    Raises Undetermined where it is a value that somebody else chooses.
    """
    value = resource.raw_value
    if isinstance(value, Unresolved):
        known = value.literal or (value.is_reference and value.references[0].startswith(("aws_", "data.")))
        if not known:
            raise Undetermined(resource.undetermined(f"which resources are meant is not known here: {value.text}"))
    return bool(_EVERYTHING.fullmatch(pattern(resource)))
