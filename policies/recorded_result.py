"""Reads the gate's result (schema gate-result/1) and refuses whatever is not one."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from policies import strict_json
from policies.json_reader import Reader
from policies.model import OUTCOMES, Assessment, Engine, Severity, Source, Waiver
from policies.result import SCHEMA, BaselineFile, Conditions, Validation, WaiversFile

VALIDATION_OUTCOMES = ("pass", "fail", "not-run")


@dataclass(frozen=True)
class Input:
    """One document the gate judged; `sha256` is the digest of its bytes."""

    path: str
    kind: str
    stack: str
    sha256: str


@dataclass(frozen=True)
class RecordedResult:
    """The gate's result as data; `content` is the file it was read from, `sha256` the digest of that.

    `conditions` is None in a result that does not say under which it came about; `configuration` is what the one plan
    among the inputs was made from, when that was given as well. `unmasked` names the first assessment of the file that
    holds what looks like a credential, empty where none does: no assessment here has it any more, but `content` has.
    """

    content: bytes = field(repr=False)
    sha256: str
    inputs: tuple[Input, ...]
    assessments: tuple[Assessment, ...]
    validation: tuple[Validation, ...]
    tools: Mapping[str, str]
    conditions: Conditions | None = None
    configuration: Input | None = None
    unmasked: str = ""

    @property
    def recorded_conditions(self) -> dict[str, Any] | None:
        """The conditions and the configuration as JSON has them, None where the result does not say."""
        if self.conditions is None:
            return None
        configuration = None if self.configuration is None else asdict(self.configuration)
        return {**self.conditions.to_json(), "configuration": configuration}


def read_gate_result(path: Path) -> RecordedResult:
    """The result in the file at `path`; InputError says in one line why there is none."""
    return _gate_result(*strict_json.read(path), str(path))


def parse_gate_result(content: bytes, name: str) -> RecordedResult:
    """The result in `content`; `name` stands in front of every refusal."""
    return _gate_result(content, strict_json.parse(content, name), name)


def _gate_result(content: bytes, document: Any, name: str) -> RecordedResult:
    result = Reader(document, name)
    if result.text("schema") != SCHEMA:
        raise result.refusal(f'schema is {result.text("schema")!r}, expected "{SCHEMA}"')
    _refuse_parts_of_fleets(result)
    rows = result.rows("assessments")
    assessments = tuple(_assessment(row) for row in rows)
    _compare_summary(result, assessments)
    return RecordedResult(
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        inputs=tuple(_input(row) for row in result.rows("inputs")),
        assessments=tuple(sorted(assessments, key=_order)),
        validation=tuple(_validation(row) for row in result.rows("validation", optional=True)),
        tools=_tools(result),
        conditions=_conditions(result),
        configuration=_configuration(result),
        unmasked=next((row.place for row, one in zip(rows, assessments, strict=True) if _was_masked(row, one)), ""),
    )


def _refuse_parts_of_fleets(result: Reader) -> None:
    """What was not judged is not in the rows: whoever counts them would take the rest for the whole."""
    refused = result.rows("refused", optional=True)
    if refused:
        left_out = f"{len(refused)} input{'' if len(refused) == 1 else 's'} could not be judged, such as"
        raise result.refusal(f"{left_out} {refused[0].text('path')}: mend them, or judge without them (--exclude)")


def _was_masked(row: Reader, assessment: Assessment) -> bool:
    """Whether the assessment holds less than the file: it masks itself when it is made."""
    texts = ("address", "attribute", "message", "remediation")
    if assessment.waiver and row.fields["waiver"]["reason"] != assessment.waiver.reason:
        return True
    if assessment.observed != row.fields.get("observed"):
        return True
    return any(row.text(name, default="") != getattr(assessment, name) for name in texts)


def _order(assessment: Assessment) -> tuple[str, str, str, str, str]:
    return (
        assessment.policy,
        assessment.stack,
        assessment.address,
        assessment.attribute,
        assessment.message,
    )


def _input(row: Reader) -> Input:
    return Input(row.text("path"), row.text("kind"), row.text("stack"), row.text("sha256"))


def _validation(row: Reader) -> Validation:
    outcome: Any = row.word("outcome", VALIDATION_OUTCOMES)
    return Validation(
        stack=row.text("stack"),
        outcome=outcome,
        terraform=row.text("terraform", default="") or None,
        message=row.text("message", default=""),
    )


def _tools(result: Reader) -> dict[str, str]:
    tools = result.row("tools")
    if tools is None:
        return {}
    return {name: tools.text(name, default="not run") for name in sorted(tools.fields)}


def _conditions(result: Reader) -> Conditions | None:
    conditions = result.row("conditions")
    if conditions is None:
        return None
    waivers = conditions.row("waivers")
    baseline = conditions.row("baseline")
    policies, addresses = (
        None if conditions.fields.get(name) is None else conditions.texts(name) for name in ("policies", "addresses")
    )
    return Conditions(
        today=conditions.day("today"),
        environment=conditions.text("environment"),
        waivers=None if waivers is None else WaiversFile(waivers.text("path"), waivers.text("sha256")),
        policies=policies,
        baseline=None if baseline is None else BaselineFile(baseline.text("path"), baseline.text("sha256")),
        addresses=addresses,
    )


def _configuration(result: Reader) -> Input | None:
    conditions = result.row("conditions")
    configuration = None if conditions is None else conditions.row("configuration")
    return None if configuration is None else _input(configuration)


def _assessment(row: Reader) -> Assessment:
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
        baseline=row.fields.get("baseline") is True,
    )


def _source(row: Reader) -> Source:
    line = row.fields.get("line")
    if not isinstance(line, int) or isinstance(line, bool):
        raise row.refusal("line is not a whole number")
    return Source(row.text("file"), line)


def _waiver(row: Reader) -> Waiver:
    place = row.row("place")
    return Waiver(
        policy=row.text("policy", default=""),
        stack=row.text("stack", default=""),
        addresses=row.texts("addresses", optional=True),
        reason=row.text("reason"),
        owner=row.text("owner"),
        ticket=row.text("ticket", default=""),
        created=row.text("created", default=""),
        expires=row.text("expires"),
        place=Source("", 0) if place is None else _source(place),
        compensating_control=row.text("compensating_control", default="") or None,
    )


def _compare_summary(result: Reader, assessments: tuple[Assessment, ...]) -> None:
    """A summary that disagrees with its rows means that rows were lost or changed on the way."""
    summary = result.row("summary")
    if summary is None:
        return
    counted = Counter(assessment.outcome for assessment in assessments)
    for outcome in OUTCOMES:
        claimed = summary.fields.get(outcome, 0)
        if claimed != counted[outcome]:
            raise summary.refusal(f"says {claimed!r} {outcome}, but the rows hold {counted[outcome]}")
