"""The reference checks pass on real documents, and each finds the error it is there for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance.oscal import documents
from compliance.oscal.references import problems
from tests.compliance.oscal import reports
from tests.compliance.oscal.reports import CONTRADICTED, PARTIAL, SUPPORTED
from tests.compliance.test_rendering import hostile as hostile

IDENTIFIERS = reports.FRAMEWORK.identifiers
NOWHERE = "00000000-0000-4000-8000-000000000000"

Body = dict[str, Any]
Change = Callable[[Body], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return documents(reports.every_verdict(tmp_path_factory.mktemp("verdicts")))


def test_the_sample_has_no_problem() -> None:
    assert problems(documents(reports.sample()), IDENTIFIERS) == []


def test_a_report_with_findings_has_no_problem(sound: dict[str, str]) -> None:
    assert problems(sound, IDENTIFIERS) == []


def test_declarations_are_no_problem(tmp_path: Path) -> None:
    made = documents(reports.declared(tmp_path))
    assert problems(made, IDENTIFIERS) == []
    other = made["oscal/profile.json"].replace('"merchant"', '"bank"')
    [problem] = problems(made | {"oscal/profile.json": other}, IDENTIFIERS)
    assert problem.endswith("the catalog has no parameter entity_type that can be bank")


def test_hostile_names_are_no_problem(hostile: Any) -> None:
    assert problems(documents(hostile), IDENTIFIERS) == []


def _result(body: Body) -> Body:
    found: Body = body["assessment-results"]["results"][0]
    return found


def _verdict(body: Body, requirement: str) -> Body:
    rows = _result(body)["props"]
    found: Body = next(row for row in rows if row.get("class") == f"pci-{requirement}")
    return found


def _control(body: Body) -> Body:
    found: Body = body["catalog"]["groups"][0]["groups"][0]["controls"][0]
    return found


def _finding(body: Body, state: str) -> Body:
    found: Body = next(row for row in _result(body)["findings"] if row["target"]["status"]["state"] == state)
    return found


def _reuse_a_uuid(body: Body) -> None:
    result = _result(body)
    result["findings"][0]["uuid"] = result["risks"][0]["uuid"]


def _deselect(body: Body) -> None:
    body["profile"]["imports"][0]["include-controls"][0]["with-ids"].remove(f"pci-{PARTIAL}")


def _name_an_unknown_control(body: Body) -> None:
    rows = body["component-definition"]["components"][0]["control-implementations"][0]["implemented-requirements"]
    rows[0]["control-id"] = "pci-1.2.99"


def _review_an_unknown_control(body: Body) -> None:
    body["assessment-plan"]["reviewed-controls"]["control-selections"][0]["include-controls"][0]["control-id"] = "ac-1"


def _observe_an_unknown_control(body: Body) -> None:
    next(row for row in _result(body)["observations"][0]["props"] if row["name"] == "control-id")["value"] = "ac-2"


def _target_nothing(body: Body) -> None:
    _finding(body, "satisfied")["target"]["target-id"] = f"pci-{SUPPORTED}_objective"


def _relate_to_no_observation(body: Body) -> None:
    _finding(body, "satisfied")["related-observations"][0]["observation-uuid"] = NOWHERE


def _relate_to_a_risk_as_if_it_were_an_observation(body: Body) -> None:
    result = _result(body)
    result["findings"][0]["related-observations"][0]["observation-uuid"] = result["risks"][0]["uuid"]


def _relate_to_no_risk(body: Body) -> None:
    _finding(body, "not-satisfied")["related-risks"][0]["risk-uuid"] = NOWHERE


def _judge_no_resource(body: Body) -> None:
    _result(body)["observations"][0]["subjects"][0]["subject-uuid"] = NOWHERE


def _mistake_a_resource_for_a_component(body: Body) -> None:
    subjects = _result(body)["observations"][0]["subjects"]
    next(row for row in subjects if row["type"] == "inventory-item")["type"] = "component"


def _belong_to_no_component(body: Body) -> None:
    _result(body)["local-definitions"]["inventory-items"][0]["implemented-components"][0]["component-uuid"] = NOWHERE


def _use_no_component(body: Body) -> None:
    platform = body["assessment-plan"]["assessment-assets"]["assessment-platforms"][0]
    platform["uses-components"][0]["component-uuid"] = NOWHERE


def _act_by_nobody(body: Body) -> None:
    _result(body)["observations"][0]["origins"][0]["actors"][0]["actor-uuid"] = NOWHERE


def _belong_to_no_task(body: Body) -> None:
    _result(body)["observations"][0]["origins"][0]["related-tasks"][0]["task-uuid"] = NOWHERE


def _plan_no_activity(body: Body) -> None:
    body["assessment-plan"]["tasks"][0]["associated-activities"][0]["activity-uuid"] = NOWHERE


def _be_defined_nowhere(body: Body) -> None:
    component = body["assessment-plan"]["local-definitions"]["components"][0]
    next(row for row in component["props"] if row["name"] == "defined-component-uuid")["value"] = NOWHERE


def _link_to_no_evidence(body: Body) -> None:
    _result(body)["observations"][0]["relevant-evidence"][0]["href"] = f"#{NOWHERE}"


def _import_no_plan_of_security(body: Body) -> None:
    body["assessment-plan"]["import-ssp"]["href"] = f"#{NOWHERE}"


def _import_another_catalog(body: Body) -> None:
    body["profile"]["imports"][0]["href"] = "nist.json"


def _import_another_plan(body: Body) -> None:
    body["assessment-results"]["import-ap"]["href"] = "plan.json"


def _implement_another_profile(body: Body) -> None:
    body["component-definition"]["components"][1]["control-implementations"] = [{"source": "other.json"}]


def _claim_an_interview(body: Body) -> None:
    _result(body)["observations"][0]["methods"] = ["EXAMINE", "INTERVIEW"]


def _make_up_a_method(body: Body) -> None:
    _result(body)["observations"][0]["methods"] = ["GUESS"]


def _plan_a_test(body: Body) -> None:
    body["assessment-plan"]["local-definitions"]["activities"][0]["props"][0]["value"] = "TEST"


def _satisfy_what_is_contradicted(body: Body) -> None:
    _finding(body, "not-satisfied")["target"]["status"]["state"] = "satisfied"


def _satisfy_what_is_partly_supported(body: Body) -> None:
    _verdict(body, SUPPORTED)["value"] = "partly supports"


def _satisfy_by_waiver(body: Body) -> None:
    _finding(body, "satisfied")["related-risks"] = [{"risk-uuid": _result(body)["risks"][0]["uuid"]}]


def _drop_a_finding(body: Body) -> None:
    _result(body)["findings"].remove(_finding(body, "not-satisfied"))


def _drop_a_verdict(body: Body) -> None:
    _result(body)["props"].remove(_verdict(body, PARTIAL))


def _label_a_number_of_no_requirement(body: Body) -> None:
    _control(body)["props"][0]["value"] = "1.1.9"


def _write_a_number_of_no_requirement(body: Body) -> None:
    _control(body)["parts"][0]["prose"] = "See also 3.2.9."


def _make_up_a_control(body: Body) -> None:
    _control(body)["id"] = "pci-1.2.5.17"


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("assessment-results", _reuse_a_uuid, "is given 2 times"),
        ("profile", _deselect, f"the profile does not select the control pci-{PARTIAL}"),
        ("component-definition", _name_an_unknown_control, "the catalog has no control pci-1.2.99"),
        ("assessment-plan", _review_an_unknown_control, "the catalog has no control ac-1"),
        ("assessment-results", _observe_an_unknown_control, "the catalog has no control ac-2"),
        ("assessment-results", _target_nothing, f"the catalog has no part pci-{SUPPORTED}_objective"),
        ("assessment-results", _relate_to_no_observation, "observation-uuid " + NOWHERE),
        ("assessment-results", _relate_to_a_risk_as_if_it_were_an_observation, "is none of the observations"),
        ("assessment-results", _relate_to_no_risk, "risk-uuid " + NOWHERE),
        ("assessment-results", _judge_no_resource, "subject-uuid " + NOWHERE),
        ("assessment-results", _mistake_a_resource_for_a_component, "is none of the components"),
        ("assessment-results", _belong_to_no_component, "component-uuid " + NOWHERE),
        ("assessment-plan", _use_no_component, "component-uuid " + NOWHERE),
        ("assessment-results", _act_by_nobody, "actor-uuid " + NOWHERE),
        ("assessment-results", _belong_to_no_task, "task-uuid " + NOWHERE),
        ("assessment-plan", _plan_no_activity, "activity-uuid " + NOWHERE),
        ("assessment-plan", _be_defined_nowhere, NOWHERE + " is no component of component-definition.json"),
        ("assessment-results", _link_to_no_evidence, "is no resource of assessment-results.json"),
        ("assessment-plan", _import_no_plan_of_security, "is no resource of assessment-plan.json"),
        ("profile", _import_another_catalog, "nist.json is none of the documents"),
        ("assessment-results", _import_another_plan, "plan.json is none of the documents"),
        ("component-definition", _implement_another_profile, "other.json is none of the documents"),
        ("assessment-results", _claim_an_interview, "the method INTERVIEW is not EXAMINE"),
        ("assessment-results", _make_up_a_method, "the method GUESS is not EXAMINE"),
        ("assessment-plan", _plan_a_test, "the method TEST is not EXAMINE"),
        ("assessment-results", _satisfy_what_is_contradicted, "is satisfied, but its verdict is contradicts"),
        ("assessment-results", _satisfy_what_is_partly_supported, "is satisfied, but its verdict is partly supports"),
        ("assessment-results", _satisfy_by_waiver, "is satisfied in spite of a waived finding"),
        ("assessment-results", _drop_a_finding, f"pci-{CONTRADICTED}: the verdict is contradicts, but there is no"),
        ("assessment-results", _drop_a_verdict, f"pci-{PARTIAL}: there is no verdict"),
        ("catalog", _label_a_number_of_no_requirement, "1.1.9 is not an identifier of the standard"),
        ("catalog", _write_a_number_of_no_requirement, "3.2.9 is not an identifier of the standard"),
        ("catalog", _make_up_a_control, "1.2.5.17 is not an identifier of the standard"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_a_planted_error_is_found(sound: dict[str, str], name: str, change: Change, expected: str) -> None:
    body = json.loads(sound[f"oscal/{name}.json"])
    change(body)
    found = problems(sound | {f"oscal/{name}.json": json.dumps(body)}, IDENTIFIERS)
    assert [line for line in found if expected in line], found


def test_a_number_in_the_words_of_the_configuration_is_not_ours(sound: dict[str, str]) -> None:
    assert "not 99.9.9" in sound["oscal/assessment-results.json"]
    assert problems(sound, IDENTIFIERS) == []
