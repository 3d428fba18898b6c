"""Policy instances-send-their-logs."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import statements
from policies.identity.permissions import documents_of
from policies.identity.profiles import LAUNCHED, profiles_of
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_PUTS = re.compile(r"logs:(put\*|putlogevents|put\w*\*|\*)", re.IGNORECASE)


@policy(
    id="instances-send-their-logs",
    title="Instances may write to a log group of the stack",
    remediation="Declare an aws_cloudwatch_log_group, and allow the role of the instances logs:PutLogEvents on it.",
    severity="medium",
    applies_to=LAUNCHED,
)
def judge(launched: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """What an instance writes to its own disk is gone when Auto Scaling replaces it, and in the hands of whoever has
    broken into it. Only logs that leave at once can be trusted."""
    profiles = profiles_of(launched, graph)
    if not profiles:
        yield launched.fails("the instances have no role, so they may write to no log group")
    for named in profiles:
        roles = [role for one in graph.targets(named, "aws_iam_instance_profile") for role in _roles(one, graph)]
        groups = [group.address for role in roles for group in _writable(role, graph)]
        if groups:
            yield launched.passes(f"they write to {', '.join(dict.fromkeys(groups))}")
        elif roles:
            yield launched.fails(f"{roles[0].address} may write to no log group of the stack")
        else:
            yield launched.undetermined("the role of the instances is not part of this input")


def _roles(profile: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    return graph.targets(profile.attribute("role"), "aws_iam_role")


def _writable(role: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    for document in documents_of(role, graph):
        for statement in statements(document, graph):
            if statement.effect == "Allow" and any(_PUTS.fullmatch(action.text) for action in statement.actions):
                for resource in statement.resources:
                    yield from graph.targets(_of_group(resource), "aws_cloudwatch_log_group")


def _of_group(resource: Attribute) -> Attribute:
    """The ARN of a log group where that of its streams stands."""
    if not isinstance(resource.raw_value, str):
        return resource
    arn = re.sub(r":(\*|log-stream:.*)$", "", resource.raw_value)
    return Attribute(resource.resource, resource.path, arn, resource.references)
