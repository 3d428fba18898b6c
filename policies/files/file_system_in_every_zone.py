"""Policy file-system-in-every-zone."""

from collections.abc import Iterator

from policies.files.policy_documents import ACCESS_POINT, FILE_SYSTEM, MOUNT_TARGET
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network import topology
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="file-system-in-every-zone",
    title="A file system has a mount target in each planned zone, and in each zone of its clients",
    remediation="Add an aws_efs_mount_target in one private subnet of every zone; leave availability_zone_name out.",
    severity="medium",
    applies_to=(FILE_SYSTEM,),
)
def judge(file_system: Resource, graph: ResourceGraph, *, zones: int) -> Iterator[Finding]:
    """A client in a zone without a mount target waits for one in another zone, pays for the way, and stops when that
    zone does. A file system of one zone loses its data with it."""
    single = file_system.attribute("availability_zone_name")
    if single.references or (not single.is_unresolved and single.text):
        yield single.fails("all of it lies in one zone")
    elif single.is_unresolved:
        yield single.undetermined("whether all of it lies in one zone is not known here")
    targets = graph.referrers(file_system, MOUNT_TARGET, "file_system_id")
    named = [target.attribute("subnet_id") for target in targets]
    spanned = topology.count_zones(named, graph, wanted=zones)
    if spanned < zones:
        yield file_system.fails(f"it has mount targets in {spanned} zones, not in {zones}")
    else:
        yield file_system.passes(f"it has mount targets in {spanned} zones")
    places = topology.zones([subnet for one in named for subnet in graph.targets(one, "aws_subnet")]) if named else ()
    for client in _functions(file_system, graph):
        subnets = [
            subnet
            for one in client.attribute("vpc_config.subnet_ids").items()
            for subnet in graph.targets(one, "aws_subnet")
        ]
        missing = sorted(zone.place for zone in topology.zones(subnets) if zone not in places) if subnets else []
        if missing:
            yield file_system.fails(f"{client.address} runs in zones without mount target: {', '.join(missing)}")


def _functions(file_system: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    """The functions that mount the file system."""
    for point in graph.referrers(file_system, ACCESS_POINT, "file_system_id"):
        yield from graph.referrers(point, "aws_lambda_function", "file_system_config.arn")
