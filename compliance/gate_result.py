"""Reads the gate's result (schema gate-result/1) and refuses whatever is not one."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from policies import strict_json
from policies.errors import InputError
from policies.model import OUTCOMES, Assessment, Engine, Severity, Source, Waiver
from policies.result import SCHEMA, Validation

VALIDATION_OUTCOMES = ("pass", "fail", "not-run")


@dataclass(frozen=True)
class Input:
    """One document the gate judged; `sha256` is the digest of its bytes."""

    path: str
    kind: str
    stack: str
    sha256: str


@dataclass(frozen=True)
class GateResult:
    """The gate's result as data; `content` is the file it was read from, `sha256` the digest of that."""

    content: bytes = field(repr=False)
    sha256: str
    inputs: tuple[Input, ...]
    assessments: tuple[Assessment, ...]
    validation: tuple[Validation, ...]
    tools: Mapping[str, str]


def read_gate_result(path: Path) -> GateResult:
    """The result in the file at `path`; InputError says in one line why there is none."""
    content, document = strict_json.read(path)
    result = _Reader(document, str(path))
    if result.text("schema") != SCHEMA:
        raise result.refusal(f'schema is {result.text("schema")!r}, expected "{SCHEMA}"')
    assessments = tuple(_assessment(row) for row in result.rows("assessments"))
    _compare_summary(result, assessments)
    return GateResult(
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        inputs=tuple(_input(row) for row in result.rows("inputs")),
        assessments=tuple(sorted(assessments, key=_order)),
        validation=tuple(_validation(row) for row in result.rows("validation", optional=True)),
        tools=_tools(result),
    )


def _order(assessment: Assessment) -> tuple[str, str, str, str, str]:
    return (
        assessment.policy,
        assessment.stack,
        assessment.address,
        assessment.attribute,
        assessment.message,
    )


def _input(row: "_Reader") -> Input:
    return Input(row.text("path"), row.text("kind"), row.text("stack"), row.text("sha256"))


def _validation(row: "_Reader") -> Validation:
    outcome: Any = row.word("outcome", VALIDATION_OUTCOMES)
    return Validation(
        stack=row.text("stack"),
        outcome=outcome,
        terraform=row.text("terraform", default="") or None,
        message=row.text("message", default=""),
    )


def _tools(result: "_Reader") -> dict[str, str]:
    tools = result.row("tools")
    if tools is None:
        return {}
    return {name: tools.text(name, default="not run") for name in sorted(tools.fields)}


def _assessment(row: "_Reader") -> Assessment:
    waiver = row.row("waiver")
    source = row.row("source")
    outcome: Any = row.word("outcome", OUTCOMES)
    if (waiver is None) == (outcome == "waived"):
        raise row.refusal(f"outcome is {outcome} and waiver is {'missing' if waiver is None else 'present'}")
    engine: Any = row.word("engine", get_args(Engine))
    severity: Any = row.word("severity", get_args(Severity))
    return Assessment(
        policy=row.text("policy"),
        engine=engine,
        stack=row.text("stack"),
        address=row.text("address"),
        outcome=outcome,
        severity=severity,
        attribute=row.text("attribute", default=""),
        observed=row.fields.get("observed"),
        message=row.text("message", default=""),
        remediation=row.text("remediation", default=""),
        construct_path=row.text("construct_path", default="") or None,
        source=None if source is None else _source(source),
        waiver=None if waiver is None else _waiver(waiver),
    )


def _source(row: "_Reader") -> Source:
    line = row.fields.get("line")
    if not isinstance(line, int) or isinstance(line, bool):
        raise row.refusal("line is not a whole number")
    return Source(row.text("file"), line)


def _waiver(row: "_Reader") -> Waiver:
    place = row.row("place")
    addresses = row.fields.get("addresses", [])
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise row.refusal("addresses is not a list of strings")
    return Waiver(
        policy=row.text("policy", default=""),
        stack=row.text("stack", default=""),
        addresses=tuple(addresses),
        reason=row.text("reason"),
        owner=row.text("owner"),
        ticket=row.text("ticket", default=""),
        created=row.text("created", default=""),
        expires=row.text("expires"),
        place=Source("", 0) if place is None else _source(place),
    )


def _compare_summary(result: "_Reader", assessments: tuple[Assessment, ...]) -> None:
    """A summary that disagrees with its rows means that rows were lost or changed on the way."""
    summary = result.row("summary")
    if summary is None:
        return
    counted = Counter(assessment.outcome for assessment in assessments)
    for outcome in OUTCOMES:
        claimed = summary.fields.get(outcome, 0)
        if claimed != counted[outcome]:
            raise summary.refusal(f"says {claimed!r} {outcome}, but the rows hold {counted[outcome]}")


class _Reader:
    """An object of the result with typed access; `place` says where it stands, for a refusal."""

    def __init__(self, value: Any, place: str) -> None:
        self.place = place
        if not isinstance(value, dict):
            raise self.refusal(f"is not an object but {type(value).__name__}")
        if isinstance(value, strict_json.RepeatedKeys):
            raise self.refusal(f"holds the key {value.repeated!r} more than once")
        self.fields: dict[str, Any] = value

    def refusal(self, reason: str) -> InputError:
        """The error to raise, as one line however long or odd the value is."""
        return InputError(f"{self.place}: {reason[:300]}")

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.refusal(f"{name} is {'missing' if value is None else 'not a string'}")
        return value

    def word(self, name: str, words: tuple[str, ...]) -> str:
        word = self.text(name)
        if word not in words:
            raise self.refusal(f"{name} is {word!r}, expected one of {', '.join(words)}")
        return word

    def row(self, name: str) -> "_Reader | None":
        value = self.fields.get(name)
        return None if value is None else _Reader(value, f"{self.place}: {name}")

    def rows(self, name: str, *, optional: bool = False) -> list["_Reader"]:
        value = self.fields.get(name, [] if optional else None)
        if not isinstance(value, list):
            raise self.refusal(f"{name} is {'missing' if value is None else 'not a list'}")
        return [_Reader(row, f"{self.place}: {name}[{index}]") for index, row in enumerate(value)]
