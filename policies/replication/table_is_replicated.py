"""Policy table-is-replicated."""

from collections.abc import Iterator

from policies.deployment.regions import region_name
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.replication.replicas import TABLE, replicas_of
from policies.resources import Resource

_BOTH_IMAGES = "NEW_AND_OLD_IMAGES"


@policy(
    id="table-is-replicated",
    title="A DynamoDB table lies in exactly the regions planned for it",
    remediation="Give the table a stream of NEW_AND_OLD_IMAGES, and a replica (block or aws_dynamodb_table_replica) in "
    "each further region.",
    severity="high",
    applies_to=(TABLE,),
)
def judge(table: Resource, graph: ResourceGraph, *, regions: tuple[str, ...]) -> Iterator[Finding]:
    """When a region is lost, what lies there alone is lost with it, or as old as the last backup. A replica in a
    region nobody planned holds the data under laws that nobody looked up."""
    replicas = replicas_of(table, graph)
    found = {region_name(table), *(one.region for one in replicas)}
    missing, unplanned = sorted(set(regions) - found), sorted(found - set(regions))
    if missing:
        yield table.fails(f"it is not in {', '.join(missing)}")
    if unplanned:
        yield table.fails(f"it is in {', '.join(unplanned)}, which was not planned")
    if not missing and not unplanned:
        yield table.passes(f"it is in {', '.join(sorted(found))}")
    strong = any(one.block.attribute("consistency_mode").text == "STRONG" for one in replicas)
    if replicas and not strong:  # only replicas that follow later read the stream
        stream, images = table.attribute("stream_enabled"), table.attribute("stream_view_type")
        if not stream.is_true:
            yield stream.fails("replicas cannot follow: its stream is off")
        elif images.value != _BOTH_IMAGES:
            yield images.fails(f"replicas cannot follow: its stream does not hold {_BOTH_IMAGES}")
