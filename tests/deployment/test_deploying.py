"""Whole deployments of a small stack: from synthesized JSON to resources, and back to nothing."""

import datetime
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deployment import planning
from deployment.errors import NotDeployedError
from deployment.stack import Deployment
from rehearsal.emulator import Emulator
from tests.deployment import stacks
from tests.deployment.deployments import (
    BUCKET,
    JUDGED,
    PAGE,
    account,
    attestation,
    command,
    deploy,
    document,
    has_topic,
    left_by_plan,
    own_key,
    page,
    surroundings,
    topic,
    write_page,
    write_stack,
)


def steps(output: str) -> list[str]:
    return re.findall(r"^  ([a-z ]+?) +\d+\.\d s", output, re.MULTILINE)


def test_a_stack_is_judged_planned_applied_and_destroyed(server: Emulator, tmp_path: Path) -> None:
    stack = write_stack(tmp_path, {**PAGE, **topic("whole")})
    write_page(stack)
    before = account(server)
    deployed = deploy(tmp_path, server, "deploy")
    assert (deployed.returncode, deployed.stderr) == (0, ""), deployed.stdout
    assert steps(deployed.stdout) == ["judge stack", "init", "plan", "judge plan", "verify", "init again", "apply"]
    assert page(server) == JUDGED
    assert has_topic(server, "whole")
    left = left_by_plan(tmp_path)
    assert sorted(path.name for path in left.iterdir() if path.name.startswith(("apply-", "destroy-"))) == []
    readable = [path for path in (tmp_path / "tiny.tfstate", *left.iterdir()) if path.stat().st_mode & 0o077]
    assert readable == [left / "stack"], "a copy of what is no secret, and in a folder that is"
    assert left.stat().st_mode & 0o777 == 0o700
    destroyed = deploy(tmp_path, server, "destroy", "--yes")
    assert (destroyed.returncode, destroyed.stderr) == (0, ""), destroyed.stdout
    assert re.findall(r"^ +(\d+) (aws_\w+)$", destroyed.stdout, re.MULTILINE) == [
        ("1", "aws_s3_object"),
        ("1", "aws_sns_topic"),
    ]
    assert "nothing is left in the state" in destroyed.stdout
    assert account(server) == before


def test_what_a_stack_gives_out_is_flat_json_without_secrets(server: Emulator, tmp_path: Path) -> None:
    given = {
        "topic": {"value": "${aws_sns_topic.alerts.name}", "description": "where alerts go"},
        "zones": {"value": ["a", "b"]},
        "key": {"value": "hidden from view", "sensitive": True},
    }
    write_stack(tmp_path, topic("outputs"), output=given)
    early = deploy(tmp_path, server, "outputs")
    assert (early.returncode, early.stdout) == (3, "")
    assert early.stderr.endswith("deployment: tiny: its state gives nothing out: is it deployed?\n")
    assert deploy(tmp_path, server, "deploy").returncode == 0
    run = deploy(tmp_path, server, "outputs")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"topic": "outputs", "zones": ["a", "b"]}
    assert "hidden" not in run.stderr


