"""Policy cache-users-are-authenticated."""

from collections.abc import Iterator

from policies.caches.nodes import CLUSTER, ELASTICACHE, REPLICATION_GROUP, engine_of, is_member
from policies.caches.users import OF_AWS, USER, USER_GROUP, is_on, members, proves_itself
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved

_MEMORYDB, _MEMORYDB_LIST = "aws_memorydb_cluster", "aws_memorydb_acl"

_OPEN = "{} has the default user of AWS, which needs no password"


@policy(
    id="cache-users-are-authenticated",
    title="Whoever uses a cache has to say, and prove, who he is",
    remediation="Give the cache a user group whose users authenticate by IAM or password, with a user named default "
    'that is off ("off -@all") in the place of the one that AWS makes.',
    severity="high",
    applies_to=(*ELASTICACHE, _MEMORYDB),
)
def judge(cache: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Left alone, a cache obeys whoever reaches it, and the user `default` of each new group may do everything
    without a password. One machine in the network is then enough to read, or to empty, all of it."""
    if cache.type == _MEMORYDB:
        yield from _judge_list(cache.attribute("acl_name"), graph)
        return
    if engine_of(cache) == "memcached" or is_member(cache):
        yield cache.not_applicable("Memcached has no users" if not is_member(cache) else "a node of a group")
        return
    token = cache.attribute("auth_token")
    groups = cache.attribute("user_group_ids" if cache.type == REPLICATION_GROUP else "user_group_id")
    items = (groups,) if groups.is_unresolved else tuple(one for one in groups.items() if one.is_given)
    handed_over = isinstance(token.raw_value, Unresolved) and token.raw_value.is_reference
    if handed_over or token.is_given:
        yield Finding("pass", "auth_token", None, "it asks for a token")
    elif not items or cache.type == CLUSTER:
        yield groups.fails("it has no users, and no token, so it obeys whoever reaches it")
    for item in items:
        found = graph.targets(item, USER_GROUP)
        if not found:
            yield item.undetermined("the user group is not part of this input")
        for group in found:
            yield from _judge_group(item, group, graph)


def _judge_list(named: Attribute, graph: ResourceGraph) -> Iterator[Finding]:
    """Users of MemoryDB need a password or a role, all but the one that AWS makes."""
    lists = graph.targets(named, _MEMORYDB_LIST)
    if not lists and named.text == "open-access":
        yield named.fails("everybody may do everything")
    elif not lists:
        yield named.undetermined("the list of its users is not part of this input")
    for one in lists:
        users = one.attribute("user_names").items()
        opens = OF_AWS in [user.raw_value for user in users]
        hidden = [user for user in users if user.is_unresolved and not graph.targets(user, "aws_memorydb_user")]
        if hidden and not opens:
            yield named.undetermined(f"{one.address} has a user that is not known here: {hidden[0].path}")
            continue
        yield named.fails(_OPEN.format(one.address)) if opens else named.passes("its users have to prove who they are")


def _judge_group(item: Attribute, group: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    named = tuple(members(group, graph))
    if not named:
        yield item.undetermined(f"{group.address} names no user")
    for name in named:
        users = graph.targets(name, USER)
        if not users and not name.is_unresolved and name.text == OF_AWS:
            yield item.fails(_OPEN.format(group.address))
        elif not users:
            yield item.undetermined(f"a user of {group.address} is not part of this input")
        for user in users:
            if not is_on(user):
                yield item.passes(f"{user.address} is switched off")
            elif proves_itself(user):
                yield item.passes(f"{user.address} has to prove who it is")
            else:
                yield item.fails(f"{user.address} is on, and needs no password")
