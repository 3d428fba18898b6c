"""What has to hold for every combination of facts, whatever the rules are. The invariants together pin each verdict."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import fields, replace

import pytest

from compliance.verdict import EXTENTS, RULES, VERDICTS, Facts, Verdict, decide

FLAGS = [field.name for field in fields(Facts)][1:]
ALL_FACTS = [
    Facts(extent, *flags) for extent in EXTENTS for flags in itertools.product((False, True), repeat=len(FLAGS))
]
BY_FACTS = {facts: decide(facts).verdict for facts in ALL_FACTS}

DECLARATIONS = ("declared_not_applicable", "declared_contrary", "declared_elsewhere")
FAVOURABLE: tuple[Verdict, ...] = ("supports", "partly supports")


def verdicts(holds: Callable[[Facts], bool]) -> set[Verdict]:
    """The verdicts of all facts that `holds` is true of; there are some."""
    found = {verdict for facts, verdict in BY_FACTS.items() if holds(facts)}
    assert found
    return found


def with_verdict(*wanted: Verdict) -> Iterable[Facts]:
    found = [facts for facts, verdict in BY_FACTS.items() if verdict in wanted]
    assert found
    return found


def declares_nothing(facts: Facts) -> bool:
    return not any(getattr(facts, name) for name in DECLARATIONS)


def test_every_verdict_is_reached_and_every_rule_can_decide() -> None:
    assert set(BY_FACTS.values()) == set(VERDICTS)
    assert {decide(facts).reason for facts in ALL_FACTS} == {rule.reason for rule in RULES}


def test_what_failed_contradicts_whatever_else_is_known() -> None:
    assert verdicts(lambda facts: facts.failed) == {"contradicts"}


def test_what_the_entity_declares_to_the_contrary_contradicts_whatever_the_evidence_says() -> None:
    assert verdicts(lambda facts: facts.declared_contrary) == {"contradicts"}


def test_nothing_contradicts_but_a_failure_or_a_declaration() -> None:
    assert all(facts.failed or facts.declared_contrary for facts in with_verdict("contradicts"))


def test_a_requirement_with_nothing_judged_is_not_supported_even_partly_unless_the_report_shows_a_part_of_it() -> None:
    assert not set(FAVOURABLE) & verdicts(lambda facts: not facts.judged_something and not facts.shown)
    assert "supports" not in verdicts(lambda facts: not facts.judged_something)


def test_where_something_was_judged_nothing_is_supported_even_partly_without_a_pass() -> None:
    """So neither an undetermined nor a waived assessment counts as one, whatever the report lists or draws."""
    assert all(facts.passed or not facts.judged_something for facts in with_verdict(*FAVOURABLE))


def test_what_the_report_shows_changes_nothing_where_something_was_judged() -> None:
    for facts in ALL_FACTS:
        if facts.judged_something:
            assert BY_FACTS[facts] == BY_FACTS[replace(facts, shown=not facts.shown)], facts


def test_what_the_report_shows_supports_partly_at_most_and_only_what_configuration_can_say_something_of() -> None:
    gained = set()
    for facts in ALL_FACTS:
        without, shown = BY_FACTS[replace(facts, shown=False)], BY_FACTS[replace(facts, shown=True)]
        assert shown in (without, "partly supports"), facts
        if shown != without:
            gained.add(without)
            assert facts.is_claimed, facts
            assert facts.extent != "none", facts
    assert gained == {"not evaluated"}


@pytest.mark.parametrize("open_question", ["failed", "undetermined", "waived"])
def test_an_open_question_leaves_no_full_support(open_question: str) -> None:
    assert not any(getattr(facts, open_question) for facts in with_verdict("supports"))


def test_partial_evidence_alone_is_never_full_support() -> None:
    assert all(facts.extent == "full" and facts.full_evidence_passed for facts in with_verdict("supports"))


def test_a_part_of_the_population_is_never_full_support() -> None:
    assert all(facts.population_is_complete for facts in with_verdict("supports"))


def test_whoever_claims_nothing_is_not_supported() -> None:
    assert all(facts.is_claimed and facts.extent != "none" for facts in with_verdict(*FAVOURABLE))


def test_full_evidence_that_passed_over_all_resources_supports() -> None:
    def is_clean(facts: Facts) -> bool:
        evidence = facts.extent == "full" and facts.is_claimed and facts.passed and facts.full_evidence_passed
        questions = facts.failed or facts.undetermined or facts.waived
        return evidence and not questions and facts.population_is_complete and declares_nothing(facts)

    assert verdicts(is_clean) == {"supports"}


def test_some_evidence_that_passed_supports_at_least_partly() -> None:
    def has_a_pass(facts: Facts) -> bool:
        return facts.passed and facts.is_claimed and facts.extent != "none" and not facts.failed

    assert verdicts(lambda facts: has_a_pass(facts) and declares_nothing(facts)) == set(FAVOURABLE)


@pytest.mark.parametrize("worse", ["failed", "undetermined", "waived"])
def test_one_more_bad_outcome_never_makes_a_verdict_better(worse: str) -> None:
    for facts in ALL_FACTS:
        before, after = BY_FACTS[replace(facts, **{worse: False})], BY_FACTS[replace(facts, **{worse: True})]
        assert after == before or after not in FAVOURABLE or before == "supports", facts


@pytest.mark.parametrize("less", ["full_evidence_passed", "population_is_complete", "is_claimed", "shown"])
def test_less_evidence_never_makes_a_verdict_better(less: str) -> None:
    for facts in ALL_FACTS:
        before, after = BY_FACTS[replace(facts, **{less: True})], BY_FACTS[replace(facts, **{less: False})]
        assert after == before or after not in FAVOURABLE or before == "supports", facts


@pytest.mark.parametrize(
    ("declaration", "only_to"),
    [
        ("declared_not_applicable", "candidate not applicable"),
        ("declared_contrary", "contradicts"),
        ("declared_elsewhere", "not decidable from configuration"),
    ],
)
def test_a_declaration_changes_nothing_or_leads_to_its_own_verdict(declaration: str, only_to: Verdict) -> None:
    changed = 0
    for facts in ALL_FACTS:
        without = BY_FACTS[replace(facts, **{declaration: False})]
        declared = BY_FACTS[replace(facts, **{declaration: True})]
        assert declared in (without, only_to), facts
        changed += declared != without
    assert changed


def test_a_reason_against_applicability_yields_only_to_what_contradicts() -> None:
    assert verdicts(lambda facts: facts.declared_not_applicable) == {"contradicts", "candidate not applicable"}


def test_evidence_that_is_elsewhere_hides_no_result_of_ours() -> None:
    """What passed, failed or is undetermined in the judged stacks is reported as it is without the declaration."""
    for facts in ALL_FACTS:
        if facts.passed or facts.failed or facts.undetermined:
            assert BY_FACTS[facts] == BY_FACTS[replace(facts, declared_elsewhere=False)], facts


def test_a_candidate_needs_a_declaration_or_a_complete_population_without_such_a_resource() -> None:
    for facts in with_verdict("candidate not applicable"):
        searched = facts.full_evidence_found_none and facts.population_is_complete and not facts.judged_something
        assert facts.declared_not_applicable or searched, facts


def test_a_complete_search_that_finds_nothing_is_a_candidate() -> None:
    def searched(facts: Facts) -> bool:
        found_none = facts.full_evidence_found_none and facts.population_is_complete and not facts.judged_something
        return found_none and facts.extent != "none" and facts.is_claimed and declares_nothing(facts)

    assert verdicts(searched) == {"candidate not applicable"}


def test_what_configuration_cannot_show_is_said_to_be_so_unless_something_contradicts_or_takes_it_out() -> None:
    found = verdicts(lambda facts: facts.extent == "none")
    assert found == {"contradicts", "candidate not applicable", "not decidable from configuration"}
    quiet = verdicts(lambda facts: facts.extent == "none" and not facts.failed and declares_nothing(facts))
    assert quiet == {"not decidable from configuration"}


def test_what_configuration_can_show_is_not_called_undecidable_without_a_declaration() -> None:
    for facts in with_verdict("not decidable from configuration"):
        assert facts.extent == "none" or facts.declared_elsewhere, facts


def test_no_reason_claims_what_only_an_assessor_finds() -> None:
    for rule in RULES:
        assert "in place" not in rule.reason.lower()
        assert rule.reason.endswith(".")


def test_a_reason_speaks_only_of_outcomes_that_are_there() -> None:
    for facts in ALL_FACTS:
        reason = decide(facts).reason
        if "findings on others were waived" in reason:
            assert facts.waived, facts
        if "Every finding was waived" in reason:
            assert facts.waived, facts
            assert not facts.undetermined, facts
        if "undetermined" in reason or "hangs on a value" in reason:
            assert facts.undetermined, facts
        if reason.startswith("No resource was judged"):
            assert not facts.judged_something, facts
        if "passes" in reason or "Some resources pass" in reason:
            assert facts.passed, facts
        if "fails" in reason:
            assert facts.failed, facts
