"""Policy aurora-instances-span-zones."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource, Undetermined


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
    for member in members:
        if member.may_not_exist:
            raise Undetermined(cluster.undetermined(f"{member.address} may or may not exist"))
    if len(members) < instances:
        yield cluster.fails(f"the cluster has {len(members)} instances, not {instances}")
        return
    for member in members:
        if topology.zone(member) is None:
            yield cluster.fails(f"{member.address} names no zone, so AWS may put it beside another")
    spanned = len(topology.zones(members))
    if spanned < instances:
        yield cluster.fails(f"the instances lie in {spanned} zones, not in {instances}")
    else:
        yield cluster.passes(f"{len(members)} instances lie in {spanned} zones")
