"""The fields of cron expressions, as Auto Scaling (five fields) and EventBridge or Secrets Manager (six) write them."""

from collections.abc import Mapping

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS: Mapping[str, int] = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
WEEKDAYS_FROM_0: Mapping[str, int] = {name: number for number, name in enumerate(_DAY_NAMES)}
WEEKDAYS_FROM_1: Mapping[str, int] = {name: number for number, name in enumerate(_DAY_NAMES, 1)}


def numbers(field: str, first: int, last: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """The numbers that one field names: `*`, `?`, `1,15`, `MON-FRI`, `*/5`; `names` are those it may use.

    Raises ValueError for anything else, such as `L`, `W` and `#`, whose days move.
    """
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        start, _, end = span.partition("-")
        everything = start in ("*", "?")
        low = first if everything else _number(start, names or {})
        high = last if everything or (step and not end) else _number(end or start, names or {})
        if not first <= low <= high <= last:
            raise ValueError(f"{field} is not a field of a cron expression")
        found |= set(range(low, high + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int]) -> int:
    return names[text] if text in names else int(text)
