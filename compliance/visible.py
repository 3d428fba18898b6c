"""How the report shows foreign strings: every character visible, and none too long for a page."""

import json
from typing import Any

from policies.model import Outcome
from policies.visible import visible

CLIPPED_CHARACTERS = 600

# How the words of the result read in a sentence: "2 failed".
OUTCOME_WORDS: dict[Outcome, str] = {
    "pass": "passed",
    "fail": "failed",
    "undetermined": "undetermined",
    "not-applicable": "not applicable",
    "waived": "waived",
}


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
