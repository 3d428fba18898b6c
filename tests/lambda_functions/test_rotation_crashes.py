"""A function that dies in the middle of a rotation, just after any of its calls to the outside.

Dying before a call leaves what dying after the previous one leaves, so that covers both.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from rotate_database_secret import handler, mysql

from tests.lambda_functions.rotating_secret import STEPS, RotatingSecret
from tests.lambda_functions.servers import Authority, DatabaseServer


class Killed(BaseException):
    """The function is gone; no `except Exception` of its own may notice."""


class OutsideCalls:
    """Counts the calls to Secrets Manager and the statements to the database, and dies after one of them."""

    def __init__(self) -> None:
        self.count = 0
        self.last: int | None = None

    def expect(self, last: int | None) -> None:
        """Count from zero again, and die after call number `last`."""
        self.count, self.last = 0, last

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            number, self.count = self.count, self.count + 1
            try:
                return call(*arguments, **named)
            finally:
                if number == self.last:
                    raise Killed

        return counted


class WatchedClient:
    """A client of Secrets Manager whose operations are counted."""

    def __init__(self, client: Any, calls: OutsideCalls) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, operation: str) -> Any:
        return self._calls.wrap(getattr(self._client, operation))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, secrets_manager: Any) -> OutsideCalls:
    calls = OutsideCalls()
    monkeypatch.setattr(handler, "secrets_manager", lambda region: WatchedClient(secrets_manager, calls))
    monkeypatch.setattr(mysql, "_execute", calls.wrap(mysql._execute))
    return calls


@pytest.mark.parametrize("earlier_rotations", [0, 1])
def test_a_rotation_that_is_killed_is_completed_by_its_next_attempt(
    calls: OutsideCalls,
    secrets_manager: Any,
    database: DatabaseServer,
    authority: Authority,
    earlier_rotations: int,
) -> None:
    def fresh_secret() -> RotatingSecret:
        calls.expect(None)
        secret = RotatingSecret.create(secrets_manager, database, authority)
        for _ in range(earlier_rotations):
            secret.rotate()
        return secret

    undisturbed = fresh_secret()
    calls.expect(None)
    undisturbed.rotate()
    total = calls.count
    assert total > 2 * len(STEPS)

    for last in range(total):
        secret = fresh_secret()
        token = secret.start_rotation()
        calls.expect(last)
        with pytest.raises(Killed):
            run(secret, token)
        assert user_is_missing(secret) or any(map(secret.accepts, passwords(secret)))
        calls.expect(None)
        run(secret, token)
        assert "AWSCURRENT" in secret.stages()[token]
        assert secret.accepts(secret.document()["password"])


def run(secret: RotatingSecret, token: str) -> None:
    for step in STEPS:
        secret.invoke(step, token)


def passwords(secret: RotatingSecret) -> list[str]:
    """The passwords of the current and of the pending version, where they have one."""
    documents = [secret.document("AWSCURRENT")]
    with contextlib.suppress(secret.client.exceptions.ResourceNotFoundException):  # killed before it had a text
        documents.append(secret.document("AWSPENDING"))
    return [document["password"] for document in documents if "password" in document]


def user_is_missing(secret: RotatingSecret) -> bool:
    """Whether the first rotation has not come to create the user."""
    return not secret.server.execute(f"SELECT 1 FROM mysql.user WHERE user = '{secret.username}'")
