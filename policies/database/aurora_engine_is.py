"""Policy aurora-engine-is."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="aurora-engine-is",
    title="A database cluster runs the engine and version that were planned for it",
    remediation="Set engine and engine_version of the cluster to the planned ones.",
    severity="medium",
    applies_to=("aws_rds_cluster",),
)
def judge(cluster: Resource, graph: ResourceGraph, *, engine: str, version: str) -> Iterator[Finding]:
    """Application and driver are tested against one engine and version, and support for a version ends on a date.
    Without a version AWS takes whichever is its default on the day the cluster is made."""
    named, running = cluster.attribute("engine"), cluster.attribute("engine_version")
    if named.text != engine:
        yield named.fails(f"the engine is not {engine}")
    if running.is_missing:
        yield running.fails("no version is named, so AWS chooses one")
    elif f"{running.text}.".startswith(f"{version}."):
        yield running.passes(f"the version is {running.text}")
    else:
        yield running.fails(f"the version is not {version}")
