"""How assessments become facts, and what the report keeps of them."""

from pathlib import Path

import pytest

from compliance.landscape import ARTEFACTS, NOTHING, Landscape, StackDiagrams
from compliance.landscape.diagram import Diagram
from compliance.requirements import Unclaimed
from tests.compliance import gate_results as make

FULL = make.framework(make.edge("door-is-locked"))
BOTH = make.framework(make.edge("door-is-locked", "window-is-shut"))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["pass"], "supports"),
        (["pass", "pass"], "supports"),
        (["pass", "fail"], "contradicts"),
        (["waived", "fail"], "contradicts"),
        (["pass", "undetermined"], "partly supports"),
        (["pass", "waived"], "partly supports"),
        (["undetermined"], "not evaluated"),
        (["waived"], "not evaluated"),
        (["undetermined", "waived"], "not evaluated"),
        (["not-applicable"], "candidate not applicable"),
        ([], "not evaluated"),
    ],
)
def test_outcomes_of_full_evidence_lead_to(outcomes: list[str], verdict: str, tmp_path: Path) -> None:
    rows = [make.row("door-is-locked", outcome, f"aws_door.{n}") for n, outcome in enumerate(outcomes)]
    assert make.requirement_of(make.report(tmp_path, FULL, *rows)).verdict == verdict


