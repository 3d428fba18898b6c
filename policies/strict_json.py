"""Bytes to Python values, refusing what JSON does not allow and keeping what Python's parser would drop.

Python's own parser accepts NaN, turns 1e999 into infinity and silently keeps the last of two equal keys. A gate
that reads another document than Terraform does is no gate, so all three are refused or kept visible here.
"""

import codecs
import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from policies import disk
from policies.errors import InputError

MAX_DEPTH = 200

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}|\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class RepeatedKeys(dict[str, Any]):
    """An object in which a key stands more than once; `pairs` has every key and value in their order.

    As a dict it holds the last value of each key. Readers that know what Terraform does with the repetition use
    `pairs`; all others must refuse the object.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def repeated(self) -> str:
        """The first key that stands twice."""
        seen: set[str] = set()
        for key, _ in self.pairs:
            if key in seen:
                return key
            seen.add(key)
        raise AssertionError("no key is repeated")


def read(path: Path, *, within: Path | None = None) -> tuple[bytes, Any]:
    """The bytes and the JSON value of the file at `path`, which `disk.read` opens.

    Raises InputError for anything but a readable file with one valid JSON value.
    """
    content = disk.read(path, within=within)
    return content, parse(content, str(path))


def parse(content: bytes, name: str) -> Any:
    """The JSON value in `content`; `name` stands in front of every error message.

    Objects with a repeated key come back as RepeatedKeys. Raises InputError.
    """
    text = _decode(content, name)
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse_constant, parse_float=_finite_float)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{name}: nested deeper than the limit of {MAX_DEPTH} levels") from None
    except ValueError as error:  # an integer of more digits than Python converts, or one of our own refusals
        reason = "a number has too many digits" if "digits" in str(error) else str(error)
        raise InputError(f"{name}: {reason}") from None
    if _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value, name)
    _check_depth(value, name)
    return value


def _decode(content: bytes, name: str) -> str:
    if not content.strip(b" \t\r\n\0"):
        raise InputError(f"{name}: the file is empty")
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not valid {encoding.upper()} at byte {error.start}") from None
    return text.removeprefix(codecs.BOM_UTF8.decode())


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else RepeatedKeys(pairs)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite_float(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"the number {literal[:20]} is out of range")
    return number


def _refuse_lone_surrogates(value: Any, name: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(f"{name}: a string holds half of a surrogate pair") from None


def _check_depth(value: Any, name: str) -> None:
    """Level by level, so that the check itself cannot run out of stack."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise InputError(f"{name}: nested deeper than the limit of {MAX_DEPTH} levels")


def _children(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    if isinstance(value, RepeatedKeys):
        return [child for _, child in value.pairs if isinstance(child, dict | list)]
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return []
