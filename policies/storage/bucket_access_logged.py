"""Policy bucket-access-logged."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.storage.bucket_policies import BUCKET

_LOGGING = "aws_s3_bucket_logging"


@policy(
    id="bucket-access-logged",
    title="Requests to a bucket are logged in another one",
    remediation="Declare an aws_s3_bucket_logging of the bucket whose target_bucket is a bucket for access logs.",
    severity="medium",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """After a leak the question is who read what. S3 answers it only if it was told to log before. The bucket that
    takes these logs is excepted: its own would be about its own, without end."""
    targets = [one.attribute("target_bucket") for one in graph.referrers(bucket, _LOGGING, "bucket")]
    inline = bucket.attribute("logging.target_bucket")
    targets = targets or ([inline] if inline.is_given else [])
    for target in targets:
        if bucket in graph.targets(target, BUCKET):
            yield bucket.fails("it logs its requests into itself, which makes more requests to log")
        elif not target.is_given:
            yield bucket.fails(f"{target.resource.address} names no bucket for the logs")
        else:
            yield bucket.passes(f"{target.resource.address} has its requests logged")
    if targets:
        return
    takers = [*graph.referrers(bucket, _LOGGING, "target_bucket"), *graph.referrers(bucket, BUCKET, inline.path)]
    if takers:
        yield bucket.not_applicable(f"it takes the access logs of {takers[0].address}")
    else:
        yield inline.fails("its requests are not logged")
