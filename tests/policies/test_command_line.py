"""The command line as pipelines use it: exit codes, one clear line for bad input, stable machine-readable results."""

import datetime
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT, Run, write

Gate = Callable[..., Run]

GOOD = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}}}
BAD = {"resource": {"aws_launch_template": {"web": {"name": "web"}}}}
UNKNOWN = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "${var.tokens}"}}}}}
NOTHING = {"resource": {"null_resource": {"x": {}}}}
IMDS = ("--policy", "imdsv2-required")


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        (GOOD, (), 0),
        (BAD, (), 1),
        (UNKNOWN, (), 2),
        (UNKNOWN, ("--undetermined=fail",), 2),
        (UNKNOWN, ("--undetermined=warn",), 0),
        (NOTHING, (), 3),
        ({"resource": {**GOOD["resource"], "aws_instance": {"i": {}}}}, ("--undetermined=warn",), 1),
    ],
)
def test_exit_code_says_what_was_found(
    gate: Gate, tmp_path: Path, content: object, options: tuple[str, ...], code: int
) -> None:
    assert gate(write(tmp_path / "x.tf.json", content), *IMDS, *options).code == code


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"resource": {', "x.tf.json:1:15: not valid JSON"),
        ("", "the file is empty"),
        ('{"resource": {"a_b": {"c": {"d": 1, "d": 2}}}}', "the key 'd' stands more than once"),
        (NOTHING, "no resource in it was judged"),
        ('{"format_version": "1.0", "terraform_version": "1.11.4"}', "no resource in it was judged"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_3(gate: Gate, tmp_path: Path, content: object, message: str) -> None:
    run = gate(write(tmp_path / "x.tf.json", content), *IMDS)
    assert run.code == 3
    assert message in run.err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "nowhere: no such file"),
        (("empty",), "no *.tf.json file in it"),
        (("x.tf.json", "--policy", "imdsv2-requierd"), "did you mean imdsv2-required?"),
        (("x.tf.json", "--format", "xml"), "--format xml: not one of text, json"),
        (("x.tf.json", "--format", "text", "--format", "json"), "two formats for standard output"),
        (("x.tf.json", "--waivers", "missing.yaml"), "missing.yaml: no such file"),
        (("x.tf.json", "--output", "x.tf.json/deeper"), "cannot be written"),
        (("--frobnicate",), "unrecognized arguments: --frobnicate"),
        (("--today", "soon"), "'soon' is not a day such as 2026-01-31"),
        (("x.tf.json", "--address", "aws_launch_template.wob"), "did you mean aws_launch_template.web?"),
        (("x.tf.json", "--baseline", "missing.json"), "missing.json: no such file"),
        (("x.tf.json", "--baseline", "x.tf.json"), "not a baseline"),
        (("x.tf.json", "--address", "a", "--attestation", "a.json"), "--address: an attestation is about every"),
        (("x.tf.json", "--baseline", "b.json", "--attestation", "a.json"), "--baseline: an attestation is about"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_code_3(
    gate: Gate, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write(tmp_path / "x.tf.json", GOOD)
    (tmp_path / "empty").mkdir()
    run = gate(*arguments)
    assert run.code == 3
    assert message in run.err
    assert len(run.err.splitlines()) == 1


def test_an_unreadable_file_is_one_clear_line(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.unlink()
        path.symlink_to(tmp_path / "gone")  # root reads everything: a dangling link is unreadable for root, too
    run = gate(path)
    assert run.code == 3
    assert len(run.err.splitlines()) == 1


def test_a_failed_run_leaves_no_older_result_behind(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", GOOD)
    assert gate(path, *IMDS, "--format", "json=result.json").code == 0
    assert (tmp_path / "result.json").exists()
    path.write_text("{")
    assert gate(path, *IMDS, "--format", "json=result.json").code == 3
    assert not (tmp_path / "result.json").exists()


def test_json_result_follows_the_contract(gate: Gate, tmp_path: Path) -> None:
    run = gate(write(tmp_path / "portal.tf.json", BAD), *IMDS, "--format", "json")
    result = run.json
    assert result["schema"] == "gate-result/1"
    [document] = result["inputs"]
    assert (document["kind"], document["stack"]) == ("synth", "portal")
    assert len(document["sha256"]) == 64
    [row] = result["assessments"]
    assert {key: row[key] for key in ("policy", "engine", "stack", "address", "outcome", "severity", "attribute")} == {
        "policy": "imdsv2-required",
        "engine": "policies",
        "stack": "portal",
        "address": "aws_launch_template.web",
        "outcome": "fail",
        "severity": "high",
        "attribute": "metadata_options.http_tokens",
    }
    assert row["requirements"] == ["2.2.6"]
    assert row["waiver"] is None
    assert result["summary"] == {"pass": 0, "fail": 1, "undetermined": 0, "not-applicable": 0, "waived": 0}


def test_the_result_names_the_conditions_of_the_run(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "portal.tf.json", BAD)
    (tmp_path / "accepted.yaml").write_text("waivers: []\n")
    options = ("--waivers", "accepted.yaml", "--environment", "production", "--today", "2026-01-31")
    assert gate(path, *IMDS, *options, "--format", "json").json["conditions"] == {
        "today": "2026-01-31",
        "environment": "production",
        "waivers": {"path": "accepted.yaml", "sha256": hashlib.sha256(b"waivers: []\n").hexdigest()},
        "policies": ["imdsv2-required"],
        "configuration": None,
    }
    before = datetime.date.today().isoformat()
    bare = gate(path, "--format", "json").json["conditions"]
    assert before <= bare["today"] <= datetime.date.today().isoformat()
    assert (bare["waivers"], bare["policies"]) == (None, None)


def test_same_input_gives_the_same_bytes_whatever_its_order(gate: Gate, tmp_path: Path) -> None:
    bodies = {f"t{i}": {"name": f"t{i}"} for i in range(5)}
    first = write(tmp_path / "a" / "x.tf.json", {"resource": {"aws_launch_template": bodies}})
    second = write(tmp_path / "b" / "x.tf.json", {"resource": {"aws_launch_template": dict(reversed(bodies.items()))}})
    rows = [gate(path, *IMDS, "--format", "json").json["assessments"] for path in (first, second)]
    assert json.dumps(rows[0]) == json.dumps(rows[1])


def test_fingerprint_survives_a_move_to_another_line_and_changes_with_the_address(gate: Gate, tmp_path: Path) -> None:
    def fingerprint(name: str, line: int) -> str:
        body = {"//": {"metadata": {"path": "s/x"}}}
        path = write(tmp_path / "cdk.tf.json", {"resource": {"aws_launch_template": {name: body}}})
        write(tmp_path / "sources.json", {"s/x": {"file": "infra/x.py", "line": line}})
        [row] = gate(path, *IMDS, "--format", "json").json["assessments"]
        return str(row["fingerprint"])

    assert fingerprint("web", 1) == fingerprint("web", 99)
    assert fingerprint("web", 1) != fingerprint("api", 1)


def test_text_names_policy_address_line_reason_and_remedy(gate: Gate, tmp_path: Path) -> None:
    body = {"//": {"metadata": {"path": "portal/compute/web"}}}
    write(tmp_path / "cdk.tf.json", {"resource": {"aws_launch_template": {"web": body}}})
    write(tmp_path / "sources.json", {"portal/compute/web": {"file": "infra/compute.py", "line": 41}})
    out = gate("cdk.tf.json", *IMDS).out
    for part in ("imdsv2-required", "aws_launch_template.web", "infra/compute.py:41", "Why:", "Fix:", "1 fail"):
        assert part in out


def test_names_from_the_input_cannot_command_the_terminal(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", {"resource": {"aws_launch_template": {"\x1b[2Jweb\u202e": {}}}})
    run = gate(path, *IMDS)
    assert run.code == 1
    assert "\x1b" not in run.out
    assert "\u202e" not in run.out
    assert "\\x1b[2Jweb\\u202e" in run.out


def test_a_reader_that_has_seen_enough_does_not_change_the_verdict(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", BAD)
    gate = f"{sys.executable} -m policies check {path} --format text --format json={tmp_path}/r.json"
    command = ["bash", "-c", f"{gate} | true; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ""
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["fail"] > 0


def test_a_module_limits_every_verdict_even_of_one_policy(gate: Gate, tmp_path: Path) -> None:
    stack = {**GOOD, "module": {"network": {"source": "./network"}}}
    assert gate(write(tmp_path / "x.tf.json", stack), *IMDS).code == 2


def test_a_stack_of_which_only_a_module_call_is_seen_was_not_judged(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", {"module": {"network": {"source": "./network"}}})
    assert gate(path, "--undetermined=warn").code == 3


def test_an_empty_plan_does_not_hide_behind_another_of_its_name(gate: Gate, tmp_path: Path) -> None:
    values = {"metadata_options": [{"http_tokens": "required"}]}
    node = {"address": "aws_launch_template.w", "type": "aws_launch_template", "name": "w", "values": values}
    for folder, resources in (("a", [node]), ("b", [])):
        plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
        write(tmp_path / folder / "plan.json", plan)
    assert gate("a/plan.json", *IMDS).code == 0
    assert gate("a/plan.json", "b/plan.json", *IMDS).code == 3


def test_two_stacks_of_one_name_are_refused(gate: Gate, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder / "portal.tf.json", GOOD)
    run = gate("a/portal.tf.json", "b/portal.tf.json")
    assert run.code == 3
    assert "a second stack named 'portal'" in run.err


def test_an_address_narrows_the_verdict_to_its_instances(gate: Gate, tmp_path: Path) -> None:
    nodes = [
        {
            "address": address,
            "type": "aws_launch_template",
            "name": address.split(".")[1].partition("[")[0],
            "values": {"metadata_options": [{"http_tokens": tokens}]},
        }
        for address, tokens in (
            ("aws_launch_template.web[0]", "required"),
            ("aws_launch_template.web[1]", "optional"),
            ("aws_launch_template.api", "optional"),
        )
    ]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": nodes}}}
    path = write(tmp_path / "plan.json", plan)

    def judged(*addresses: str) -> tuple[int, list[str]]:
        run = gate(path, *IMDS, "--format", "json", *(part for one in addresses for part in ("--address", one)))
        return run.code, [row["address"] for row in run.json["assessments"]]

    web = ["aws_launch_template.web[0]", "aws_launch_template.web[1]"]
    assert judged("aws_launch_template.web") == (1, web)
    assert judged("aws_launch_template.web[0]") == (0, web[:1])
    assert judged("aws_launch_template.web[0]", "aws_launch_template.api") == (1, ["aws_launch_template.api", web[0]])


def test_stacks_without_the_address_are_none_of_the_run(gate: Gate, tmp_path: Path) -> None:
    paths = [write(tmp_path / name / f"{name}.tf.json", content) for name, content in (("a", GOOD), ("b", NOTHING))]
    run = gate(*paths, *IMDS, "--format", "json", "--address", "aws_launch_template.web")
    assert run.code == 0
    assert [one["stack"] for one in run.json["inputs"]] == ["a"]
    assert run.json["conditions"]["addresses"] == ["aws_launch_template.web"]
