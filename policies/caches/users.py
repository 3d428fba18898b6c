"""Who may use a cache: the users of its groups, and how they prove who they are."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource

USER, USER_GROUP = "aws_elasticache_user", "aws_elasticache_user_group"
OF_AWS = "default"  # the id of the user that AWS makes, which may do everything, and has no password
_WITHOUT = "no-password-required"


def members(group: Resource, graph: ResourceGraph) -> Iterator[Attribute]:
    """What names the users of the group: in its list, or in an association."""
    listed = group.attribute("user_ids")
    yield from (listed,) if listed.is_unresolved else listed.items()
    for association in graph.referrers(group, f"{USER_GROUP}_association", "user_group_id"):
        yield association.attribute("user_id")


def is_on(user: Resource) -> bool:
    """Whether the user may sign in: the last `on` or `off` of its access string counts, and without one it may not."""
    switches = [rule for rule in user.attribute("access_string").text.lower().split() if rule in ("on", "off")]
    return bool(switches) and switches[-1] == "on"


def proves_itself(user: Resource) -> bool:
    """Whether the user needs a password, or an IAM role."""
    kind = user.attribute("authentication_mode.type").text
    if user.attribute("no_password_required").is_true or kind == _WITHOUT:
        return False
    passwords = user.attribute("passwords")
    return bool(kind) or passwords.is_unresolved or bool(passwords.value)
