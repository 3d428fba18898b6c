"""Which requirements each policy or Checkov check is evidence for: data that others keep, read here as data.

The edges live in the compliance folder, which knows policies; policies do not know it, and work without the file.
"""

import tomllib
from pathlib import Path

from policies.errors import InputError

EDGES = Path(__file__).parent.parent / "compliance" / "pci_dss_4_0_1" / "edges.toml"


def by_policy(path: Path = EDGES) -> dict[str, tuple[str, ...]]:
    """Policy or check id -> requirement numbers in the order of the standard; empty when there is no such file."""
    if not path.exists():
        return {}
    try:
        edges = tomllib.loads(path.read_text("utf-8")).get("edge", [])
        found: dict[str, set[str]] = {}
        for edge in edges:
            for id_ in [*edge.get("policies", []), *edge.get("checks", [])]:
                found.setdefault(id_, set()).add(edge["requirement"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a list of requirement edges ({error})") from None
    return {id_: tuple(sorted(numbers, key=_order)) for id_, numbers in found.items()}


def _order(number: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in number.split(".")]
