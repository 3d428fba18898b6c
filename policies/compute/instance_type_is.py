"""Policy instance-type-is."""

from collections.abc import Iterator

from policies.compute.launch import LAUNCHING, overrides, setting, templates
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource


@policy(
    id="instance-type-is",
    title="Instances are of a type that was planned for them",
    remediation="Set instance_type to a planned type: in the launch template, in every override of a mixed instances "
    "policy, or on the instance.",
    severity="medium",
    applies_to=(*LAUNCHING, "aws_autoscaling_group"),
)
def judge(resource: Resource, graph: ResourceGraph, *, instance_types: tuple[str, ...]) -> Iterator[Finding]:
    """Thresholds of scaling, limits of connections and the budget were worked out for a type of instance. On a smaller
    one they no longer hold, and a larger one is paid for without need."""
    if resource.type != "aws_autoscaling_group":
        for type_ in setting(resource, graph, "instance_type"):
            yield from _judge(type_, instance_types, by_requirements=bool(resource.blocks("instance_requirements")))
        return
    replaced = overrides(resource)
    if not replaced and templates(resource, graph):
        yield resource.not_applicable("its launch template says of which type the instances are")
    elif not replaced:
        yield resource.not_applicable("its launch configuration says of which type the instances are")
    for override in replaced:
        by_requirements = bool(override.blocks("instance_requirements"))
        yield from _judge(override.attribute("instance_type"), instance_types, by_requirements=by_requirements)


def _judge(type_: Attribute, planned: tuple[str, ...], *, by_requirements: bool) -> Iterator[Finding]:
    if by_requirements:
        yield type_.fails("instance_requirements let AWS choose the type")
    elif type_.is_missing:
        yield type_.fails("no instance type is named")
    elif type_.text in planned:
        yield type_.passes(f"the instances are of type {type_.text}")
    else:
        yield type_.fails(f"{type_.text} is not one of the planned types: {', '.join(planned)}")
