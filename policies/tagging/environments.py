"""Which environment a resource is in, and whether that is production: only its tag Environment says so."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from policies.graph import EVERY_TYPE, ResourceGraph
from policies.resources import Resource, Undetermined
from policies.tagging.effective_tags import effective_tags

PRODUCTION = ("production", "prod", "prd", "live")
ELSEWHERE = (
    *(
        "development",
        "develop",
        "dev",
        "test",
        "testing",
        "tst",
        "qa",
        "uat",
        "acceptance",
        "integration",
        "int",
        "sit",
    ),
    *("staging", "stage", "stg", "preproduction", "preprod", "pre", "nonproduction", "nonprod", "non"),
    *("sandbox", "demo", "preview", "review", "pr", "ci", "training", "lab"),
)


def may_be_production(name: str) -> bool:
    """Whether an environment of this name is production, or nobody here knows that it is not."""
    return _word(name.lower()) not in ELSEWHERE


@dataclass(frozen=True)
class _Named:
    """The environments that tags of a stack's resources name, each with one resource's address; `unclear` is the
    address of a resource whose tags nobody knows."""

    addresses: Mapping[str, str]
    unclear: str | None = None


def is_in_production(
    resource: Resource, graph: ResourceGraph, production: tuple[str, ...], elsewhere: tuple[str, ...]
) -> bool:
    """Whether the resource's tags, or, where they do not say, those of all others of the stack, name production.

    Raises Undetermined when nothing says so, not all say the same, or nobody here knows the name.
    """
    named = _of(resource) or _named(graph)
    if len(named.addresses) != 1 or named.unclear:
        raise Undetermined(resource.undetermined("no tag Environment says which environment it is in"))
    (name,) = named.addresses
    if _word(name) not in (*production, *elsewhere):
        raise Undetermined(resource.undetermined(f"nothing says whether the environment {name!r} is production"))
    return _word(name) in production


def production_beside(
    resource: Resource, graph: ResourceGraph, production: tuple[str, ...], elsewhere: tuple[str, ...]
) -> str | None:
    """The address of another resource whose tags name production; None when the whole stack is elsewhere.

    Raises Undetermined when one of them may be in production.
    """
    named = _named(graph)
    words = {_word(name): address for name, address in named.addresses.items()}
    if found := next((address for word, address in words.items() if word in production), None):
        return found
    unknown = named.unclear or next((address for word, address in words.items() if word not in elsewhere), None)
    if unknown:
        raise Undetermined(resource.undetermined(f"nothing says whether {unknown} beside it is in production"))
    return None


def _of(resource: Resource) -> _Named | None:
    """What its own tags say, those of its provider included; None when they have no environment."""
    name = effective_tags(resource).get("Environment")
    if not name:
        return None
    return _Named({name.lower(): resource.address}) if isinstance(name, str) else _Named({}, resource.address)


@functools.lru_cache(maxsize=1)  # every resource without tags asks the same of its stack
def _named(graph: ResourceGraph) -> _Named:
    addresses: dict[str, str] = {}
    unclear = None
    for resource in graph.of_type(EVERY_TYPE):
        try:
            own = _of(resource)
        except Undetermined:
            own = _Named({}, resource.address)
        if own:
            addresses = {**own.addresses, **addresses}
            unclear = unclear or own.unclear
    return _Named(addresses, unclear)


def _word(name: str) -> str:
    """The first word: of `prod-eu`, `prod/2` and `prod2` it is `prod`."""
    return re.split(r"[^a-z]", name)[0]
