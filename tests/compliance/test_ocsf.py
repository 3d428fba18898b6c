"""The OCSF events are what a SIEM expects, and a waiver or an unknown is never a pass in them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance.control_report import ControlReport, control_report
from compliance.ocsf import render_ocsf
from compliance.requirements import Unclaimed
from policies.visible import visible
from tests.compliance import gate_results as make
from tests.compliance.ocsf_schema import EVENT
from tests.compliance.oscal import reports
from tests.compliance.test_rendering import HOSTILE
from tests.compliance.test_rendering import hostile as hostile

SCHEMA = Draft202012Validator(EVENT)


@pytest.fixture(scope="module")
def sample() -> ControlReport:
    return reports.sample()


def events(report: ControlReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render_ocsf(report))
    return found


@pytest.fixture
def outcomes(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """One event of each outcome, by the outcome."""
    words = ("pass", "fail", "undetermined", "waived", "not-applicable")
    rows = [make.row("door-is-locked", word, f"aws_door.{word}", observed={"lock": word}) for word in words]
    report = make.report(tmp_path, make.framework(make.edge("door-is-locked")), *rows)
    return {event["compliance"]["status_code"]: event for event in events(report)}


def test_every_event_is_a_compliance_finding(sample: ControlReport, outcomes: dict[str, dict[str, Any]]) -> None:
    for event in (*events(sample), *outcomes.values()):
        assert not list(SCHEMA.iter_errors(event)), event


def _drop_the_status(event: dict[str, Any]) -> None:
    del event["compliance"]["status_id"]


def _call_an_unknown_a_pass(event: dict[str, Any]) -> None:
    event["compliance"]["status"] = "Pass"


def _be_of_another_class(event: dict[str, Any]) -> None:
    event["class_uid"] = 2004


def _invent_an_attribute(event: dict[str, Any]) -> None:
    event["compliance"]["verdict"] = "supports"


def _give_the_time_as_text(event: dict[str, Any]) -> None:
    event["time"] = "2026-11-22T06:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        _drop_the_status,
        _call_an_unknown_a_pass,
        _be_of_another_class,
        _invent_an_attribute,
        _give_the_time_as_text,
    ],
)
def test_the_schema_refuses_another_event(
    outcomes: dict[str, dict[str, Any]], change: Callable[[dict[str, Any]], None]
) -> None:
    event = outcomes["undetermined"]
    assert SCHEMA.is_valid(event)
    change(event)
    assert not SCHEMA.is_valid(event)


def test_there_is_an_event_for_each_judged_resource_and_policy(sample: ControlReport) -> None:
    judged = [row for row in sample.result.assessments if row.outcome != "not-applicable"]
    assert sorted(event["finding_info"]["uid"] for event in events(sample)) == sorted(row.fingerprint for row in judged)


def test_only_a_pass_is_a_pass(outcomes: dict[str, dict[str, Any]]) -> None:
    statuses = {word: (event["compliance"]["status_id"], event["status_id"]) for word, event in outcomes.items()}
    assert statuses == {"pass": (1, 1), "fail": (3, 1), "undetermined": (0, 1), "waived": (99, 3)}


def test_a_pass_is_informational_and_the_rest_as_severe_as_the_policy(outcomes: dict[str, dict[str, Any]]) -> None:
    severities = {word: event["severity"] for word, event in outcomes.items()}
    assert severities == {"pass": "Informational", "fail": "High", "undetermined": "High", "waived": "High"}


def test_a_waived_event_names_owner_expiry_and_reason(outcomes: dict[str, dict[str, Any]]) -> None:
    details = outcomes["waived"]["compliance"]["status_details"]
    assert details == [
        "Accepted by jo until 2027-01-01: a guard stands there",
        "A waiver is not a pass, and not a compensating control.",
    ]


def test_an_event_names_the_requirements_as_security_hub_does(outcomes: dict[str, dict[str, Any]]) -> None:
    compliance = outcomes["fail"]["compliance"]
    assert compliance["requirements"] == ["PCI DSS v4.0.1/2.2.6"]
    assert compliance["standards"] == ["PCI DSS v4.0.1"]


def test_a_policy_that_no_requirement_claims_names_no_standard(tmp_path: Path) -> None:
    [event] = events(make.report(tmp_path, make.framework(), make.row("window-is-shut", "fail")))
    assert not {"standards", "requirements"} & event["compliance"].keys()
    assert SCHEMA.is_valid(event)


def test_an_event_says_what_where_and_how_to_fix_it(outcomes: dict[str, dict[str, Any]]) -> None:
    event = outcomes["fail"]
    assert event["resources"] == [
        {"uid": "portal:aws_door.fail", "name": "aws_door.fail", "type": "aws_door", "namespace": "portal"}
    ]
    assert event["remediation"] == {"desc": "Lock it."}
    assert event["unmapped"] == {"attribute": "lock", "observed": '{"lock": "fail"}', "source": "infra/doors.py:3"}
    assert "remediation" not in outcomes["pass"]


def test_a_failure_without_a_resource_is_about_the_stack(tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked"))
    [event] = events(make.report(tmp_path, standard, make.row("door-is-locked", "fail", "")))
    assert event["resources"] == [{"uid": "portal", "name": "portal", "type": "stack"}]


def test_two_runs_give_the_same_bytes_and_another_result_other_events(sample: ControlReport) -> None:
    assert render_ocsf(sample) == render_ocsf(reports.sample())
    other = replace(sample, result=replace(sample.result, sha256="1" * 64))
    assert [event["finding_info"]["uid"] for event in events(sample)] == [
        event["finding_info"]["uid"] for event in events(other)
    ]
    assert not {event["metadata"]["uid"] for event in events(sample)} & {
        event["metadata"]["uid"] for event in events(other)
    }


def test_no_two_events_have_the_same_name_though_two_rows_say_the_same(tmp_path: Path) -> None:
    row = make.row("door-is-locked", "fail")
    made = events(make.report(tmp_path, make.framework(make.edge("door-is-locked")), row, row))
    assert len({event["finding_info"]["uid"] for event in made}) == 2
    assert len({event["metadata"]["uid"] for event in made}) == 2


def test_a_report_without_a_time_has_the_time_zero() -> None:
    assert {event["time"] for event in events(reports.sample(time=None, time_source=None))} == {0}


def test_the_time_is_milliseconds_since_1970(sample: ControlReport) -> None:
    assert {event["time"] for event in events(sample)} == {1795327200000}  # date -u -d 2026-11-22T06:00:00Z +%s000


def test_an_empty_result_is_an_empty_array(tmp_path: Path) -> None:
    result = make.read(tmp_path, make.document(inputs=[]))
    assert render_ocsf(control_report(result, reports.FRAMEWORK, [], make.ORIGIN)) == "[]\n"


def test_one_event_stands_on_one_line(sample: ControlReport) -> None:
    opening, *lines, closing = render_ocsf(sample).splitlines()
    assert (opening, closing) == ("[", "]")
    assert [json.loads(line.removesuffix(",")) for line in lines] == events(sample)


def test_hostile_values_are_whole_visible_and_valid(hostile: ControlReport) -> None:
    assert render_ocsf(hostile).isascii()
    for event in events(hostile):
        assert SCHEMA.is_valid(event)
        assert event["resources"][0]["name"] == visible(HOSTILE)


def test_what_the_engine_itself_judges_is_no_terraform_resource(tmp_path: Path) -> None:
    standard = make.framework(unclaimed=(Unclaimed(("waiver-is-valid",), "Judges the waivers.", engine_level=True),))
    row = make.row("waiver-is-valid", "fail", "waivers.yaml:12", stack="")
    [event] = events(make.report(tmp_path, standard, row))
    assert event["resources"] == [{"uid": ":waivers.yaml:12", "name": "waivers.yaml:12", "namespace": "(no stack)"}]
    assert SCHEMA.is_valid(event)


def test_every_requirement_named_is_one_of_the_standard(sample: ControlReport) -> None:
    named = {one for event in events(sample) for one in event["compliance"].get("requirements", [])}
    assert named == {f"PCI DSS v4.0.1/{row.requirement.id}" for row in sample.requirements if row.judged}
