"""What the instances of an Auto Scaling group, or a single instance, are launched from."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Block, Resource, Undetermined

INSTANCES = ("aws_instance", "aws_spot_instance_request")
LAUNCHING = ("aws_launch_template", "aws_launch_configuration", *INSTANCES)
_OVERRIDES = "mixed_instances_policy.launch_template.override"
# Where a group or an instance names a template, with the names of the two arguments of which one is used.
_IN_MIXED_POLICY = ("launch_template_id", "launch_template_name")
_TEMPLATE_BLOCKS = {
    "launch_template": ("id", "name"),
    "mixed_instances_policy.launch_template.launch_template_specification": _IN_MIXED_POLICY,
    f"{_OVERRIDES}.launch_template_specification": _IN_MIXED_POLICY,
}


def template_references(launched: Resource) -> tuple[tuple[Block, Attribute], ...]:
    """Every block that names a launch template, with the attribute by which it does."""
    found = []
    for path, (id_, name) in _TEMPLATE_BLOCKS.items():
        for block in launched.blocks(path):
            by_id = block.attribute(id_)
            found.append((block, by_id if by_id.is_unresolved or by_id.text else block.attribute(name)))
    return tuple(found)


def templates(launched: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The launch templates of a group or an instance; empty when it names none.

    Raises Undetermined when one of them is not part of this input.
    """
    found: list[Resource] = []
    for _, reference in template_references(launched):
        named = graph.targets(reference, "aws_launch_template")
        if not named:
            raise Undetermined(reference.undetermined("the launch template is not part of this input"))
        found.extend(named)
    return tuple(dict.fromkeys(found))


def overrides(group: Resource) -> tuple[Block, ...]:
    """What a mixed instances policy puts in place of the template's instance type."""
    return group.blocks(_OVERRIDES)


def setting(resource: Resource, graph: ResourceGraph, path: str) -> tuple[Attribute, ...]:
    """The attribute `path` of what launches instances; an instance that does not set it has its template's."""
    own = resource.attribute(_OF_INSTANCE.get(path, path) if resource.type in INSTANCES else path)
    if resource.type in INSTANCES and own.is_missing:
        return tuple(one.attribute(path) for one in templates(resource, graph)) or (own,)
    return (own,)


_OF_INSTANCE = {"image_id": "ami"}
