"""The database engines whose passwords can be rotated, by the name in the secret's `engine`."""

import ssl
from collections.abc import Mapping
from typing import Protocol

from rotate_database_secret import mysql
from rotate_database_secret.database_secret import DatabaseSecret, MasterLogin
from rotate_database_secret.errors import RotationError


class Engine(Protocol):
    """What a rotation asks of a database; each raises RotationError when the database does not comply."""

    def set_password(self, login: DatabaseSecret, master: MasterLogin, tls: ssl.SSLContext) -> None:
        """Let `master` make sure that `login` exists, may use its database, and has its password."""

    def verify_login(self, login: DatabaseSecret, tls: ssl.SSLContext) -> None:
        """Log in and use the database."""


ENGINES: Mapping[str, Engine] = {"mysql": mysql}


def engine_of(login: DatabaseSecret) -> Engine:
    """The engine of `login`; raises RotationError for one that is not supported."""
    if login.engine not in ENGINES:
        raise RotationError(f"engine {login.engine!r} is not supported; supported are: {', '.join(ENGINES)}")
    return ENGINES[login.engine]
