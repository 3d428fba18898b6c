"""Which requirements each policy or Checkov check is evidence for: data that others keep, read here as data.

The edges live in the compliance folder, which knows policies; policies do not know it, and work without the file.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from policies.errors import InputError

EDGES = Path(__file__).parent.parent / "compliance" / "pci_dss_4_0_1" / "edges.toml"


@dataclass(frozen=True)
class Edge:
    """Policies and Checkov checks that together are evidence for one requirement, and how far; see edges.toml."""

    requirement: str
    ids: tuple[str, ...]
    extent: str
    note: str


def edges(path: Path = EDGES) -> list[Edge]:
    """Every edge in the order of the standard; empty when there is no such file."""
    if not path.exists():
        return []
    try:
        found = [
            Edge(
                edge["requirement"],
                (*edge.get("policies", []), *edge.get("checks", [])),
                edge.get("extent", ""),
                edge.get("note", ""),
            )
            for edge in tomllib.loads(path.read_text("utf-8")).get("edge", [])
        ]
        return sorted(found, key=lambda edge: _order(edge.requirement))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a list of requirement edges ({error})") from None


def by_policy(path: Path = EDGES) -> dict[str, tuple[str, ...]]:
    """Policy or check id -> requirement numbers in the order of the standard; empty when there is no such file."""
    found: dict[str, dict[str, None]] = {}
    for edge in edges(path):
        for id_ in edge.ids:
            found.setdefault(id_, {})[edge.requirement] = None
    return {id_: tuple(numbers) for id_, numbers in found.items()}


def _order(number: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in number.split(".")]
