"""Policy critical-metrics-are-watched."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.alarms import WATCHED, is_about, on_metric
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="critical-metrics-are-watched",
    title="An alarm with an action watches each critical metric of a resource",
    remediation="Add an aws_cloudwatch_metric_alarm on the metric, with the resource's own name in dimensions and an "
    "alarm action.",
    severity="medium",
    applies_to=tuple(WATCHED),
)
def judge(resource: Resource, graph: ResourceGraph, *, metrics: tuple[str, ...]) -> Iterator[Finding]:
    """What nobody watches fails in silence. An alarm on the metric of another resource, or of all of them together,
    stays quiet while this one is down."""
    namespace = WATCHED[resource.type][0]
    kind = resource.attribute("load_balancer_type")
    critical = [name for space, _, name in (metric.partition(" ") for metric in metrics) if space == namespace]
    if not critical or kind.text not in ("", "application"):
        yield resource.not_applicable("none of the critical metrics is a metric of it")
        return
    for name in critical:
        watching = (block.resource for block in on_metric(namespace, name, graph) if is_about(block, resource))
        alarm = next(watching, None)
        if alarm is None:
            yield resource.fails(f"no alarm with an action watches its {name}")
        else:
            yield resource.passes(f"{alarm.address} watches {name}")
