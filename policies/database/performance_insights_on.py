"""Policy performance-insights-on."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_ENABLED = "performance_insights_enabled"


@policy(
    id="performance-insights-on",
    title="Performance Insights records what each database instance spends its time on",
    remediation="Set performance_insights_enabled = true on every instance, or on the cluster for all of them.",
    severity="low",
    applies_to=("aws_rds_cluster_instance", "aws_db_instance"),
)
def judge(instance: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """When a database gets slow, the statements that did it are gone by the time somebody looks. After a failover it is
    the other instance that was slow, so every one has to record."""
    enabled = instance.attribute(_ENABLED)
    clusters = graph.targets(instance.attribute("cluster_identifier"), "aws_rds_cluster")
    of_cluster = [cluster for cluster in clusters if cluster.attribute(_ENABLED).is_true]
    if enabled.is_true:
        yield enabled.passes("Performance Insights records")
    elif enabled.is_missing and of_cluster:
        yield enabled.passes(f"{of_cluster[0].address} switches Performance Insights on for its instances")
    else:
        yield enabled.fails("Performance Insights is off")
