"""Facts that only the entity can state about itself, and what follows from them for the verdicts.

The questions and their consequences are data (pci_dss_4_0_1/facts.toml); the answers are a file that people write,
entity.yaml. What is not answered is unknown, and nothing follows from it.
"""

import hashlib
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compliance.verdict import Verdict
from policies import disk, strict_yaml
from policies.errors import InputError
from policies.masking import masked

FILE = Path("entity.yaml")  # where the answers are looked for unless the caller says where, and the copy in a report
UNKNOWN = "unknown"

Value = str | bool


@dataclass(frozen=True)
class Fact:
    """One question to the entity, and the answers it takes besides "unknown".

    `refuted_by` names, for an answer, the resource types that disprove it: a judged resource outweighs a declaration.
    """

    id: str
    asks: str
    values: tuple[Value, ...]
    refuted_by: Mapping[Value, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What follows for some requirements when the entity declares one of `values`, and why."""

    fact: str
    values: tuple[Value, ...]
    verdict: Verdict
    requirements: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Declaration:
    """The answer to one question: None where nobody gave one. `refuted_by` is the resource type that disproves it."""

    fact: Fact
    value: Value | None = None
    refuted_by: str = ""

    @property
    def text(self) -> str:
        """The answer as the file has it."""
        return UNKNOWN if self.value is None else as_written(self.value)


@dataclass(frozen=True)
class Consequences:
    """What the declared facts mean for one requirement: effects that hold, that are refuted, that nobody settled."""

    holding: tuple[tuple[Effect, Declaration], ...] = ()
    refuted: tuple[tuple[Effect, Declaration], ...] = ()
    unsettled: tuple[str, ...] = ()

    def call_for(self, verdict: Verdict) -> bool:
        """Whether an effect that holds has this verdict."""
        return any(effect.verdict == verdict for effect, _ in self.holding)

    def sentences(self, verdict: Verdict) -> Iterator[str]:
        """How the facts bear on a requirement that got `verdict`, naming each of them."""
        for effect, one in self.holding:
            if effect.verdict == verdict:
                yield f"{effect.reason} Declared by the entity in {FILE}: {one.fact.id} is {one.text}."
            else:
                yield f"What was judged outweighs {FILE}, where {one.fact.id} is {one.text}."
        for _, one in self.refuted:
            yield f"{FILE} says that {one.fact.id} is {one.text}; a judged {one.refuted_by} refutes it."
        if self.unsettled and verdict not in ("contradicts", "candidate not applicable"):
            yield f"Not declared in {FILE}: {', '.join(self.unsettled)}."


@dataclass(frozen=True)
class EntityFacts:
    """The answers of one file, with its bytes: None where there is no file."""

    declarations: tuple[Declaration, ...] = ()
    content: bytes | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the file, empty where there is none."""
        return "" if self.content is None else hashlib.sha256(self.content).hexdigest()

    def as_rows(self) -> tuple[tuple[str, str, str], ...]:
        """Key, answer and question of every fact, in the order of the data; a refuted answer says so."""
        return tuple(
            (
                one.fact.id,
                one.text + (f" (refuted by a judged {one.refuted_by})" if one.refuted_by else ""),
                one.fact.asks,
            )
            for one in self.declarations
        )

    def against(self, types: Iterable[str]) -> "EntityFacts":
        """The same facts, with those marked that a judged resource of one of the `types` refutes."""
        judged = frozenset(types)
        return replace(self, declarations=tuple(_against(one, judged) for one in self.declarations))

    def consequences(self, requirement: str, effects: Iterable[Effect]) -> Consequences:
        """What follows for one requirement."""
        by_fact = {one.fact.id: one for one in self.declarations}
        holding: list[tuple[Effect, Declaration]] = []
        refuted: list[tuple[Effect, Declaration]] = []
        unsettled: list[str] = []
        for effect in effects:
            one = by_fact.get(effect.fact)
            if one is None or requirement not in effect.requirements:
                continue
            if one.value is None:
                unsettled.append(one.fact.id)
            elif _is_one_of(one.value, effect.values):
                (refuted if one.refuted_by else holding).append((effect, one))
        return Consequences(tuple(holding), tuple(refuted), tuple(dict.fromkeys(unsettled)))


def unknown(facts: Sequence[Fact]) -> EntityFacts:
    """What is known where nobody wrote a file: nothing."""
    return EntityFacts(tuple(map(Declaration, facts)))


def read(path: Path | None, facts: Sequence[Fact]) -> EntityFacts:
    """The answers in `path`; without one, those in entity.yaml where there is such a file."""
    if path is None and not disk.exists(FILE):
        return unknown(facts)
    file = path or FILE
    return parse(disk.read(file, limit=strict_yaml.MAX_BYTES), str(file), facts)


def parse(content: bytes, path: str, facts: Sequence[Fact]) -> EntityFacts:
    """The answers in the file `content`. InputError, with the line, for a key or a value that `facts` does not have."""
    document = strict_yaml.parse(content, path)
    for number, line in enumerate(content.decode("utf-8").splitlines(), 1):  # the report holds a copy of the file
        if masked(line) != line:
            raise InputError(f"{path}:{number}: what looks like a credential does not belong here")
    answers = {} if document is None else document
    if not isinstance(answers, dict):
        raise InputError(f"{path}: expected a mapping of facts to their values")
    known = {fact.id: fact for fact in facts}
    for key, value in answers.items():
        place = f"{path}:{strict_yaml.line_of(answers, key)}"
        if key not in known:
            raise InputError(f"{place}: {reprlib.repr(key)} is not a fact (known: {', '.join(known)})")
        expected = (*known[key].values, UNKNOWN)
        if not _is_one_of(value, expected):
            words = ", ".join(map(as_written, expected))
            raise InputError(f"{place}: {key} is {reprlib.repr(value)}, expected one of: {words}")
    declarations = tuple(
        Declaration(fact, None if answers.get(fact.id, UNKNOWN) == UNKNOWN else answers[fact.id]) for fact in facts
    )
    return EntityFacts(declarations, content)


def as_written(value: Value) -> str:
    """A value as YAML and TOML write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_one_of(value: Any, allowed: Iterable[Value]) -> bool:
    """Membership that tells `true` from 1 and from "true"."""
    return any(isinstance(value, type(one)) and value == one for one in allowed)


def _against(one: Declaration, judged: frozenset[str]) -> Declaration:
    disproving = one.fact.refuted_by.get(one.value, ()) if one.value is not None else ()
    return replace(one, refuted_by=next((type_ for type_ in disproving if type_ in judged), ""))
