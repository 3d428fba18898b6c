"""Policy bucket-versioned."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.storage.bucket_policies import BUCKET


@policy(
    id="bucket-versioned",
    title="A bucket keeps earlier versions of its objects",
    remediation="Declare an aws_s3_bucket_versioning of the bucket with status Enabled.",
    severity="medium",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """An object that is overwritten or deleted, by mistake or to wipe out traces, is gone at once. With versions it
    can be brought back, and it shows that somebody changed it."""
    separate = graph.referrers(bucket, "aws_s3_bucket_versioning", "bucket")
    for versioning in separate:
        status = versioning.attribute("versioning_configuration.status")
        if status.value == "Enabled":
            yield bucket.passes(f"{versioning.address} is enabled")
        else:
            yield bucket.fails(f"{versioning.address} is not enabled: {status.text or 'no status'}")
    if not separate:
        enabled = bucket.attribute("versioning.enabled")
        if enabled.is_true:
            yield enabled.passes("versions are kept")
        else:
            yield enabled.fails("versions are not kept")
