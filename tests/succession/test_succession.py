"""The program on CDKTF and on CDK Terrain, for real: in the environment that `make succession` makes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from policies.errors import InputError
from tests.infra.synthesized import OUR_VARIABLES
from tests.succession import environment
from tests.succession.__main__ import examine, synthesize
from tests.succession.comparison import compare

DEVELOPMENT = {"ENVIRONMENT_SUFFIX": "x"}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "ENVIRONMENT_SUFFIX": "live",
    "PORTAL_DOMAIN": "portal.example.com",
    "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
    "TRANSACTIONS_JWT_ISSUER": "https://issuer.example.com/tenant",
    "TRANSACTIONS_JWT_AUDIENCE": "https://transactions.example.com",
    "ALERT_EMAIL": "operations@example.com",
    "TF_STATE_BUCKET": "example-terraform-state",
    "TF_STATE_KMS_KEY_ID": "alias/terraform-state",
    "TF_STATE_LOCK_TABLE": "terraform-locks",
}


def variables(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES} | dict(given)


@pytest.fixture(scope="module")
def successor() -> Path:
    """The interpreter that has CDK Terrain."""
    try:
        return environment.python()
    except InputError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def development(successor: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return synthesize(tmp_path_factory.mktemp("development"), variables(DEVELOPMENT))


def test_stacks_and_verdicts_are_equal(development: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert examine(*development) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("0 unexpected differences, 0 of ")
    assert len(list(development[1].glob("stacks/*/cdk.tf.json"))) == 5


def test_stacks_for_production_are_equal(successor: Path, tmp_path: Path) -> None:
    assert compare(*synthesize(tmp_path, variables(PRODUCTION))) == []


def test_it_was_cdk_terrain(development: tuple[Path, Path]) -> None:
    assert [json.loads((side / "manifest.json").read_text())["version"] for side in development] == ["0.21.0", "0.24.0"]


def test_one_difference_in_one_resource_is_told_with_the_verdict_it_changes(
    development: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = (Path(shutil.copytree(side, tmp_path / side.name)) for side in development)
    document = theirs / "stacks" / "portal" / "cdk.tf.json"
    text = document.read_text()
    assert text.count('"http_tokens": "required"') == 1
    document.write_text(text.replace('"http_tokens": "required"', '"http_tokens": "optional"'))
    assert examine(ours, theirs) == 1
    lines = capsys.readouterr().err.splitlines()
    address = "portal: aws_launch_template.compute_template"
    assert lines[0] == f'{address} metadata_options.http_tokens: "required" | "optional"'
    assert any(line.startswith(f"{address} imdsv2-required (policies): ") for line in lines[1:])
    assert all(line.startswith(address) for line in lines)


def test_the_commands_of_the_page_are_the_move(development: tuple[Path, Path], successor: Path, moved: Path) -> None:
    """The renamed program, without alias, writes what the aliased one writes, byte for byte."""
    subprocess.run([successor, "-m", "infra.main"], cwd=moved, env=variables(DEVELOPMENT), check=True)
    assert compare(development[1], moved / "cdktf.out", expected={}) == []
    for document in development[1].glob("stacks/*/cdk.tf.json"):
        assert (moved / "cdktf.out" / document.relative_to(development[1])).read_bytes() == document.read_bytes()


def test_a_program_that_cannot_run_is_no_difference() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.succession"],
        cwd=environment.ROOT,
        env=variables({"ENVIRONMENT_SUFFIX": "No Suffix"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert run.stderr.startswith("succession: CDKTF: infra: ENVIRONMENT_SUFFIX is 'No Suffix'")
    assert len(run.stderr.splitlines()) == 1
