"""Policy scales-on-cpu."""

from collections.abc import Iterator

from policies.compute.cpu_scaling import acts_on_recovery, cpu_rules, tracks_cpu
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_SUSPENDING = frozenset({"AlarmNotification", "Launch", "Terminate"})


@policy(
    id="scales-on-cpu",
    title="An Auto Scaling group grows and shrinks at the planned processor loads",
    remediation="Give the group one step or simple policy that adds instances, and one that removes them, each the "
    "action of an alarm on the group's average CPUUtilization with the planned threshold; drop target tracking.",
    severity="medium",
    applies_to=("aws_autoscaling_group",),
)
def judge(group: Resource, graph: ResourceGraph, *, out_percent: float, in_percent: float) -> Iterator[Finding]:
    """A group that grows too late lets viewers wait, one that shrinks too early swings. Target tracking shrinks by a
    rule of its own, and so works against a lower threshold beside it."""
    for process in group.attribute("suspended_processes").items():
        if process.text in _SUSPENDING:
            yield process.fails(f"the group has suspended {process.text}")
    protected, smallest, largest = (group.attribute(path) for path in ("protect_from_scale_in", "min_size", "max_size"))
    if protected.is_true:
        yield protected.fails("no instance may be removed")
    sized = not (smallest.is_handed_over or largest.is_handed_over)
    if sized and (smallest.number or 0) >= (largest.number or 0):
        yield largest.fails("the group has no room to grow")
    policies = [
        one
        for one in graph.referrers(group, "aws_autoscaling_policy", "autoscaling_group_name")
        if not one.attribute("enabled").is_false
    ]
    rules = [rule for one in policies for rule in cpu_rules(one, group, graph)]
    for one in policies:
        alarm, tracking = acts_on_recovery(one, graph), tracks_cpu(one)
        if alarm is not None:
            yield group.fails(f"{alarm.address} runs {one.address} when it is not in alarm")
        if tracking is not None and tracking.adds:
            rules.append(tracking)
        elif tracking is not None:
            yield group.fails(f"{one.address} tracks the processor load, and shrinks the group by its own rule")
    growing = [rule.percent for rule in rules if rule.adds]
    shrinking = [rule.percent for rule in rules if not rule.adds]
    yield _verdict(group, "grows", min(growing, default=None), out_percent)
    yield _verdict(group, "shrinks", max(shrinking, default=None), in_percent)


def _verdict(group: Resource, verb: str, percent: float | None, planned: float) -> Finding:
    if percent is None:
        return group.fails(f"no alarm on the average processor load of the group makes sure that it {verb}")
    if percent != planned:
        return group.fails(f"the group {verb} at {percent:g} % processor load, not at {planned:g} %")
    return group.passes(f"the group {verb} at {planned:g} % processor load")
