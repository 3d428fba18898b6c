"""Policy origin-bucket-only-through-cloudfront."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.cdn.distributions import DISTRIBUTION
from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.conditions import is_for_everyone
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Undetermined
from policies.storage.bucket_policies import BUCKET, documents

_READS = ("s3:getobject", "s3:getobjectversion")
_CLOUDFRONT = "cloudfront.amazonaws.com"
_SAME = re.compile(r"(String(Equals|EqualsIgnoreCase|Like)|Arn(Equals|Like))")  # IfExists would let others pass


@policy(
    id="origin-bucket-only-through-cloudfront",
    title="A bucket behind CloudFront is read by its own distribution only",
    remediation="Allow s3:GetObject to cloudfront.amazonaws.com where aws:SourceArn is the distribution, and let "
    "nobody else read; remove the bucket's website.",
    severity="high",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Who reads a bucket directly walks around the firewall, the rate limit and the logs of the distribution before
    it. CloudFront as such is everybody's: a policy that does not name the distribution admits those of strangers."""
    distributions = graph.referrers(bucket, DISTRIBUTION, "origin.domain_name")
    if not distributions:
        yield bucket.not_applicable("no distribution of this stack has it as an origin")
        return
    if bucket.blocks("website") or graph.referrers(bucket, "aws_s3_bucket_website_configuration", "bucket"):
        yield bucket.fails("it has a website endpoint of its own")
    written = documents(bucket, graph)
    if not written:
        yield bucket.fails("the bucket has no policy that admits the distribution")
    for document in written:
        allowing = [one for one in statements(document, graph) if one.effect == "Allow"]
        reading = [one for one in allowing if _reads(one)]
        strangers = [one for one in reading if not _is_own_distribution(one, distributions, graph)]
        for statement in strangers:
            yield bucket.fails(f"{statement.place.path} lets others read than the distribution before it")
        if any(is_for_everyone(one) for one in allowing if one not in reading):
            yield bucket.fails(f"{document.resource.address} admits everybody")
        if reading and not strangers:
            yield bucket.passes(f"{document.resource.address} lets nobody read but the distribution")
        elif not reading:
            yield bucket.fails(f"{document.resource.address} does not admit the distribution")


def _reads(statement: Statement) -> bool:
    if statement.not_actions or statement.not_principals:
        return True
    return any(fnmatchcase(read, action.text.lower()) for action in statement.actions for read in _READS)


def _is_own_distribution(statement: Statement, own: tuple[Resource, ...], graph: ResourceGraph) -> bool:
    services = statement.principals.get("Service", ())
    if set(statement.principals) != {"Service"} or any(one.value != _CLOUDFRONT for one in services):
        return False
    sources = [one for one in statement.conditions if one.key == "aws:sourcearn" and _SAME.fullmatch(one.operator)]
    return any(all(_is_one_of(value, own, graph) for value in one.values) for one in sources if one.values)


def _is_one_of(value: Attribute, own: tuple[Resource, ...], graph: ResourceGraph) -> bool:
    named = graph.targets(value, DISTRIBUTION)
    if not named and value.is_unresolved:
        raise Undetermined(value.undetermined("which distribution the policy admits is not known here"))
    return bool(named) and set(named) <= set(own)
