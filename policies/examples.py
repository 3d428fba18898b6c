"""The fixtures of the policies as examples: what each shows, and what is expected of every resource in it.

They are tests, and live with these: where the policies were installed without, there are none.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policies import strict_json

FIXTURES = Path(__file__).parent.parent / "tests" / "policies"
_SUFFIX = ".tf.json"


@dataclass(frozen=True)
class Example:
    """One fixture: legal Terraform JSON, and the outcome with the deciding attribute that each address has in it."""

    name: str
    path: Path
    expected: Mapping[str, tuple[str, str]]


def names(folder: Path = FIXTURES) -> dict[str, list[str]]:
    """Policy id -> names of its fixtures (`fail-attribute-missing`), sorted."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob(f"*/*/*{_SUFFIX}")):
        found[path.parent.name.replace("_", "-")].append(path.name.removesuffix(_SUFFIX))
    return found


def of_policy(id_: str, folder: Path = FIXTURES) -> list[Example]:
    """The fixtures of one policy, by name."""
    paths = sorted(folder.glob(f"*/{id_.replace('-', '_')}/*{_SUFFIX}"))
    return [Example(path.name.removesuffix(_SUFFIX), path, _expected(path)) for path in paths]


def _expected(path: Path) -> dict[str, tuple[str, str]]:
    _, value = strict_json.read(path)
    return {address: (outcome, attribute) for address, (outcome, attribute) in value["//"]["expected"].items()}
