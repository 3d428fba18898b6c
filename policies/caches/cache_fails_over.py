"""Policy cache-fails-over."""

from collections.abc import Iterator

from policies.caches.nodes import CLUSTER, ELASTICACHE, SERVERLESS, engine_of, is_member, nodes_of_shard
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="cache-fails-over",
    title="When the primary node of a cache fails, one in another zone takes over by itself",
    remediation="Set automatic_failover_enabled and multi_az_enabled to true, with num_cache_clusters of 2 or more, or "
    "replicas_per_node_group of 1 or more.",
    severity="medium",
    applies_to=ELASTICACHE,
)
def judge(cache: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A cache that is gone sends all of its load to the database at once, which follows it. Both switches are off
    until somebody turns them on, and replicas that nobody promotes are of no use."""
    if cache.type == SERVERLESS:
        yield cache.passes("a serverless cache lies in several zones")
    elif is_member(cache) or engine_of(cache) == "memcached":
        yield cache.not_applicable("a node of a group" if is_member(cache) else "Memcached keeps no copies")
    elif cache.type == CLUSTER:
        yield cache.fails("a single node, which nothing takes the place of")
    else:
        for path in ("automatic_failover_enabled", "multi_az_enabled"):
            switch = cache.attribute(path)
            yield switch.passes("it is on") if switch.is_true else switch.fails("it is not switched on")
        nodes = nodes_of_shard(cache, graph)
        if nodes < 2:
            yield cache.fails("each piece of data is in one node only, so none can take over")
        else:
            yield cache.passes(f"each piece of data is in {nodes:g} nodes")
