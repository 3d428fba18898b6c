"""Text in the data types of OSCAL: nothing that a name or a reason holds can be read as markup or break a rule.

OSCAL has two kinds of text. A string (property values, versions) is one line without space at its ends. Markup
(titles, descriptions, remarks, prose) is Markdown with HTML, quotation marks that become <q>, and insertions in
double braces; none of our texts uses any of that, so every character with a meaning is escaped.
"""

import html
import re
from typing import Any

from compliance.oscal.names import NAMESPACE_URI
from compliance.visible import shown
from policies.visible import visible

_MEANINGFUL = str.maketrans({character: "\\" + character for character in '\\`*[]~^{}"'})
_UNDERSCORE_OUTSIDE_A_WORD = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_SPACE_AT_ENDS = re.compile(r"^\s+|\s+$")


def string(text: str) -> str:
    """`text`, whole, as an OSCAL string: invisible characters, and space at its ends, are written as escapes."""
    return _SPACE_AT_ENDS.sub(_escaped, visible(text)) or "(empty)"


def markup(text: str) -> str:
    """`text`, whole, as one line of OSCAL markup that shows its characters and does nothing else."""
    return _escape_markup(visible(text))


def clipped(text: str) -> str:
    """`text` as markup, cut where it is too long to read; the whole of it stands in report.json."""
    return _escape_markup(shown(text))


def prop(name: str, value: str, *, class_: str = "", remarks: str = "", ns: str = NAMESPACE_URI) -> dict[str, Any]:
    """A property in our namespace; `value` and `remarks` are plain text."""
    made = {"name": name, "ns": ns, "value": string(value)}
    if class_:
        made["class"] = class_
    if remarks:
        made["remarks"] = markup(remarks)
    return made


def label(number: str) -> dict[str, Any]:
    """The number of a requirement as the standard prints it: a property that OSCAL itself defines."""
    return {"name": "label", "value": number}


def _escape_markup(line: str) -> str:
    """Signs that mean something only where a line begins (#, -, >) are left to the caller, who begins with a word."""
    escaped = html.escape(line, quote=False).translate(_MEANINGFUL)
    return _UNDERSCORE_OUTSIDE_A_WORD.sub(r"\\_", escaped) or "(empty)"


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in match.group())
