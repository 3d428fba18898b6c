"""Users and passwords of MySQL: Aurora MySQL 8.0 in AWS, MariaDB in the tests."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql

from rotate_database_secret.database_secret import DatabaseSecret, MasterLogin
from rotate_database_secret.errors import RotationError

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 5
WRITE_TIMEOUT_SECONDS = 5

# What the application does with its rows. It owns no table, and grants nothing.
PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"

_USERNAME = re.compile(r"[A-Za-z0-9_]{1,32}")
_DATABASE = re.compile(r"[A-Za-z0-9_]{1,64}")


def set_password(login: DatabaseSecret, master: MasterLogin, tls: ssl.SSLContext) -> None:
    """As `master`, create the user of `login` if it does not exist, grant it its database, set its password.

    Each statement may be repeated. ALTER USER comes last: until it succeeds the old password is the valid
    one, and then nothing is left to do.
    """
    if login.username == master.username:
        raise RotationError(f"user {login.username!r} is the master user: its password is managed by RDS")
    if not _USERNAME.fullmatch(login.username):
        raise RotationError("the user name has to be 1 to 32 letters, digits and underscores")
    if not _DATABASE.fullmatch(login.dbname):
        raise RotationError("the database name has to be 1 to 64 letters, digits and underscores")
    # An underscore in the database of a GRANT stands for any character, unless it is escaped.
    database = login.dbname.replace("_", r"\_")
    with _connection(login, master.username, master.password, tls, database=None) as connection:
        _execute(
            connection,
            "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s REQUIRE SSL",
            login.username,
            login.password,
        )
        _execute(connection, f"GRANT {PRIVILEGES} ON `{database}`.* TO %s@'%%'", login.username)
        _execute(connection, "ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", login.username, login.password)


def verify_login(login: DatabaseSecret, tls: ssl.SSLContext) -> None:
    """Log in as the application does, select its database, and have a query answered."""
    with _connection(login, login.username, login.password, tls, database=login.dbname) as connection:
        _execute(connection, "SELECT 1")


@contextmanager
def _connection(
    login: DatabaseSecret, username: str, password: str | None, tls: ssl.SSLContext, database: str | None
) -> Iterator["pymysql.Connection[Any]"]:
    if not password:  # PyMySQL would log in without one
        raise RotationError("the secret has no password")
    try:
        connection = pymysql.connect(
            host=login.host,
            port=login.port,
            user=username,
            password=password,
            database=database,
            ssl=tls,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            write_timeout=WRITE_TIMEOUT_SECONDS,
        )
    except pymysql.MySQLError as error:
        # What the server and the driver say about a login names user and host, never the password.
        place = f"{login.host}:{login.port}"
        raise RotationError(f"user {username!r} cannot log in at {place}: {error}") from None
    with connection:
        yield connection


def _execute(connection: "pymysql.Connection[Any]", statement: str, *values: str | None) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
    except pymysql.MySQLError as error:
        # The server's text may quote the statement, password included: only its number is repeated.
        verb = statement.partition(" ")[0]
        raise RotationError(f"the database refuses {verb} with error {error.args[0]}") from None
