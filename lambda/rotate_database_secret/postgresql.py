"""Users and passwords of PostgreSQL: Aurora PostgreSQL in AWS, Debian's PostgreSQL in the tests."""

import base64
import hashlib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pg8000.native
import scramp
from pg8000.native import identifier, literal

from rotate_database_secret.database_secret import Credentials, DatabaseSecret
from rotate_database_secret.errors import LoginRefusedError, RotationError

SOCKET_TIMEOUT_SECONDS = 5  # for the connection, the TLS handshake and every answer
STATEMENT_TIMEOUT_MILLISECONDS = 4000  # below it, so that a statement never takes effect after it was given up
LOCK_TIMEOUT_MILLISECONDS = 1000  # a connection that has just ended may keep its lock for a moment

# In the schema that all share the application owns no table, and grants nothing. Tables there stay with who makes
# them: the master user's are covered, whatever their age; any other owner grants to the role that holds the rights.
PRIVILEGES = {"TABLE": "SELECT, INSERT, UPDATE, DELETE", "SEQUENCE": "USAGE, SELECT"}
SCHEMA = "public"
_RELATION_KINDS = {"TABLE": "rpvmf", "SEQUENCE": "S"}  # as pg_class has them; views are tables to GRANT
RIGHTS_SUFFIX = "_rights"

# GRANT ON ALL TABLES would fail for want of a single one that belongs to somebody else.
_OWN_RELATIONS = """
SELECT string_agg(relation.oid::regclass::text, ', ') FROM pg_class relation
WHERE relation.relnamespace = CAST(:schema AS regnamespace) AND position(relation.relkind::text IN :kinds) > 0
AND pg_get_userbyid(relation.relowner) = current_user
"""

# Unquoted identifiers, short enough (63) for a suffix behind them.
_USERNAME = re.compile(r"[a-z_][a-z0-9_]{0,55}")

_LOCK_NOT_AVAILABLE = "55P03"
_LOGIN_REFUSALS = ("28P01", "28000")


