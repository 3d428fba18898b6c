"""Every combination of facts has exactly the verdict written here."""

import itertools
from dataclasses import fields

import pytest

from compliance.verdict import EXTENTS, RULES, VERDICTS, Facts, decide

# Columns: extent; declared not applicable, claimed; failed, undetermined, waived, passed; full evidence passed,
# full evidence found none, population complete. 1 yes, 0 no, * either. The rows are disjoint and cover everything.
TABLE = """
*          **  1*** ***   contradicts
*          1*  0000 ***   candidate not applicable
none       0*  0000 ***   not decidable from configuration
none       **  01** ***   not decidable from configuration
none       **  001* ***   not decidable from configuration
none       **  0001 ***   not decidable from configuration
supporting 00  0000 ***   not evaluated
supporting 01  0000 *0*   not evaluated
supporting 01  0000 *10   not evaluated
supporting 01  0000 *11   candidate not applicable
partial    00  0000 ***   not evaluated
partial    01  0000 *0*   not evaluated
partial    01  0000 *10   not evaluated
partial    01  0000 *11   candidate not applicable
full       00  0000 ***   not evaluated
full       01  0000 *0*   not evaluated
full       01  0000 *10   not evaluated
full       01  0000 *11   candidate not applicable
supporting *0  01** ***   not evaluated
supporting *0  001* ***   not evaluated
supporting *0  0001 ***   not evaluated
partial    *0  01** ***   not evaluated
partial    *0  001* ***   not evaluated
partial    *0  0001 ***   not evaluated
full       *0  01** ***   not evaluated
full       *0  001* ***   not evaluated
full       *0  0001 ***   not evaluated
supporting *1  01*0 ***   not evaluated
supporting *1  0010 ***   not evaluated
partial    *1  01*0 ***   not evaluated
partial    *1  0010 ***   not evaluated
full       *1  01*0 ***   not evaluated
full       *1  0010 ***   not evaluated
supporting *1  01*1 ***   partly supports
supporting *1  0011 ***   partly supports
supporting *1  0001 ***   partly supports
partial    *1  01*1 ***   partly supports
partial    *1  0011 ***   partly supports
partial    *1  0001 ***   partly supports
full       *1  01*1 ***   partly supports
full       *1  0011 ***   partly supports
full       *1  0001 0**   partly supports
full       *1  0001 1*0   partly supports
full       *1  0001 1*1   supports
"""
ROWS = [line.split(maxsplit=4) for line in TABLE.strip().splitlines()]
FLAGS = [field.name for field in fields(Facts)][1:]
ALL_FACTS = [
    Facts(extent, *flags) for extent in EXTENTS for flags in itertools.product((False, True), repeat=len(FLAGS))
]


def is_described_by(facts: Facts, extent: str, *patterns: str) -> bool:
    bits = "".join(str(int(getattr(facts, flag))) for flag in FLAGS)
    return extent in ("*", facts.extent) and all(
        wanted in ("*", bit) for wanted, bit in zip("".join(patterns), bits, strict=True)
    )


@pytest.mark.parametrize("extent", EXTENTS)
def test_every_combination_of_facts_has_the_verdict_of_exactly_one_row(extent: str) -> None:
    for facts in (facts for facts in ALL_FACTS if facts.extent == extent):
        verdicts = [row[4] for row in ROWS if is_described_by(facts, *row[:4])]
        assert [decide(facts).verdict] == verdicts, facts


def test_the_table_knows_every_verdict_and_every_rule_can_decide() -> None:
    assert {row[4] for row in ROWS} == set(VERDICTS)
    assert {decide(facts).reason for facts in ALL_FACTS} == {rule.reason for rule in RULES}


def test_supports_needs_full_evidence_that_passed_and_nothing_else() -> None:
    supported = [facts for facts in ALL_FACTS if decide(facts).verdict == "supports"]
    assert supported
    for facts in supported:
        assert facts.extent == "full"
        assert facts.passed
        assert facts.full_evidence_passed
        assert facts.population_is_complete
        assert {facts.failed, facts.undetermined, facts.waived} == {False}


def test_nothing_judged_never_supports_even_partly() -> None:
    idle = [facts for facts in ALL_FACTS if not facts.judged_something]
    assert not {"supports", "partly supports"} & {decide(facts).verdict for facts in idle}


def test_no_reason_claims_what_only_an_assessor_finds() -> None:
    for rule in RULES:
        assert "in place" not in rule.reason.lower()
        assert rule.reason.endswith(".")
