"""The profiles: how environments may differ, read from infra/profiles.toml.

What is not a setting here is a literal in the construct concerned, the same in every environment.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from infra.errors import InputError

Environment = Literal["development", "staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)

FILE = Path(__file__).with_name("profiles.toml")
SHOWN_AS = Path("infra") / "profiles.toml"
BUSINESS_MINIMUM_INSTANCES = 3  # in business hours the portal has no fewer
AUDIT_DAYS = 365  # twelve months, as PCI DSS 10.5.1 asks

_TEXTS = ("meaning", "sets")
_HEADER = re.compile(r"""\s*\[\s*["']?([^]"']+?)["']?\s*\]\s*(?:#|$)""")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True)
class Profile:
    """The settings of one kind of environment; what each means is said in infra/profiles.toml."""

    deletion_protection: bool
    prevent_destroy: bool
    final_snapshot: bool
    keep_automated_backups: bool
    force_destroy: bool
    object_lock_days: int
    key_deletion_window_days: int
    secret_recovery_window_days: int
    cache_node_type: str
    portal_maximum_instances: int
    placeholders: bool

    def lifecycle(self, **others: Any) -> dict[str, Any] | None:
        """Return the `lifecycle` of a resource that holds data, with `others` of its arguments; None for none."""
        return {**others, **({"prevent_destroy": True} if self.prevent_destroy else {})} or None


@dataclass(frozen=True)
class Setting:
    """One setting: what it means, the attributes it sets in the stacks, and its value in each profile."""

    name: str
    meaning: str
    sets: tuple[str, ...]
    values: Mapping[Environment, bool | int | str]


_TYPES: dict[str, type] = {field.name: field.type for field in fields(Profile) if isinstance(field.type, type)}
_KINDS = {bool: "true or false", int: "a whole number", str: "a text in quotes"}
# What AWS, or the requirements, allow beyond the type.
_LIMITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "object_lock_days": (lambda days: days == 0 or days >= AUDIT_DAYS, f"0, or at least {AUDIT_DAYS}"),
    "key_deletion_window_days": (lambda days: 7 <= days <= 30, "7 to 30"),
    "secret_recovery_window_days": (lambda days: days == 0 or 7 <= days <= 30, "0, or 7 to 30"),
    "cache_node_type": (
        lambda type_: bool(re.fullmatch(r"cache\.[a-z0-9]+\.[a-z0-9]+", type_)),
        "like cache.m7g.large",
    ),
    "portal_maximum_instances": (
        lambda number: BUSINESS_MINIMUM_INSTANCES <= number <= 100,
        f"{BUSINESS_MINIMUM_INSTANCES} to 100",
    ),
}


@cache
def profiles() -> Mapping[Environment, Profile]:
    """Return every profile. Raises InputError, with file and line, for a file that cannot be used."""
    found = settings(_read())
    return {
        environment: Profile(**{setting.name: setting.values[environment] for setting in found})  # type: ignore[arg-type]
        for environment in ENVIRONMENTS
    }


def settings(text: str | None = None) -> tuple[Setting, ...]:
    """Return the settings in the order of the file, or of its `text`. Raises InputError as `profiles` does."""
    text = _read() if text is None else text
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{SHOWN_AS}: no TOML: {error}") from None
    found = tuple(_setting(_Table(text, name, table)) for name, table in tables.items())
    missing = _TYPES.keys() - tables.keys()
    if missing:
        raise InputError(f"{SHOWN_AS}: the table [{min(missing)}] is missing")
    return found


def _read() -> str:
    try:
        return FILE.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{SHOWN_AS}: cannot be read ({error})") from None


@dataclass(frozen=True)
class _Table:
    """One table of the file, which knows its lines."""

    text: str
    name: str
    content: Any

    def error(self, key: str | None, message: str) -> InputError:
        return InputError(f"{SHOWN_AS}:{self._line(key)}: {f'{key} of ' if key else ''}{self.name}{message}")

    def _line(self, key: str | None) -> int:
        """The line, from 1, of the key, or of the table's header; tomllib tells what is wrong, not where."""
        inside, found = False, 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := _HEADER.match(line):
                inside = header[1] == self.name
                found = number if inside else found
            elif (assigned := _KEY.match(line)) and assigned[1] == (key if inside else self.name):
                return number
        return found


def _setting(table: _Table) -> Setting:
    if table.name not in _TYPES:
        raise table.error(None, f": no such setting: there are {', '.join(_TYPES)}")
    if not isinstance(table.content, dict):
        raise table.error(None, ": it must be a table")
    known = (*_TEXTS, *ENVIRONMENTS)
    for key in table.content:
        if key not in known:
            raise table.error(key, f": no such key: there are {', '.join(known)}")
    for key in known:
        if key not in table.content:
            raise table.error(None, f": {key} is missing")
    return Setting(
        name=table.name,
        meaning=_meaning(table),
        sets=_sets(table),
        values={environment: _value(table, environment) for environment in ENVIRONMENTS},
    )


def _meaning(table: _Table) -> str:
    meaning = table.content["meaning"]
    if not isinstance(meaning, str) or not meaning.strip():
        raise table.error("meaning", f" is {_shown(meaning)}: it must be a text in quotes, and say something")
    return meaning


def _sets(table: _Table) -> tuple[str, ...]:
    sets = table.content["sets"]
    if not isinstance(sets, list) or not all(isinstance(path, str) and _ATTRIBUTE.fullmatch(path) for path in sets):
        raise table.error("sets", f" is {_shown(sets)}: it must be a list of attribute paths such as aws_lb.name")
    return tuple(sets)


def _value(table: _Table, environment: Environment) -> bool | int | str:
    value: bool | int | str = table.content[environment]
    wanted = _TYPES[table.name]
    if type(value) is not wanted:  # true is no number here, though Python takes it for one
        raise table.error(environment, f" is {_shown(value)}: it must be {_KINDS[wanted]}")
    holds, said = _LIMITS.get(table.name, (lambda _: True, ""))
    if not holds(value):
        raise table.error(environment, f" is {_shown(value)}: it must be {said}")
    return value


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
