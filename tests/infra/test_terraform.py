"""Terraform and the AWS provider accept what we synthesize."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import boot
from infra.boot import SCRIPT
from tests.infra.synthesized import Synthesis

REFERENCE = re.compile(r"(?<!\$)\$\{([a-z0-9_.]+)\}")


def unavailable(reason: str) -> None:
    """Skip, except in CI, where a check that does not run must not look like one that passed."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def terraform(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session", autouse=True)
def _terraform_is_installed() -> None:
    if shutil.which("terraform") is None:
        unavailable("terraform is not on PATH")


def initialized(folder: Path) -> Path:
    run = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    if run.returncode != 0:
        unavailable(f"terraform init found no AWS provider: {re.findall('Error: (.+)', run.stderr)}")
    return folder


@pytest.mark.parametrize("stack", ["portal", "recovery-primary", "recovery-global", "transactions"])
@pytest.mark.parametrize("kind", ["longest", "staging", "production"])
def test_terraform_validates_the_stack(kind: str, stack: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    synthesis: Synthesis = request.getfixturevalue(kind).of(stack)
    shutil.copytree(synthesis.folder, tmp_path, dirs_exist_ok=True)
    run = terraform(initialized(tmp_path), "validate", "-json")
    verdict = json.loads(run.stdout)
    assert verdict["diagnostics"] == []
    assert verdict["valid"] is True


def test_every_taggable_resource_without_a_name_of_its_own_has_a_name_tag(shortest: Synthesis, tmp_path: Path) -> None:
    providers = {"terraform": {"required_providers": shortest.document["terraform"]["required_providers"]}}
    (tmp_path / "main.tf.json").write_text(json.dumps(providers))
    run = terraform(initialized(tmp_path), "providers", "schema", "-json")
    (provider,) = json.loads(run.stdout)["provider_schemas"].values()
    schemas: dict[str, Any] = provider["resource_schemas"]
    taggable = [
        resource
        for resource in shortest.resources()
        if "tags" in schemas.get(resource.type, {"block": {"attributes": {}}})["block"]["attributes"]
    ]
    assert len(taggable) > 100
    named = ("aws_cloudwatch_log_group", "aws_iam_role")
    missing = [r.address for r in taggable if r.type not in named and "Name" not in r.body.get("tags", {})]
    assert missing == []


def test_the_user_data_is_the_boot_script_and_bash_understands_it(portal: Synthesis, tmp_path: Path) -> None:
    (expression,) = portal.find("resource.aws_launch_template.*.user_data")
    # References stand for values that only AWS knows; everything else Terraform evaluates.
    evaluated = terraform(tmp_path, "console", given=REFERENCE.sub(r"<\1>", expression[2:-1]) + "\n")
    script = base64.b64decode(json.loads(evaluated.stdout)).decode()
    assert script.startswith("#!/bin/bash\nreadonly REGION='us-east-1'\n")
    assert "readonly SECRET_ARN='<aws_secretsmanager_secret.secrets_secret.arn>'\n" in script
    assert script.endswith(SCRIPT.read_text())
    assert len(script.encode()) < 16 * 1024
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_user_data_survives_whatever_a_script_may_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "echo \"${HOME} %{if} $${x}\" 'a\\nb' `date` \\\n  && printf '%s\\n' \u00fc\n"
    (tmp_path / "script.sh").write_text(script, encoding="utf-8")
    monkeypatch.setattr(boot, "SCRIPT", tmp_path / "script.sh")
    evaluated = terraform(tmp_path, "console", given=boot.user_data({"NAME": "value"})[2:-1] + "\n")
    assert base64.b64decode(json.loads(evaluated.stdout)).decode() == f"#!/bin/bash\nreadonly NAME='value'\n{script}"


def test_the_boot_script_is_given_every_variable_it_names(portal: Synthesis) -> None:
    (expression,) = portal.find("resource.aws_launch_template.*.user_data")
    given = set(re.findall(r"readonly ([A-Z_]+)=", expression))
    used = set(re.findall(r"\$\{?([A-Z_]{2,})", SCRIPT.read_text()))
    assert used - {"LINENO", "ERR"} == given & used
