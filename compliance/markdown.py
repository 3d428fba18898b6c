"""The report's Markdown: foreign strings cut to what a page holds, then escaped."""

from compliance.visible import shown
from policies import markdown
from policies.markdown import table

__all__ = ["code", "table", "text"]


def text(value: str) -> str:
    """A foreign string as Markdown that shows its characters and does nothing else."""
    return markdown.escaped(shown(value))


def code(value: str) -> str:
    """A foreign string in a typewriter face."""
    return markdown.in_code(shown(value))
