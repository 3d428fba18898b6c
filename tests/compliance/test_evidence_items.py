"""An item of evidence can be examined by itself: its population is whole, and what was left out says why."""

import json
from pathlib import Path
from typing import Any

import pytest

from compliance.control_report import GAP_LIMIT, ControlReport, EvidenceItem, component_type, control_report
from compliance.render_json import render_json
from compliance.render_markdown import render_markdown
from compliance.requirements import Unclaimed, load
from policies.engine import UNASKED
from policies.recorded_result import read_gate_result
from tests.compliance import gate_results as make

STANDARD = make.framework(make.edge("door-is-locked", checks=("CKV_AWS_79",)))


def item_of(result: ControlReport, id_: str = "E-2.2.6-door-is-locked") -> EvidenceItem:
    return next(item for item in result.evidence_items if item.id == id_)


def printed(result: ControlReport) -> Any:
    return json.loads(render_json(result))


@pytest.fixture(scope="module")
def sample() -> ControlReport:
    return control_report(read_gate_result(make.SAMPLE), load(), [make.policy("imdsv2-required")], make.ORIGIN)


def test_every_pair_of_requirement_and_policy_or_check_that_an_edge_names_is_one_item(sample: ControlReport) -> None:
    pairs = {(edge.requirement, id_) for edge in load().edges for id_ in edge.ids}
    ids = [item.id for item in sample.evidence_items]
    assert sorted(ids) == sorted(f"E-{requirement}-{id_}" for requirement, id_ in pairs)
    assert len(set(ids)) == len(pairs) > 100


def test_two_edges_between_the_same_two_make_one_item_of_the_further_extent(tmp_path: Path) -> None:
    edges = [make.edge("door-is-locked", extent="supporting"), make.edge("door-is-locked", extent="partial")]
    (item,) = make.report(tmp_path, make.framework(*edges)).evidence_items
    assert (item.extent, len(item.edges)) == ("partial", 2)
    assert item.limits.count("Doors only.") == 1


def test_the_population_is_what_was_tested_and_what_was_excluded_and_nothing_else(tmp_path: Path) -> None:
    rows = [
        make.row("door-is-locked", "pass", "aws_door.a"),
        make.row("door-is-locked", "fail", "aws_door.b"),
        make.row("door-is-locked", "waived", "aws_door.c"),
        make.row("door-is-locked", "undetermined", "module.cellar.aws_gate.d[0]", stack="recovery"),
        make.row("door-is-locked", "pass", "aws_door.e", stack="recovery"),
    ]
    rows.append(make.row("door-is-locked", "not-applicable") | {"address": "aws_door.painted"})
    item = item_of(make.report(tmp_path, STANDARD, *rows))
    assert [(component.type, component.addresses) for component in item.population] == [
        ("aws_door", {"portal": ("aws_door.a", "aws_door.b", "aws_door.c", "aws_door.painted"),
                      "recovery": ("aws_door.e",)}),
        ("aws_gate", {"recovery": ("module.cellar.aws_gate.d[0]",)}),
    ]  # fmt: skip
    assert item.population_count == 6 == len(item.tested) + len(item.exclusions)
    assert {row.outcome for row in item.exclusions} == {"waived", "undetermined", "not-applicable"}


def test_a_waived_exclusion_names_reason_owner_ticket_and_expiry(tmp_path: Path) -> None:
    row = make.row("door-is-locked", "waived", waiver=make.WAIVER | {"ticket": "SEC-1"})
    (requirement, *_) = printed(make.report(tmp_path, STANDARD, row))["requirements"]
    (exclusion,) = requirement["evidence_items"][0]["exclusions"]
    assert exclusion["waiver"]["reason"] == make.WAIVER["reason"]
    assert exclusion["waiver"]["owner"] == make.WAIVER["owner"]
    assert (exclusion["waiver"]["ticket"], exclusion["waiver"]["expires"]) == ("SEC-1", make.WAIVER["expires"])


def test_a_resource_that_is_missing_is_an_absence_and_no_part_of_the_population(tmp_path: Path) -> None:
    item = item_of(make.report(tmp_path, STANDARD, make.row("door-is-locked", "fail", "")))
    assert (item.population_count, item.tested, item.exclusions) == (0, (), ())
    assert [(row.stack, row.outcome) for row in item.absences] == [("portal", "fail")]
    assert item.counts["fail"] == 1


