"""The fixtures of this folder; they have a module of their own because the application's tests use them too."""

import pytest

from tests.lambda_functions.fault_cases import FAULT_CASES, FaultCases
from tests.lambda_functions.fixtures import (
    authority,
    aws_url,
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

__all__ = [
    "authority",
    "aws_url",
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


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FAULT_CASES] = FaultCases()


@pytest.fixture(scope="session")
def fault_cases(pytestconfig: pytest.Config) -> FaultCases:
    """Where a test counts the cases of the fault matrix that it has been through."""
    return pytestconfig.stash[FAULT_CASES]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[FAULT_CASES].summary():
        terminalreporter.write_line(line)
