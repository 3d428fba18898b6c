"""Servers started once, and a fresh secret for every test."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from rotate_database_secret import secrets_manager as client

from tests.lambda_functions.postgresql_server import PostgreSqlServer, postgresql
from tests.lambda_functions.redis_server import RedisServer, redis_server
from tests.lambda_functions.rotating_secret import REGION, STRATEGIES, NewSecret, RotatingSecret
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
def postgresql_database(authority: Authority) -> Iterator[PostgreSqlServer]:
    with postgresql(authority.issue("localhost")) as server:
        yield server


@pytest.fixture(scope="session")
def cache_server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("cache") / "redis", authority) as server:
        yield server


@pytest.fixture(params=["mysql", "postgresql"])
def server(request: pytest.FixtureRequest) -> DatabaseServer | PostgreSqlServer:
    """Each of the two databases."""
    name = {"mysql": "database", "postgresql": "postgresql_database"}[request.param]
    found: DatabaseServer | PostgreSqlServer = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    with aws() as url:
        yield url


def function_environment(authority: Authority) -> dict[str, str]:
    """What Lambda and the stack tell the function, with credentials that are good for nothing."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "CA_BUNDLE": str(authority.bundle),
    }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, aws_url: str, authority: Authority) -> Iterator[dict[str, str]]:
    """The function's environment, also set for this process; AWS is moto's server."""
    variables = {**function_environment(authority), "AWS_ENDPOINT_URL": aws_url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    client.secrets_manager.cache_clear()
    yield variables
    client.secrets_manager.cache_clear()


@pytest.fixture
def environment_in_process(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Iterator[dict[str, str]]:
    """The same with moto inside this process, which takes a quarter of the time; AWS is as in the first minute."""
    variables = function_environment(authority)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield variables


@pytest.fixture
def secrets_manager(environment: dict[str, str]) -> Any:
    return boto3.client("secretsmanager")


@pytest.fixture
def secrets_manager_in_process(environment: dict[str, str]) -> Any:
    """A client for all tests: making one takes longer than a rotation."""
    return _client_in_process()


@cache
def _client_in_process() -> Any:
    return boto3.client("secretsmanager")


@pytest.fixture
def secret(secrets_manager: Any, database: DatabaseServer, authority: Authority) -> RotatingSecret:
    """A secret of the portal: MySQL, with alternating users."""
    return RotatingSecret.create(secrets_manager, database, authority)


@pytest.fixture
def new_secret(secrets_manager: Any, authority: Authority) -> NewSecret:
    def create(
        server: DatabaseServer | PostgreSqlServer, strategy: str = "alternating-users", **changes: Any
    ) -> RotatingSecret:
        return RotatingSecret.create(secrets_manager, server, authority, strategy, **changes)

    return create


@pytest.fixture(params=STRATEGIES)
def rotated(
    request: pytest.FixtureRequest, new_secret: NewSecret, server: DatabaseServer | PostgreSqlServer
) -> RotatingSecret:
    """A secret after its first rotation: of each database, by each strategy."""
    return new_secret(server, request.param).rotated_once()
