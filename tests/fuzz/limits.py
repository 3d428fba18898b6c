"""Which wrong passes are known and meant: `limits.yaml`, one reason for each."""

import functools
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

FILE = Path(__file__).with_name("limits.yaml")


@dataclass(frozen=True)
class Limit:
    """One policy lets a value through that is hidden in one of these ways at one of these arguments."""

    policy: str
    kinds: tuple[str, ...]
    attributes: tuple[str, ...]
    reason: str


@functools.cache
def limits() -> tuple[Limit, ...]:
    """Every limit, in the order of the file."""
    return tuple(
        Limit(policy, tuple(entry["kinds"]), tuple(attributes), " ".join(entry["reason"].split()))
        for entry in YAML(typ="safe").load(FILE.read_text())
        for policy, attributes in entry["policies"].items()
    )


def limit_of(policy: str, kind: str, attribute: str | None = None) -> Limit | None:
    """The limit that covers this way to hide this argument; without an argument one that covers any."""
    for one in limits():
        if one.policy == policy and kind in one.kinds and (attribute is None or attribute in one.attributes):
            return one
    return None
