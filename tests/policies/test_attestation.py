"""The gate's verdict as an attestation: on which bytes, by what, and never better than the verdict."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.policies.conftest import Run, write

PASSING: dict[str, Any] = {
    "terraform": {"backend": {"s3": {"bucket": "states", "key": "portal.tfstate", "secret_key": "not-for-others"}}},
    "resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}},
}
FAILING = {"resource": {"aws_launch_template": {"web": {"image_id": "ami-1"}}}}
UNDETERMINED = {
    "variable": {"tokens": {}},
    "resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "${var.tokens}"}}}},
}
POLICY = ("--policy", "imdsv2-required")


def plan(tokens: str) -> dict[str, Any]:
    values = {"metadata_options": [{"http_tokens": tokens}]}
    template = {"address": "aws_launch_template.web", "mode": "managed", "type": "aws_launch_template", "name": "web"}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**template, "values": values}]}},
        "resource_changes": [{**template, "change": {"actions": ["create"], "after": values, "after_unknown": {}}}],
        "configuration": {"root_module": {"resources": [{**template, "expressions": {}}]}},
    }


def attest(gate: Callable[..., Run], folder: Path, *arguments: str | Path) -> tuple[Run, Any]:
    run = gate(*arguments, *POLICY, "--attestation", "attestation.json")
    path = folder / "attestation.json"
    return run, json.loads(path.read_text()) if path.exists() else None


def digests(statement: Any) -> dict[str, str]:
    return {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_statement_names_every_file_that_terraform_may_read(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = write(tmp_path / "portal" / "cdk.tf.json", PASSING).parent
    for name in ("assets/code.zip", ".terraform.lock.hcl", "terraform.tfstate", ".terraform/plugin"):
        (stack / name).parent.mkdir(exist_ok=True)
        (stack / name).write_text(name)
    run, statement = attest(gate, tmp_path, stack)
    assert run.code == 0
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/verification_summary/v1"
    read = ("cdk.tf.json", "assets/code.zip", ".terraform.lock.hcl")
    assert digests(statement) == {f"portal/{name}": sha256(stack / name) for name in read}


def test_a_statement_says_who_judged_what_by_what_and_when(
    gate: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763800000")
    stack = write(tmp_path / "portal" / "cdk.tf.json", PASSING).parent
    (tmp_path / "waivers.yaml").write_text("waivers: []\n")
    run, statement = attest(gate, tmp_path, stack, "--environment", "staging", "--format", "json")
    predicate = statement["predicate"]
    result = predicate.pop("urn:gate:result")
    assert predicate == {
        "verifier": {"id": "urn:gate:policies", "version": {}},
        "timeVerified": "2025-11-22T08:26:40Z",
        "resourceUri": "terraform:stack/portal?environment=staging",
        "policy": {
            "uri": "urn:gate:policy-set",
            "digest": {"sha256": run.json["tools"]["policies"]},
            "annotations": {"waivers": {"name": "waivers.yaml", "sha256": sha256(tmp_path / "waivers.yaml")}},
        },
        "verificationResult": "PASSED",
        "verifiedLevels": [],
        "slsaVersion": "1.1",
    }
    assert result["summary"] == run.json["summary"]
    assert result["state"] == {"backend": "s3", "bucket": "states", "key": "portal.tfstate"}


def test_a_plan_is_attested_with_its_configuration_and_its_binary(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = write(tmp_path / "portal" / "cdk.tf.json", PASSING).parent
    read = write(tmp_path / "plan.json", plan("required"))
    (tmp_path / "plan.bin").write_bytes(b"a plan")
    arguments = (read, "--configuration", stack, "--subject", tmp_path / "plan.bin")
    run, statement = attest(gate, tmp_path, *arguments)
    assert run.code == 0, run.out + run.err
    assert digests(statement) == {
        "plan.bin": sha256(tmp_path / "plan.bin"),
        "plan.json": sha256(read),
        "portal/cdk.tf.json": sha256(stack / "cdk.tf.json"),
    }
    assert statement["predicate"]["resourceUri"] == "terraform:stack/portal?environment=development"


@pytest.mark.parametrize(
    ("document", "options", "code"),
    [
        (FAILING, (), 1),
        (UNDETERMINED, (), 2),
        (UNDETERMINED, ("--undetermined=warn",), 0),
    ],
)
def test_what_did_not_pass_is_never_attested_as_passed(
    gate: Callable[..., Run], tmp_path: Path, document: dict[str, Any], options: tuple[str, ...], code: int
) -> None:
    run, statement = attest(gate, tmp_path, write(tmp_path / "portal" / "cdk.tf.json", document).parent, *options)
    assert run.code == code
    assert statement["predicate"]["verificationResult"] == "FAILED"
    assert statement["predicate"]["verifiedLevels"] == ["FAILED"]


@pytest.mark.parametrize("document", ["{", '{"resource": {"aws_sns_topic": {"alerts": {}}}}'])
def test_a_run_that_could_not_judge_leaves_no_attestation_of_an_earlier_one(
    gate: Callable[..., Run], tmp_path: Path, document: str
) -> None:
    path = write(tmp_path / "portal" / "cdk.tf.json", PASSING)
    _, earlier = attest(gate, tmp_path, path.parent)
    assert earlier["predicate"]["verificationResult"] == "PASSED"
    path.write_text(document)
    run, statement = attest(gate, tmp_path, path.parent)
    assert run.code == 3
    assert statement is None


def test_other_policies_have_another_digest(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = write(tmp_path / "portal" / "cdk.tf.json", PASSING).parent
    _, one = attest(gate, tmp_path, stack)
    _, more = attest(gate, tmp_path, stack, "--policy", "required-tags")
    sets = [statement["predicate"]["policy"]["digest"]["sha256"] for statement in (one, more)]
    assert sets[0] != sets[1]


def test_what_cannot_be_attested_is_one_line(gate: Callable[..., Run], tmp_path: Path) -> None:
    stack = write(tmp_path / "portal" / "cdk.tf.json", PASSING).parent
    write(tmp_path / "out" / "stacks" / "one" / "cdk.tf.json", PASSING)
    write(tmp_path / "out" / "stacks" / "two" / "cdk.tf.json", PASSING)
    write(tmp_path / "split" / "a.tf.json", PASSING)
    write(tmp_path / "split" / "b.tf.json", {})
    write(tmp_path / "again" / "cdk.tf.json", {})
    for arguments, message in [
        ((tmp_path / "out",), "--attestation: a statement is about one stack, not one, two"),
        ((tmp_path / "split" / "a.tf.json",), "not the whole of a module: --attestation needs its folder"),
        ((stack, "--subject", tmp_path / "none"), f"{tmp_path / 'none'}: no such file"),
        ((stack, "--today", "2026-01-31"), "--today: an attestation is about the day it is made on"),
        (
            (stack, "--subject", stack / "cdk.tf.json", "--subject", tmp_path / "again" / "cdk.tf.json"),
            "a second subject named cdk.tf.json",
        ),
    ]:
        run, statement = attest(gate, tmp_path, *arguments)
        assert run.code == 3
        assert statement is None
        assert run.err.count("\n") == 1
        assert message in run.err
