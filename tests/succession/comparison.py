"""Compares two synthesized outputs file by file and value by value, and what the gate said of each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from policies import recorded_result, strict_json
from policies.model import Assessment

Step = str | int
Place = tuple[Step, ...]
Changes = Mapping[Place, tuple[object, object]]

DOCUMENT = "cdk.tf.json"

# What differs, and has to: by the name of a file, then by place, ours before theirs. All else is to be equal. Whoever
# locks other versions writes them here.
EXPECTED: Mapping[str, Changes] = {
    DOCUMENT: {
        ("//", "metadata", "version"): ("0.21.0", "0.24.0"),
        ("terraform", "required_providers", "aws", "source"): ("aws", "hashicorp/aws"),
    },
    "manifest.json": {("version",): ("0.21.0", "0.24.0")},
}

_SHOWN_CHARACTERS = 100


class _Absent:
    """Stands for what one side does not have."""


ABSENT = _Absent()


@dataclass(frozen=True)
class Difference:
    """One thing that differs: where (a stack, or a file of the output), of what (address and attribute), and how."""

    where: str
    address: str
    attribute: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.address, self.attribute) if part)
        return f"{self.where}: {place + ': ' if place else ''}{self.ours} | {self.theirs}"


def compare(ours: Path, theirs: Path, expected: Mapping[str, Changes] = EXPECTED) -> list[Difference]:
    """Every difference between two output folders that is not expected, and every expected one that is missing.

    JSON is compared by value and type, since Terraform does not see the white space around it; every other file by
    its bytes. Raises InputError for JSON that is none.
    """
    found: list[Difference] = []
    for file in sorted(_files(ours) | _files(theirs)):
        sides = (ours / file, theirs / file)
        if not all(side.is_file() for side in sides):
            found.append(Difference(file.as_posix(), "", "", *("there" if side.is_file() else "-" for side in sides)))
        elif file.suffix == ".json":
            found += _compare_json(file, *sides, expected.get(file.name, {}))
        elif sides[0].read_bytes() != sides[1].read_bytes():
            found.append(Difference(file.as_posix(), "", "", *(f"{side.stat().st_size} bytes" for side in sides)))
    return found


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _compare_json(file: Path, ours: Path, theirs: Path, expected: Changes) -> Iterator[Difference]:
    where = file.parent.name if file.name == DOCUMENT else file.as_posix()
    changes = dict(_changes(strict_json.read(ours)[1], strict_json.read(theirs)[1]))
    for place, values in expected.items():
        if place not in changes:
            yield Difference(where, *_named(place), *(f"expected {_shown(value)}" for value in values))
    for place, values in changes.items():
        if values != expected.get(place):
            yield Difference(where, *_named(place), *(_shown(value) for value in values))


def _changes(ours: object, theirs: object, place: Place = ()) -> Iterator[tuple[Place, tuple[object, object]]]:
    """Where two JSON values differ: 1, 1.0 and true are three values, the order of keys is none."""
    if _is_object(ours, place) and _is_object(theirs, place):
        sides = [side if isinstance(side, dict) else {} for side in (ours, theirs)]
        for key in sorted(sides[0].keys() | sides[1].keys()):
            yield from _changes(sides[0].get(key, ABSENT), sides[1].get(key, ABSENT), (*place, key))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from _changes(*pair, (*place, index))
    elif type(ours) is not type(theirs) or ours != theirs:
        yield place, (ours, theirs)


def _is_object(value: object, place: Place) -> bool:
    """What is absent counts as an empty object down to the single resource, so that each is named by its address."""
    is_block = place[:1] in (("resource",), ("data",))
    return isinstance(value, dict) or (value is ABSENT and is_block and len(place) < len(("resource", "type", "name")))


def _named(place: Place) -> tuple[str, str]:
    """The address of what lies at `place` ("" outside resources and data sources), and the attribute in it."""
    kind, *steps = place
    if kind not in ("resource", "data"):
        return "", _attribute(place)
    address = ".".join(str(step) for step in steps[:2])
    return f"data.{address}" if kind == "data" else address, _attribute(steps[2:])


def _attribute(steps: Place | list[Step]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _shown(value: object) -> str:
    text = "-" if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def compare_results(ours: Path, theirs: Path) -> tuple[int, list[Difference]]:
    """How many verdicts there are, and those in which two results of the gate differ in anything at all.

    Raises InputError for a file that is no result of the gate.
    """
    sides = [_verdicts(path) for path in (ours, theirs)]
    found = []
    for key in sorted(sides[0].keys() | sides[1].keys()):
        ours_said, theirs_said = (side.get(key, []) for side in sides)
        if ours_said != theirs_said:
            stack, address, engine, policy = key
            said = _said(ours_said, theirs_said), _said(theirs_said, ours_said)
            found.append(Difference(stack, address, f"{policy} ({engine})", *said))
    return sum(len(verdicts) for verdicts in sides[0].values()), found


def _verdicts(result: Path) -> dict[tuple[str, str, str, str], list[Assessment]]:
    found: dict[tuple[str, str, str, str], list[Assessment]] = {}
    for one in recorded_result.read_gate_result(result).assessments:
        found.setdefault((one.stack, one.address, one.engine, one.policy), []).append(one)
    return found


def _said(verdicts: list[Assessment], others: list[Assessment]) -> str:
    """Of one side's verdicts on one thing what the other side's say otherwise."""
    if len(verdicts) != len(others):
        return ", ".join(one.outcome for one in verdicts) or "-"
    fields = [
        f"{name} {_shown(value)}"
        for one, other in zip(map(asdict, verdicts), map(asdict, others), strict=True)
        for name, value in one.items()
        if value != other[name]
    ]
    return ", ".join(fields)
