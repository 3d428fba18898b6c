"""PCI DSS 4.0.1 as data: its identifiers, what each requirement asks for, and which evidence is mapped to it.

The data lies in the folder pci_dss_4_0_1/. Loading checks its shape only; `compliance.lint` judges its sense.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

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
    candidate_not_applicable: str = ""


@dataclass(frozen=True)
class Requirement:
    """One numbered requirement in our own words.

    `paraphrase` and `manual` are empty for a requirement that configuration says nothing about.
    `candidate_not_applicable` is the reason why it may not apply, or empty.
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
    """Policies and Checkov checks that together are evidence for one requirement, how far, on whose word."""

    requirement: str
    policies: tuple[str, ...]
    checks: tuple[str, ...]
    extent: Extent
    source: str
    note: str

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
    """The standard as the report needs it. `identifiers` keeps the order of the standard."""

    identifiers: tuple[str, ...]
    groups: tuple[Group, ...]
    sections: Mapping[str, str]
    described: tuple[Requirement, ...]
    service_provider_only: frozenset[str]
    edges: tuple[Edge, ...]
    unclaimed: tuple[Unclaimed, ...]
    checks: Mapping[str, str]

    @cached_property
    def _described_by_id(self) -> dict[str, Requirement]:
        return {requirement.id: requirement for requirement in self.described}

    def requirement(self, id_: str) -> Requirement:
        """The requirement `id_`; one that is not described is not decidable, and its group names the owner."""
        if id_ in self._described_by_id:
            return self._described_by_id[id_]
        group = next(group for group in self.groups if group.id == group_of(id_))
        return Requirement(
            id=id_,
            paraphrase="",
            extent="none",
            owner=group.owner,
            candidate_not_applicable=group.candidate_not_applicable,
            service_provider_only=id_ in self.service_provider_only,
        )

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


def load(folder: Path = DATA_FOLDER) -> Framework:
    """The standard and its mapping as written in `folder`; InputError where the shape is another."""
    described = _toml(folder / "requirements.toml")
    mapping = _toml(folder / "edges.toml")
    try:
        providers = frozenset(described["service_provider_only"])
        return Framework(
            identifiers=tuple(json.loads((folder / "identifiers.json").read_text(encoding="utf-8"))),
            groups=tuple(Group(**row) for row in described["group"]),
            sections=described["sections"],
            described=tuple(
                Requirement(**row, service_provider_only=row["id"] in providers) for row in described["requirement"]
            ),
            service_provider_only=providers,
            edges=tuple(_edge(row) for row in mapping["edge"]),
            unclaimed=tuple(_unclaimed(row) for row in mapping["unclaimed"]),
            checks=_toml(folder / "checkov_checks.toml")["checks"],
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: {type(error).__name__}: {error}") from error


def _edge(row: dict[str, Any]) -> Edge:
    lists = {name: tuple(row.get(name, ())) for name in ("policies", "checks")}
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
