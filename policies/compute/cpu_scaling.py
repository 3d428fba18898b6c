"""Which policies of an Auto Scaling group act on its processor load, and from which load on."""

from collections.abc import Iterator
from typing import NamedTuple

from policies.graph import ResourceGraph
from policies.resources import Block, Resource

LONGEST_WAIT_SECONDS = 3600
_ALARM = "aws_cloudwatch_metric_alarm"
_ABOVE = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
_BELOW = ("LessThanThreshold", "LessThanOrEqualToThreshold")
_CPU_METRICS = {"ASGAverageCPUUtilization", "CPUUtilization"}
_CUSTOM_METRIC_NAMES = (
    "customized_metric_specification.metric_name",
    "customized_metric_specification.metrics.metric_stat.metric.metric_name",
)


class CpuRule(NamedTuple):
    """At `percent` of processor load the group adds instances, or removes them."""

    adds: bool
    percent: float


def tracks_cpu(policy: Resource) -> CpuRule | None:
    """The load at which target tracking keeps the group: it adds above it, and removes below it.

    `adds` is true when it only adds, by `disable_scale_in`.
    """
    for tracking in policy.blocks("target_tracking_configuration"):
        metrics = {tracking.attribute("predefined_metric_specification.predefined_metric_type").text}
        metrics |= {name.text for path in _CUSTOM_METRIC_NAMES for name in tracking.attributes(path)}
        target = tracking.attribute("target_value").number
        if metrics & _CPU_METRICS and target is not None:
            return CpuRule(tracking.attribute("disable_scale_in").is_true, target)
    return None


def cpu_rules(policy: Resource, group: Resource, graph: ResourceGraph) -> Iterator[CpuRule]:
    """What the policy does at which load of the group, by each alarm of which it is an action."""
    for alarm in graph.referrers(policy, _ALARM, "alarm_actions"):
        comparison = alarm.attribute("comparison_operator").text
        if not _watches_cpu(alarm, group, graph) or alarm.attribute("actions_enabled").is_false:
            continue
        if not _answers_in_time(alarm):
            continue
        threshold = alarm.attribute("threshold").number
        reached = _reached(policy, comparison)
        if threshold is not None and reached is not None:
            yield CpuRule(comparison in _ABOVE, threshold + reached)


def acts_on_recovery(policy: Resource, graph: ResourceGraph) -> Resource | None:
    """An alarm that runs the policy when its metric is fine again, or when there is no data."""
    for path in ("ok_actions", "insufficient_data_actions"):
        for alarm in graph.referrers(policy, _ALARM, path):
            return alarm
    return None


def _watches_cpu(alarm: Resource, group: Resource, graph: ResourceGraph) -> bool:
    """Whether the alarm is on the group's average load: by arguments of its own, or by its only query."""
    for path, statistic in (("", "statistic"), ("metric_query.metric.", "stat")):
        if alarm in graph.referrers(group, _ALARM, f"{path}dimensions.AutoScalingGroupName"):
            expected = {"namespace": "AWS/EC2", "metric_name": "CPUUtilization", statistic: "Average"}
            return len(alarm.blocks("metric_query")) <= 1 and all(
                [one.text for one in alarm.attributes(path + name)] == [value] for name, value in expected.items()
            )
    return False


def _answers_in_time(alarm: Resource) -> bool:
    """Whether the alarm needs the load to last no longer than anybody would wait for instances."""
    periods = [*alarm.attributes("period"), *alarm.attributes("metric_query.metric.period")]
    longest = max((one.number or 0 for one in periods), default=0)
    return longest * (alarm.attribute("evaluation_periods").number or 1) <= LONGEST_WAIT_SECONDS


def _reached(policy: Resource, comparison: str) -> float | None:
    """How far beyond the alarm's threshold the load must be for the policy to act in the alarm's direction.

    None when it does not: an alarm above the threshold has to add, one below it to remove.
    """
    if comparison not in (*_ABOVE, *_BELOW):
        return None
    upward = comparison in _ABOVE
    if policy.attribute("adjustment_type").text not in ("ChangeInCapacity", "PercentChangeInCapacity"):
        return None
    if policy.attribute("policy_type").text in ("", "SimpleScaling"):
        return 0 if _moves(policy, upward) else None
    edge = "metric_interval_lower_bound" if upward else "metric_interval_upper_bound"
    edges = [step.attribute(edge).number or 0 for step in policy.blocks("step_adjustment") if _moves(step, upward)]
    if not edges:
        return None
    return max(0.0, min(edges)) if upward else min(0.0, max(edges))


def _moves(adjustment: Block, upward: bool) -> bool:
    """Whether a step, or a simple policy, changes the capacity in that direction."""
    change = adjustment.attribute("scaling_adjustment").number or 0
    return change > 0 if upward else change < 0
