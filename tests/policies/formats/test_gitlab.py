"""GitLab's Code Quality report, by a schema written from GitLab's documentation, which publishes none."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policies.result import GateResult
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                    "lines": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def rows(made: GateResult) -> Any:
    found = json.loads(written("gitlab", made))
    Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_make_a_valid_report(name: str, tmp_path: Path) -> None:
    assert len(rows(hostile_result(tmp_path, HOSTILE[name]))) == 3


def test_a_finding_stands_on_its_line_under_the_gates_fingerprint(tmp_path: Path) -> None:
    one = assessment()
    [row] = rows(result(tmp_path, one))
    assert row["location"] == {"path": "infra/compute.py", "lines": {"begin": 41}}
    assert (row["check_name"], row["fingerprint"]) == ("imdsv2-required", one.fingerprint)


@pytest.mark.parametrize(
    ("severity", "word"), [("low", "minor"), ("medium", "major"), ("high", "critical"), ("critical", "blocker")]
)
def test_severities_keep_their_order(severity: str, word: str, tmp_path: Path) -> None:
    [row] = rows(result(tmp_path, assessment(severity=severity)))
    assert row["severity"] == word


def test_what_is_waived_does_not_look_resolved(tmp_path: Path) -> None:
    failed = assessment()
    [before] = rows(result(tmp_path, failed))
    [after] = rows(result(tmp_path, assessment(outcome="waived", waiver=waiver())))
    assert before["fingerprint"] == after["fingerprint"]
    assert (after["severity"], after["description"][:8]) == ("info", "Waived: ")


def test_all_well_is_an_empty_list(tmp_path: Path) -> None:
    assert rows(result(tmp_path, assessment(outcome="pass"))) == []
