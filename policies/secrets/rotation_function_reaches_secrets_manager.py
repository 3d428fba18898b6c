"""Policy rotation-function-reaches-secrets-manager."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.security_group_rules import GROUPS
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved
from policies.secrets.rotation import functions
from policies.secrets.rotation_reach import HTTPS_PORT, leaves_by_nat, lets_through, referred


@policy(
    id="rotation-function-reaches-secrets-manager",
    title="The function that rotates a secret reaches Secrets Manager from the network it runs in",
    remediation="Add an aws_vpc_endpoint of type Interface for secretsmanager with private_dns_enabled = true to the "
    "function's VPC, and let the function's security group out to the endpoint's on port 443, and in there.",
    severity="high",
    applies_to=("aws_secretsmanager_secret_rotation",),
)
def judge(rotation: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """In a VPC a function has no way to AWS unless somebody makes one. Without it every rotation ends in a time-out
    before its first step, and the password in use grows old unnoticed."""
    rotating = functions(rotation, graph)
    if not rotating:
        yield rotation.attribute("rotation_lambda_arn").undetermined("the function is not part of this input")
    for function in rotating:
        if not function.blocks("vpc_config"):
            yield rotation.passes(f"{function.address} runs outside a VPC, where AWS's endpoints are in reach")
        elif endpoint := next(_endpoints_in_reach(function, graph), None):
            yield rotation.passes(f"{function.address} reaches Secrets Manager by {endpoint.address}")
        elif leaves_by_nat(function, graph):
            yield rotation.passes(f"{function.address} reaches Secrets Manager through a NAT gateway")
        else:
            yield rotation.fails(f"{function.address} has no way to Secrets Manager")


def _endpoints_in_reach(function: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    subnets = referred(function, "vpc_config.subnet_ids", graph, "aws_subnet")
    networks = (vpc for subnet in subnets for vpc in graph.targets(subnet.attribute("vpc_id"), "aws_vpc"))
    for vpc in dict.fromkeys(networks):
        for endpoint in graph.referrers(vpc, "aws_vpc_endpoint", "vpc_id"):
            resolves = endpoint.attribute("private_dns_enabled").is_true
            if resolves and _is_of_secrets_manager(endpoint.attribute("service_name")):
                groups = referred(endpoint, "security_group_ids", graph, *GROUPS)
                if lets_through(function, groups, HTTPS_PORT, graph):
                    yield endpoint


def _is_of_secrets_manager(service: Attribute) -> bool:
    """The region in the name may be unknown; what follows it is not."""
    known = service.raw_value
    return (known.literal if isinstance(known, Unresolved) else service.text).endswith(".secretsmanager")
