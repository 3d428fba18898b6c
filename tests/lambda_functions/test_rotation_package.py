"""The zip that is deployed, unpacked as Lambda does it, on a Python of Lambda's version with nothing beside it."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import packages
from tests.lambda_functions.rotating_secret import STEPS, RotatingSecret
from tests.lambda_functions.servers import aws_sdk, interpreter

# -I and -S keep environment, user and site packages away. Lambda puts the function's folder first.
RUN = """
import json, sys
function, sdk = sys.argv[1:]
sys.path[:0] = [function, sdk]
from rotate_database_secret.handler import handler
import pymysql
assert pymysql.__file__.startswith(function), pymysql.__file__
for event in json.load(sys.stdin):
    handler(event, None)
"""


@pytest.fixture
def function(tmp_path: Path) -> Path:
    folder = tmp_path / "function"
    with zipfile.ZipFile(packages.rotation_function(tmp_path)) as archive:
        archive.extractall(folder)
    return folder


def run(function: Path, environment: dict[str, str], secret: RotatingSecret) -> "subprocess.CompletedProcess[str]":
    """All four steps of one rotation in a process of their own."""
    token = secret.start_rotation()
    events = [{"Step": step, "SecretId": secret.arn, "ClientRequestToken": token} for step in STEPS]
    sdk = aws_sdk(function.parent / "sdk")
    return subprocess.run(
        [interpreter("3.12"), "-I", "-S", "-c", RUN, str(function), str(sdk)],
        input=json.dumps(events),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_zip_rotates_with_nothing_else_on_the_path(
    function: Path, environment: dict[str, str], secret: RotatingSecret
) -> None:
    result = run(function, environment, secret)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["level"], line["step"]) for line in lines] == [("INFO", step) for step in STEPS]
    password = secret.document()["password"]
    assert secret.accepts(password)
    assert password not in result.stdout + result.stderr


def test_the_zip_trusts_the_authorities_of_rds_only(
    function: Path, environment: dict[str, str], secret: RotatingSecret
) -> None:
    del environment["CA_BUNDLE"]
    result = run(function, environment, secret)
    assert result.returncode != 0
    created, refused = [json.loads(line) for line in result.stdout.splitlines()]
    assert created["level"] == "INFO"
    assert refused["level"] == "ERROR"
    assert refused["step"] == "setSecret"
    assert "CERTIFICATE_VERIFY_FAILED" in refused["error"]
    assert "password" not in secret.document()
