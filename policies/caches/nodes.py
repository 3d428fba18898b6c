"""The kinds of cache that AWS runs, and how many nodes hold the same data."""

from policies.graph import ResourceGraph
from policies.resources import Resource

REPLICATION_GROUP = "aws_elasticache_replication_group"
CLUSTER = "aws_elasticache_cluster"
SERVERLESS = "aws_elasticache_serverless_cache"
ELASTICACHE = (REPLICATION_GROUP, CLUSTER, SERVERLESS)
_GLOBAL = "aws_elasticache_global_replication_group"


def engine_of(cache: Resource) -> str:
    """The engine in lower case: redis, valkey or memcached. A group without one runs Redis."""
    return cache.attribute("engine").text.lower() or "redis"


def is_member(cluster: Resource) -> bool:
    """Whether the cluster is a node of a replication group, which says everything else about it."""
    group = cluster.attribute("replication_group_id")
    return cluster.type == CLUSTER and (group.is_unresolved or bool(group.text))


def primary_of(group: Resource, graph: ResourceGraph) -> Resource | None:
    """The replication group of another region that this one follows as part of a global datastore; else None."""
    stores = graph.targets(group.attribute("global_replication_group_id"), _GLOBAL)
    primaries = [
        primary
        for store in stores
        for primary in graph.targets(store.attribute("primary_replication_group_id"), REPLICATION_GROUP)
    ]
    return primaries[0] if primaries and primaries[0] is not group else None


def nodes_of_shard(group: Resource, graph: ResourceGraph) -> float:
    """How many nodes hold each piece of a replication group's data: the primary, and its replicas.

    Raises Undetermined when their number is not known. Replicas may be resources of their own, which a configuration
    counts beside the group's, and a state among them.
    """
    total, replicas = group.attribute("num_cache_clusters"), group.attribute("replicas_per_node_group")
    if total.is_missing:
        own = 1 + (replicas.number or 0)
    else:
        own = (total.number or 1) // (group.attribute("num_node_groups").number or 1)
    separate = graph.referrers(group, CLUSTER, "replication_group_id")
    return own + (len(separate) if group.scope.has_configuration else 0)
