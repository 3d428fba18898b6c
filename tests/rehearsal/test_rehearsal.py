"""Whole rehearsals of a small stack, started, interrupted and judged as their user does."""

import contextlib
import datetime
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.deployment.stacks import KEY, TOPIC, write_stack
from tests.rehearsal.rehearsals import (
    COMMAND,
    listens,
    port,
    rehearse,
    require_terraform,
    stops_listening,
    surroundings,
)

ZONE = {"aws_route53_zone": {"ours": {"name": "rehearsal.test"}}}


@pytest.fixture(autouse=True)
def _terraform() -> None:
    require_terraform()


def lines_after(output: str, title: str) -> list[str]:
    _, _, rest = output.partition(f"{title}:\n")
    lines = rest.splitlines()
    end = next((index for index, line in enumerate(lines) if not line.startswith("  ")), len(lines))
    return [line.strip() for line in lines[:end]]


def test_a_stack_is_applied_judged_and_destroyed_whatever_the_environment_says(tmp_path: Path) -> None:
    write_stack(tmp_path, {**KEY, **TOPIC}, data=ZONE, output={"zone": {"value": "${data.aws_route53_zone.ours.id}"}})
    elsewhere = {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL_SNS": "https://sns.us-east-1.amazonaws.com"}
    run = rehearse(tmp_path, "tiny", **elsewhere, TF_CLI_ARGS_apply="-refresh-only")
    assert run.stderr == ""
    assert run.returncode == 0, run.stdout
    steps = re.findall(r"^  ([a-z ]+?) +\d+\.\d s", run.stdout, re.MULTILINE)
    assert steps == [
        *("judge stack", "init", "plan", "judge plan", "verify", "init again", "apply"),  # python -m deployment deploy
        *("judge state", "plan again", "judge again"),
        *("init", "plan", "destroy"),  # python -m deployment destroy
        "left over",
    ]
    assert run.stdout.splitlines()[-1].startswith("rehearsal of tiny: passed, 2 resources")
    assert lines_after(run.stdout, "not rehearsed, because moto does not do it")[0].startswith("permissions: ")
    assert not listens(port(run.stdout))
    assert not (tmp_path / "tiny.tfstate").exists()
    assert os.listdir(tmp_path / "out" / "stacks" / "tiny") == ["cdk.tf.json"]


def test_what_destroy_leaves_behind_fails(tmp_path: Path) -> None:
    key = "${aws_kms_key.topics.arn}"
    group = {"name": "kept", "kms_key_id": key, "retention_in_days": 400, "skip_destroy": True}
    write_stack(tmp_path, {**KEY, "aws_cloudwatch_log_group": {"kept": group}})
    today = datetime.date.today().isoformat()
    waiver = {
        "policy": "nothing-blocks-teardown",
        "stack": "tiny",
        "addresses": ["aws_cloudwatch_log_group.kept"],
        "reason": "Something has to be left behind here.",
        "owner": "tests",
        "ticket": "T-1",
    }
    entry = json.dumps(waiver)[:-1] + f', "created": {today}, "expires": {today}}}'
    (tmp_path / "waivers.yaml").write_text(f"waivers:\n  - {entry}\n")
    run = rehearse(tmp_path, "tiny")
    assert run.returncode == 1
    (failure,) = lines_after(run.stdout, "failed")
    assert failure.startswith("tiny: left in moto: logs us-east-1: groups LogGroup arn:aws:logs:us-east-1:")


def test_an_apply_that_fails_is_destroyed_all_the_same(tmp_path: Path) -> None:
    lost = {"bucket": "no-such-bucket", "key": "lost", "content": "lost", "kms_key_id": "${aws_kms_key.topics.arn}"}
    nowhere = {"aws_s3_object": {"lost": lost}}
    write_stack(tmp_path, {**TOPIC, **KEY, **nowhere})
    run = rehearse(tmp_path, "tiny")
    assert run.returncode == 1
    (failure,) = lines_after(run.stdout, "failed")
    assert failure.startswith("tiny: apply: Error: ")
    assert "NoSuchBucket" in failure
    assert "destroy" in run.stdout
    assert not listens(port(run.stdout))


def test_a_stack_that_the_gate_stops_is_not_applied(tmp_path: Path) -> None:
    write_stack(tmp_path, {"aws_sns_topic": {"open": {"name": "open"}}})
    run = rehearse(tmp_path, "tiny")
    assert run.returncode == 1
    (failure,) = lines_after(run.stdout, "failed")
    assert failure.startswith("tiny: the gate stops the stack: ")
    assert " plan " not in run.stdout


def test_a_stack_that_leads_elsewhere_is_refused_before_anything_runs(tmp_path: Path) -> None:
    provider = {"aws": [{"region": "us-east-1", "endpoints": [{"sns": "https://sns.us-east-1.amazonaws.com"}]}]}
    write_stack(tmp_path, TOPIC, provider=provider)
    run = rehearse(tmp_path)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.splitlines() == [
        "rehearsal: tiny: provider 'aws' sets endpoints: not known to stay on 127.0.0.1, so it is not rehearsed"
    ]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "interrupted"),
        (signal.SIGHUP, "interrupted"),
        (signal.SIGALRM, "no end after 1800 s"),
    ],
)
def test_an_interrupted_rehearsal_leaves_no_process(tmp_path: Path, number: signal.Signals, reason: str) -> None:
    write_stack(tmp_path, {**KEY, **TOPIC})
    with started(tmp_path) as process:
        server = port(read_until(process, "127.0.0.1"))
        while not any("terraform-provider-aws" in command for command in running_in(tmp_path)):
            assert process.poll() is None, "ended before Terraform had started the provider"
        process.send_signal(number)
        output, errors = process.communicate()
    assert process.returncode == 3, output
    assert errors.splitlines() == [f"rehearsal: {reason}: Terraform and moto's server were stopped"]
    assert not listens(server)
    assert running_in(tmp_path) == []


