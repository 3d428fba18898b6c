"""The part of the YAML reader that refuses what a file of ours does not need, before anything is made of it."""

import math
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.events import AliasEvent, ScalarEvent

TooDeepError = MaxDepthExceededError
# Python would make infinity of them, or no number at all, and every comparison with these is a lie.
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
_EXPONENT = re.compile(r"[-+]?[\d.]{1,400}e[-+]?\d{1,400}", re.IGNORECASE)


def loader(max_depth: int, max_values: int) -> YAML:
    """A reader of one document, which keeps the lines. It raises MarkedYAMLError for what is refused.

    `max_values` counts what the document unfolds to: a value that an alias repeats counts again, with all in it.
    """

    class Bounded(_StrictComposer):
        most = max_values

    made = YAML(typ="rt")
    made.Composer = Bounded
    made.max_depth = max_depth
    return made


class _StrictComposer(Composer):
    most: int

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._values = 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One node, when it is no more than a value, a list or a mapping, or one of these again."""
        event = self.parser.peek_event()
        before = self._values
        self._values += 1
        if isinstance(event, AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self._sizes:
                raise ComposerError(None, None, "an alias stands within what it repeats", event.start_mark)
            self._values += self._sizes.get(event.anchor, 0)
        elif event.anchor in self.anchors:
            raise ComposerError(None, None, f"the anchor {event.anchor} is given twice", event.start_mark)
        elif refused := _refused(event):
            raise ComposerError(None, None, f"{refused} are not read here", event.start_mark)
        if self._values > self.most:
            raise ComposerError(None, None, f"it unfolds to more than {self.most} values", event.start_mark)
        node = super().compose_node(parent, index)
        if event.anchor is not None and not isinstance(event, AliasEvent):
            self._sizes[event.anchor] = self._values - before
        return node


def _refused(event: Any) -> str:
    """What kind of thing the event is that is not read; empty for all that is."""
    if event.ctag is not None:
        return "tags"
    if isinstance(event, ScalarEvent) and event.style is None:
        if event.value == "<<":
            return "merge keys"
        if _NO_NUMBER.fullmatch(event.value) or _is_out_of_range(event.value):
            return "infinity and NaN"
    return ""


def _is_out_of_range(value: str) -> bool:
    try:
        return bool(_EXPONENT.fullmatch(value)) and math.isinf(float(value))
    except ValueError:
        return False
