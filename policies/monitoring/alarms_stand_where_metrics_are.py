"""Policy alarms-stand-where-metrics-are."""

import re
from collections.abc import Iterator

from policies.deployment.regions import are_in_one_region, region_name, region_of_arn
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.alarms import METRIC_ALARM
from policies.registry import policy
from policies.resources import Attribute, Block, Resource, Undetermined, Unresolved

# Services of the whole world, and the one region where CloudWatch keeps their metrics.
_KEPT_IN = {"AWS/Route53": "us-east-1", "AWS/CloudFront": "us-east-1", "AWS/Billing": "us-east-1"}
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@policy(
    id="alarms-stand-where-metrics-are",
    title="An alarm stands in the region of its metric, like the topic it publishes to",
    remediation="Declare alarms on Route 53, CloudFront and billing with a provider for us-east-1, others with that of "
    "the resource they watch; give each region a topic of its own.",
    severity="high",
    applies_to=(METRIC_ALARM,),
)
def judge(alarm: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """CloudWatch keeps metrics by region. An alarm on Route 53's health checks that stands beside the application sees
    no data for ever, and data that are missing alarm nobody."""
    for block in (alarm, *alarm.blocks("metric_query.metric")):
        for region in _regions_of_metric(block):
            shown = block.attribute("namespace")
            if region_name(alarm) != region:
                yield shown.fails(f"the metric is kept in {region}, and the alarm stands in {region_name(alarm)}")
    for action in alarm.attribute("alarm_actions").items():
        yield from _topic_flaws(alarm, action, graph)
    yield alarm.passes("nothing says that its metric or topic is in another region")


def _regions_of_metric(block: Block) -> Iterator[str]:
    """Raises Undetermined when the namespace, or the region that a metric of AWS names, is not known here."""
    namespace = block.attribute("namespace").value
    dimensions = block.attribute("dimensions")
    if isinstance(namespace, str) and namespace in _KEPT_IN:
        yield _KEPT_IN[namespace]
    if isinstance(namespace, str) and namespace.startswith("AWS/") and isinstance(dimensions.value, dict):
        named = dimensions.value.get("Region")
        if isinstance(named, Unresolved):
            raise Undetermined(dimensions.undetermined(f"the region of the metric is not known here: {named.text}"))
        if _REGION.fullmatch(str(named)):
            yield str(named)


def _topic_flaws(alarm: Resource, action: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    for topic in graph.targets(action, "aws_sns_topic"):
        if not are_in_one_region(alarm, topic):
            yield action.fails(f"{topic.address} is in another region, where CloudWatch does not publish from here")
        return
    value = action.raw_value
    if isinstance(value, Unresolved) and not value.is_reference:
        yield action.undetermined(f"where it leads is not known here: {value.text}")
    known = "" if isinstance(value, Unresolved) else action.text
    if ":sns:" in known and region_of_arn(known) != region_name(alarm):
        yield action.fails(f"{known} is in another region than the alarm, {region_name(alarm)}")
