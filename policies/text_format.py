"""The result for people: what failed, where in the program, why it matters, how to fix it. Quiet when all is well."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.engine import UNASKED
from policies.model import OUTCOMES, Assessment, Outcome, Policy
from policies.result import GateResult
from policies.visible import visible

WIDTH = 110
_COLOURS = {"fail": "31", "undetermined": "33", "pass": "32", "waived": "36"}


def to_text(result: GateResult, catalogue: Mapping[str, Policy], *, colour: bool = False) -> str:
    """Findings first, the worst last before the summary line of each stack. Control characters are made visible."""
    lines: list[str] = []
    outcomes: tuple[Outcome, ...] = ("undetermined", "fail")
    old = [one for outcome in outcomes for one in result.of_outcome(outcome) if one.baseline]
    lines += [_old(one, colour) for one in old]
    lines += [""] if old else []
    for outcome in outcomes:
        for assessment in [one for one in result.of_outcome(outcome) if not one.baseline]:
            lines += [*_finding(assessment, catalogue.get(assessment.policy), colour), ""]
    lines += _summary(result, catalogue, colour)
    return "".join(f"{line}\n" for line in lines)


def _old(assessment: Assessment, colour: bool) -> str:
    """A finding that the baseline lists, on one line: it is no news, and no pass either."""
    word = _painted(assessment.outcome.upper(), assessment.outcome, colour)
    what = f"{assessment.policy}  ({assessment.severity})  {assessment.stack}: {assessment.place}"
    return f"{word}, in the baseline  {visible(what)}  [{assessment.short_fingerprint}]"


def finding_text(assessment: Assessment, policy: Policy | None) -> str:
    """One finding by itself, as `to_text` shows it; `policy` is the one that found it, None where it is not ours."""
    return "\n".join(_finding(assessment, policy, colour=False))


def _finding(assessment: Assessment, policy: Policy | None, colour: bool) -> Iterator[str]:
    word = _painted(assessment.outcome.upper(), assessment.outcome, colour)
    what = f"{assessment.policy}  ({assessment.severity})  {assessment.stack}: {assessment.place}"
    yield f"{word}  {visible(what)}"
    place = f"{assessment.source.file}:{assessment.source.line}" if assessment.source else ""
    seen = f"{assessment.attribute} = {_short(assessment.observed)}" if assessment.attribute else ""
    if place or seen:
        yield "    " + visible("  ".join(part for part in (place, seen) if part))
    yield from _wrapped(assessment.message)
    if policy:
        yield from _wrapped(f"Why: {policy.rationale}")
    yield from _wrapped(f"Fix: {assessment.remediation}")
    numbers = f"Requirements: {', '.join(assessment.requirements)}. " if assessment.requirements else ""
    yield from _wrapped(f"{numbers}Fingerprint: {assessment.short_fingerprint}")


def _waits(policy: Policy | None) -> bool:
    return policy is not None and policy.waits_to_be_asked


def _summary(result: GateResult, catalogue: Mapping[str, Policy], colour: bool) -> Iterator[str]:
    for document in result.documents:
        mine = [one for one in result.assessments if one.stack == document.stack]
        counts = Counter(one.outcome for one in mine)
        engines = sorted({one.engine for one in mine if one.address})
        size = document.resource_count
        judges = ", ".join(engines)
        yield visible(f"{document.stack}  {document.kind}, {size} resources ({document.path}), judged by {judges}")
        yield "    " + ", ".join(
            _painted(f"{counts[outcome]} {outcome}{_of_old(mine, outcome)}", outcome, colour and counts[outcome] > 0)
            for outcome in OUTCOMES
        )
        waiting = [one.message == UNASKED for one in mine if _waits(catalogue.get(one.policy))]
        if waiting and all(waiting):  # a stack by another name, or one whose file does not say whose it is
            hint = "" if document.kind == "synth" else "; see --stack"
            yield f"    {len(waiting)} policies wait for a specification, and none names this stack{hint}"
    for validation in result.validation:
        verdict = {"pass": "valid", "fail": "INVALID", "not-run": "not run"}[validation.outcome]
        version = f" (Terraform {validation.terraform})" if validation.terraform else ""
        detail = "" if validation.outcome == "pass" else f": {validation.message}"
        yield visible(f"{validation.stack}  terraform validate: {verdict}{version}{detail}")


def _of_old(assessments: Sequence[Assessment], outcome: Outcome) -> str:
    count = sum(one.baseline for one in assessments if one.outcome == outcome)
    return f" ({count} of them in the baseline)" if count else ""


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return [visible(line) for line in lines]


def _short(value: Any) -> str:
    if value is None:
        return "(not set)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _painted(text: str, outcome: str, colour: bool) -> str:
    """Our own words only: what comes from the input is made visible, so that a terminal obeys none of it."""
    code = _COLOURS.get(outcome)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text
