"""No name, reason or message can be anything but text in an OSCAL document."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from compliance.control_report import ControlReport
from compliance.oscal import documents
from compliance.oscal.text import clipped, markup, string
from compliance.visible import CLIPPED_CHARACTERS
from policies.visible import visible
from tests.compliance.oscal.reports import properties, result_of
from tests.compliance.test_rendering import HOSTILE
from tests.compliance.test_rendering import hostile as hostile

OSCAL_STRING = re.compile(r"\S(.*\S)?")
MARKUP_FIELDS = ("title", "description", "statement", "remarks", "prose", "usage", "label")
COMMONMARK = MarkdownIt("commonmark")

SIGNS = st.text(st.sampled_from("\\`*_[]()|~^#{}\"'<>&!-+=:./ \n\tab1\u00a0\u202e\x00"), max_size=40)
ANY_TEXT = st.one_of(st.text(max_size=60), SIGNS)


def shown_by_markdown(text: str) -> str:
    """What a reader sees of one line of Markdown; fails when it is more than text."""
    opening, inline, closing = COMMONMARK.parse(text)
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children or []} <= {"text", "text_special"}
    return "".join(child.content for child in inline.children or [])


@given(ANY_TEXT)
def test_markup_shows_the_characters_and_nothing_else(text: str) -> None:
    assert shown_by_markdown(f"Seen: {markup(text)}.") == f"Seen: {visible(text) or '(empty)'}."


@given(ANY_TEXT)
def test_markup_holds_no_quotation_and_no_insertion(text: str) -> None:
    assert not re.search(r'(?<!\\)(?:\\\\)*["{}~^]', markup(text))


@given(ANY_TEXT)
def test_a_string_is_one_line_without_space_at_its_ends(text: str) -> None:
    assert OSCAL_STRING.fullmatch(string(text))


@given(ANY_TEXT)
def test_texts_that_differ_in_space_at_the_ends_stay_different(text: str) -> None:
    assert len({string(text + "x"), string(" " + text + "x"), string(text + "x\u00a0")}) == 3


def test_words_with_underscores_stay_readable() -> None:
    assert markup("aws_lb.front_door _emphasis_") == "aws_lb.front_door \\_emphasis\\_"


def test_long_values_are_whole_as_strings_and_cut_as_markup() -> None:
    long = "A" * 10_000
    assert string(long) == markup(long) == long
    assert len(clipped(long)) < CLIPPED_CHARACTERS + 100
    assert "10000 characters" in clipped(long)


def test_hostile_values_stay_text_in_every_field(hostile: ControlReport) -> None:
    seen = 0
    for text in documents(hostile).values():
        assert text.isascii()
        for field in _markup(json.loads(text)):
            assert "\n" not in field
            tokens = [child for token in COMMONMARK.parse(field) for child in token.children or []]
            assert {child.type for child in tokens} <= {"text", "text_special"}
            seen += "script" in field
    assert seen > 5


def test_a_hostile_address_is_whole_in_the_inventory(hostile: ControlReport) -> None:
    items = result_of(hostile)["local-definitions"]["inventory-items"]
    assert {properties(row)["address"] for row in items} == {string(HOSTILE)}
    assert "A" * 10_000 in string(HOSTILE)


def test_no_invisible_character_is_in_any_document(hostile: ControlReport) -> None:
    for text in documents(hostile).values():
        for value in _strings(json.loads(text)):
            assert value == visible(value)


def _markup(value: Any) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from _markup(inner)
        elif key in MARKUP_FIELDS:
            yield inner


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_nothing_is_said_to_be_nothing_or_shown_as_what_it_is(empty: str) -> None:
    assert OSCAL_STRING.fullmatch(string(empty))
    assert len({string(one) for one in ("", " ", "\n")}) == 3
