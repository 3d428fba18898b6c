"""Policy instances-come-from-launch-template."""

from collections.abc import Iterator

from policies.compute.launch import template_references
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource


@policy(
    id="instances-come-from-launch-template",
    title="An Auto Scaling group launches its instances from a launch template of the stack",
    remediation="Name a launch template of the stack in launch_template or in the mixed_instances_policy, with "
    "latest_version as its version, and drop launch_configuration.",
    severity="medium",
    applies_to=("aws_autoscaling_group",),
)
def judge(group: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """AWS adds nothing to launch configurations any more, and no longer gives them to new accounts. A template
    outside the stack, or an old version of one, launches instances that nobody here judged."""
    older = group.attribute("launch_configuration")
    references = template_references(group)
    if graph.targets(older, "aws_launch_configuration") or older.text:
        yield older.fails("the instances come from a launch configuration")
    elif not references:
        yield group.attribute("launch_template").fails("the group names no launch template")
    for block, reference in references:
        yield from _judge_reference(block, reference, graph)


def _judge_reference(block: Block, reference: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    named = graph.targets(reference, "aws_launch_template")
    if not named:
        yield reference.undetermined("the launch template is not part of this input")
    version = block.attribute("version")
    for template in named:
        latest = template.attribute("latest_version")
        pinned = not version.is_unresolved and version.text.isdigit()
        if pinned and not latest.is_missing and not latest.is_unresolved and latest.text != version.text:
            yield version.fails(f"version {version.text} of {template.address} is not its latest one")
        elif pinned and version.is_literal and (latest.is_missing or latest.is_unresolved):
            yield version.undetermined(f"whether version {version.text} is what {template.address} says is not known")
        elif version.is_unresolved and template.configuration_address not in version.references:
            yield version.undetermined(f"which version of {template.address} it is, is not known here")
        elif version.is_unresolved or version.text not in ("", "$Default") or _default_is_latest(template):
            yield reference.passes(f"the instances come from {template.address}")
        else:
            yield version.undetermined(f"whether the default version of {template.address} is its latest is not known")


def _default_is_latest(template: Resource) -> bool:
    """A template's default version stays its first one, unless something moves it on."""
    default, latest = template.attribute("default_version"), template.attribute("latest_version")
    if template.attribute("update_default_version").is_true:
        return True
    return not default.is_missing and not default.is_unresolved and default.raw_value == latest.raw_value
