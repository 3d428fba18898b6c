"""Policy cache-requires-tls."""

from collections.abc import Iterator

from policies.caches.nodes import CLUSTER, ELASTICACHE, REPLICATION_GROUP, is_member, primary_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_MEMORYDB, _DAX = "aws_memorydb_cluster", "aws_dax_cluster"


@policy(
    id="cache-requires-tls",
    title="A cache refuses connections without TLS",
    remediation="Set transit_encryption_enabled = true, and transit_encryption_mode to required.",
    severity="high",
    applies_to=(*ELASTICACHE, _MEMORYDB, _DAX),
)
def judge(cache: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A cache holds copies of what the database encrypts, and sessions that are as good as passwords. In the mode
    `preferred` it still answers whoever asks in clear text, and nobody notices."""
    enabled, mode = cache.attribute("transit_encryption_enabled"), cache.attribute("transit_encryption_mode")
    if cache.type == _MEMORYDB:
        enabled = cache.attribute("tls_enabled")
        yield enabled.fails("TLS is switched off") if enabled.is_false else enabled.passes("it speaks TLS only")
    elif cache.type == _DAX:
        kind = cache.attribute("cluster_endpoint_encryption_type")
        yield kind.passes("it speaks TLS only") if kind.text == "TLS" else kind.fails("it speaks no TLS")
    elif cache.type not in (REPLICATION_GROUP, CLUSTER):
        yield cache.passes("a serverless cache speaks TLS only")
    elif is_member(cache):
        yield cache.not_applicable("a node of a replication group, which is judged itself")
    elif enabled.is_missing and (primary := primary_of(cache, graph)) is not None:
        has_tls = primary.attribute("transit_encryption_enabled").is_true and _is_required(primary)
        follows = f"it follows {primary.address}, which"
        yield enabled.passes(f"{follows} has TLS") if has_tls else enabled.fails(f"{follows} does not insist on TLS")
    elif enabled.is_missing and not (followed := cache.attribute("global_replication_group_id")).is_missing:
        yield followed.undetermined("the group that it follows is not part of this input")
    elif not enabled.is_true:
        yield enabled.fails("TLS is not switched on" if enabled.is_missing else "TLS is switched off")
    elif not _is_required(cache):
        yield mode.fails(f"in the mode {mode.text} it answers without TLS, too")
    else:
        yield enabled.passes("it speaks TLS only")


def _is_required(cache: Resource) -> bool:
    return cache.attribute("transit_encryption_mode").text in ("", "required")
