"""Policy bucket-requires-tls."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.identity.conditions import refuses_plain_transport
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved
from policies.storage.bucket_policies import BUCKET, documents

_EVERYTHING = frozenset({"the bucket", "its objects"})


@policy(
    id="bucket-requires-tls",
    title="A bucket refuses requests without TLS",
    remediation="Deny s3:* to everybody, on the bucket and on everything in it, where aws:SecureTransport is false.",
    severity="high",
    applies_to=(BUCKET,),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """S3 answers plain HTTP too. A client that is configured wrongly then sends objects, and its requests, in clear
    text, and nobody notices; only the bucket's policy can refuse it."""
    written = documents(bucket, graph)
    if not written:
        yield bucket.fails("the bucket has no policy, so plain HTTP is answered")
    for document in written:
        refused = {part for one in statements(document, graph) for part in _refused(one, bucket, graph)}
        if refused >= _EVERYTHING:
            yield bucket.passes(f"{document.resource.address} refuses requests without TLS")
        else:
            missing = " and ".join(sorted(_EVERYTHING - refused))
            yield bucket.fails(f"{document.resource.address} does not refuse requests without TLS to {missing}")


def _refused(statement: Statement, bucket: Resource, graph: ResourceGraph) -> Iterator[str]:
    """What the statement protects from requests without TLS."""
    if refuses_plain_transport(statement) and any(action.text.lower() in ("*", "s3:*") for action in statement.actions):
        for value in statement.resources:
            yield from _parts(value, bucket, graph)


def _parts(value: Attribute, bucket: Resource, graph: ResourceGraph) -> Iterator[str]:
    known = value.raw_value
    if known == "*":
        yield from _EVERYTHING
    elif bucket in graph.targets(value, BUCKET) or _is_named(known, bucket):
        path = known.literal if isinstance(known, Unresolved) else value.text
        _, slash, below = path.rpartition(":::")[2].partition("/")
        if not slash or below == "*":
            yield "its objects" if slash else "the bucket"


def _is_named(known: object, bucket: Resource) -> bool:
    """The older inline policy cannot refer to its own bucket, so it names it."""
    name = bucket.attribute("bucket").raw_value
    return isinstance(known, str) and isinstance(name, str) and known.rpartition(":::")[2].partition("/")[0] == name
