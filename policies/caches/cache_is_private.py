"""Policy cache-is-private."""

from collections.abc import Iterator

from policies.caches.nodes import ELASTICACHE, SERVERLESS, engine_of, is_member
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.clients import admit_clients_only
from policies.registry import policy
from policies.resources import Resource

_REDIS_PORT, _REDIS_READER_PORT, _MEMCACHED_PORT = 6379, 6380, 11211


@policy(
    id="cache-is-private",
    title="Nobody reaches a cache but applications and functions, on its own port",
    remediation="Let the security groups of the cache admit the groups of its clients on the port of the cache only.",
    severity="high",
    applies_to=ELASTICACHE,
)
def judge(cache: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A cache has the same data in it as the database, and fewer locks. An address range lets in whatever gets an
    address in it; the security group of a client says who is meant."""
    if is_member(cache):
        yield cache.not_applicable("a node of a replication group, which is judged itself")
        return
    default = _MEMCACHED_PORT if engine_of(cache) == "memcached" else _REDIS_PORT
    serverless = (default, _REDIS_READER_PORT)
    ports = serverless if cache.type == SERVERLESS else (int(cache.attribute("port").number or default),)
    yield from admit_clients_only(cache.attribute("security_group_ids"), ports, graph)