def test_two_halves_make_a_deployment_even_elsewhere(server: Emulator, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    write_stack(first, topic("halves"))
    assert deploy(first, server, "plan").returncode == 0
    assert not has_topic(server, "halves")
    left = left_by_plan(second)
    left.parent.mkdir(parents=True)
    shutil.copytree(left_by_plan(first), left, ignore=shutil.ignore_patterns("data"))  # as the files of a job
    applied = deploy(second, server, "apply")
    assert (applied.returncode, applied.stderr) == (0, ""), applied.stdout
    assert has_topic(server, "halves")
    again = deploy(second, server, "apply")
    assert again.returncode == 3, "a plan is applied once"
    assert "Saved plan is stale" in again.stderr


def in_environment(environment: str, name: str) -> dict[str, Any]:
    """The sections of a stack of `environment` that keeps its state in the account, as `name`."""
    bucket = {"bucket": BUCKET, "key": f"{name}.tfstate", "region": "us-east-1", "use_path_style": True}
    tags = {**stacks.TAGS, "Environment": environment}
    return {
        "terraform": {"required_providers": stacks.PROVIDERS, "backend": {"s3": bucket}},
        "provider": {"aws": [{"region": "us-east-1", "default_tags": [{"tags": tags}]}]},
    }


def table(*, kept: bool) -> dict[str, Any]:
    """A table as production keeps it, or lets it go."""
    body = {
        "name": "kept",
        "billing_mode": "PAY_PER_REQUEST",
        "hash_key": "id",
        "attribute": [{"name": "id", "type": "S"}],
        "server_side_encryption": {"enabled": True, "kms_key_arn": "${data.aws_kms_key.given.arn}"},
        "point_in_time_recovery": {"enabled": True},
        "deletion_protection_enabled": kept,
        "lifecycle": {"prevent_destroy": kept},
    }
    return {"aws_dynamodb_table": {"kept": body}}


def waiver(policy: str) -> str:
    today = datetime.date.today().isoformat()
    entry = {
        "policy": policy,
        "stack": "tiny",
        "addresses": ["aws_dynamodb_table.kept"],
        "reason": "Production is taken down for good.",
        "owner": "tests",
        "ticket": "T-1",
    }
    return f'  - {json.dumps(entry)[:-1]}, "created": {today}, "expires": {today}}}\n'


def test_production_is_destroyed_only_when_it_was_let_go_and_somebody_says_so(server: Emulator, tmp_path: Path) -> None:
    live, sections = {"ENVIRONMENT": "production"}, in_environment("production", "kept")
    write_stack(tmp_path, table(kept=True), **sections)
    deployed = deploy(tmp_path, server, "deploy", **live)
    assert (deployed.returncode, deployed.stderr) == (0, ""), deployed.stdout
    assert "kept.tfstate" in account(server)
    assert list(tmp_path.glob("*.tfstate")) == []

    unasked = deploy(tmp_path, server, "destroy", "--yes", **live)
    line = "deployment: tiny: --yes does not destroy production: somebody has to be asked\n"
    assert (unasked.returncode, unasked.stdout, unasked.stderr) == (3, "", line)
    code, said = answered(tmp_path, server, "destroy tiny of production", **live)
    assert code == 3
    assert "production is protected by aws_dynamodb_table.kept (lifecycle.prevent_destroy), " in said
    assert "(deletion_protection_enabled): deploy it without that first" in said

    write_stack(tmp_path, table(kept=False), **sections)
    code, said = answered(tmp_path, server, "destroy tiny of production", **live)
    assert code == 3
    assert "production is protected by aws_dynamodb_table.kept (deletion_protection_enabled): " in said
    stopped = deploy(tmp_path, server, "deploy", **live)
    assert stopped.returncode == 1, "letting production go is a finding, which somebody has to accept"
    assert "production-is-protected" in stopped.stdout
    accepted = [waiver(policy) for policy in ("production-is-protected", "production-prevents-destroy")]
    (tmp_path / "waivers.yaml").write_text(f"waivers:\n{''.join(accepted)}")
    let_go = deploy(tmp_path, server, "deploy", **live)
    assert let_go.returncode == 0, let_go.stdout + let_go.stderr

    assert answered(tmp_path, server, "tiny", **live)[0] == 3
    silent = deploy(tmp_path, server, "destroy", **live)
    assert silent.returncode == 3
    assert silent.stderr == "deployment: tiny: standard input is no terminal to ask on\n"
    assert server.client("dynamodb").list_tables()["TableNames"] == ["kept"]
    code, said = answered(tmp_path, server, "destroy tiny of production", **live)
    assert code == 0, said
    assert "Type `destroy tiny of production`: " in said
    assert server.client("dynamodb").list_tables()["TableNames"] == []


def test_what_stands_in_production_is_left_alone_by_whoever_says_development(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, topic("stands"), **in_environment("production", "stands"))
    deployed = deploy(tmp_path, server, "deploy", ENVIRONMENT="production")
    assert (deployed.returncode, deployed.stderr) == (0, ""), deployed.stdout
    write_stack(tmp_path, topic("stands"), **in_environment("development", "stands"))
    for command_ in (("plan",), ("destroy", "--yes")):
        run = deploy(tmp_path, server, *command_)
        assert run.returncode == 3, run.stdout
        assert run.stderr == (
            "deployment: tiny: aws_sns_topic.alerts stands in 'production', and ENVIRONMENT says 'development': "
            "ENVIRONMENT_SUFFIX, or the state, is that of another environment\n"
        )
    assert has_topic(server, "stands")


@pytest.mark.parametrize(
    ("standing", "environment", "refused"),
    [
        ([], "development", None),
        (["development"], "development", None),
        (["development", "shared"], "development", "shared"),  # nobody knows that it is not production
        (["staging", "development"], "development", None),  # one of it has a tag of its own
        (["staging"], "development", "staging"),
        (["staging"], "production", "staging"),
        (["production"], "staging", "production"),
        (["staging", "production"], "staging", "production"),
        (["production", "staging"], "production", None),
    ],
)
def test_a_plan_about_what_stands_in_another_environment_is_refused(
    tmp_path: Path, standing: list[str], environment: str, refused: str | None
) -> None:
    changes = [
        {
            "address": f"aws_sqs_queue.{name}",
            "change": {"actions": ["no-op"], "before": {"tags_all": {"Environment": name}}},
        }
        for name in standing
    ]
    new = {"address": "aws_sqs_queue.new", "change": {"actions": ["create"], "before": None}}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"resource_changes": [new, *changes]}))
    deployment = Deployment("tiny", tmp_path, tmp_path, environment, {}, {})
    if refused is None:
        planning.check_standing(deployment, plan)
        return
    with pytest.raises(NotDeployedError, match=f"aws_sqs_queue.{refused} stands in '{refused}'"):
        planning.check_standing(deployment, plan)


