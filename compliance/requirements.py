"""PCI DSS 4.0.1 as data: its identifiers, what each requirement asks for, and which evidence is mapped to it.

The data lies in the folder pci_dss_4_0_1/, and its README.md says what the fields mean. Loading checks the shape of the
data only; `compliance.lint` judges its sense.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from compliance.entity import Effect, Fact
from compliance.verdict import Extent
from policies.errors import InputError

STANDARD = "PCI DSS"
VERSION = "4.0.1"
DATA_FOLDER = Path(__file__).parent / "pci_dss_4_0_1"

Owner = Literal["aws", "entity", "shared"]
OWNERS: tuple[Owner, ...] = ("entity", "shared", "aws")


@dataclass(frozen=True)
class Group:
    """A principal requirement (1 to 12) or an appendix (A1 to A3)."""

    id: str
    title: str
    owner: Owner
    note: str = ""


@dataclass(frozen=True)
class Requirement:
    """One numbered requirement in our own words.

    `manual` is what remains to be shown by other means. `candidate_not_applicable` is the reason why it applies to
    nobody any more, or empty; what takes it out for some entities is an Effect of their facts.
    """

    id: str
    paraphrase: str
    extent: Extent
    owner: Owner
    manual: str = ""
    candidate_not_applicable: str = ""
    service_provider_only: bool = False


@dataclass(frozen=True)
class Edge:
    """Policies and Checkov checks that together are evidence for one requirement, how far, on whose word.

    Or artefacts: lists and diagrams of the report that are a part of what the requirement asks for. They judge nothing.
    """

    requirement: str
    policies: tuple[str, ...]
    checks: tuple[str, ...]
    extent: Extent
    source: str
    note: str
    artefacts: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Policies first, then checks, in the order of the file."""
        return self.policies + self.checks


@dataclass(frozen=True)
class Unclaimed:
    """Policies that are evidence for no requirement, and the reason; see edges.toml for the two marks."""

    policies: tuple[str, ...]
    reason: str
    limits_population: bool = False
    engine_level: bool = False


@dataclass(frozen=True)
class Framework:
    """The standard as the report needs it. `identifiers` keeps the order of the standard.

    `security_hub` maps the controls that AWS Security Hub labels with this version to the requirements of the label.
    """

    identifiers: tuple[str, ...]
    groups: tuple[Group, ...]
    sections: Mapping[str, str]
    described: tuple[Requirement, ...]
    edges: tuple[Edge, ...]
    unclaimed: tuple[Unclaimed, ...]
    checks: Mapping[str, str]
    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()
    security_hub: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _described_by_id(self) -> dict[str, Requirement]:
        return {requirement.id: requirement for requirement in self.described}

    def requirement(self, id_: str) -> Requirement:
        """The requirement `id_`; one that is not described is not decidable, and its group names the owner."""
        if id_ in self._described_by_id:
            return self._described_by_id[id_]
        group = next(group for group in self.groups if group.id == group_of(id_))
        return Requirement(id=id_, paraphrase="", extent="none", owner=group.owner)

    def sections_of(self, group: Group) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
        """The section headings of a group, each with the requirements under it."""
        for section in self.identifiers:
            if is_section(section) and group_of(section) == group.id:
                inside = (id_ for id_ in self.identifiers if not is_section(id_) and section_of(id_) == section)
                yield section, tuple(self.requirement(id_) for id_ in inside)


def group_of(id_: str) -> str:
    """The principal requirement of an identifier: 10 for 10.5.1."""
    return id_.split(".", 1)[0]


def section_of(id_: str) -> str:
    """The section heading an identifier stands under: 10.5 for 10.5.1."""
    return ".".join(id_.split(".")[:2])


def is_section(id_: str) -> bool:
    """Identifiers of two levels are headings; nothing is assessed against them."""
    return id_.count(".") == 1


def file_of(id_: str) -> str:
    """Where a requirement is described: requirements/03.toml for 3.5.1, requirements/a1.toml for A1.1.1."""
    return f"requirements/{group_of(id_).lower().zfill(2)}.toml"


def load(folder: Path = DATA_FOLDER) -> Framework:
    """The standard and its mapping as written in `folder`; InputError where the shape is another."""
    headings, mapping, asked = (_toml(folder / name) for name in ("groups.toml", "edges.toml", "facts.toml"))
    try:
        facts, effects = tuple(map(_fact, asked["fact"])), tuple(map(_effect, asked["effect"]))
        groups = tuple(Group(**row) for row in headings["group"])
        return Framework(
            identifiers=tuple(json.loads((folder / "identifiers.json").read_text(encoding="utf-8"))),
            groups=groups,
            sections=headings["sections"],
            described=tuple(_described(folder, groups, _for_service_providers(effects))),
            edges=tuple(_edge(row) for row in mapping["edge"]),
            unclaimed=tuple(_unclaimed(row) for row in mapping["unclaimed"]),
            checks=_toml(folder / "checkov_checks.toml")["checks"],
            facts=facts,
            effects=effects,
            security_hub={id_: tuple(row) for id_, row in _toml(folder / "security_hub.toml")["controls"].items()},
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder}: {type(error).__name__}: {error}") from error


def _described(folder: Path, groups: Sequence[Group], for_providers: frozenset[str]) -> Iterator[Requirement]:
    """Every description, file by file; one that stands in the file of another principal requirement is refused."""
    for group in groups:
        name = file_of(group.id)
        for row in _toml(folder / name)["requirement"]:
            if file_of(row["id"]) != name:
                raise ValueError(f"{row['id']} is described in {name}, expected {file_of(row['id'])}")
            yield Requirement(**row, service_provider_only=row["id"] in for_providers)


def _for_service_providers(effects: Iterable[Effect]) -> frozenset[str]:
    """What does not apply to a merchant is what the standard asks of service providers only."""
    ours = (effect for effect in effects if effect.fact == "entity_type" and "merchant" in effect.values)
    return frozenset(id_ for effect in ours for id_ in effect.requirements)


def _fact(row: dict[str, Any]) -> Fact:
    refuted_by = {value: tuple(types) for value, types in row.get("refuted_by", {}).items()}
    return Fact(**{**row, "values": tuple(row["values"]), "refuted_by": refuted_by})


def _effect(row: dict[str, Any]) -> Effect:
    return Effect(**{**row, "values": tuple(row["values"]), "requirements": tuple(row["requirements"])})


def _edge(row: dict[str, Any]) -> Edge:
    lists = {name: tuple(row.get(name, ())) for name in ("policies", "checks", "artefacts")}
    texts = {name: row.get(name, "") for name in ("extent", "source", "note")}
    return Edge(**{**row, **lists, **texts})


def _unclaimed(row: dict[str, Any]) -> Unclaimed:
    return Unclaimed(**{**row, "policies": tuple(row["policies"])})


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
