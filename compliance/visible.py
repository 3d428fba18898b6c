"""Makes every character of a foreign string visible: no name can hide, reorder or forge what is read."""

import json
import re
import unicodedata
from typing import Any

from policies.model import Outcome

CLIPPED_CHARACTERS = 600

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_NOT_ASCII_PRINTABLE = re.compile(r"[^ -~]")

# How the words of the result read in a sentence: "2 failed".
OUTCOME_WORDS: dict[Outcome, str] = {
    "pass": "passed",
    "fail": "failed",
    "undetermined": "undetermined",
    "not-applicable": "not applicable",
    "waived": "waived",
}


def visible(text: str) -> str:
    """`text` with control, formatting and unassigned characters written as escapes: a line break becomes \\n.

    Letters of every script stay as they are, so bidirectional text has to be isolated where it is printed.
    """
    return _NOT_ASCII_PRINTABLE.sub(_escape, text)


def shown(text: str) -> str:
    """`text` made visible, cut where it is too long for a page; the whole of it stands in report.json."""
    if len(text) <= CLIPPED_CHARACTERS:
        return visible(text)
    return f"{visible(text[:CLIPPED_CHARACTERS])}... ({len(text)} characters, whole in report.json)"


def observed_text(value: Any) -> str:
    """An observed JSON value as text."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return character.encode("unicode_escape").decode("ascii")
    return character
