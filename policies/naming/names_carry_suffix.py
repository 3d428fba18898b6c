"""Policy names-carry-suffix."""

from collections.abc import Iterator

from policies.graph import EVERY_TYPE, ResourceGraph
from policies.model import Finding
from policies.naming.names import NAMED, is_cut, own_name, own_part, shared_ending, shown
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved

# Whose `name` is an address, a name that another resource gave it, or one that AWS gives.
# The name of a stage is a part of its URLs, and belongs to its API: the suffix alone says which it is.
_STAGES = {"aws_apigatewayv2_stage": "name", "aws_api_gateway_stage": "stage_name"}
_NOT_NAMED_BY_US = ("aws_default_", "aws_route53_", "aws_ses", "aws_iam_service_linked_role", "aws_s3_bucket_")


@policy(
    id="names-carry-suffix",
    title="Every name carries the prefix of the system, what it is, and the suffix of the environment",
    remediation="Name the resource prefix-resource-suffix, as its neighbours are named.",
    severity="low",
    applies_to=(EVERY_TYPE,),
)
def judge(resource: Resource, graph: ResourceGraph, *, prefix: str) -> Iterator[Finding]:
    """Two environments in one account take each other's names when a single one is fixed; the second does not deploy,
    or overwrites the first. Which suffix is meant, the ending says that most names of the stack share."""
    name, _ = own_name(resource)
    if resource.type in NAMED and name.raw_value in (None, ""):
        yield name.fails("it has no name of its own, so one is made up")
        return
    if resource.type in _STAGES:
        yield _of_stage(resource.attribute(_STAGES[resource.type]), shared_ending(graph, prefix))
        return
    names = list(_names(resource, name))
    if not names:
        yield resource.not_applicable("it has no name")
    for one in names:
        yield _verdict(resource, one, prefix, shared_ending(graph, prefix))


def _of_stage(name: Attribute, suffix: str) -> Finding:
    if suffix and shown(name) == suffix:
        return name.passes(f"the stage is called {suffix}")
    return name.fails(f"the stage is not called {suffix or 'by a suffix that most names of the stack share'}")


def _names(resource: Resource, name: Attribute) -> Iterator[Attribute]:
    tags = resource.attribute("tags")
    if isinstance(tags.raw_value, dict) and "Name" in tags.raw_value:
        tag = tags.raw_value["Name"]
        yield Attribute(resource, "tags.Name", tag, tag.references if isinstance(tag, Unresolved) else ())
    named_by_us = resource.type.startswith("aws_") and not resource.type.startswith(_NOT_NAMED_BY_US)
    if named_by_us and name.raw_value not in (None, ""):
        yield name


def _verdict(resource: Resource, name: Attribute, prefix: str, suffix: str) -> Finding:
    text = shown(name)
    part = own_part(text, prefix)
    if not part:
        return name.fails(f"the name does not begin with {prefix}-")
    if not suffix:
        return name.fails("no ending is shared by most names of the stack, so none can be the suffix")
    if part.rstrip("-").endswith(f"-{suffix}") or is_cut(resource, text):
        return name.passes(f"the name carries the suffix {suffix}")
    return name.fails(f"the name does not end with the suffix {suffix}, which most names of the stack have")
