"""What metric filters count in a log group, and which log group a specification means."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.monitoring.alarms import on_metric
from policies.resources import Block, Resource, Unresolved


def is_meant(group: Resource, start: str) -> bool:
    """Whether the log group's name begins so. Raises Undetermined when no part of it is known."""
    name = group.attribute("name")
    text = name.raw_value.literal if isinstance(name.raw_value, Unresolved) else name.text
    return text.startswith(start) if text else name.text.startswith(start)


def counted(group: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, Block]]:
    """The metric filters of the group, each with its transformation."""
    for filter_ in graph.referrers(group, "aws_cloudwatch_log_metric_filter", "log_group_name"):
        for transformation in filter_.blocks("metric_transformation"):
            yield filter_, transformation


def watched_by(transformation: Block, graph: ResourceGraph) -> str | None:
    """The alarm with an action on the metric that the transformation makes."""
    namespace, name = transformation.attribute("namespace"), transformation.attribute("name")
    watching = on_metric(namespace.text, name.text, graph)
    return next((block.resource.address for block in watching), None)