def test_the_server_ends_even_with_a_rehearsal_that_is_killed(tmp_path: Path) -> None:
    write_stack(tmp_path, {**KEY, **TOPIC})
    with started(tmp_path) as process:
        server = port(read_until(process, "127.0.0.1"))
        with socket.create_connection(("127.0.0.1", server), timeout=60) as connection:
            process.kill()
            assert connection.recv(1) == b""  # returns when the server is gone
    assert stops_listening(server)


def test_without_terraform_nothing_is_rehearsed(tmp_path: Path) -> None:
    write_stack(tmp_path, TOPIC)
    (tmp_path / "empty").mkdir()
    run = rehearse(tmp_path, PATH=str(tmp_path / "empty"))
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.endswith("terraform validate was not run: no terraform on PATH")


def test_without_provider_nothing_is_rehearsed(tmp_path: Path) -> None:
    write_stack(tmp_path, TOPIC)
    (tmp_path / "mirror").mkdir()
    settings = tmp_path / "terraformrc"
    settings.write_text(f'provider_installation {{\n filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n')
    run = rehearse(tmp_path, TF_CLI_CONFIG_FILE=str(settings))
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert "Failed to query available provider packages" in line
    assert not listens(port(run.stdout))


def test_without_moto_nothing_is_rehearsed(tmp_path: Path) -> None:
    write_stack(tmp_path, TOPIC)
    command = [COMMAND[0], "-S", *COMMAND[1:]]  # -S: no installed packages
    run = subprocess.run(command, cwd=tmp_path, env=surroundings(), capture_output=True, text=True, check=False)
    assert run.returncode == 3
    assert run.stderr.splitlines() == ["rehearsal: moto's server is not installed: `make .venv/dev` installs it"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no stack named 'nothing': there are tiny"),
        (["--synthesized", "elsewhere"], "elsewhere: no synthesized stack in it"),
    ],
)
def test_a_stack_that_is_not_there_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    write_stack(tmp_path, TOPIC)
    run = rehearse(tmp_path, *arguments)
    assert (run.returncode, run.stdout, run.stderr) == (3, "", f"rehearsal: {message}\n")


def test_a_document_that_is_not_json_is_one_line(tmp_path: Path) -> None:
    write_stack(tmp_path, TOPIC)
    (tmp_path / "out" / "stacks" / "tiny" / "cdk.tf.json").write_text("{")
    run = rehearse(tmp_path)
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("rehearsal: out/stacks/tiny/cdk.tf.json: cannot be read")


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        COMMAND, cwd=folder, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"never said {text!r}: {process.stderr.read() if process.stderr else ''}")


def running_in(folder: Path) -> list[str]:
    """Command lines of processes that run in `folder` or mention it."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # a process that ends meanwhile
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in f"{command} {(entry / 'cwd').readlink()}":
                found.append(command)
    return found
