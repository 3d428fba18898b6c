"""Policy cache-keeps-snapshots."""

from collections.abc import Iterator

from policies.caches.nodes import ELASTICACHE, engine_of, is_member
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="cache-keeps-snapshots",
    title="Daily snapshots of a cache are kept as long as planned",
    remediation="Set snapshot_retention_limit to the planned number of days.",
    severity="medium",
    applies_to=ELASTICACHE,
)
def judge(cache: Resource, graph: ResourceGraph, *, days: int) -> Iterator[Finding]:
    """What is only in the cache (sessions, counters, queues) is gone with it, and an empty cache takes hours to warm
    up. Without a limit AWS takes no snapshot at all."""
    if is_member(cache):
        yield cache.not_applicable("a node of a replication group, which is judged itself")
        return
    if cache.type == "aws_elasticache_cluster" and engine_of(cache) == "memcached":
        yield cache.not_applicable("Memcached has no snapshots")
        return
    limit = cache.attribute("snapshot_retention_limit")
    kept = limit.number or 0
    if kept >= days:
        yield limit.passes(f"snapshots are kept {kept:g} days")
    else:
        yield limit.fails(f"snapshots are kept {kept:g} days, fewer than {days}" if kept else "no snapshot is taken")
