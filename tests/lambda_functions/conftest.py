"""The fixtures of this folder; they have a module of their own because the application's tests use them too."""

import os
from pathlib import Path

import pytest
from serve_transactions import handler as serving
from serve_transactions.log import LOG

from tests.lambda_functions.fault_cases import FAULT_CASES, FaultCases
from tests.lambda_functions.fixtures import (
    authority,
    aws_url,
    cache_server,
    database,
    new_secret,
    other_authority,
    plaintext_database,
    postgresql_database,
    rotated,
    secret,
    server,
)
from tests.lambda_functions.fixtures import (
    environment_in_process as environment,
)
from tests.lambda_functions.fixtures import (
    secrets_manager_in_process as secrets_manager,
)
from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.redis_server import RedisServer
from tests.lambda_functions.rotating_secret import NewSecret
from tests.lambda_functions.servers import Authority
from tests.lambda_functions.transaction_api import Api, make_api

__all__ = [
    "authority",
    "aws_url",
    "cache_server",
    "database",
    "environment",
    "new_secret",
    "other_authority",
    "plaintext_database",
    "postgresql_database",
    "rotated",
    "secret",
    "secrets_manager",
    "server",
]


@pytest.fixture
def api(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    new_secret: NewSecret,
    postgresql_database: PostgreSqlServer,
    cache_server: RedisServer,
    authority: Authority,
) -> Api:
    """The transaction API with a secret that has been rotated once, an empty schema and an empty folder."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a session/token+of=a role")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    credentials = {name: os.environ[name] for name in names}  # of moto, which puts its own in place
    secret = new_secret(postgresql_database).rotated_once()
    made = make_api(tmp_path, {**environment, **credentials}, secret, cache_server, authority)
    monkeypatch.setattr(serving, "_service", made.service)
    monkeypatch.setattr(LOG.registered_handler, "stream", made.log)
    return made


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FAULT_CASES] = FaultCases()


@pytest.fixture(scope="session")
def fault_cases(pytestconfig: pytest.Config) -> FaultCases:
    """Where a test counts the cases of the fault matrix that it has been through."""
    return pytestconfig.stash[FAULT_CASES]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[FAULT_CASES].summary():
        terminalreporter.write_line(line)
