"""Policy workloads-in-private-subnets."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.placements import SUBNETS
from policies.network.topology import is_public
from policies.registry import policy
from policies.resources import Resource

_PUBLIC_ADDRESS = (
    "associate_public_ip_address",
    "network_interfaces.associate_public_ip_address",
    "network_configuration.assign_public_ip",
)
# Elastic IP addresses name the instance or interface that they are for.
_ELASTIC = {
    "aws_eip": ("instance", "network_interface"),
    "aws_eip_association": ("instance_id", "network_interface_id"),
}
_IN_DEFAULT_VPC = ("aws_autoscaling_group", "aws_instance", "aws_spot_instance_request")


@policy(
    id="workloads-in-private-subnets",
    title="Servers, functions, stores and endpoints stand in private subnets, without public addresses",
    remediation="Name subnets without a route to an internet gateway, and assign no public addresses.",
    severity="high",
    applies_to=tuple(SUBNETS),
)
def judge(workload: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """What has no route from the Internet cannot be reached from it, whatever a security group lets in by mistake.
    Only load balancers and NAT gateways need a public subnet."""
    named = [one for path in SUBNETS[workload.type] for one in workload.attributes(path)]
    items = [item for one in named for item in ((one,) if one.is_unresolved else one.items())]
    for item in items:
        subnets = graph.targets(item, "aws_subnet", "aws_default_subnet")
        if not subnets:
            yield item.undetermined("the subnet is not part of this input")
        for subnet in subnets:
            public = is_public(subnet, graph)
            yield item.fails(f"{subnet.address} is public") if public else item.passes(f"{subnet.address} is private")
    if not items:
        yield _without_subnet(workload)
    for address in (one for path in _PUBLIC_ADDRESS for one in workload.attributes(path)):
        if address.is_true:
            yield address.fails("a public address is assigned")
    for elastic in (
        one for type_, paths in _ELASTIC.items() for at in paths for one in graph.referrers(workload, type_, at)
    ):
        yield workload.fails(f"{elastic.address} gives it a public address")


def _without_subnet(workload: Resource) -> Finding:
    if workload.type not in _IN_DEFAULT_VPC or workload.blocks("network_interface"):
        return workload.not_applicable("names no subnet of its own")
    if workload.type == "aws_instance" and workload.blocks("launch_template"):
        return workload.undetermined("its launch template may name a subnet")
    return workload.fails("no subnet is named, so a public one of the default VPC is taken")
