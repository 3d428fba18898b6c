"""Policy vpc-resolves-names."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_OF_AWS = "AmazonProvidedDNS"


@policy(
    id="vpc-resolves-names",
    title="Names are resolved inside the VPC",
    remediation="Set enable_dns_support and enable_dns_hostnames of the VPC to true.",
    severity="low",
    applies_to=("aws_vpc",),
)
def judge(vpc: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Databases, caches, file systems and endpoints are known by names. Without both switches, requests to AWS leave
    the network instead of taking the endpoint in it, or find nobody at all; the second is off by default."""
    for association in graph.referrers(vpc, "aws_vpc_dhcp_options_association", "vpc_id"):
        for options in graph.targets(association.attribute("dhcp_options_id"), "aws_vpc_dhcp_options"):
            servers = options.attribute("domain_name_servers")
            if not servers.is_missing and _OF_AWS not in [one.raw_value for one in servers.items()]:
                yield vpc.undetermined(f"{options.address} names servers of its own, whose answers are not known here")
    support, names = vpc.attribute("enable_dns_support"), vpc.attribute("enable_dns_hostnames")
    if support.is_false:
        yield support.fails("the resolver of AWS is switched off")
    elif names.is_true:
        yield names.passes("names are given and resolved")
    else:
        yield names.fails("what stands in it gets no name, and endpoints cannot take over the names of AWS")