def test_a_policy_that_said_nothing_has_no_population_and_says_so(tmp_path: Path) -> None:
    item = item_of(make.report(tmp_path, STANDARD))
    assert item.population == ()
    assert item.population_made.startswith("There is no list")


def test_stacks_that_do_not_ask_for_a_policy_are_named_since_their_resources_are_not_in_the_list(
    tmp_path: Path,
) -> None:
    asked = make.row("door-is-locked", "pass")
    unasked = make.row("door-is-locked", "not-applicable", stack="recovery", message=UNASKED)
    made = item_of(make.report(tmp_path, STANDARD, asked, unasked)).population_made
    assert made.endswith(f"Except in recovery: {UNASKED}.")
    assert "Except" not in item_of(make.report(tmp_path, STANDARD, asked)).population_made


def test_the_version_is_the_digest_of_the_policy_or_the_release_of_checkov(tmp_path: Path) -> None:
    content = make.document(make.row("CKV_AWS_79", "pass"), tools={"checkov": "9.8.7"})
    result = control_report(make.read(tmp_path, content), STANDARD, [make.policy("door-is-locked")], make.ORIGIN)
    assert item_of(result).version == f"sha256:{make.policy('door-is-locked').digest}"
    assert item_of(result, "E-2.2.6-CKV_AWS_79").version == "Checkov 9.8.7"


def test_a_version_that_nobody_recorded_is_not_made_up(tmp_path: Path) -> None:
    result = control_report(make.read(tmp_path, make.document()), STANDARD, [], make.ORIGIN)
    assert item_of(result).version == "not recorded"
    assert item_of(result, "E-2.2.6-CKV_AWS_79").version == "Checkov (version not recorded)"


@pytest.mark.parametrize(("kind", "word"), [("synth", "synthesized"), ("plan", "planned"), ("state", "recorded")])
def test_limits_say_what_this_kind_of_input_cannot_show(kind: str, word: str, tmp_path: Path) -> None:
    given = [{"path": "a.json", "kind": kind, "stack": "portal", "sha256": "0" * 64}]
    result = control_report(make.read(tmp_path, make.document(inputs=given)), STANDARD, [], make.ORIGIN)
    limits = item_of(result).limits
    assert limits[0] == "Doors only."
    assert len(limits) == 2
    assert word in limits[1]
    assert [one.kind for one in item_of(result).inputs] == [kind]


def test_resources_that_could_not_be_seen_limit_every_item(tmp_path: Path) -> None:
    guard = Unclaimed(("modules-are-judged",), "Says what was seen.", limits_population=True)
    standard = make.framework(make.edge("door-is-locked"), unclaimed=(guard,))
    rows = [make.row("door-is-locked", "pass"), make.row("modules-are-judged", "undetermined", "module.cellar")]
    assert GAP_LIMIT in item_of(make.report(tmp_path, standard, *rows)).limits
    assert GAP_LIMIT not in item_of(make.report(tmp_path, standard, rows[0])).limits


def test_the_json_form_holds_every_item_with_arithmetic_that_closes(sample: ControlReport) -> None:
    items = [item for row in printed(sample)["requirements"] for item in row["evidence_items"]]
    assert [item["id"] for item in items] == [item.id for item in sample.evidence_items]
    for item in items:
        stacks = [addresses for one in item["population"]["components"] for addresses in one["addresses"].values()]
        assert sum(map(len, stacks)) == item["population"]["count"] == item["tested"] + len(item["exclusions"])
        assert item["counts"]["pass"] + item["counts"]["fail"] >= item["tested"]
        assert item["method"] == "examine"
        assert item["inputs"] == [vars(one) for one in sample.result.inputs]


def test_the_markdown_form_names_every_item_once(sample: ControlReport) -> None:
    page = render_markdown(sample)
    for item in sample.evidence_items:
        assert page.count(f"| `{item.id}` |") == 1


@pytest.mark.parametrize(
    ("address", "type_"),
    [
        ("aws_lb.web", "aws_lb"),
        ("data.aws_ami.linux", "data.aws_ami"),
        ('module.a["x.y"].module.b.aws_lb.web["k.l"]', "aws_lb"),
        ("module.a.data.aws_ami.linux[0]", "data.aws_ami"),
        ("module.cellar", "module"),
        ("provider.aws", "provider"),
        ("odd", "odd"),
    ],
)
def test_the_component_type_of_an_address(address: str, type_: str) -> None:
    assert component_type(address) == type_
