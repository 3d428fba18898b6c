"""Checkov behind our door: its verdicts are ours to report, its silences end the run."""

import importlib.metadata
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import checkov, documents
from policies.errors import InputError
from policies.graph import ResourceGraph
from tests.policies.conftest import Run, write

STACK = {
    "provider": {"aws": [{"region": "us-east-1"}]},
    "data": {"aws_caller_identity": {"me": {}}},
    "resource": {
        "aws_s3_bucket": {"web": {"bucket": "b-${data.aws_caller_identity.me.account_id}"}},
        "aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}},
        "aws_security_group": {
            "web": {"ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]}
        },
        "aws_acm_certificate": {"web": {"domain_name": "a.test", "lifecycle": {"create_before_destroy": True}}},
        "aws_s3_bucket_public_access_block": {
            "web": {
                "bucket": "${aws_s3_bucket.web.id}",
                **dict.fromkeys(
                    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
                ),
            }
        },
    },
}


def graph_of(path: Path) -> ResourceGraph:
    return documents.read([path])[0].graph


def test_verdicts_are_those_of_checkovs_own_command_line(tmp_path: Path) -> None:
    path = write(tmp_path / "cdk.tf.json", STACK)
    command = [sys.executable, "-m", "checkov.main", "-d", str(tmp_path), "--framework", "terraform_json"]
    done = subprocess.run([*command, "--skip-download", "-o", "json"], capture_output=True, text=True)
    report = json.loads(done.stdout)
    outcome_of = {"PASSED": "pass", "FAILED": "fail"}
    theirs = Counter(
        (record["check_id"], outcome_of[record["check_result"]["result"]])
        for kind in ("passed_checks", "failed_checks")
        for record in report["results"][kind]
    )
    ours = Counter((one.policy, one.outcome) for one in checkov.assess(graph_of(path), "s"))
    assert sum(theirs.values()) > 20
    assert ours == theirs


def test_each_record_is_about_the_resource_it_names_although_checkov_forgets_its_type(tmp_path: Path) -> None:
    found = checkov.assess(graph_of(write(tmp_path / "cdk.tf.json", STACK)), "s")
    by_check = {one.policy: one for one in found}
    assert by_check["CKV_AWS_79"].address == "aws_launch_template.web"
    assert by_check["CKV_AWS_79"].observed == "required"
    assert by_check["CKV_AWS_24"].address == "aws_security_group.web"
    assert (by_check["CKV2_AWS_6"].address, by_check["CKV2_AWS_6"].outcome) == ("aws_s3_bucket.web", "pass")


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"parsing_errors": ["cdk.tf.json"]}, "could not parse"),
        ({"passed_checks": [], "failed_checks": []}, "gave no result"),
        ({"skipped_checks": ["x"]}, "skipped checks"),
    ],
)
def test_a_report_that_shows_nothing_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: dict[str, Any], message: str
) -> None:
    real = checkov._run

    def tampered(text: str) -> Any:
        found = real(text)
        for name, value in report.items():
            setattr(found, name, value)
        return found

    monkeypatch.setattr(checkov, "_run", tampered)
    with pytest.raises(InputError, match=message):
        checkov.assess(graph_of(write(tmp_path / "cdk.tf.json", STACK)), "s")


def test_a_crash_inside_checkov_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(text: str) -> Any:
        raise ImportError("cannot import name 'START_LINE' from 'hcl2'")

    monkeypatch.setattr(checkov, "_run", crash)
    with pytest.raises(InputError, match="Checkov failed: ImportError"):
        checkov.assess(graph_of(write(tmp_path / "cdk.tf.json", STACK)), "s")


def test_a_check_that_crashes_ends_the_run_instead_of_losing_its_record(tmp_path: Path) -> None:
    rules = {"rule": {"for_each": "${var.rules}", "content": {"id": "x", "status": "Enabled"}}}
    lifecycle = {"l": {"bucket": "b", "dynamic": rules}}
    stack = {**STACK, "resource": {**STACK["resource"], "aws_s3_bucket_lifecycle_configuration": lifecycle}}
    with pytest.raises(InputError, match="Checkov failed: RuntimeError: Failed to run check CKV_AWS_300"):
        checkov.assess(graph_of(write(tmp_path / "cdk.tf.json", stack)), "s")


def test_instances_whose_keys_look_alike_are_judged_each(tmp_path: Path) -> None:
    buckets = {"b": {"for_each": '${toset(["q\\"q", "qq"])}', "bucket": "x"}}
    plain = {"for_each": {'q"q': "a", "qq": "b"}, "bucket": "x"}
    stack = {"resource": {"aws_s3_bucket": {**buckets, "c": plain}}}
    graph = graph_of(write(tmp_path / "cdk.tf.json", stack))
    judged = {one.address for one in checkov.assess(graph, "s") if one.policy == "CKV_AWS_18"}
    assert {'aws_s3_bucket.c["q\\"q"]', 'aws_s3_bucket.c["qq"]'} <= judged


def test_settings_of_another_checkov_do_not_change_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "cdk.tf.json", STACK)
    before = [(one.policy, one.address, one.outcome) for one in checkov.assess(graph_of(path), "s")]
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AWS_24")
    monkeypatch.setenv("CHECKOV_SKIP_CHECK", "CKV_AWS_24")
    write(tmp_path / ".checkov.yaml", "skip-check:\n  - CKV_AWS_24\n")
    monkeypatch.chdir(tmp_path)
    assert [(one.policy, one.address, one.outcome) for one in checkov.assess(graph_of(path), "s")] == before


