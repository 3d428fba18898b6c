"""Between plan and apply something is changed, in each way there is; nothing of it may reach the account."""

import datetime
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployment import gate, planning
from deployment.errors import GateError
from deployment.stack import Deployment
from rehearsal.emulator import Emulator
from tests.deployment.deployments import (
    FORGED,
    JUDGED,
    PAGE,
    ROOT,
    account,
    attestation,
    deploy,
    document,
    has_topic,
    left_by_plan,
    page,
    write_page,
    write_stack,
)


@pytest.fixture
def folder(planned: Path, tmp_path: Path) -> Path:
    """A copy of the folder in which the stack was planned."""
    copied = tmp_path / "copied"
    shutil.copytree(planned, copied, symlinks=True)
    return copied


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def apply_refused(folder: Path, server: Emulator, **variables: str) -> str:
    """Why the apply was refused; nothing was changed by it."""
    before = account(server)
    run = deploy(folder, server, "apply", **variables)
    assert run.returncode == 3, run.stdout + run.stderr
    assert account(server) == before
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: tiny: ")
    return line.removeprefix("deployment: tiny: ")


def change_plan(left: Path) -> Path:
    content = bytearray((left / "plan.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (left / "plan.bin").write_bytes(content)
    return left / "plan.bin"


def change_plan_json(left: Path) -> Path:
    plan = json.loads((left / "plan.json").read_text())
    plan["resource_changes"] = []
    (left / "plan.json").write_text(json.dumps(plan))
    return left / "plan.json"


def change_document(left: Path) -> Path:
    path = left / "stack" / "cdk.tf.json"
    path.write_text(path.read_text().replace("page.html", "other.html"))
    return path


def change_asset(left: Path) -> Path:
    write_page(left / "stack", FORGED)
    return left / "stack" / "assets" / "page.html"


def change_lock(left: Path) -> Path:
    path = left / "stack" / ".terraform.lock.hcl"
    path.write_text(path.read_text().replace("5.100.0", "5.99.0"))
    return path


def subject(left: Path, path: Path) -> str:
    below = path.relative_to(left).as_posix()
    return below.replace("stack/", "tiny/", 1)


@pytest.mark.parametrize("change", [change_plan, change_plan_json, change_document, change_asset, change_lock])
def test_a_changed_file_is_refused_with_both_digests(
    folder: Path, server: Emulator, change: Callable[[Path], Path]
) -> None:
    left = left_by_plan(folder)
    digests = {path: sha256(path) for path in left.rglob("*") if path.is_file()}
    path = change(left)
    assert apply_refused(folder, server) == (
        f"{subject(left, path)} is not what was judged: attested sha256 {digests[path]} found {sha256(path)}"
    )


def test_a_file_that_became_a_link_is_refused(folder: Path, server: Emulator) -> None:
    path = left_by_plan(folder) / "stack" / "assets" / "page.html"
    (folder / "elsewhere").write_text(FORGED)
    path.unlink()
    path.symlink_to(folder / "elsewhere")
    before = account(server)
    run = deploy(folder, server, "apply")
    assert run.returncode == 3
    assert account(server) == before
    assert re.fullmatch(
        r"deployment: \S+/page\.html: a link that leads out of \S+: put the file itself there\n", run.stderr
    )


def test_a_file_that_was_added_is_refused(folder: Path, server: Emulator) -> None:
    path = left_by_plan(folder) / "stack" / "more_override.tf.json"
    path.write_text("{}")
    assert apply_refused(folder, server) == (
        f"tiny/more_override.tf.json is not what was judged: attested sha256 none found {sha256(path)}"
    )


def test_a_file_that_terraform_takes_unasked_is_refused(folder: Path, server: Emulator) -> None:
    name = "more.auto.tfvars.json"
    (left_by_plan(folder) / "stack" / name).write_text("{}")
    assert f"tiny/{name} is not what was judged: attested sha256 none found" in apply_refused(folder, server)


def test_a_file_that_is_gone_is_refused(folder: Path, server: Emulator) -> None:
    path = left_by_plan(folder) / "stack" / "assets" / "page.html"
    attested = sha256(path)
    path.unlink()
    assert apply_refused(folder, server) == (
        f"tiny/assets/page.html is not what was judged: attested sha256 {attested} found none"
    )


@pytest.mark.parametrize("name", ["plan.bin", "plan.json", "attestation.json"])
def test_a_plan_that_is_not_all_there_is_refused(folder: Path, server: Emulator, name: str) -> None:
    (left_by_plan(folder) / name).unlink()
    assert apply_refused(folder, server) == f"no {name} in build/deployment/tiny: plan it first"


def test_a_plan_of_an_older_synthesis_is_refused(folder: Path, server: Emulator) -> None:
    path = folder / "out" / "stacks" / "tiny" / "assets" / "page.html"
    judged = sha256(path)
    write_page(path.parents[1], FORGED)
    assert apply_refused(folder, server) == (
        "out/stacks/tiny has changed since it was judged: tiny/assets/page.html is not what was judged: "
        f"attested sha256 {judged} found {sha256(path)}"
    )


def test_other_waivers_are_refused(folder: Path, server: Emulator) -> None:
    judged = sha256(folder / "waivers.yaml")
    (folder / "waivers.yaml").write_text("# nothing is waived\nwaivers: []\n")
    assert apply_refused(folder, server) == (
        f"waivers.yaml is not what was judged: attested sha256 {judged} found {sha256(folder / 'waivers.yaml')}"
    )


@pytest.mark.parametrize(
    "changed", ["policies/compute/imdsv2_required.py", "policies/engine.py", "compliance/requirements/portal.yaml"]
)
def test_other_policies_are_refused(folder: Path, server: Emulator, tmp_path: Path, changed: str) -> None:
    project = tmp_path / "project"
    for name in ("policies", "deployment", "compliance"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    (project / changed).write_text((project / changed).read_text() + "\n# and one line more\n")
    reason = apply_refused(folder, server, PYTHONPATH=str(project))
    attested, found = re.findall(r"[0-9a-f]{64}", reason)
    assert reason == f"the policy set is not what was judged: attested sha256 {attested} found {found}"
    assert attested == attestation(folder)["predicate"]["policy"]["digest"]["sha256"] != found


def test_what_is_forgotten_is_counted_and_named_like_what_is_destroyed(tmp_path: Path) -> None:
    """It stays in the account, and nobody judges it any more."""
    change = {"address": "aws_sns_topic.alerts", "type": "aws_sns_topic", "change": {"actions": ["forget"]}}
    (tmp_path / "plan.json").write_text(json.dumps({"resource_changes": [change]}))
    changes = planning.changes_in(tmp_path / "plan.json")
    assert planning.summary(changes) == "1 to forget"
    assert planning.named(changes) == ["to forget: aws_sns_topic.alerts"]


def rewritten(folder: Path, **predicate: Any) -> None:
    content = attestation(folder)
    content["predicate"].update(predicate)
    (left_by_plan(folder) / "attestation.json").write_text(json.dumps(content))


def test_a_verdict_that_is_no_pass_is_refused(folder: Path, server: Emulator) -> None:
    rewritten(folder, verificationResult="FAILED")
    assert apply_refused(folder, server) == "the attestation says FAILED, not PASSED"


def test_an_attestation_of_another_stack_is_refused(folder: Path, server: Emulator) -> None:
    rewritten(folder, resourceUri="terraform:stack/other?environment=development")
    assert apply_refused(folder, server) == (
        "the attestation is about terraform:stack/other?environment=development, "
        "not about terraform:stack/tiny?environment=development"
    )


def test_an_attestation_for_another_environment_is_refused(folder: Path, server: Emulator) -> None:
    assert apply_refused(folder, server, ENVIRONMENT="staging") == (
        "the attestation is about terraform:stack/tiny?environment=development, "
        "not about terraform:stack/tiny?environment=staging"
    )


@pytest.mark.parametrize(
    ("hours", "reason"), [(-25, r"is of .* UTC, older than 24 hours: plan again"), (1, "is of .* UTC, not yet")]
)
def test_an_attestation_of_another_day_is_refused(folder: Path, server: Emulator, hours: int, reason: str) -> None:
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    rewritten(folder, timeVerified=then.isoformat())
    assert re.fullmatch(f"the attestation {reason}", apply_refused(folder, server))


def test_another_judge_is_refused(folder: Path, server: Emulator) -> None:
    rewritten(folder, verifier={"id": "urn:gate:policies", "version": {"terraform": "1.11.4"}})
    assert apply_refused(folder, server).startswith("Checkov is not what was judged: attested version none found ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not an attestation of the gate"),
        ("[]", "not an attestation of the gate"),
        ('{"_type": "https://in-toto.io/Statement/v1"}', "not an attestation of the gate"),
        (
            '{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1"}',
            "not a verification summary",
        ),
    ],
)
def test_what_is_no_attestation_is_refused(folder: Path, server: Emulator, content: str, reason: str) -> None:
    (left_by_plan(folder) / "attestation.json").write_text(content)
    assert reason in apply_refused(folder, server)


def overriding(folder: Path) -> Path:
    """Settings of Terraform as they are here, with a provider that somebody has built."""
    settings = Path(os.environ.get("TF_CLI_CONFIG_FILE", folder / "none"))
    written = settings.read_text() if settings.exists() else "provider_installation {\n  direct {}\n}\n"
    path = folder / "overriding.tfrc"
    block = "provider_installation {"
    path.write_text(written.replace(block, f'{block}\n  dev_overrides {{ "hashicorp/aws" = "{folder}" }}', 1))
    return path


def test_a_provider_in_place_of_the_locked_one_is_refused(folder: Path, server: Emulator, tmp_path: Path) -> None:
    assert apply_refused(folder, server, TF_CLI_CONFIG_FILE=str(overriding(tmp_path))) == (
        "with dev_overrides in its settings, Terraform takes a provider that no lock speaks of"
    )
    run = deploy(folder, server, "apply", TF_REATTACH_PROVIDERS='{"hashicorp/aws": {}}')
    assert (run.returncode, run.stderr) == (
        3,
        "deployment: with TF_REATTACH_PROVIDERS, Terraform takes a provider that no lock speaks of\n",
    )


@pytest.mark.parametrize("arguments", ["other.bin", "-json other.bin"])
def test_arguments_from_the_environment_apply_nothing_else(folder: Path, server: Emulator, arguments: str) -> None:
    shutil.copy(left_by_plan(folder) / "plan.bin", folder / "other.bin")
    before = account(server)
    run = deploy(folder, server, "apply", TF_CLI_ARGS_apply=arguments.replace("other", str(folder / "other")))
    assert run.returncode == 3
    assert run.stderr.startswith("deployment: terraform apply: ")
    assert account(server) == before


def test_a_gate_that_lies_in_the_working_folder_judges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "__init__.py").touch()
    (tmp_path / "policies" / "__main__.py").write_text(
        "import pathlib, sys\n"
        "for word in sys.argv:\n"
        "    if word.startswith('json='):\n"
        '        pathlib.Path(word[5:]).write_text(\'{"summary": {"pass": 1}}\')\n'
    )
    stack = write_stack(tmp_path, {"aws_launch_template": {"web": {"name": "web"}}})
    monkeypatch.chdir(tmp_path)
    deployment = Deployment("tiny", stack, tmp_path / "work", "development", os.environ, os.environ)
    deployment.folder.mkdir()
    with pytest.raises(GateError, match="the gate stops the stack"):
        gate.judge(deployment, "stack", stack)


def test_what_is_changed_after_the_check_is_not_what_is_applied(server: Emulator, tmp_path: Path) -> None:
    stack = write_stack(tmp_path, PAGE)
    write_page(stack)
    forged = document({**PAGE, "aws_sns_topic": {"forged": {"name": FORGED}}})
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    real = shutil.which("terraform")
    left = left_by_plan(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "terraform").write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" apply "*) for folder in {left}/stack {stack}; do\n'
        f"printf {FORGED} > $folder/assets/page.html; cp {tmp_path}/forged.json $folder/cdk.tf.json; done\n"
        f"printf {FORGED} > {left}/plan.bin;; esac\n"
        f'exec {real} "$@"\n'
    )
    (tmp_path / "bin" / "terraform").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    run = deploy(tmp_path, server, "deploy", PATH=path)
    assert (run.returncode, run.stderr) == (0, "")
    assert (left / "plan.bin").read_text() == FORGED, "the change took place"
    assert page(server) == JUDGED
    assert not has_topic(server, FORGED)
