"""The one connection to the database that an instance of the function keeps."""

import socket
import ssl
from contextlib import suppress
from typing import Any

import pg8000.native

from serve_transactions.database_login import DatabaseLogin, DatabaseSecret
from serve_transactions.errors import (
    CREDENTIALS_REFUSED,
    DATABASE_BUSY,
    DATABASE_UNREACHABLE,
    TLS_REFUSED,
    DatabaseUnavailableError,
    StatementRefusedError,
)

CONNECT_TIMEOUT_SECONDS = 2
SOCKET_TIMEOUT_SECONDS = 4  # for every answer of the server, those of the TLS handshake included
STATEMENT_TIMEOUT_MILLISECONDS = 3000  # below it, so that a statement never takes effect after it was given up
LOCK_TIMEOUT_MILLISECONDS = 2000

_LOGIN_REFUSALS = ("28P01", "28000")
# By class: resources, operator's intervention, system; and serialization, lock and statement time-outs.
_BUSY = ("53", "40", "55P03", "57014")
# The server goes away, or has become a reader, which is what a failover looks like from a kept connection.
_GONE = ("08", "57P", "58", "25006")


class Database:
    """Carries out statements, each a transaction of its own unless `BEGIN` was sent.

    The login is kept until it fails: the rotation changes it every 30 days, and nobody tells us.
    """

    def __init__(self, secret: DatabaseSecret, tls: ssl.SSLContext) -> None:
        self._secret = secret
        self._tls = tls
        self._login: DatabaseLogin | None = None
        self._connection: pg8000.native.Connection | None = None

    @property
    def rights(self) -> str:
        """The role and schema of the user that is logged in; it logs in first if need be."""
        self._connected()
        assert self._login is not None, "a connection was opened with a login"
        return self._login.rights

    def run(self, statement: str, **values: Any) -> list[list[Any]]:
        """The rows that `statement` gives.

        A connection that turns out to be broken is made anew and the statement repeated, once: so statements have to
        bear repetition. Raises DatabaseUnavailableError or StatementRefusedError.
        """
        was_kept = self._connection is not None
        try:
            return self._run(self._connected(), statement, values)
        except _ConnectionLostError as lost:
            if not was_kept or lost.timed_out:
                raise DatabaseUnavailableError(DATABASE_UNREACHABLE, str(lost)) from None
        try:
            return self._run(self._connected(), statement, values)
        except _ConnectionLostError as lost:
            raise DatabaseUnavailableError(DATABASE_UNREACHABLE, str(lost)) from None

    def run_once(self, statement: str) -> None:
        """Carry out part of a transaction, which cannot go on over another connection."""
        try:
            self._run(self._connected(), statement, {})
        except _ConnectionLostError as lost:
            raise DatabaseUnavailableError(DATABASE_UNREACHABLE, str(lost)) from None

    def close(self) -> None:
        """End the connection; the next statement makes another one."""
        if self._connection is not None:
            _close(self._connection)
            self._connection = None

    def _run(self, connection: "pg8000.native.Connection", statement: str, values: dict[str, Any]) -> list[list[Any]]:
        verb = statement.split(maxsplit=1)[0]
        try:
            return list(connection.run(statement, **values) or ())
        except pg8000.native.DatabaseError as error:
            code = str(error.args[0].get("C"))  # the server's text may quote values
            if code.startswith(_GONE):
                self.close()
                raise _ConnectionLostError(f"SQLSTATE {code} at {verb}") from None
            if code.startswith(_BUSY):
                raise DatabaseUnavailableError(DATABASE_BUSY, f"SQLSTATE {code} at {verb}") from None
            raise StatementRefusedError(f"the database refuses {verb} with SQLSTATE {code}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            self.close()
            timed_out = isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)
            raise _ConnectionLostError(f"{error} at {verb}", timed_out=timed_out) from None
        except BaseException:
            self.close()  # nobody knows what it would answer next
            raise

    def _connected(self) -> "pg8000.native.Connection":
        if self._connection is None:
            known, self._login = self._login, None
            login = known or self._secret.login()
            try:
                self._connection = self._connect(login)
            except DatabaseUnavailableError as error:
                if known is None or error.reason != CREDENTIALS_REFUSED:
                    self._login = known
                    raise
                login = self._secret.login()
                self._connection = self._connect(login)
            self._login = login
        return self._connection

    def _connect(self, login: DatabaseLogin) -> "pg8000.native.Connection":
        place = f"user {login.username!r} cannot log in at {login.host}:{login.port}"
        prompt: socket.socket | None = None
        try:
            prompt = _connected_socket(login)
            return pg8000.native.Connection(
                login.username,
                sock=prompt,
                host=login.host,  # what the certificate is verified for
                database=login.dbname,
                password=login.password,
                ssl_context=self._tls,
                application_name="serve_transactions",
                startup_params={
                    "search_path": login.rights,
                    "statement_timeout": str(STATEMENT_TIMEOUT_MILLISECONDS),
                    "lock_timeout": str(LOCK_TIMEOUT_MILLISECONDS),
                },
            )
        except pg8000.native.DatabaseError as error:
            _close(prompt)
            # What the server says about a login names user and database, never the password.
            answer = error.args[0]
            reason = CREDENTIALS_REFUSED if answer.get("C") in _LOGIN_REFUSALS else DATABASE_UNREACHABLE
            raise DatabaseUnavailableError(reason, f"{place}: {answer.get('M')}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            _close(prompt)
            refused = isinstance(error, ssl.SSLError) or "refuses SSL" in str(error)
            raise DatabaseUnavailableError(
                TLS_REFUSED if refused else DATABASE_UNREACHABLE, f"{place}: {error}"
            ) from None


class _ConnectionLostError(Exception):
    """The connection does not serve any more; it has been closed."""

    def __init__(self, reason: str, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


def _connected_socket(login: DatabaseLogin) -> socket.socket:
    """A socket that, unlike pg8000's own, does not hold back the second of two short messages for 40 ms."""
    connected = socket.create_connection((login.host, login.port), CONNECT_TIMEOUT_SECONDS)
    connected.settimeout(SOCKET_TIMEOUT_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def _close(connection: "pg8000.native.Connection | socket.socket | None") -> None:
    with suppress(pg8000.native.InterfaceError, OSError):  # it is over, however it ends
        if connection is not None:
            connection.close()
