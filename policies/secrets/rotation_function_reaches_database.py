"""Policy rotation-function-reaches-database."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.topology import is_public
from policies.registry import policy
from policies.resources import Resource
from policies.secrets.rotation import functions
from policies.secrets.rotation_reach import databases_named, reaches, referred


@policy(
    id="rotation-function-reaches-database",
    title="The function that rotates a database's secret runs in private subnets and reaches the database",
    remediation="Give the function a vpc_config with private subnets and a security group of its own, let that group "
    "out to the database's group, and let the database's group admit it.",
    severity="high",
    applies_to=("aws_secretsmanager_secret_rotation",),
)
def judge(rotation: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A function outside the network cannot reach a private database: the rotation fails every time, and the way that
    is then found in a hurry is to open the database."""
    databases = databases_named(rotation, graph)
    if not databases:
        yield rotation.not_applicable("the secret names no database of the stack")
        return
    rotating = functions(rotation, graph)
    if not rotating:
        yield rotation.attribute("rotation_lambda_arn").undetermined("the function is not part of this input")
    for function in rotating:
        if not function.blocks("vpc_config"):
            yield rotation.fails(f"{function.address} does not run in a network")
            continue
        for subnet in referred(function, "vpc_config.subnet_ids", graph, "aws_subnet"):
            if is_public(subnet, graph):
                yield rotation.fails(f"{function.address} runs in {subnet.address}, which is public")
        for database in databases:
            if reaches(function, database, graph):
                yield rotation.passes(f"{function.address} reaches {database.address}")
            else:
                yield rotation.fails(f"no security group lets {function.address} through to {database.address}")
