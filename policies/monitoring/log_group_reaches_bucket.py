"""Policy log-group-reaches-bucket."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import archives
from policies.registry import policy
from policies.resources import Resource, Unresolved


@policy(
    id="log-group-reaches-bucket",
    title="Every event of a log group is copied to a bucket",
    remediation="Subscribe a Firehose delivery stream, whose destination is a bucket of the stack, to the log group "
    "with an empty filter_pattern.",
    severity="medium",
    applies_to=("aws_cloudwatch_log_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, named: str) -> Iterator[Finding]:
    """A log group is for looking at the last hours. In a bucket the same lines can be searched as a whole, given to
    others, and kept for little money. `named` is a part of the names of the groups that this is about."""
    name = group.attribute("name")
    if named not in (name.raw_value.literal if isinstance(name.raw_value, Unresolved) else name.text):
        if name.is_unresolved:
            yield name.undetermined(f"whether its name has {named} in it is not known here")
        else:
            yield group.not_applicable(f"its name does not have {named} in it")
        return
    found = list(archives(group, graph))
    for stream, bucket in found:
        yield group.passes(f"{stream.address} copies every event to {bucket.address}")
    if not found:
        yield group.fails("no subscription copies every event of it to a bucket of this stack")
