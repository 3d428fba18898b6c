"""The policy documents of a bucket."""

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource

BUCKET = "aws_s3_bucket"


def documents(bucket: Resource, graph: ResourceGraph) -> tuple[Attribute, ...]:
    """The attributes that hold the bucket's policy: of resources of its own, else the older inline one.

    More than one means that they overwrite each other, so each has to be right by itself.
    """
    separate = tuple(one.attribute("policy") for one in graph.referrers(bucket, "aws_s3_bucket_policy", "bucket"))
    inline = bucket.attribute("policy")
    return separate or (() if inline.is_missing or inline.raw_value == "" else (inline,))
