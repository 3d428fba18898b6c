"""terraform validate as a step of the gate: run where it can be, and its absence said, never taken for a pass."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policies.conftest import Run, write

STACK = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}},
    "provider": {"aws": [{"region": "us-east-1"}]},
    "resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}},
}
OPTIONS = ("--policy", "imdsv2-required", "--format", "json")


@pytest.mark.usefixtures("provider")
def test_a_valid_stack_is_valid_and_the_verdict_is_kept_by_its_digest(gate: Callable[..., Run], tmp_path: Path) -> None:
    path = write(tmp_path / "portal" / "cdk.tf.json", STACK)
    first = gate(path.parent, *OPTIONS, "--validate=require")
    assert first.code == 0
    [validation] = first.json["validation"]
    assert (validation["stack"], validation["outcome"], validation["message"]) == ("portal", "pass", "valid")
    [kept] = gate(path.parent, *OPTIONS, "--validate=require").json["validation"]
    assert kept["message"] == "valid (kept from an earlier run)"


@pytest.mark.usefixtures("provider")
def test_what_the_provider_refuses_fails_the_gate_although_all_policies_pass(
    gate: Callable[..., Run], tmp_path: Path
) -> None:
    stack = json.loads(json.dumps(STACK))
    stack["resource"]["aws_lb"] = {"web": {"name": "a" * 33, "internal": True}}
    run = gate(write(tmp_path / "portal" / "cdk.tf.json", stack).parent, *OPTIONS, "--validate")
    assert run.code == 1
    assert run.json["summary"]["fail"] == 0
    [validation] = run.json["validation"]
    assert validation["outcome"] == "fail"
    assert "cannot be longer than 32" in validation["message"]


def test_a_file_that_terraform_would_not_read_is_not_called_valid(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = json.loads(json.dumps(STACK))
    stack["resource"]["aws_launch_template"]["web"]["no_such_argument"] = 1
    path = write(tmp_path / "s" / "stack.json", stack)
    [validation] = gate(path, *OPTIONS, "--validate").json["validation"]
    assert validation["outcome"] == "not-run"
    assert "not a whole module" in validation["message"]


@pytest.mark.usefixtures("provider")
def test_a_kept_verdict_ends_with_the_files_it_was_about(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = json.loads(json.dumps(STACK))
    stack["resource"]["aws_launch_template"]["web"]["user_data"] = '${filebase64("${path.module}/boot.sh")}'
    folder = write(tmp_path / "portal" / "cdk.tf.json", stack).parent
    write(folder / "boot.sh", "echo hello")
    assert gate(folder, *OPTIONS, "--validate=require").json["validation"][0]["outcome"] == "pass"
    (folder / "boot.sh").unlink()
    assert gate(folder, *OPTIONS, "--validate=require").json["validation"][0]["outcome"] == "fail"


@pytest.mark.usefixtures("provider")
def test_a_stack_name_cannot_lead_out_of_the_project(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = {**STACK, "//": {"metadata": {"stackName": "../../../../escaped"}}}
    gate(write(tmp_path / "p" / "q" / "cdk.tf.json", stack).parent, *OPTIONS, "--validate")
    assert not list(tmp_path.parent.glob("escaped*"))


def test_without_terraform_it_says_not_run_and_fails_only_where_it_is_required(
    gate: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    path = write(tmp_path / "portal" / "cdk.tf.json", STACK).parent
    run = gate(path, *OPTIONS, "--validate")
    assert run.code == 0
    assert run.json["validation"] == [
        {"stack": "portal", "outcome": "not-run", "terraform": None, "message": "no terraform on PATH"}
    ]
    required = gate(path, *OPTIONS, "--validate=require")
    assert required.code == 3
    assert "terraform validate was not run: no terraform on PATH" in required.err


def test_without_the_provider_it_says_why_it_was_not_run(
    gate: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terraform: str
) -> None:
    nowhere = write(tmp_path / "rc", f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path}" }}\n}}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(nowhere))
    run = gate(write(tmp_path / "portal" / "cdk.tf.json", STACK).parent, *OPTIONS, "--validate")
    [validation] = run.json["validation"]
    assert validation["outcome"] == "not-run"
    assert "hashicorp/aws" in validation["message"]


@pytest.mark.usefixtures("provider")
def test_a_line_that_moves_in_the_program_costs_no_validation_unless_the_stack_reads_it(
    gate: Callable[..., Run], tmp_path: Path
) -> None:
    def said(stack: dict[str, object], line: int) -> str:
        folder = write(tmp_path / "portal" / "cdk.tf.json", stack).parent
        write(folder / "sources.json", {"portal/web": {"file": "infra/web.py", "line": line}})
        return str(gate(folder, *OPTIONS, "--validate=require").json["validation"][0]["message"])

    assert said(STACK, 1) == "valid"
    assert "kept" in said(STACK, 2)
    reading = json.loads(json.dumps(STACK))
    reading["resource"]["aws_launch_template"]["web"]["user_data"] = '${filebase64("${path.module}/sources.json")}'
    assert said(reading, 2) == "valid"
    assert said(reading, 3) == "valid"