@pytest.mark.parametrize("extent", ["partial", "supporting"])
def test_passes_of_less_than_full_evidence_support_only_partly(extent: str, tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked", extent=extent))
    result = make.report(tmp_path, standard, make.row("door-is-locked", "pass"))
    assert make.requirement_of(result).verdict == "partly supports"


def test_a_requirement_of_partial_extent_is_never_supported(tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked"), extent="partial")
    result = make.report(tmp_path, standard, make.row("door-is-locked", "pass"))
    assert make.requirement_of(result).verdict == "partly supports"


def test_a_policy_that_did_not_run_leaves_full_evidence_open(tmp_path: Path) -> None:
    result = make.report(tmp_path, BOTH, make.row("door-is-locked", "pass"))
    assert make.requirement_of(result).verdict == "partly supports"


def test_a_policy_that_found_nothing_does_not_leave_full_evidence_open(tmp_path: Path) -> None:
    rows = [make.row("door-is-locked", "pass"), make.row("window-is-shut", "not-applicable")]
    assert make.requirement_of(make.report(tmp_path, BOTH, *rows)).verdict == "supports"


def test_a_failure_in_supporting_evidence_outweighs_full_evidence_that_passes(tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked"), make.edge("window-is-shut", extent="supporting"))
    rows = [make.row("door-is-locked", "pass"), make.row("window-is-shut", "fail")]
    assert make.requirement_of(make.report(tmp_path, standard, *rows)).verdict == "contradicts"


def test_resources_that_could_not_be_seen_take_every_support_away(tmp_path: Path) -> None:
    guard = Unclaimed(("modules-are-judged",), "Says what was seen.", limits_population=True)
    standard = make.framework(make.edge("door-is-locked"), unclaimed=(guard,))
    rows = [make.row("door-is-locked", "pass"), make.row("modules-are-judged", "undetermined", "module.cellar")]
    result = make.report(tmp_path, standard, *rows)
    assert make.requirement_of(result).verdict == "partly supports"
    assert [gap.address for gap in result.population_gaps] == ["module.cellar"]


def test_a_reason_against_applicability_yields_to_evidence_of_failure(tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked"), extent="none", candidate_not_applicable="No doors.")
    idle = make.requirement_of(make.report(tmp_path, standard))
    assert (idle.verdict, idle.reason) == ("candidate not applicable", "No doors.")
    failed = make.requirement_of(make.report(tmp_path, standard, make.row("door-is-locked", "fail")))
    assert failed.verdict == "contradicts"


def test_a_requirement_without_description_is_reported_all_the_same(tmp_path: Path) -> None:
    other = make.requirement_of(make.report(tmp_path, FULL), "2.2.7")
    assert other.verdict == "not decidable from configuration"
    assert other.requirement.owner == "entity"


def test_a_resource_that_two_edges_name_is_counted_once(tmp_path: Path) -> None:
    standard = make.framework(make.edge("door-is-locked"), make.edge("door-is-locked", extent="partial"))
    result = make.requirement_of(make.report(tmp_path, standard, make.row("door-is-locked", "pass")))
    assert result.counts["pass"] == 1


def test_the_population_lists_judged_addresses_by_stack_and_leaves_out_what_was_not_judged(tmp_path: Path) -> None:
    rows = [
        make.row("door-is-locked", "pass", "aws_door.b"),
        make.row("door-is-locked", "waived", "aws_door.a"),
        make.row("door-is-locked", "fail", "aws_door.c", stack="recovery"),
        make.row("window-is-shut", "not-applicable"),
    ]
    result = make.requirement_of(make.report(tmp_path, BOTH, *rows))
    assert result.population == {"portal": ("aws_door.a", "aws_door.b"), "recovery": ("aws_door.c",)}


def test_results_that_nothing_maps_are_kept(tmp_path: Path) -> None:
    result = make.report(tmp_path, FULL, make.row("CKV_AWS_115", "fail"), make.row("window-is-shut", "pass"))
    assert [(row.id, row.engine) for row in result.unmapped] == [
        ("CKV_AWS_115", "checkov"),
        ("window-is-shut", "policies"),
    ]


def test_evidence_names_the_policy_its_rationale_and_the_digest_of_its_source(tmp_path: Path) -> None:
    evidence = make.requirement_of(make.report(tmp_path, FULL)).edges[0].evidence[0]
    assert evidence.title == "The door is locked"
    assert evidence.rationale == "A door that anybody can open protects nothing."
    assert len(evidence.digest) == 64


def test_an_inventory_of_the_report_supports_partly_where_nothing_was_judged_and_is_named(tmp_path: Path) -> None:
    standard = make.framework(make.shown_edge("inventory-keys", "diagram-subnets"))
    result = make.requirement_of(make.report(tmp_path, standard, drawn=make.landscape_with(("front door",))))
    assert result.verdict == "partly supports"
    assert result.reason.endswith("nothing was judged. Shown in this report: inventory-keys.")
    assert result.edges[0].artefacts == ("inventory-keys",)


@pytest.mark.parametrize("drawn", [make.landscape_with(), NOTHING])
def test_an_inventory_without_a_row_supports_nothing(drawn: Landscape, tmp_path: Path) -> None:
    standard = make.framework(make.shown_edge("inventory-keys"))
    result = make.requirement_of(make.report(tmp_path, standard, drawn=drawn))
    assert (result.verdict, result.reason) == ("not evaluated", "No resource was judged.")


@pytest.mark.parametrize(
    ("outcome", "verdict"), [("fail", "contradicts"), ("waived", "not evaluated"), ("undetermined", "not evaluated")]
)
def test_an_inventory_of_the_report_outweighs_nothing_that_was_judged(
    outcome: str, verdict: str, tmp_path: Path
) -> None:
    standard = make.framework(make.edge("door-is-locked"), make.shown_edge("inventory-keys"))
    drawn = make.landscape_with(("front door",))
    result = make.requirement_of(make.report(tmp_path, standard, make.row("door-is-locked", outcome), drawn=drawn))
    assert result.verdict == verdict


def test_diagrams_of_any_stack_are_artefacts_of_their_kind() -> None:
    kinds = [f"diagram-{kind}" for kind in ("subnets", "connections", "data-flow", "log-flow")]
    for name in kinds:
        diagram = Diagram("x", "1.2.3", "Doors", (), (), kind=name.removeprefix("diagram-"))
        assert Landscape((), (StackDiagrams("portal", (diagram,)),), ()).artefacts == {name}
    assert set(kinds) < set(ARTEFACTS)
