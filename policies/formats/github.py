"""Workflow commands of GitHub Actions: findings become annotations on the lines that a pull request changes.

GitHub shows the first ten annotations of each kind that a step prints and drops the rest without a word. So the worst
come first, and a last line says what was left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from policies.formats.findings import Places, said, shown, worst_first
from policies.model import Assessment, Severity
from policies.result import GateResult

SHOWN_OF_A_KIND = 10
_KINDS: Mapping[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}


def to_github(result: GateResult) -> str:
    """One command a line for everything that failed or is undetermined; empty when nothing did."""
    places = Places(result)
    commands = [
        _command("error", "terraform validate", f"{one.stack}: {one.message}")
        for one in result.validation
        if one.outcome == "fail"
    ]
    commands += [_command("error", "nothing judged", f"{one}: no resource was judged") for one in result.unjudged()]
    commands += [_finding(one, places) for one in worst_first(result.assessments)]
    return "".join(f"{line}\n" for line in _within_limits(commands))


def _within_limits(commands: list[tuple[str, str]]) -> Iterator[str]:
    """As many of each kind as GitHub shows; the closing line is a notice, and takes the place of one."""
    wanted = Counter(kind for kind, _ in commands)
    closing = any(count > SHOWN_OF_A_KIND for count in wanted.values())
    given: Counter[str] = Counter()
    for kind, line in commands:
        if given[kind] < SHOWN_OF_A_KIND - (closing and kind == "notice"):
            given[kind] += 1
            yield line
    left = [f"{wanted[kind] - given[kind]} more of kind {kind}" for kind in wanted if wanted[kind] > given[kind]]
    if left:
        yield _command("notice", "not all findings are shown here", f"{', '.join(left)}: see the job's summary")[1]


def _finding(assessment: Assessment, places: Places) -> tuple[str, str]:
    title = f"{assessment.policy} ({assessment.severity})"
    text = f"{assessment.stack}: {assessment.place}: {said(assessment)}"
    place = places.best(assessment)
    where = {"file": place.file, "line": str(place.line)} if place else {}
    return _command(_KINDS[assessment.severity], title, text, assessment.remediation, **where)


def _command(kind: str, title: str, text: str, remedy: str = "", **where: str) -> tuple[str, str]:
    """Kind and line; every part is visible text before it is escaped, so that a line stays a line."""
    properties = ",".join(f"{name}={_property(value)}" for name, value in {**where, "title": title}.items())
    data = "\n".join(shown(part) for part in (text, remedy) if part)
    return kind, f"::{kind} {properties}::{_data(data)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown(text)).replace(":", "%3A").replace(",", "%2C")
