"""Users and passwords of MySQL: Aurora MySQL 8.0 in AWS, MariaDB in the tests."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.constants import ER

from rotate_database_secret.database_secret import Credentials, DatabaseSecret
from rotate_database_secret.errors import LoginRefusedError, RotationError

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 5
WRITE_TIMEOUT_SECONDS = 5
CLAIM_TIMEOUT_SECONDS = 1  # a connection that has just ended may keep its lock for a moment

# What the application does with its rows. It owns no table, and grants nothing.
PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"

_USERNAME = re.compile(r"[A-Za-z0-9_]{1,32}")
_DATABASE = re.compile(r"[A-Za-z0-9_]{1,64}")


class MySqlSession:
    """What a rotation does with one connection; see engines.Session."""

    def __init__(self, connection: "pymysql.Connection[Any]") -> None:
        self._connection = connection

    def answer(self) -> None:
        """Have a query answered."""
        self._execute("SELECT 1")

    def claim(self, login: DatabaseSecret) -> None:
        """Take the lock that bears the user's name; the server lets it go with the connection."""
        if self._execute("SELECT GET_LOCK(%s, %s)", f"rotation of {login.base_username}", CLAIM_TIMEOUT_SECONDS) != 1:
            raise RotationError("another rotation of this user is at work")

    def put_user(self, login: DatabaseSecret) -> None:
        """Create the user of `login` if it does not exist, grant it its database, set its password.

        Each statement takes effect at once and may be repeated. ALTER USER comes last: until it succeeds the old
        password is the valid one, and then nothing is left to do.
        """
        if not _USERNAME.fullmatch(login.username):
            raise RotationError("the user name has to be 1 to 32 letters, digits and underscores")
        if not _DATABASE.fullmatch(login.dbname):
            raise RotationError("the database name has to be 1 to 64 letters, digits and underscores")
        # An underscore in the database of a GRANT stands for any character, unless it is escaped.
        database = login.dbname.replace("_", r"\_")
        user = login.credentials
        self._execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s REQUIRE SSL", user.username, user.password)
        self._execute(f"GRANT {PRIVILEGES} ON `{database}`.* TO %s@'%%'", user.username)
        self._execute("ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", user.username, user.password)

    def change_own_password(self, login: DatabaseSecret) -> None:
        """Give the user of this session the password of `login`; MySQL lets every user do that."""
        # The account is named in full: MariaDB accepts ALTER USER CURRENT_USER(), and does nothing.
        user, _, host = str(self._execute("SELECT CURRENT_USER()")).rpartition("@")
        self._execute("ALTER USER %s@%s IDENTIFIED BY %s", user, host, login.credentials.password)

    def _execute(self, statement: str, *values: str | int) -> object:
        """Run `statement`; gives the first value of its first row, or None."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                row = cursor.fetchone()
        except pymysql.MySQLError as error:
            # The server's text may quote the statement, password included: only its number is repeated.
            verb = statement.partition(" ")[0]
            raise RotationError(f"the database refuses {verb} with error {error.args[0]}") from None
        return row[0] if row else None


@contextmanager
def session(login: DatabaseSecret, user: Credentials, tls: ssl.SSLContext) -> Iterator[MySqlSession]:
    """Log `user` in to the database of `login`; see engines.Engine."""
    try:
        connection = pymysql.connect(
            host=login.host,
            port=login.port,
            user=user.username,
            password=user.password,
            database=login.dbname,
            ssl=tls,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            write_timeout=WRITE_TIMEOUT_SECONDS,
        )
    except pymysql.MySQLError as error:
        # What the server and the driver say about a login names user and host, never the password.
        reason = f"user {user.username!r} cannot log in at {login.host}:{login.port}: {error}"
        refused = error.args[:1] == (ER.ACCESS_DENIED_ERROR,)
        raise (LoginRefusedError if refused else RotationError)(reason) from None
    with connection:
        yield MySqlSession(connection)
