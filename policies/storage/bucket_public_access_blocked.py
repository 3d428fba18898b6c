"""Policy bucket-public-access-blocked."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved
from policies.storage.bucket_policies import BUCKET

_SWITCHES = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_PUBLIC_GROUPS = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")


@policy(
    id="bucket-public-access-blocked",
    title="Public access to a bucket is blocked",
    remediation="Declare an aws_s3_bucket_public_access_block of the bucket with all four switches true, and no public "
    "access control list.",
    severity="critical",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """One careless policy or access control list publishes a whole bucket. The block refuses both, whoever writes
    them. AWS sets it on new buckets, but then nothing notices when somebody lifts it."""
    for acl in _acls(bucket, graph):
        yield bucket.fails(f"{acl.resource.address} gives everybody access: {acl.text}")
    blocks = graph.referrers(bucket, "aws_s3_bucket_public_access_block", "bucket")
    beside = (one for one in graph.of_type("aws_s3_account_public_access_block") if _is_beside(one, bucket))
    of_account = [one for one in beside if not _open(one)]
    for account in of_account:
        if not account.may_not_exist and not _is_elsewhere(account):
            yield bucket.passes(f"{account.address} blocks public access to every bucket of the account")
            return
    for block in blocks:
        if off := _open(block):
            yield bucket.fails(f"{block.address} leaves off {', '.join(off)}")
        else:
            yield bucket.passes(f"{block.address} blocks public access")
    if not blocks and of_account:
        yield bucket.undetermined(f"{of_account[0].address} may or may not exist, or be of another account")
    elif not blocks:
        yield bucket.fails("nothing in this configuration blocks public access to it")


def _open(block: Resource) -> list[str]:
    return [switch for switch in _SWITCHES if not block.attribute(switch).is_true]


def _is_beside(account: Resource, bucket: Resource) -> bool:
    """Of the same provider, and so of the same account, unless another one is written out."""
    same = (account.provider and account.provider.key) == (bucket.provider and bucket.provider.key)
    return same and not account.attribute("account_id").is_literal


def _is_elsewhere(account: Resource) -> bool:
    """Whether another account may be meant; a look-up finds this one, an input or an expression may say anything."""
    named = account.attribute("account_id").raw_value
    return isinstance(named, Unresolved) and not (named.is_reference and named.references[0].startswith("data."))


def _acls(bucket: Resource, graph: ResourceGraph) -> Iterator[Attribute]:
    """The access control lists that mean everybody, in each way they can be written."""
    separate = graph.referrers(bucket, "aws_s3_bucket_acl", "bucket")
    for acl in (bucket.attribute("acl"), *(one.attribute("acl") for one in separate)):
        if acl.value in _PUBLIC_ACLS:
            yield acl
    groups = [grant.attribute("uri") for grant in bucket.blocks("grant")]
    groups += [
        grantee.attribute("uri") for one in separate for grantee in one.blocks("access_control_policy.grant.grantee")
    ]
    yield from (uri for uri in groups if uri.text.endswith(_PUBLIC_GROUPS))
