"""The JSON that a version of the application's secret holds."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rotate_database_secret.errors import RotationError

# How the second of two alternating users is told from the first; the suffix is AWS's own convention.
CLONE_SUFFIX = "_clone"

_TEXT_FIELDS = ("engine", "host", "dbname", "username")
_OPTIONAL_FIELDS = ("masterarn", "password")


@dataclass(frozen=True)
class Credentials:
    """A user of the database and its password."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> "Credentials":
        """Parse the text of an RDS-managed master secret; raises RotationError when it is not one."""
        document = json_object(text)
        username, password = document.get("username"), document.get("password")
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            raise RotationError("the master secret has no username and password")
        return cls(username, password)


@dataclass(frozen=True)
class DatabaseSecret:
    """Where a database is and how its application logs in.

    `masterarn` names the secret of the user who may create users. RDS manages that one, and it holds a user name
    and a password only: host and port always come from here. It is None where every user changes its own password.
    `password` is None until the first rotation has made one. `other_fields` are carried along unchanged.
    """

    engine: str
    host: str
    port: int
    dbname: str
    username: str
    masterarn: str | None = None
    password: str | None = field(default=None, repr=False)
    other_fields: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, text: str) -> "DatabaseSecret":
        """Parse a version's text; raises RotationError naming the field that is missing or wrong."""
        document = json_object(text)
        for name in _TEXT_FIELDS:
            if not isinstance(document.get(name), str) or not document[name]:
                raise RotationError(f"the secret has no {name!r}")
        for name in _OPTIONAL_FIELDS:
            value = document.get(name)
            if value is not None and (not isinstance(value, str) or not value):
                raise RotationError(f"the secret's {name!r} is not a text")
        port = str(document.get("port", ""))
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise RotationError("the secret has no 'port' from 1 to 65535")
        known = {*_TEXT_FIELDS, *_OPTIONAL_FIELDS, "port"}
        return cls(
            engine=document["engine"],
            host=document["host"],
            port=int(port),
            dbname=document["dbname"],
            username=document["username"],
            masterarn=document.get("masterarn"),
            password=document.get("password"),
            other_fields={name: value for name, value in document.items() if name not in known},
        )

    def to_json(self) -> str:
        """The text to store as a version."""
        document = {name: getattr(self, name) for name in (*_TEXT_FIELDS, *_OPTIONAL_FIELDS, "port")}
        return json.dumps(
            {**self.other_fields, **{name: value for name, value in document.items() if value is not None}}
        )

    @property
    def credentials(self) -> Credentials:
        """How the application logs in; raises RotationError where there is no password yet."""
        if self.password is None:
            raise RotationError("the secret has no password")
        return Credentials(self.username, self.password)

    @property
    def base_username(self) -> str:
        """The first of two alternating users: what both have in common."""
        return self.username.removesuffix(CLONE_SUFFIX)

    def with_password(self, password: str | None) -> "DatabaseSecret":
        """The same login with another password."""
        return dataclasses.replace(self, password=password)

    def with_alternate_user(self) -> "DatabaseSecret":
        """The same database for the other one of two alternating users, without a password."""
        other = self.base_username if self.username.endswith(CLONE_SUFFIX) else self.username + CLONE_SUFFIX
        return dataclasses.replace(self, username=other, password=None)


def json_object(text: str) -> dict[str, Any]:
    """Parse `text`; raises RotationError, which does not quote it, when it is not a JSON object."""
    try:
        document = json.loads(text)
    except ValueError:
        raise RotationError("the secret is not JSON") from None
    if not isinstance(document, dict):
        raise RotationError("the secret is not a JSON object")
    return document
