"""Policy file-system-requires-tls."""

from collections.abc import Iterator

from policies.files.policy_documents import FILE_SYSTEM, documents, is_about_mounting
from policies.graph import ResourceGraph
from policies.iam_documents import statements
from policies.identity.conditions import refuses_plain_transport
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="file-system-requires-tls",
    title="A file system refuses to be mounted without TLS",
    remediation="Declare an aws_efs_file_system_policy that denies everything to everybody where aws:SecureTransport "
    "is false.",
    severity="high",
    applies_to=(FILE_SYSTEM,),
)
def judge(file_system: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """NFS sends files, and who asks for them, in clear text. Encryption at rest does not change that, and whether a
    client mounts with TLS is up to the client, unless the file system's policy refuses all others."""
    written = documents(file_system, graph)
    if not written:
        yield file_system.fails("the file system has no policy, so plain NFS is answered")
    for document in written:  # a file system has one policy, which can name nothing but the file system itself
        if any(refuses_plain_transport(one) and is_about_mounting(one) for one in statements(document, graph)):
            yield file_system.passes(f"{document.resource.address} refuses clients without TLS")
        else:
            yield file_system.fails(f"{document.resource.address} does not refuse every client without TLS")