class PostgreSqlSession:
    """What a rotation does within one transaction; see engines.Session."""

    def __init__(self, connection: "pg8000.native.Connection") -> None:
        self._connection = connection

    def answer(self) -> None:
        """Have a query answered."""
        self._execute("SELECT 1")

    def claim(self, login: DatabaseSecret) -> None:
        """Take the lock that bears the user's name; the server lets it go with the transaction."""
        digest = hashlib.sha256(f"rotation of {login.base_username}".encode()).digest()
        key = int.from_bytes(digest[:8], signed=True)
        self._execute("SELECT pg_advisory_xact_lock(:key)", key=key)

    def put_user(self, login: DatabaseSecret) -> None:
        """Create the user of `login` if it does not exist, lend it the application's rights, set its password.

        The rights belong to a role of their own, `<user>_rights`, that alternating users are members of: what anyone
        grants to that role both of them have. All of this is one transaction, so that it happens or does not.
        """
        if not _USERNAME.fullmatch(login.username):
            raise RotationError("the user name has to be 1 to 56 small letters, digits and underscores")
        rights, user = login.base_username + RIGHTS_SUFFIX, login.username
        if not self._exists(rights):
            self._execute(f"CREATE ROLE {rights} NOLOGIN")
            self._grant(rights, login.dbname)
        if not self._exists(user):
            self._execute(f"CREATE ROLE {user} LOGIN")
        self._execute(f"GRANT {rights} TO {user}")
        self._execute(f"ALTER ROLE {user} PASSWORD {literal(scram_verifier(login.credentials.password))}")

    def change_own_password(self, login: DatabaseSecret) -> None:
        """Give the user of this session the password of `login`; PostgreSQL lets every user do that."""
        self._execute(f"ALTER ROLE CURRENT_USER PASSWORD {literal(scram_verifier(login.credentials.password))}")

    def _grant(self, rights: str, database: str) -> None:
        self._execute(f"GRANT CONNECT ON DATABASE {identifier(database)} TO {rights}")
        # A schema of its own, of the same name, is where it may make tables. Made after SET ROLE to the rights, they
        # belong to what alternating users have in common.
        self._execute(f"CREATE SCHEMA IF NOT EXISTS {rights}")
        self._execute(f"GRANT USAGE, CREATE ON SCHEMA {rights} TO {rights}")
        self._execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {rights}")
        for kind, privileges in PRIVILEGES.items():
            own = self._execute(_OWN_RELATIONS, schema=SCHEMA, kinds=_RELATION_KINDS[kind])
            if own:
                self._execute(f"GRANT {privileges} ON {kind} {own} TO {rights}")
            self._execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT {privileges} ON {kind}S TO {rights}")

    def _exists(self, role: str) -> bool:
        return self._execute("SELECT 1 FROM pg_roles WHERE rolname = :role", role=role) is not None

    def _execute(self, statement: str, **values: str | int) -> Any:
        """Run `statement`; gives the first value of its first row, or None."""
        verb = statement.partition(" ")[0]
        try:
            rows = self._connection.run(statement, **values)
        except pg8000.native.DatabaseError as error:
            code = error.args[0].get("C")
            if code == _LOCK_NOT_AVAILABLE:
                raise RotationError("another rotation of this user is at work") from None
            # The server's text may quote the statement: only its code is repeated.
            raise RotationError(f"the database refuses {verb} with SQLSTATE {code}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            raise RotationError(f"the connection broke during {verb}: {error}") from None
        return rows[0][0] if rows else None


@contextmanager
def session(login: DatabaseSecret, user: Credentials, tls: ssl.SSLContext) -> Iterator[PostgreSqlSession]:
    """Log `user` in to the database of `login`, for one transaction; see engines.Engine."""
    try:
        connection = pg8000.native.Connection(
            user.username,
            sock=_connected_socket(login),
            host=login.host,  # what the certificate is verified for
            database=login.dbname,
            password=user.password,
            ssl_context=tls,
            startup_params={
                "statement_timeout": str(STATEMENT_TIMEOUT_MILLISECONDS),
                "lock_timeout": str(LOCK_TIMEOUT_MILLISECONDS),
            },
        )
    except pg8000.native.DatabaseError as error:
        # What the server says about a login names user and database, never the password.
        answer = error.args[0]
        reason = f"user {user.username!r} cannot log in at {login.host}:{login.port}: {answer.get('M')}"
        refused = answer.get("C") in _LOGIN_REFUSALS
        raise (LoginRefusedError if refused else RotationError)(reason) from None
    except (pg8000.native.InterfaceError, OSError) as error:
        reason = f"user {user.username!r} cannot log in at {login.host}:{login.port}: {error}"
        raise RotationError(reason) from None
    try:
        opened = PostgreSqlSession(connection)
        opened._execute("BEGIN")
        yield opened
        opened._execute("COMMIT")
    finally:
        with suppress(pg8000.native.InterfaceError, OSError):  # it is over, however it ends
            connection.close()


def _connected_socket(login: DatabaseSecret) -> socket.socket:
    """A socket that, unlike pg8000's own, does not hold back the second of two short messages for 40 ms."""
    connected = socket.create_connection((login.host, login.port), SOCKET_TIMEOUT_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def scram_verifier(password: str) -> str:
    """What the server stores of `password`, in the form it takes in place of one (RFC 5803).

    Passwords cannot be parameters of ALTER ROLE, and the server may log statements (`log_statement = ddl`): so the
    password itself never gets there.
    """
    salt, stored_key, server_key, iterations = scramp.ScramMechanism("SCRAM-SHA-256").make_auth_info(password)
    salt_text, stored_text, server_text = (base64.b64encode(value).decode() for value in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${iterations}:{salt_text}${stored_text}:{server_text}"
