"""The JSON that a version of the application's secret holds."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rotate_database_secret.errors import RotationError

_TEXT_FIELDS = ("engine", "host", "dbname", "username", "masterarn")


@dataclass(frozen=True)
class DatabaseSecret:
    """Where a database is and how its application logs in.

    `masterarn` names the secret of the user who may change passwords. RDS manages that one, and it holds a
    user name and a password only: host and port always come from here. `password` is None until the first
    rotation has made one. `other_fields` are carried along unchanged.
    """

    engine: str
    host: str
    port: int
    dbname: str
    username: str
    masterarn: str
    password: str | None = field(default=None, repr=False)
    other_fields: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, text: str) -> "DatabaseSecret":
        """Parse a version's text; raises RotationError naming the field that is missing or wrong."""
        document = json_object(text)
        for name in _TEXT_FIELDS:
            if not isinstance(document.get(name), str) or not document[name]:
                raise RotationError(f"the secret has no {name!r}")
        port = str(document.get("port", ""))
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise RotationError("the secret has no 'port' from 1 to 65535")
        password = document.get("password")
        if password is not None and (not isinstance(password, str) or not password):
            raise RotationError("the secret's 'password' is not a text")
        known = {*_TEXT_FIELDS, "port", "password"}
        return cls(
            **{name: document[name] for name in _TEXT_FIELDS},
            port=int(port),
            password=password,
            other_fields={name: value for name, value in document.items() if name not in known},
        )

    def to_json(self) -> str:
        """The text to store as a version."""
        document = {name: getattr(self, name) for name in (*_TEXT_FIELDS, "port")}
        if self.password is not None:
            document["password"] = self.password
        return json.dumps({**self.other_fields, **document})

    def with_password(self, password: str | None) -> "DatabaseSecret":
        """The same login with another password."""
        return dataclasses.replace(self, password=password)


@dataclass(frozen=True)
class MasterLogin:
    """The user who may change passwords, as RDS stores it."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> "MasterLogin":
        """Parse the text of an RDS-managed master secret; raises RotationError when it is not one."""
        document = json_object(text)
        username, password = document.get("username"), document.get("password")
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            raise RotationError("the master secret has no username and password")
        return cls(username, password)


def json_object(text: str) -> dict[str, Any]:
    """Parse `text`; raises RotationError, which does not quote it, when it is not a JSON object."""
    try:
        document = json.loads(text)
    except ValueError:
        raise RotationError("the secret is not JSON") from None
    if not isinstance(document, dict):
        raise RotationError("the secret is not a JSON object")
    return document
