"""Policy encrypted-with-kms."""

from collections.abc import Iterator

from policies.data import encryption_at_rest
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.security.encryption_claims import judge_claims


@policy(
    id="encrypted-with-kms",
    title="Data at rest is encrypted with a KMS key that the customer manages",
    remediation="Switch encryption on and name a customer-managed KMS key: one of the stack's own, or one given as an "
    "input; not an alias/aws/* key.",
    severity="high",
    applies_to=tuple(encryption_at_rest()),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Copies of data leave an account easily: snapshots are shared, buckets replicated, disks cloned. Only a key whose
    policy is ours decides who can read a copy, and can be taken away."""
    empty = True
    for finding in judge_claims(resource, graph):
        empty = False
        yield finding
    if empty:
        yield resource.not_applicable("it holds nothing that could take a key of its own")
