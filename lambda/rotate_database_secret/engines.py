"""The database engines whose passwords can be rotated, by the name in the secret's `engine`."""

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from rotate_database_secret import mysql, postgresql
from rotate_database_secret.database_secret import Credentials, DatabaseSecret
from rotate_database_secret.errors import RotationError


class Session(Protocol):
    """A connection over verified TLS; every method raises RotationError when the database does not comply."""

    def answer(self) -> None:
        """Have a query answered."""

    def claim(self, login: DatabaseSecret) -> None:
        """Keep every other rotation of this user, and of the one it alternates with, out until the session ends."""

    def put_user(self, login: DatabaseSecret) -> None:
        """Make sure, as a user who may, that `login` exists, may use its database, and has its password."""

    def change_own_password(self, login: DatabaseSecret) -> None:
        """Give the user of this session the password of `login`."""


class Engine(Protocol):
    """A kind of database."""

    def session(self, login: DatabaseSecret, user: Credentials, tls: ssl.SSLContext) -> AbstractContextManager[Session]:
        """Log `user` in to the database of `login`.

        What was done takes effect by the end of the `with` block at the latest. Raises LoginRefusedError when user
        or password are wrong, RotationError when the database cannot be reached or trusted.
        """


ENGINES: Mapping[str, Engine] = {
    "mysql": mysql,
    "aurora-mysql": mysql,
    "postgres": postgresql,
    "aurora-postgresql": postgresql,
}


def engine_of(login: DatabaseSecret) -> Engine:
    """The engine of `login`; raises RotationError for one that is not supported."""
    if login.engine not in ENGINES:
        raise RotationError(f"engine {login.engine!r} is not supported; supported are: {', '.join(ENGINES)}")
    return ENGINES[login.engine]
