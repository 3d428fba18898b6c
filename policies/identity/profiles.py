"""Which instance profile what launches instances names."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource

_PATHS = {
    "aws_launch_template": ("iam_instance_profile.arn", "iam_instance_profile.name"),
    "aws_launch_configuration": ("iam_instance_profile",),
    "aws_instance": ("iam_instance_profile",),
}
LAUNCHED = tuple(_PATHS)


def profiles_of(launched: Resource, graph: ResourceGraph) -> list[Attribute]:
    """The profiles named, here or in the launch template that an instance takes them from.

    A template that is not part of the input stands for the profile it may name.
    """
    named = [one for path in _PATHS[launched.type] if _is_set(one := launched.attribute(path))]
    if named:
        return named
    for path in ("launch_template.id", "launch_template.name"):
        reference = launched.attribute(path)
        if _is_set(reference):
            templates = graph.targets(reference, "aws_launch_template")
            return [one for template in templates for one in profiles_of(template, graph)] if templates else [reference]
    return []


def _is_set(attribute: Attribute) -> bool:
    """A state has empty strings where nothing is named."""
    return attribute.raw_value not in (None, "")
