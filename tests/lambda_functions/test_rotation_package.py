"""The zips that are deployed, unpacked as Lambda does it, on a Python of Lambda's version with nothing beside it."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import packages
from tests.lambda_functions.fixtures import environment, secrets_manager
from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import STEPS, NewSecret, RotatingSecret
from tests.lambda_functions.servers import DatabaseServer, interpreter

__all__ = ["environment", "secrets_manager"]  # of moto's server: the function runs in a process of its own

# -I and -S keep environment, user and site packages away; what is left is the standard library.
PYTHON = (
    "import sys; [function] = sys.argv[1:]; library = sys.path[:];"
    " assert not [folder for folder in library if 'site-packages' in folder], library;"
    " sys.path.insert(0, function)\n"
)

RUN = f"""{PYTHON}
import json
from types import SimpleNamespace
from rotate_database_secret.handler import handler

context = SimpleNamespace(aws_request_id="id", function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn")
for event in json.load(sys.stdin):
    handler(event, context)
"""

IMPORT = f"""{PYTHON}
import importlib
assert callable(importlib.import_module("check_region_health.handler").handler)
import boto3
for service in ("dynamodb", "events", "s3", "sns"):
    boto3.client(service, region_name="us-east-2")
foreign = [
    module.__file__
    for module in sys.modules.values()
    if getattr(module, "__file__", None) and not module.__file__.startswith((function, *library))
]
assert not foreign, foreign
"""


def lambda_python() -> str:
    """A Python of Lambda's version; skips the test where there is none, or fails it in CI."""
    found = interpreter(packages.LAMBDA_PYTHON)
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith(f"Python {packages.LAMBDA_PYTHON}."):
        message = f"no Python {packages.LAMBDA_PYTHON}, which is what Lambda runs, on PATH or in pyenv"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture
def function(tmp_path: Path) -> Path:
    return unpacked(packages.rotation_function(tmp_path), tmp_path / "function")


def unpacked(package: Path, folder: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def run(
    function: Path, environment: dict[str, str], code: str = RUN, secret: RotatingSecret | None = None
) -> "subprocess.CompletedProcess[str]":
    """`code` in a process of its own, with the events of one whole rotation of `secret`."""
    token = secret.start_rotation() if secret else ""
    events = [{"Step": step, "SecretId": secret.arn, "ClientRequestToken": token} for step in STEPS if secret]
    return subprocess.run(
        [lambda_python(), "-I", "-S", "-c", code, str(function)],
        input=json.dumps(events),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_zip_rotates_with_nothing_else_on_the_path(
    function: Path, environment: dict[str, str], new_secret: NewSecret, server: DatabaseServer | PostgreSqlServer
) -> None:
    secret = new_secret(server)
    for _ in range(2):
        result = run(function, environment, secret=secret)
        assert result.returncode == 0, result.stderr
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        log, metrics = [line for line in lines if "level" in line], [line for line in lines if "_aws" in line]
        assert [(line["level"], line["step"]) for line in log] == [("INFO", step) for step in STEPS]
        assert [(line["step"], line["StepsSucceeded"]) for line in metrics] == [(step, [1.0]) for step in STEPS]
        assert secret.current_logs_in()
        assert secret.document()["password"] not in result.stdout + result.stderr


def test_the_zip_trusts_the_authorities_of_rds_only(
    function: Path, environment: dict[str, str], secret: RotatingSecret
) -> None:
    del environment["CA_BUNDLE"]
    result = run(function, environment, secret=secret)
    assert result.returncode != 0
    created, refused = [json.loads(line) for line in result.stdout.splitlines() if "level" in json.loads(line)]
    assert created["level"] == "INFO"
    assert refused["level"] == "ERROR"
    assert refused["step"] == "setSecret"
    assert "CERTIFICATE_VERIFY_FAILED" in refused["error"]
    assert "password" not in secret.document()


@pytest.mark.parametrize("region", ["us-east-1", "us-east-2", "us-west-2"])
def test_the_zip_brings_the_authorities_of_each_region(function: Path, region: str) -> None:
    code = f"{PYTHON}from rotate_database_secret.settings import Settings\n" + (
        f"print(Settings.from_environment({{'AWS_REGION': {region!r}}}).ca_bundle.read_text())"
    )
    result = run(function, {}, code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(f"Amazon RDS {region} Root CA") == 3


def test_the_health_monitors_zip_imports_with_nothing_else_on_the_path(tmp_path: Path) -> None:
    function = unpacked(packages.health_function(tmp_path), tmp_path / "function")
    result = run(function, {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}, IMPORT)
    assert result.returncode == 0, result.stderr
