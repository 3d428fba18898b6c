"""Makes every character of a foreign string visible: no name can hide, reorder or forge what is read.

Names, tags and values come from the input, which a stranger may have written. A format that prints them prints them
through this.
"""

import re
import unicodedata

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_NOT_ASCII_PRINTABLE = re.compile(r"[^ -~]")


def visible(text: str) -> str:
    """`text` with control, formatting and unassigned characters written as escapes: a line break becomes \\n.

    What is left is legal in XML, and encodes as UTF-8: lone surrogates are escaped, too. Letters of every script stay
    as they are, so bidirectional text has to be isolated where it is printed.
    """
    return _NOT_ASCII_PRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return character.encode("unicode_escape").decode("ascii")
    return character
