"""Policy secrets-rotate."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.secrets.rotation import functions, longest_gap_days


@policy(
    id="secrets-rotate",
    title="A secret is rotated regularly by a function of the stack",
    remediation="Add an aws_secretsmanager_secret_rotation with the ARN of a function of the stack, and with "
    "automatically_after_days or a schedule.",
    severity="high",
    applies_to=("aws_secretsmanager_secret",),
)
def judge(secret: Resource, graph: ResourceGraph, *, days: int = 30) -> Iterator[Finding]:
    """A password that leaked without anybody noticing is worth something until it changes. One that changes by itself
    is also one that nobody can have written down somewhere."""
    rotations = graph.referrers(secret, "aws_secretsmanager_secret_rotation", "secret_id")
    if not rotations:
        yield secret.fails("nothing rotates the secret")
    for rotation in rotations:
        gap = longest_gap_days(rotation)
        named, rotating = rotation.attribute("rotation_lambda_arn"), functions(rotation, graph)
        throttled = [one for one in rotating if one.attribute("reserved_concurrent_executions").number == 0]
        if gap is None:
            yield secret.fails(f"{rotation.address} has no schedule")
        elif gap > days:
            yield secret.fails(f"{rotation.address} lets up to {gap:g} days pass, more than {days}")
        elif not named.is_unresolved and not named.text:
            yield secret.fails(f"{rotation.address} names no function")
        elif not rotating:
            yield secret.undetermined(f"the function of {rotation.address} is not part of this input")
        elif throttled:
            yield secret.fails(f"{throttled[0].address} may not run: its concurrency is reserved as 0")
        else:
            yield secret.passes(f"{rotation.address} rotates it at least every {gap:g} days")
