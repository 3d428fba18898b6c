"""Policy object-replicas-use-key-of-their-region."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.replication.replicas import BUCKET_REPLICATION, is_enabled, key_verdict, region_of_copies, rules_of
from policies.resources import Resource

_ENCRYPTED = "source_selection_criteria.sse_kms_encrypted_objects"


@policy(
    id="object-replicas-use-key-of-their-region",
    title="Copies of objects are encrypted with a customer-managed key of the region they are in",
    remediation="Enable sse_kms_encrypted_objects in source_selection_criteria, and name a key of the destination's "
    "region in replica_kms_key_id.",
    severity="high",
    applies_to=(BUCKET_REPLICATION,),
)
def judge(replication: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """S3 leaves out every object that is encrypted with a KMS key unless it is told otherwise, and says nothing. Copies
    that need a key of the lost region cannot be read when they are needed."""
    empty = True
    for rule in rules_of(replication):
        empty = False
        if not is_enabled(rule, _ENCRYPTED):
            yield rule.attribute(f"{_ENCRYPTED}.status").fails("objects encrypted with a KMS key are not copied")
        key = rule.attribute("destination.encryption_configuration.replica_kms_key_id")
        yield key_verdict(key, region_of_copies(rule, graph), graph)
    if empty:
        yield replication.not_applicable("no rule of it is enabled")
