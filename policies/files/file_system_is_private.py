"""Policy file-system-is-private."""

from collections.abc import Iterator

from policies.files.policy_documents import MOUNT_TARGET
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.network.clients import admit_clients_only
from policies.registry import policy
from policies.resources import Resource

_NFS_PORT = 2049


@policy(
    id="file-system-is-private",
    title="Nobody reaches a file system but applications and functions, by NFS",
    remediation="Let the security groups of the mount target admit the groups of its clients on port 2049 only.",
    severity="high",
    applies_to=(MOUNT_TARGET,),
)
def judge(target: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Whoever reaches a mount target can try to mount what is behind it. The whole network is too many; the security
    group of a client says who is meant."""
    yield from admit_clients_only(target.attribute("security_groups"), (_NFS_PORT,), graph)