def test_an_environment_nobody_knows_is_treated_as_production(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, topic("blue"))
    unasked = deploy(tmp_path, server, "destroy", "--yes", ENVIRONMENT="blue")
    assert (unasked.returncode, unasked.stdout) == (3, "")
    assert unasked.stderr == "deployment: tiny: --yes does not destroy blue: somebody has to be asked\n"


def test_what_the_attestation_says_of_a_plan(planned: Path) -> None:
    statement = attestation(planned)
    assert [subject["name"] for subject in statement["subject"]] == [
        "plan.bin",
        "plan.json",
        "tiny/.terraform.lock.hcl",
        "tiny/assets/page.html",
        "tiny/cdk.tf.json",
    ]
    predicate = statement["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert sorted(predicate["verifier"]["version"]) == ["checkov", "terraform"]
    assert predicate["urn:gate:result"]["validation"] == {"tiny": "pass"}
    assert predicate["urn:gate:result"]["accounts"] == ["123456789012"]
    assert predicate["urn:gate:result"]["state"] == {"backend": "local", "path": "../../../tiny.tfstate"}


def test_a_stack_that_fails_is_never_planned(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, {"aws_sns_topic": {"open": {"name": "open"}}})
    run = deploy(tmp_path, server, "deploy")
    assert run.returncode == 1
    assert steps(run.stdout) == ["judge stack"]
    assert "encrypted-with-kms" in run.stdout
    assert run.stderr.startswith("deployment: tiny: the gate stops the stack: ")
    assert not (left_by_plan(tmp_path) / "plan.log").exists()
    assert "plan it first" in deploy(tmp_path, server, "apply").stderr


def test_a_stack_that_cannot_be_decided_is_never_planned(server: Emulator, tmp_path: Path) -> None:
    key = {"key": {"type": "string"}}
    write_stack(
        tmp_path,
        {"aws_sns_topic": {"alerts": {"name": "alerts", "kms_master_key_id": '${var.key == "" ? null : var.key}'}}},
        variable=key,
    )
    run = deploy(tmp_path, server, "deploy")
    assert run.returncode == 2, run.stdout
    assert steps(run.stdout) == ["judge stack"]


def test_a_plan_that_fails_is_never_applied_though_its_stack_passed(server: Emulator, tmp_path: Path) -> None:
    center = {"center": {"type": "string", "default": "engineering"}}
    tagged = topic("failing")
    tagged["aws_sns_topic"]["alerts"]["tags"] = {"CostCenter": "${var.center}"}
    write_stack(tmp_path, tagged, variable=center)
    run = deploy(tmp_path, server, "deploy", TF_VAR_center="")
    assert run.returncode == 1, run.stdout
    assert steps(run.stdout) == ["judge stack", "init", "plan", "judge plan"]
    assert run.stderr.startswith("deployment: tiny: the gate stops the plan: ")
    assert attestation(tmp_path)["predicate"]["verificationResult"] == "FAILED"
    assert "the attestation says FAILED" in deploy(tmp_path, server, "apply").stderr
    assert not has_topic(server, "failing")


def test_an_apply_that_fails_half_way_says_so(server: Emulator, tmp_path: Path) -> None:
    lost = {**PAGE["aws_s3_object"]["page"], "bucket": "no-such-bucket", "depends_on": ["aws_sns_topic.alerts"]}
    stack = write_stack(tmp_path, {**topic("half"), "aws_s3_object": {"page": lost}})
    write_page(stack)
    run = deploy(tmp_path, server, "deploy")
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: terraform apply: Error: ")
    assert line.endswith("; what was done by then stays and stands in the state")
    assert has_topic(server, "half")
    assert deploy(tmp_path, server, "destroy", "--yes").returncode == 0
    assert not has_topic(server, "half")


def test_an_interrupted_apply_leaves_a_whole_and_unlocked_state(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, {**own_key(), **stacks.TOPIC})
    assert deploy(tmp_path, server, "plan").returncode == 0
    kms = server.client("kms")
    keys = len(kms.list_keys()["Keys"])
    with subprocess.Popen(
        command("apply"),
        cwd=tmp_path,
        env=surroundings(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        log = left_by_plan(tmp_path) / "apply.log"
        while len(kms.list_keys()["Keys"]) == keys:
            assert process.poll() is None, "ended before anything was made"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("deployment: interrupted: Terraform was asked to stop and has ended")
    assert "Interrupt received" in log.read_text()
    state = json.loads((tmp_path / "tiny.tfstate").read_text())
    assert [one["type"] for one in state["resources"] if one["mode"] == "managed"] == ["aws_kms_key"]
    assert not (tmp_path / ".tiny.tfstate.lock.info").exists()
    assert deploy(tmp_path, server, "destroy", "--yes").returncode == 0


def test_destroying_asks_for_the_name(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, topic("asked"))
    assert deploy(tmp_path, server, "deploy").returncode == 0
    assert answered(tmp_path, server, "yes")[0] == 3
    silent = deploy(tmp_path, server, "destroy")
    assert (silent.returncode, silent.stderr) == (
        3,
        "deployment: tiny: standard input is no terminal to ask on: --yes confirms\n",
    )
    assert has_topic(server, "asked")
    assert answered(tmp_path, server, "tiny")[0] == 0
    assert not has_topic(server, "asked")


def answered(folder: Path, server: Emulator, answer: str, **variables: str) -> tuple[int, str]:
    """The exit code of `destroy` on a terminal on which somebody types `answer`, and what it said there."""
    ours, theirs = pty.openpty()
    said = b""
    with subprocess.Popen(
        command("destroy"),
        cwd=folder,
        env=surroundings(server, **variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as run:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            try:
                while read := terminal.read(1024):
                    said += read
            except OSError:  # how a terminal says that nobody is left at its other end
                pass
    return run.returncode, " ".join(said.decode().split())


def test_a_state_that_is_locked_stops_the_plan(server: Emulator, tmp_path: Path) -> None:
    write_stack(tmp_path, topic("never"))
    with (tmp_path / "tiny.tfstate").open("w") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        run = deploy(tmp_path, server, "plan")
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: terraform plan: Error: Error acquiring the state lock")


def test_two_deployments_of_a_stack_do_not_meet(server: Emulator, planned: Path) -> None:
    with (left_by_plan(planned) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = deploy(planned, server, "apply")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == "deployment: tiny: another deployment of it is under way here\n"


def test_no_credentials_are_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path, topic("never"))
    run = deploy(tmp_path, None, "deploy")
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: terraform plan: Error: No valid credential sources found")


def test_no_terraform_is_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path, topic("never"))
    (tmp_path / "empty").mkdir()
    run = deploy(tmp_path, None, "deploy", PATH=str(tmp_path / "empty"))
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.endswith("no terraform on PATH")


def test_no_provider_is_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path, topic("never"))
    (tmp_path / "mirror").mkdir()
    settings = tmp_path / "terraformrc"
    settings.write_text(f'provider_installation {{\n filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n')
    run = deploy(tmp_path, None, "deploy", TF_CLI_CONFIG_FILE=str(settings))
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: tiny: the gate could not judge: ")
    assert "Failed to query available provider packages" in line


def test_settings_of_terraform_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path, topic("never"))
    run = deploy(tmp_path, None, "deploy", TF_CLI_CONFIG_FILE="none.tfrc")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == "deployment: TF_CLI_CONFIG_FILE names none.tfrc, which is not there\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deploy"], "python -m deployment deploy: the following arguments are required: STACK (see --help)"),
        (["deploy", "other", "--synthesized", "out"], "deployment: no stack named 'other': there are tiny"),
        (["plan", "tiny", "--synthesized", "none"], "deployment: none: no synthesized stack in it"),
        (["apply", "tiny"], "deployment: tiny: no plan in build/deployment/tiny: plan it first"),
        (
            ["apply", "../tiny"],
            "python -m deployment apply: argument STACK: '../tiny' is not the name of a stack (see --help)",
        ),
        (
            [],
            "python -m deployment: the following arguments are required: COMMAND (see --help)",
        ),
    ],
)
def test_what_is_not_there_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    write_stack(tmp_path, topic("never"))
    run = subprocess.run(
        [*command("x")[:3], *arguments],
        cwd=tmp_path,
        env=surroundings(None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (3, "", f"{message}\n")


@pytest.mark.parametrize(
    ("changed", "environment", "message"),
    [
        ({}, "production", "the state of production does not belong in a local file"),
        ({}, "staging", "it was synthesized for 'development', and ENVIRONMENT says 'staging'"),
        ({"terraform": {}}, "development", "it names no backend"),
    ],
)
def test_a_stack_in_the_wrong_place_is_one_line(
    tmp_path: Path, changed: dict[str, object], environment: str, message: str
) -> None:
    stack = write_stack(tmp_path, topic("never"))
    (stack / "cdk.tf.json").write_text(json.dumps({**document(topic("never")), **changed}))
    run = deploy(tmp_path, None, "deploy", ENVIRONMENT=environment)
    assert (run.returncode, run.stdout) == (3, "")
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"deployment: tiny: {message}")


def test_a_document_that_is_not_json_is_one_line(tmp_path: Path) -> None:
    stack = write_stack(tmp_path, topic("never"))
    (stack / "cdk.tf.json").write_text("{")
    run = deploy(tmp_path, None, "deploy")
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("deployment: out/stacks/tiny/cdk.tf.json:")
