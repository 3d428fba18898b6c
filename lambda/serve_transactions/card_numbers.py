"""Finds what reads as a card number: this system stores none, whatever field somebody writes one into."""

import re
import unicodedata
from collections.abc import Iterator

DIGITS_MIN = 13
DIGITS_MAX = 19

# People and programs write card numbers in groups.
_SEPARATOR = r"(?:[^\w]|_){1,3}"
_GROUPS = re.compile(rf"[0-9]+(?:{_SEPARATOR}[0-9]+)*")


def has_card_number(text: str) -> bool:
    """Whether `text` has 13 to 19 digits with a right check digit (Luhn, ISO/IEC 7812-1).

    They may stand in groups, with one to three characters between these that are neither letters nor digits; digits
    before or after a group do not hide them, and neither do other scripts' digits. In a single group of more than
    19 digits they may begin anywhere.
    """
    for found in _GROUPS.finditer(_with_plain_digits(text)):
        if any(_passes_luhn(digits) for digits in _candidates(re.findall("[0-9]+", found[0]))):
            return True
    return False


def _with_plain_digits(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in normal)


def _candidates(groups: list[str]) -> Iterator[str]:
    for first, group in enumerate(groups):
        if len(group) > DIGITS_MAX:
            for length in range(DIGITS_MIN, DIGITS_MAX + 1):
                yield from (group[start : start + length] for start in range(len(group) - length + 1))
        digits = ""
        for following in groups[first:]:
            digits += following
            if len(digits) > DIGITS_MAX:
                break
            if len(digits) >= DIGITS_MIN:
                yield digits


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        value = digit * 2 if place % 2 else digit
        total += value - 9 if value > 9 else value
    return total % 10 == 0
