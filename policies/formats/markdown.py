"""A page for a job's summary: the verdict, what was judged, what to mend, and which waivers end soon."""

import datetime
from collections import Counter
from collections.abc import Iterator

from policies.formats.findings import Places, by_stack, located, said, shown, worst_first
from policies.markdown import escaped, in_code, table
from policies.model import OUTCOMES, Assessment, Waiver
from policies.result import FAILED, PASSED, UNDETERMINED, GateResult

SOON_DAYS = 30
MAX_FINDINGS = 300  # at a kilobyte each they stay below the mebibyte that GitHub takes
_VERDICTS = {PASSED: "passed", FAILED: "failed", UNDETERMINED: "undetermined"}


def to_markdown(result: GateResult, exit_code: int) -> str:
    """The page, every foreign string escaped."""
    parts = (_head(result, exit_code), _stacks(result), _findings(result), _validations(result), _ending(result))
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _head(result: GateResult, exit_code: int) -> Iterator[str]:
    yield f"## Compliance gate: {_VERDICTS.get(exit_code, 'not judged')}"
    yield ""
    summary = result.summary
    yield ", ".join(f"{summary[outcome]} {outcome}" for outcome in OUTCOMES) + f"; exit code {exit_code}."
    yield ""
    for stack in result.unjudged():
        yield f"**No resource of {_code(stack)} was judged.**"
        yield ""


def _stacks(result: GateResult) -> Iterator[str]:
    rows = []
    for stack, assessments in by_stack(result).items():
        counts = Counter(one.outcome for one in assessments)
        documents = [one for one in result.documents if one.stack == stack]
        inputs = ", ".join(f"{one.kind}, {one.resource_count} resources" for one in documents)
        rows.append([_code(stack), inputs, *(str(counts[outcome]) for outcome in OUTCOMES)])
    yield from table(["stack", "judged", *OUTCOMES], rows)


def _findings(result: GateResult) -> Iterator[str]:
    found = worst_first(result.assessments)
    if not found:
        return
    yield "### Findings"
    yield ""
    places = Places(result)
    head = ["severity", "policy", "where", "resource", "finding", "fix", "requirements"]
    yield from table(head, (_row(one, places) for one in found[:MAX_FINDINGS]))
    if len(found) > MAX_FINDINGS:
        yield f"{len(found) - MAX_FINDINGS} more findings are in the other formats."
        yield ""


def _row(assessment: Assessment, places: Places) -> list[str]:
    place = places.best(assessment)
    return [
        assessment.severity,
        _code(assessment.policy),
        _code(f"{place.file}:{place.line}") if place else "",
        f"{_code(assessment.stack)}: {_code(assessment.place)}",
        escaped(shown(said(assessment))),
        escaped(shown(assessment.remediation)),
        escaped(shown(", ".join(assessment.requirements))),
    ]


def _validations(result: GateResult) -> Iterator[str]:
    told = [one for one in result.validation if one.outcome != "pass"]
    if not told:
        return
    yield "### terraform validate"
    yield ""
    yield from table(
        ["stack", "verdict", "why"],
        ([_code(one.stack), one.outcome, escaped(shown(one.message))] for one in told),
    )


def _ending(result: GateResult) -> Iterator[str]:
    """The waivers in use that end within the next days, the first to end first."""
    today = datetime.date.fromisoformat(result.conditions.today)
    used = {one.waiver for one in result.assessments if one.waiver}
    soon = [one for one in used if _days_left(one, today) <= SOON_DAYS]
    if not soon:
        return
    yield f"### Waivers that end within {SOON_DAYS} days"
    yield ""
    soon.sort(key=lambda one: (one.expires, one.place.file, one.place.line, one.policy, one.stack))
    head = ["ends on", "days left", "policy", "stack", "owner", "ticket", "where"]
    yield from table(head, (_waiver_row(one, _days_left(one, today)) for one in soon))


def _waiver_row(waiver: Waiver, days_left: int) -> list[str]:
    place = located(waiver.place)
    return [
        waiver.expires,
        str(days_left),
        _code(waiver.policy),
        _code(waiver.stack),
        escaped(shown(waiver.owner)),
        escaped(shown(waiver.ticket)),
        _code(f"{place.file}:{place.line}"),
    ]


def _days_left(waiver: Waiver, today: datetime.date) -> int:
    return (datetime.date.fromisoformat(waiver.expires) - today).days


def _code(text: str) -> str:
    return in_code(shown(text))
