"""Policy required-tags."""

from collections.abc import Iterator
from typing import Any

from policies.data import taggable_types
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved
from policies.tagging.effective_tags import effective_tags

REQUIRED = ("Environment", "Application", "CostCenter")
_GROUP = "aws_autoscaling_group"


@policy(
    id="required-tags",
    title="Every taggable resource says which environment, application and cost center it belongs to",
    remediation="Set Environment, Application and CostCenter in the provider's default_tags; an Auto Scaling group "
    "needs them as tag blocks with propagate_at_launch = true.",
    severity="low",
    applies_to=taggable_types(),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A resource nobody can name an owner for is in nobody's inventory: it is not patched, not reviewed and not
    counted when the scope of an audit is drawn."""
    shown = resource.attribute("tag" if resource.type == _GROUP else "tags")
    tags = _group_tags(resource) if resource.type == _GROUP else effective_tags(resource)
    missing = [key for key in REQUIRED if tags.get(key) is None or str(tags[key]).strip() == ""]
    if missing:
        where = " that propagate at launch" if resource.type == _GROUP else ", default_tags included"
        yield shown.fails(f"without tags {', '.join(missing)}{where}")
        return
    for key in REQUIRED:
        if isinstance(tags[key], Unresolved) and not tags[key].literal:
            yield shown.undetermined(f"the value of the tag {key} is not known here")
    yield shown.passes("Environment, Application and CostCenter are set")


def _group_tags(group: Resource) -> dict[str, Any]:
    """Auto Scaling groups ignore default_tags; only tags that propagate reach the instances."""
    return {
        block.attribute("key").text: block.attribute("value").raw_value
        for block in group.blocks("tag")
        if block.attribute("propagate_at_launch").is_true
    }
