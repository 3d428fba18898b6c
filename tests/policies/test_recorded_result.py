"""Whatever is not a gate result is refused with one line that says where and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.errors import InputError
from policies.recorded_result import read_gate_result
from policies.result import BaselineFile, Conditions, WaiversFile
from tests.compliance import gate_results as make

CONDITIONS = {"today": "2026-11-22", "environment": "development"}


def test_the_sample_is_read_whole() -> None:
    result = read_gate_result(make.SAMPLE)
    raw = json.loads(make.SAMPLE.read_text(encoding="utf-8"))
    assert len(result.assessments) == len(raw["assessments"])
    assert result.tools["checkov"] == raw["tools"]["checkov"]
    assert result.validation[0].outcome == "pass"
    waived = [row for row in result.assessments if row.outcome == "waived"]
    assert all(row.waiver and row.waiver.reason and row.waiver.expires for row in waived)


def test_validation_and_tools_may_be_missing(tmp_path: Path) -> None:
    result = make.read(tmp_path, make.document(make.row("door-is-locked", "pass")))
    assert (result.validation, result.tools) == ((), {})


def test_a_tool_that_did_not_run_is_said_to_be_not_run(tmp_path: Path) -> None:
    assert make.read(tmp_path, make.document(tools={"terraform": None})).tools == {"terraform": "not run"}


def test_conditions_are_read_and_may_be_missing(tmp_path: Path) -> None:
    waivers = {"path": "waivers.yaml", "sha256": "0" * 64}
    given = CONDITIONS | {"waivers": waivers, "policies": ["door-is-locked"], "configuration": None}
    read = make.read(tmp_path, make.document(conditions=given)).conditions
    assert read == Conditions("2026-11-22", "development", WaiversFile(**waivers), ("door-is-locked",))
    assert make.read(tmp_path, make.document()).conditions is None


def test_a_baseline_and_addresses_are_conditions_and_old_findings_stay_findings(tmp_path: Path) -> None:
    baseline = {"path": "baseline.json", "sha256": "0" * 64}
    given = CONDITIONS | {"policies": None, "baseline": baseline, "addresses": ["aws_door.a"], "configuration": None}
    row = make.row("door-is-locked", "fail") | {"baseline": True}
    result = make.read(tmp_path, make.document(row, conditions=given))
    assert result.conditions is not None
    assert (result.conditions.baseline, result.conditions.addresses) == (BaselineFile(**baseline), ("aws_door.a",))
    assert json.loads(json.dumps(result.recorded_conditions)) == given | {"waivers": None}
    [assessment] = result.assessments
    assert (assessment.outcome, assessment.baseline) == ("fail", True)


def test_rows_are_put_in_order(tmp_path: Path) -> None:
    rows = [make.row("door-is-locked", "pass", address) for address in ("aws_door.b", "aws_door.a")]
    assert [row.address for row in make.read(tmp_path, make.document(*rows)).assessments] == [
        "aws_door.a",
        "aws_door.b",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([], "is not an object but list"),
        ({}, "schema is missing"),
        (make.document(schema="gate-result/2"), "schema is 'gate-result/2'"),
        (make.document(assessments=None), "assessments is missing"),
        (make.document(assessments={}), "assessments is not a list"),
        (make.document(assessments=["x"]), "assessments[0]: is not an object but str"),
        (make.document(inputs=[{}]), "inputs[0]: path is missing"),
        (make.document(make.row("door-is-locked", "ok")), "assessments[0]: outcome is 'ok'"),
        (make.document(make.row("door-is-locked", "pass", severity="huge")), "severity is 'huge'"),
        (make.document(make.row("door-is-locked", "pass", engine="magic")), "engine is 'magic'"),
        (make.document(make.row("door-is-locked", "pass", address=7)), "address is not a string"),
        (make.document(make.row("door-is-locked", "pass", source={"file": "a"})), "line is not a whole number"),
        (make.document(make.row("door-is-locked", "waived", waiver=None)), "waiver is missing"),
        (make.document(make.row("door-is-locked", "waived", waiver={"owner": "jo"})), "waiver: reason is missing"),
        (make.document(make.row("door-is-locked", "pass", waiver=make.WAIVER)), "waiver is present"),
        (make.document(validation=[{"stack": "a", "outcome": "maybe"}]), "validation[0]: outcome is 'maybe'"),
        (make.document(conditions={}), "conditions: today is missing"),
        (make.document(conditions={"today": "tomorrow"}), "today is 'tomorrow', not a date"),
        (make.document(conditions=CONDITIONS | {"waivers": {"path": "w.yaml"}}), "waivers: sha256 is missing"),
        (make.document(conditions=CONDITIONS | {"policies": "all"}), "policies is not a list of strings"),
        (make.document(conditions=CONDITIONS | {"configuration": {}}), "configuration: path is missing"),
        (
            make.document(make.row("door-is-locked", "fail"), summary={"pass": 1, "fail": 0}),
            "summary: says 1 pass, but the rows hold 0",
        ),
        (make.document(make.row("door-is-locked", "fail"), summary={"fail": 2}), "says 2 fail, but the rows hold 1"),
    ],
)
def test_other_shapes_are_refused_with_their_place(content: Any, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        make.read(tmp_path, content)
    assert complaint in str(refusal.value)
    assert "gate-result.json: " in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "gate-result.json"
    file.write_text('{"schema": "gate-result/1", "assessments": [], "assessments": [], "inputs": []}')
    with pytest.raises(InputError, match="'assessments' more than once"):
        read_gate_result(file)
