"""Every call the function makes to the outside, real as it is, and something that happens before or after one.

Outside are the operations of Secrets Manager, connections to a database, and statements.
"""

from collections.abc import Callable
from typing import Any

import pg8000.native
import pymysql
import pytest
from rotate_database_secret import handler


class Killed(BaseException):
    """The function is gone; no `except Exception` of its own may notice."""


class OutsideCalls:
    """The names of the calls since `watch`, and what is to happen around one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._place: tuple[int, str] | None = None
        self._event: Callable[[], None] | None = None

    def watch(self, place: tuple[int, str] | None = None, event: Callable[[], None] | None = None) -> None:
        """Begin a new list of names; let `event` happen `place[1]` (before, after) call number `place[0]`."""
        self.names, self._place, self._event = [], place, event

    def wrap(self, name: Callable[..., str], call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, noted under the `name` that its arguments give."""

        def noted(*arguments: Any, **named: Any) -> Any:
            number = len(self.names)
            self.names.append(name(*arguments, **named))
            self._happen(number, "before")
            try:
                return call(*arguments, **named)
            finally:
                self._happen(number, "after")

        return noted

    def _happen(self, number: int, when: str) -> None:
        if self._event and self._place == (number, when):
            self.watch_no_more()
            self._event()

    def watch_no_more(self) -> None:
        """What the event itself does is nobody's case."""
        self._place = None


class WatchedClient:
    """A client of Secrets Manager whose operations are noted."""

    def __init__(self, client: Any, calls: OutsideCalls) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, operation: str) -> Any:
        return self._calls.wrap(lambda **request: operation, getattr(self._client, operation))


def watched(monkeypatch: pytest.MonkeyPatch, secrets_manager: Any) -> OutsideCalls:
    """Have every outside call of the function noted until the test ends."""
    calls = OutsideCalls()

    def patch(owner: Any, attribute: str, name: Callable[..., str]) -> None:
        monkeypatch.setattr(owner, attribute, calls.wrap(name, getattr(owner, attribute)))

    monkeypatch.setattr(handler, "secrets_manager", lambda region: WatchedClient(secrets_manager, calls))
    patch(pymysql, "connect", lambda **arguments: "connect")
    patch(pymysql.cursors.Cursor, "execute", lambda cursor, statement, values=None: statement.partition("(")[0])
    patch(pg8000.native.Connection, "__init__", lambda connection, *arguments, **named: "connect")
    patch(pg8000.native.Connection, "run", lambda connection, statement, **values: statement.partition("(")[0])
    return calls
