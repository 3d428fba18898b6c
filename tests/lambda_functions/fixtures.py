"""Servers started once, and a fresh secret for every test."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.lambda_functions.rotating_secret import REGION, RotatingSecret
from tests.lambda_functions.servers import Authority, DatabaseServer, aws, mariadb


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authorities") / "database-authority")


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authorities") / "other-authority")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[DatabaseServer]:
    with mariadb(tmp_path_factory.mktemp("database") / "tls", authority.issue("localhost")) as server:
        yield server


@pytest.fixture(scope="session")
def plaintext_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    with mariadb(tmp_path_factory.mktemp("database") / "plaintext", certificate=None) as server:
        yield server


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    with aws() as url:
        yield url


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, aws_url: str, authority: Authority) -> dict[str, str]:
    """The function's environment, also set for this process."""
    variables = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "CA_BUNDLE": str(authority.bundle),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def secrets_manager(environment: dict[str, str]) -> Any:
    return boto3.client("secretsmanager")


@pytest.fixture
def secret(secrets_manager: Any, database: DatabaseServer, authority: Authority) -> RotatingSecret:
    return RotatingSecret.create(secrets_manager, database, authority)
