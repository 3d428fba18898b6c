"""Policy topic-hears-of-metrics."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.alarms import METRIC_ALARM, acts
from policies.monitoring.planned_metrics import PlannedMetric, planned
from policies.registry import policy
from policies.resources import Resource

_TOPIC = "aws_sns_topic"


@policy(
    id="topic-hears-of-metrics",
    title="A topic of the stack hears when a planned metric passes its limit",
    remediation="Add an aws_cloudwatch_metric_alarm on the metric, with dimensions, the planned limit or an earlier "
    "one, and the topic in alarm_actions.",
    severity="medium",
    applies_to=(_TOPIC,),
)
def judge(topic: Resource, graph: ResourceGraph, *, metrics: tuple[str, ...]) -> Iterator[Finding]:
    """What is measured and told to nobody is found in the graphs of the day after. It need not be a metric of this
    stack's own resources: a region has to hear of data that another stack replicates into it."""
    if not graph.referrers(topic, METRIC_ALARM, "alarm_actions"):
        yield topic.not_applicable("no alarm publishes to it")
        return
    heard = [alarm for one in graph.of_type(_TOPIC) for alarm in graph.referrers(one, METRIC_ALARM, "alarm_actions")]
    for metric in planned(metrics, topic):
        watching = next((alarm for alarm in heard if acts(alarm) and _watches(alarm, metric)), None)
        if watching is None:
            yield topic.fails(f"no alarm that publishes to a topic of the stack watches {metric.written}")
        else:
            yield topic.passes(f"{watching.address} watches {metric.written}")


def _watches(alarm: Resource, metric: PlannedMetric) -> bool:
    return any(metric.is_watched_by(alarm, block) for block in (alarm, *alarm.blocks("metric_query.metric")))
