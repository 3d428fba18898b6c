"""Policy cache-has-nodes."""

from collections.abc import Iterator

from policies.caches.nodes import REPLICATION_GROUP, nodes_of_shard
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="cache-has-nodes",
    title="A cache has as many nodes as planned, in as many zones",
    remediation="Set num_cache_clusters (or replicas_per_node_group), and give the subnet group a subnet in each zone.",
    severity="medium",
    applies_to=(REPLICATION_GROUP,),
)
def judge(group: Resource, graph: ResourceGraph, *, nodes: int, zones: int) -> Iterator[Finding]:
    """With two nodes, the failure of one leaves a cache without a copy until another has started. Nodes that share a
    zone fail together, and they can stand only in zones of which the subnet group has a subnet."""
    held = nodes_of_shard(group, graph)
    counted = group.attribute("num_cache_clusters")
    if held < nodes:
        yield counted.fails(f"each piece of data is in {held:g} nodes, not in {nodes}")
    else:
        yield counted.passes(f"each piece of data is in {held:g} nodes")
    chosen = group.attribute("preferred_cache_cluster_azs")
    named = chosen.value
    if isinstance(named, list) and len({str(zone) for zone in named}) < zones:
        yield chosen.fails(f"the nodes are put into fewer than {zones} zones")
    subnet_group = group.attribute("subnet_group_name")
    groups = graph.targets(subnet_group, "aws_elasticache_subnet_group")
    if not groups and subnet_group.is_given:
        yield subnet_group.undetermined("the subnet group is not part of this input")
    elif not groups:
        yield subnet_group.fails("no subnet group is named, so the nodes stand in default subnets")
    for found in groups:
        spanned = topology.count_zones([found.attribute("subnet_ids")], graph, wanted=zones)
        if spanned < zones:
            yield subnet_group.fails(f"the subnets of {found.address} lie in {spanned} zones, not in {zones}")
        else:
            yield subnet_group.passes(f"the subnets of {found.address} lie in {spanned} zones")
