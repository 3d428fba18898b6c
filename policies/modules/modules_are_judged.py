"""Policy modules-are-judged."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="modules-are-judged",
    title="Every module's resources are part of what is judged",
    remediation="Judge the plan as well: `terraform show -json` of it contains the resources of every module.",
    severity="high",
    applies_to=("module",),
)
def judge(module: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A module call in a configuration names resources that only a plan shows; to say nothing about them would make
    a gate that can be passed by moving a resource into a module."""
    yield module.attribute("source").undetermined("the resources of this module are not visible here")
