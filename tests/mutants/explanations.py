"""Why something is not mutated, and why a mutant may survive: `explained.yaml`, every entry of which must be in use.

    not_mutated:
      - types: ["*"]                      # resource types, shell patterns
        attributes: [description]         # attribute paths without positions, shell patterns
        reason: Free text for people.
    survivors:
      - kind: gap                         # equivalent, refused, or gap
        types: [aws_cloudwatch_metric_alarm]
        attributes: [threshold]
        operators: [less, more]           # all of them when left out
        stacks: [portal]                  # all of them when left out
        addresses: ["*.trail_*"]          # all of them when left out
        reason: A real sentence.

`equivalent`: what is deployed is as safe as before. `refused`: Terraform or AWS does not take it. `gap`: it is worse,
and no policy says so; the reason says what would.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from policies import strict_yaml
from policies.errors import InputError
from tests.mutants.operators import OPERATORS, Mutant

FILE = Path(__file__).with_name("explained.yaml")
KINDS = ("equivalent", "refused", "gap")
_SHORTEST_REASON = 30
_KEYS = {"types", "attributes", "reason"}
_MORE_KEYS = {"kind", "operators", "stacks", "addresses"}


@dataclass(frozen=True)
class Explanation:
    """One entry; `place` is its file and line."""

    place: str
    kind: str
    types: tuple[str, ...]
    attributes: tuple[str, ...]
    operators: tuple[str, ...]
    stacks: tuple[str, ...]
    addresses: tuple[str, ...]
    reason: str

    def patterns(self) -> list[tuple[str, str]]:
        """Every pair of a type and an attribute that the entry speaks of."""
        return [(type_, attribute) for type_ in self.types for attribute in self.attributes]

    def pattern_of(self, mutant: Mutant) -> tuple[str, str] | None:
        """The first pair that means the mutant; None when the entry does not."""
        if self.operators and mutant.operator not in self.operators:
            return None
        if self.stacks and mutant.stack not in self.stacks:
            return None
        if self.addresses and not any(fnmatchcase(mutant.address, one) for one in self.addresses):
            return None
        return self.pattern(mutant.type, mutant.attribute)

    @lru_cache(maxsize=65536)  # noqa: B019 (entries live as long as the program)
    def pattern(self, type_: str, attribute: str) -> tuple[str, str] | None:
        """The first pair that means this attribute of this type."""
        for one, other in self.patterns():
            if fnmatchcase(type_, one) and fnmatchcase(attribute, other):
                return one, other
        return None


class Explanations:
    """All entries of a file, and which of them were of use."""

    def __init__(self, not_mutated: Iterable[Explanation], survivors: Iterable[Explanation]) -> None:
        self.not_mutated, self.survivors = tuple(not_mutated), tuple(survivors)
        self.used: set[tuple[str, str]] = set()

    def excludes(self, type_: str, attribute: str) -> bool:
        """Whether this attribute is not mutated; the whole type for an empty attribute."""
        for entry in self.not_mutated:
            if pattern := entry.pattern(type_, attribute):
                self.used |= {(entry.place, one) for one in pattern}
                return True
        return False

    def of(self, mutant: Mutant) -> Explanation | None:
        """The first entry that explains why this mutant survives."""
        for entry in self.survivors:
            if pattern := entry.pattern_of(mutant):
                self.used |= {(entry.place, one) for one in pattern}
                return entry
        return None

    def stale(self) -> list[str]:
        """What no mutant needed: a line for each type and each attribute that is named and matches nothing."""
        return [
            f"{entry.place}: {name} {one!r} matches no mutant that needs it"
            for entry in (*self.not_mutated, *self.survivors)
            for name, patterns in (("type", entry.types), ("attribute", entry.attributes))
            for one in patterns
            if (entry.place, one) not in self.used
        ]


def read(path: Path = FILE) -> Explanations:
    """The entries of the file. Raises InputError, with the line, for what is not of the form above."""
    document = strict_yaml.read(path)
    if not isinstance(document, dict) or set(document) != {"not_mutated", "survivors"}:
        raise InputError(f"{path}: expected the keys not_mutated and survivors")
    found: dict[str, list[Explanation]] = {}
    for part, entries in document.items():
        if not isinstance(entries, list):
            raise InputError(f"{path}: {part} must be a list")
        found[part] = [_entry(path, part, entry) for entry in entries]
    return Explanations(found["not_mutated"], found["survivors"])


def _entry(path: Path, part: str, entry: Any) -> Explanation:
    if not isinstance(entry, Mapping):
        raise InputError(f"{path}: {part}: each entry must be a mapping")
    place = f"{path.name}:{strict_yaml.line_of(entry, next(iter(entry), ''))}"
    allowed = _KEYS | (_MORE_KEYS if part == "survivors" else set())
    if not set(entry) >= _KEYS or not set(entry) <= allowed:
        raise InputError(f"{place}: expected {', '.join(sorted(_KEYS))}, and only {', '.join(sorted(allowed))}")
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("types", "attributes", "operators", "stacks", "addresses"):
        value = entry.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise InputError(f"{place}: {name} must be a list of words")
        lists[name] = tuple(value)
    if not lists["types"] or not lists["attributes"]:
        raise InputError(f"{place}: types and attributes must name something")
    if unknown := set(lists["operators"]) - set(OPERATORS):
        raise InputError(f"{place}: no such operator: {', '.join(sorted(unknown))}")
    reason, kind = " ".join(str(entry["reason"]).split()), str(entry.get("kind", ""))
    if len(reason) < _SHORTEST_REASON or not reason.endswith("."):
        raise InputError(f"{place}: the reason must be a sentence")
    if part == "survivors" and kind not in KINDS:
        raise InputError(f"{place}: kind must be one of {', '.join(KINDS)}")
    return Explanation(place, kind, **lists, reason=reason)
