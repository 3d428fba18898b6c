"""Policy imdsv2-required."""

from collections.abc import Iterator

from policies.compute.launch import INSTANCES, LAUNCHING
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Undetermined


@policy(
    id="imdsv2-required",
    title="The instance metadata service answers session-oriented (IMDSv2) requests only",
    remediation='Set metadata_options { http_tokens = "required" } on the instance or its launch template.',
    severity="high",
    applies_to=LAUNCHING,
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """With IMDSv1, anyone who can make an application fetch a URL of their choice reads the credentials of the
    instance's role. IMDSv2 demands a token that such a request cannot obtain."""
    endpoint = resource.attribute("metadata_options.http_endpoint")
    if not endpoint.is_unresolved and endpoint.value == "disabled":
        yield endpoint.passes("the metadata service is switched off")
        return
    tokens = resource.attribute("metadata_options.http_tokens")
    if resource.type in INSTANCES and resource.attribute("metadata_options").is_missing:
        tokens = _template_tokens(resource, graph) or tokens
    if tokens.value == "required":
        yield tokens.passes("IMDSv2 is required")
    elif tokens.is_missing:
        yield tokens.fails("IMDSv1 is answered: http_tokens is not set, and the default is optional")
    else:
        yield tokens.fails(f"IMDSv1 is answered: http_tokens is {tokens.text}")


def _template_tokens(instance: Resource, graph: ResourceGraph) -> Attribute | None:
    """What the launch template says for an instance that says nothing itself; None when it has no template."""
    for path in ("launch_template.id", "launch_template.name"):
        reference = instance.attribute(path)
        for template in graph.targets(reference, "aws_launch_template"):
            return template.attribute("metadata_options.http_tokens")
        if not reference.is_missing:
            raise Undetermined(reference.undetermined("the launch template is not part of this input"))
    return None
