"""Policy cache-engine-is."""

from collections.abc import Iterator

from policies.caches.nodes import ELASTICACHE, SERVERLESS, engine_of, is_member
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="cache-engine-is",
    title="A cache runs the engine and version that were planned for it",
    remediation="Set engine and engine_version (major_engine_version of a serverless cache) to the planned ones.",
    severity="medium",
    applies_to=ELASTICACHE,
)
def judge(cache: Resource, graph: ResourceGraph, *, engine: str, version: str) -> Iterator[Finding]:
    """Client and commands are tested against one engine and version: a newer one may lack what an older one had, and
    an older one is no longer mended. Without a version AWS takes whichever is its default on that day."""
    if is_member(cache):
        yield cache.not_applicable("a node of a replication group, which is judged itself")
        return
    named = cache.attribute("engine")
    running = cache.attribute("major_engine_version" if cache.type == SERVERLESS else "engine_version")
    if engine_of(cache) != engine:
        yield named.fails(f"the engine is not {engine}")
    if not running.text:
        yield running.fails("no version is named, so AWS chooses one")
    elif f"{running.text}.".startswith(f"{version}."):
        yield running.passes(f"the version is {running.text}")
    else:
        yield running.fails(f"the version is not {version}")
