"""On which line of a Terraform JSON file each resource stands. Python's JSON parser does not tell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from policies import disk
from policies.errors import InputError

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)
_SECTIONS = {"resource": "", "data": "data."}


def resource_lines(path: Path) -> dict[str, int]:
    """Address -> line from 1 of every resource and data source; empty where the file cannot be read any more."""
    try:
        content = disk.read(path)
        text = content.decode(json.detect_encoding(content))
        lines: dict[str, int] = {}
        line, counted = 1, 0
        for address, offset in _resources(text, _start(text, 0)):
            line, counted = line + text.count("\n", counted, offset), offset
            lines[address] = line
        return lines
    except (InputError, ValueError, RecursionError):
        return {}


def _resources(text: str, at: int) -> Iterator[tuple[str, int]]:
    for section, _, sections_at in _members(text, at):
        if section not in _SECTIONS:
            continue
        for type_, _, types_at in _members(text, sections_at):
            for name, offset, _ in _members(text, types_at):
                yield f"{_SECTIONS[section]}{type_}.{name}", offset


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Key, its offset and the offset of its value: of the object at `at`, or of each object in the array there."""
    opening = text[at : at + 1]
    if opening not in "{[" or not opening:
        return
    at = _start(text, at + 1)
    while text[at : at + 1] not in ("", "}", "]"):
        if opening == "[":
            yield from _members(text, at)
            value_at = at
        else:
            key, end = _DECODER.raw_decode(text, at)
            value_at = _start(text, _start(text, end) + 1)  # over the colon
            yield key, at, value_at
        _, end = _DECODER.raw_decode(text, value_at)
        at = _start(text, end)
        if text[at : at + 1] == ",":
            at = _start(text, at + 1)


def _start(text: str, at: int) -> int:
    """The next offset that is not white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
