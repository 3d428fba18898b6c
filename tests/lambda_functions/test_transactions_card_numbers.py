"""No card number gets into the transaction API, and no body makes it fail."""

import base64
import json
import re
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serve_transactions.card_numbers import has_card_number

from tests.lambda_functions.transaction_api import CLIENT, ORDER, Api, new_key, order_event

# Published by card schemes and payment services for tests.
TEST_NUMBERS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "3566002020360505",
    "6304000000000000000",
]
REFUSALS = {400, 413, 422}

on_one_api = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def grouped(number: str, separator: str) -> str:
    return separator.join(number[start : start + 4] for start in range(0, len(number), 4))


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_a_card_number_is_found_however_it_is_written(number: str) -> None:
    assert has_card_number(number)
    assert has_card_number(f"card {number}.")
    assert has_card_number(f"x{number}x")
    for separator in (" ", "-", ".", "/", "_", "\u00a0", "\u2013", "  ", ", ", " - "):
        assert has_card_number(grouped(number, separator))
        assert has_card_number(f"12{separator}{number}{separator}34")
    for zero in (0x660, 0xFF10):  # Arabic, and of double width
        assert has_card_number("".join(chr(zero + int(digit)) for digit in number))
    superscript = str.maketrans(string.digits, "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
    assert has_card_number(number.translate(superscript))
    assert has_card_number("0" * 20 + number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # its check digit is wrong
        "411111111117",  # twelve digits
        "4111a1111a1111a1111",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-22T12:30:00",
        "+43 1 234 5678",
        "INV-2026-000123",
    ],
)
def test_other_numbers_are_not_taken_for_one(text: str) -> None:
    assert not has_card_number(text)


@given(st.text(string.digits, min_size=13, max_size=19))
def test_of_ten_numbers_that_differ_in_one_digit_exactly_one_is_one(digits: str) -> None:
    """What a check digit does, said without computing one."""
    assert sum(has_card_number(digits[:-1] + last) for last in string.digits) == 1


@pytest.mark.parametrize("number", TEST_NUMBERS)
@pytest.mark.parametrize("name", list(ORDER))
def test_a_card_number_in_any_member_is_refused_and_not_kept(api: Api, number: str, name: str) -> None:
    api.order()
    for written in (number, grouped(number, "-"), f"for {grouped(number, ' ')} of May"):
        reply = api.order(**{name: written})
        assert reply.status == 422
        assert number not in re.sub(r"\D", "", reply.text)
    assert len(api.rows()) == 1


@pytest.mark.parametrize("hide", ["{n}", '"{n}"', '{{"{n}": 1}}', '[[["{n}"]]]', "-{n}", "{n}.5"])
def test_a_card_number_anywhere_else_in_the_body_is_refused_for_what_it_is(api: Api, hide: str) -> None:
    value = hide.format(n="4111111111111111")
    for body in (value, json.dumps(ORDER)[:-1] + f', "more": {value}}}'):
        assert api.order(body=body).status == 422


def test_a_card_number_that_json_spells_otherwise_is_refused(api: Api) -> None:
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in "4111111111111111")
    assert api.order(body=json.dumps(ORDER).replace("INV-1", escaped)).status == 422


def test_a_card_number_as_a_key_is_refused(api: Api) -> None:
    assert api.order(key="4111-1111-1111-1111").status == 422


def test_what_was_refused_is_nowhere(api: Api) -> None:
    api.order()
    api.order(reference="4111111111111111")
    api.order(key="4111111111111111")
    api.get("/transactions/4111111111111111")
    kept = [*map(repr, api.rows()), *api.cache.stored_keys(), api.log.getvalue(), *map(str, api.files.rglob("*"))]
    assert not [text for text in kept if "41111111" in text]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TEXTS = st.text(max_size=40) | st.sampled_from([*ORDER.values(), *TEST_NUMBERS])
ORDERS = st.fixed_dictionaries({name: TEXTS | st.just(value) | JSON_VALUES for name, value in ORDER.items()})


@on_one_api
@given(body=st.text() | JSON_VALUES.map(json.dumps) | ORDERS.map(json.dumps))
def test_no_body_makes_the_service_fail(api: Api, body: str) -> None:
    assert api.order(body=body).status in {201, *REFUSALS}


@on_one_api
@given(body=st.binary(), changes=st.fixed_dictionaries({}, optional={"isBase64Encoded": st.booleans()}))
def test_no_bytes_make_the_service_fail(api: Api, body: bytes, changes: dict[str, Any]) -> None:
    sent = order_event(CLIENT, new_key(), base64.b64encode(body).decode(), **changes)
    assert api.send(sent).status in REFUSALS


@on_one_api
@given(
    number=st.sampled_from(TEST_NUMBERS),
    name=st.sampled_from(["merchant", "reference"]),
    separators=st.lists(st.sampled_from(["", " ", "-", ".", "/", "·", " -"]), min_size=19, max_size=19),
    around=st.tuples(st.text("abcxyz ,.", max_size=20), st.text("abcxyz ,.", max_size=20)),
)
def test_no_way_of_writing_a_card_number_gets_one_in(
    api: Api, number: str, name: str, separators: list[str], around: tuple[str, str]
) -> None:
    written = "".join(digit + separator for digit, separator in zip(number, separators, strict=False))
    assert api.order(**{name: f"{around[0]}{written}{around[1]}"}).status == 422
