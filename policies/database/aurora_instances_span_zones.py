"""Policy aurora-instances-span-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="aurora-instances-span-zones",
    title="A database cluster has enough instances, each in a zone of its own",
    remediation="Add one aws_rds_cluster_instance per planned instance, each with another availability_zone.",
    severity="high",
    applies_to=("aws_rds_cluster",),
)
def judge(cluster: Resource, graph: ResourceGraph, *, instances: int) -> Iterator[Finding]:
    """Aurora keeps its data in three zones, but serves it from instances. With one instance, or all of them in one
    zone, a failure means waiting until a new one has started."""
    members = graph.referrers(cluster, "aws_rds_cluster_instance", "cluster_identifier")
    if len(members) < instances:
        yield cluster.fails(f"the cluster has {len(members)} instances, not {instances}")
        return
    spanned = len(topology.zones(members))  # where an instance names none, AWS chooses, and may choose the same
    if spanned < instances:
        yield cluster.fails(f"the instances name {spanned} zones, not {instances}")
    else:
        yield cluster.passes(f"{len(members)} instances lie in {spanned} zones")
