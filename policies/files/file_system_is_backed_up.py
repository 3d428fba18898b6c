"""Policy file-system-is-backed-up."""

import re
from collections.abc import Iterator

from policies.deployment.regions import are_in_one_region
from policies.files.policy_documents import FILE_SYSTEM
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource, Undetermined
from policies.tagging.effective_tags import effective_tags

_EVERY_ONE = re.compile(r"\*|arn:[^:]+:(elasticfilesystem|\*):[^:]*:[^:]*:(file-system/)?\*")
# Minutes and hours at will, every day of every month of every year.
_DAILY = re.compile(r"cron\(\S+ \S+ ([*?]|1/1) \* [*?]( \*)?\)|rate\((1 day|([1-9]|1\d|2[0-4]) hours?)\)")


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
    selecting = [
        one
        for one in graph.of_type("aws_backup_selection")
        if are_in_one_region(one, file_system) and _selects(one, file_system, graph) and _is_daily(one, graph)
    ]
    if statuses and all(status.text == "ENABLED" for status in statuses):
        yield file_system.passes("automatic backups are on")
    elif selecting:
        yield file_system.passes(f"{selecting[0].address} has it backed up")
    else:
        yield file_system.fails("automatic backups are off" if statuses else "nothing backs it up")


def _selects(selection: Resource, file_system: Resource, graph: ResourceGraph) -> bool:
    resources, spared = selection.attribute("resources"), selection.attribute("not_resources")
    if file_system in graph.targets(spared, FILE_SYSTEM):
        return False
    if _is_meant(spared):
        return False
    if any(one.is_unresolved and not graph.targets(one, FILE_SYSTEM) for one in spared.items()):
        raise Undetermined(spared.undetermined(f"what {selection.address} leaves out is not known here"))
    named = file_system in graph.targets(resources, FILE_SYSTEM) or _is_meant(resources)
    tagged = any(_has_tag(file_system, tag) for tag in selection.blocks("selection_tag"))
    return (named or tagged) and all(_fulfils(file_system, one) for one in selection.blocks("condition"))


def _is_meant(resources: Attribute) -> bool:
    """Whether a wildcard among these ARNs stands for every file system."""
    return any(not one.is_unresolved and _EVERY_ONE.fullmatch(one.text) for one in resources.items())


def _has_tag(file_system: Resource, wanted: Block) -> bool:
    """One of the tags is enough."""
    kind, key, value = (wanted.attribute(path).text for path in ("type", "key", "value"))
    return kind == "STRINGEQUALS" and effective_tags(file_system).get(key) == value


def _fulfils(file_system: Resource, condition: Block) -> bool:
    """Whether all of these hold. Raises Undetermined for those that compare otherwise than `string_equals`."""
    for comparison in ("string_like", "string_not_equals", "string_not_like"):
        if others := condition.blocks(comparison):
            key = others[0].attribute("key")
            raise Undetermined(key.undetermined(f"whether {key.resource.address} leaves it out is not known here"))
    tags = effective_tags(file_system)
    wanted = [(one.attribute("key").text, one.attribute("value").text) for one in condition.blocks("string_equals")]
    return all(tags.get(key.removeprefix("aws:ResourceTag/")) == value for key, value in wanted)


def _is_daily(selection: Resource, graph: ResourceGraph) -> bool:
    """Whether the plan has a rule for every day, which is AWS's choice where it names no time."""
    plans = graph.targets(selection.attribute("plan_id"), "aws_backup_plan")
    if not plans:
        raise Undetermined(selection.undetermined(f"the plan of {selection.address} is not part of this input"))
    times = [rule.attribute("schedule").text for plan in plans for rule in plan.blocks("rule")]
    return any(not time or _DAILY.fullmatch(time) for time in times)
