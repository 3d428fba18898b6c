"""Policy serverless-capacity-is."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_CLASS = "db.serverless"


@policy(
    id="serverless-capacity-is",
    title="A serverless database scales between the planned limits",
    remediation="Set min_capacity and max_capacity of serverlessv2_scaling_configuration, and instance_class = "
    "db.serverless of each instance.",
    severity="medium",
    applies_to=("aws_rds_cluster",),
)
def judge(cluster: Resource, graph: ResourceGraph, *, least: float, most: float) -> Iterator[Finding]:
    """The upper limit is what the load may cost, and where it ends; the lower one is how much is warm when the load
    comes. An instance of a fixed class in such a cluster does not scale at all. Both are in Aurora capacity units."""
    scaling = "serverlessv2_scaling_configuration"
    if not cluster.blocks(scaling):
        yield cluster.attribute(scaling).fails("nothing says between which limits it scales")
        return
    for path, planned in (("min_capacity", least), ("max_capacity", most)):
        limit = cluster.attribute(f"{scaling}.{path}")
        if limit.number == planned:
            yield limit.passes(f"{path} is {planned:g} units")
        else:
            yield limit.fails(f"{path} is {limit.text or 'not set'}, not {planned:g} units")
    for instance in graph.referrers(cluster, "aws_rds_cluster_instance", "cluster_identifier"):
        class_ = instance.attribute("instance_class").text
        if class_ != _CLASS:
            yield cluster.fails(f"{instance.address} is of the fixed class {class_}")
