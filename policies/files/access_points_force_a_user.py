"""Policy access-points-force-a-user."""

from collections.abc import Iterator

from policies.files.policy_documents import ACCESS_POINT
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved

_ROOT = 0


@policy(
    id="access-points-force-a-user",
    title="An access point forces a user that is not root, and a folder of its own",
    remediation="Give the access point a posix_user with uid and gid other than 0, and a root_directory below /.",
    severity="medium",
    applies_to=(ACCESS_POINT,),
)
def judge(point: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Over NFS a client says itself which user it is. An access point can overrule it, and shut it into a folder;
    without that, it is a longer name for the whole file system."""
    user = point.attribute("posix_user.uid")
    groups = (point.attribute("posix_user.gid"), *point.attribute("posix_user.secondary_gids").items())
    if not point.blocks("posix_user"):
        yield point.attribute("posix_user").fails("a client may be whichever user it says")
    elif _ROOT in (user.number, *(group.number for group in groups)):
        yield user.fails("every client is root, or of its group")
    else:
        yield user.passes(f"every client is user {user.text}")
    folder = point.attribute("root_directory.path")
    begins = folder.raw_value.literal if isinstance(folder.raw_value, Unresolved) else ""
    if begins.strip("/") or (folder.is_given and folder.text.strip("/")):
        yield folder.passes("it has a folder of its own")
    else:
        yield folder.fails("it opens the whole file system")