def test_shapes_that_crash_checkov_alone_are_judged(gate: Callable[..., Run], tmp_path: Path) -> None:
    moved = [{"from": "aws_s3_bucket.a", "to": "aws_s3_bucket.web"}]
    path = write(tmp_path / "portal.tf.json", {**STACK, "moved": moved, "terraform": {"required_version": ">= 1.5"}})
    rows = gate(path, "--checkov", "--format", "json").json["assessments"]
    assert any(row["engine"] == "checkov" and row["outcome"] == "pass" for row in rows)


def test_a_waiver_of_a_check_that_does_not_exist_is_a_failure(gate: Callable[..., Run], tmp_path: Path) -> None:
    write(
        tmp_path / "waivers.yaml",
        "waivers:\n  - {policy: CKV_AWS_99999, stack: portal, addresses: [aws_s3_bucket.web], owner: o, ticket: t, "
        "reason: A long enough reason for this., created: 2026-11-01, expires: 2027-01-01}\n",
    )
    run = gate(write(tmp_path / "portal.tf.json", STACK), "--checkov", "--format", "json", "--today", "2026-12-01")
    [row] = [row for row in run.json["assessments"] if row["policy"] == "waiver-is-valid"]
    assert "names a policy or check that does not exist" in row["message"]


def test_every_waivable_id_is_known() -> None:
    known = checkov.known_checks()
    assert {"CKV_AWS_79", "CKV2_AWS_6", "CKV_AWS_41"} <= known


def test_no_file_belongs_to_two_distributions() -> None:
    """`hcl2` of python-hcl2 in place of Checkov's own fork, for one, makes Checkov die with the code of a finding."""
    owners: dict[str, set[str]] = {}
    for distribution in importlib.metadata.distributions():
        for file in distribution.files or ():
            if file.suffix == ".py" and ".." not in file.parts and file.parts[0] not in ("test", "tests"):
                owners.setdefault(str(file), set()).add(distribution.name)
    assert {file: names for file, names in owners.items() if len(names) > 1} == {}
    assert owners["hcl2/__init__.py"] == {"bc-python-hcl2"}


def test_a_plan_is_judged_by_what_its_configuration_writes(tmp_path: Path) -> None:
    def planned(type_: str, written: dict[str, Any], computed: dict[str, Any], unknown: dict[str, bool]) -> Any:
        head = {"address": f"{type_}.web", "mode": "managed", "type": type_, "name": "web"}
        after = {**written, **computed}
        return (
            {**head, "values": after},
            {**head, "change": {"actions": ["create"], "after": after, "after_unknown": unknown}},
            {**head, "expressions": {name: {"constant_value": value} for name, value in written.items()}},
        )

    function = planned("aws_lambda_function", {"function_name": "web"}, {"reserved_concurrent_executions": -1}, {})
    role = planned("aws_iam_role", {"name": "web", "managed_policy_arns": None}, {}, {})
    certificate = planned("aws_acm_certificate", {"domain_name": "a.test"}, {}, {})
    values, changes, configuration = map(list, zip(function, role, certificate, strict=True))
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": values}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configuration}},
    }
    found = checkov.assess(graph_of(write(tmp_path / "plan.json", plan)), "s", kind="plan")
    outcomes = {one.policy: one.outcome for one in found}
    assert outcomes["CKV_AWS_115"] == "fail", "the provider's default is nobody's decision"
    assert outcomes["CKV_AWS_274"] == "pass", "null is not set, and does not crash the check"
    assert outcomes["CKV_AWS_233"] == "undetermined", "a plan does not tell the lifecycle"


def test_a_plan_that_knows_a_name_already_still_shows_the_connection(tmp_path: Path) -> None:
    logged = [{"name": name, "value": "1"} for name in ("log_statement", "log_min_duration_statement")]
    written: dict[str, dict[str, Any]] = {
        "aws_rds_cluster_parameter_group": {"name": "ours", "parameter": logged},
        "aws_rds_cluster": {"engine": "aurora-postgresql", "db_cluster_parameter_group_name": "ours"},
    }
    heads = [{"address": f"{type_}.web", "mode": "managed", "type": type_, "name": "web"} for type_ in written]
    values = [{**head, "values": written[head["type"]]} for head in heads]

    def outcome(configured: dict[str, str]) -> str:
        expressions = {
            type_: {name: {"constant_value": configured.get(name, value)} for name, value in body.items()}
            for type_, body in written.items()
        }
        resources = [{**head, "expressions": expressions[head["type"]]} for head in heads]
        plan = {
            "format_version": "1.2",
            "planned_values": {"root_module": {"resources": values}},
            "configuration": {"root_module": {"resources": resources}},
        }
        found = checkov.assess(graph_of(write(tmp_path / "plan.json", plan)), "s", kind="plan")
        return next(one.outcome for one in found if one.policy == "CKV2_AWS_27")

    assert outcome({"db_cluster_parameter_group_name": "${aws_rds_cluster_parameter_group.web.name}"}) == "pass"
    assert outcome({}) == "fail", "the same name, taken from nobody"
