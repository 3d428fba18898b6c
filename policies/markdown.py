"""Markdown that shows foreign strings as they are: escaping, typewriter face, tables. Takes text made visible."""

import html
from collections.abc import Iterable, Iterator

# Characters that Markdown gives a meaning inside a line; < > & are HTML and become entities.
_MEANINGFUL = str.maketrans({character: "\\" + character for character in "\\`*_[]|~$#"})
_MEANINGFUL_IN_CODE = str.maketrans({character: f"&#{ord(character)};" for character in "\\`*_[]|~$#@:"})


def escaped(plain: str) -> str:
    """A visible string as Markdown that shows its characters and does nothing else."""
    return html.escape(plain, quote=False).translate(_MEANINGFUL)


def in_code(plain: str) -> str:
    """A visible string in a typewriter face; a code span of backticks where that is safe inside a table."""
    if not plain:
        return ""
    if "`" not in plain and "|" not in plain and plain == plain.strip():
        return f"`{plain}`"
    return f"<code>{html.escape(plain, quote=False).translate(_MEANINGFUL_IN_CODE)}</code>"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table, or nothing at all when it would have no rows."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if not body:
        return
    cells = list(head)
    yield "| " + " | ".join(cells) + " |"
    yield "|" + " --- |" * len(cells)
    yield from body
    yield ""
