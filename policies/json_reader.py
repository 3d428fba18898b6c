"""Typed access to JSON that somebody else may have written: every refusal is one line that says where and why."""

import datetime
from typing import Any

from policies import strict_json
from policies.errors import InputError


class Reader:
    """An object of a JSON document with typed access; `place` says where it stands, for a refusal."""

    def __init__(self, value: Any, place: str) -> None:
        self.place = place
        if not isinstance(value, dict):
            raise self.refusal(f"is not an object but {type(value).__name__}")
        if isinstance(value, strict_json.RepeatedKeys):
            raise self.refusal(f"holds the key {value.repeated!r} more than once")
        self.fields: dict[str, Any] = value

    @classmethod
    def of(cls, content: bytes, name: str) -> "Reader":
        """The one object in a JSON text; `name` stands in front of every refusal."""
        return cls(strict_json.parse(content, name), name)

    def refusal(self, reason: str) -> InputError:
        """The error to raise, as one line however long or odd the value is."""
        return InputError(f"{self.place}: {reason[:300]}")

    def text(self, name: str, *, default: str | None = None) -> str:
        """A string; `default` where there is none."""
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.refusal(f"{name} is {'missing' if value is None else 'not a string'}")
        return value

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of strings."""
        value = self.fields.get(name, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refusal(f"{name} is not a list of strings")
        return tuple(value)

    def day(self, name: str) -> str:
        """A date such as 2026-01-31."""
        value = self.text(name)
        try:
            return datetime.date.fromisoformat(value).isoformat()
        except ValueError:
            raise self.refusal(f"{name} is {value!r}, not a date such as 2026-01-31") from None

    def word(self, name: str, words: tuple[str, ...]) -> str:
        """One of a few words."""
        word = self.text(name)
        if word not in words:
            raise self.refusal(f"{name} is {word!r}, expected one of {', '.join(words)}")
        return word

    def row(self, name: str) -> "Reader | None":
        """An object; None where there is none."""
        value = self.fields.get(name)
        return None if value is None else Reader(value, f"{self.place}: {name}")

    def needed(self, name: str) -> "Reader":
        """An object that has to be there."""
        return Reader(self.fields.get(name), f"{self.place}: {name}")

    def rows(self, name: str, *, optional: bool = False) -> list["Reader"]:
        """A list of objects."""
        value = self.fields.get(name, [] if optional else None)
        if not isinstance(value, list):
            raise self.refusal(f"{name} is {'missing' if value is None else 'not a list'}")
        return [Reader(row, f"{self.place}: {name}[{index}]") for index, row in enumerate(value)]
