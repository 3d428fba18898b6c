"""Policy names-are-within-limits."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.naming.names import ACCOUNT, ACCOUNT_CHARACTERS, NAMED, own_name, room
from policies.registry import policy
from policies.resources import Attribute, Resource, Unresolved


@policy(
    id="names-are-within-limits",
    title="No name is longer than AWS allows",
    remediation="Shorten the name; where a suffix makes it too long, cut it and end it with a digest of the whole.",
    severity="low",
    applies_to=tuple(NAMED),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A name that is too long fails half-way through a deployment, in the environment with the longest suffix only:
    the one that nobody tries before it matters."""
    name, begins_only = own_name(resource)
    limit = room(resource, begins_only)
    if name.raw_value in (None, ""):
        yield resource.not_applicable("its name is made up when it is deployed")
        return
    least, is_exact = _length(name)
    if least > limit:
        yield name.fails(f"the name has at least {least} characters; AWS takes {limit}")
    elif is_exact:
        yield name.passes(f"the name has {least} of {limit} characters")
    else:
        yield name.undetermined(f"the name has at least {least} characters; how many, is not known here")


def _length(name: Attribute) -> tuple[int, bool]:
    """How many characters the name has at least, and whether it has no more. Account ids have twelve."""
    value = name.raw_value
    if not isinstance(value, Unresolved):
        return len(name.text), True
    accounts = len(ACCOUNT.findall(value.text))
    rest = ACCOUNT.sub("", value.text)
    return len(value.literal) + accounts * ACCOUNT_CHARACTERS, bool(value.literal) and "${" not in rest
