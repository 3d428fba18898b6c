"""Policy file-system-is-backed-up."""

from collections.abc import Iterator

from policies.files.policy_documents import FILE_SYSTEM
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource
from policies.tagging.effective_tags import effective_tags


@policy(
    id="file-system-is-backed-up",
    title="A file system is backed up every day",
    remediation="Declare an aws_efs_backup_policy with the status ENABLED, or name the file system in an "
    "aws_backup_selection.",
    severity="medium",
    applies_to=(FILE_SYSTEM,),
)
def judge(file_system: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A file system has no versions: what a program, or an intruder with its rights, overwrites is gone. A file system
    that Terraform makes is not backed up until somebody says so."""
    statuses = [
        one.attribute("backup_policy.status")
        for one in graph.referrers(file_system, "aws_efs_backup_policy", "file_system_id")
    ]
    selecting = [one for one in graph.of_type("aws_backup_selection") if _selects(one, file_system, graph)]
    if any(status.text == "ENABLED" for status in statuses):
        yield file_system.passes("automatic backups are on")
    elif selecting:
        yield file_system.passes(f"{selecting[0].address} has it backed up")
    else:
        yield file_system.fails("automatic backups are off" if statuses else "nothing backs it up")


def _selects(selection: Resource, file_system: Resource, graph: ResourceGraph) -> bool:
    resources, spared = selection.attribute("resources"), selection.attribute("not_resources")
    if file_system in graph.targets(spared, FILE_SYSTEM):
        return False
    named = file_system in graph.targets(resources, FILE_SYSTEM) or "*" in (resources.raw_value or ())
    return named or any(_has_tag(file_system, tag) for tag in selection.blocks("selection_tag"))


def _has_tag(file_system: Resource, wanted: Block) -> bool:
    kind, key, value = (wanted.attribute(path).text for path in ("type", "key", "value"))
    return kind == "STRINGEQUALS" and effective_tags(file_system).get(key) == value
