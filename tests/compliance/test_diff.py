"""Between two reports every change is told once, under its kind, and nothing else is called a change."""

import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from compliance.__main__ import main
from compliance.control_report import control_report
from compliance.diff import KINDS, read_report, to_markdown
from compliance.diff import compare as compare_reports
from compliance.provenance import Provenance
from compliance.render_json import render_json
from compliance.requirements import Framework
from policies.model import Policy
from tests.compliance import gate_results as make
from tests.compliance import reports

STANDARD = make.framework(make.edge("door-is-locked"))
POLICIES = (make.policy("door-is-locked"), make.policy("window-is-shut"))
WAIVER = make.WAIVER | {"ticket": "SEC-1", "created": "2026-01-01", "place": {"file": "waivers.yaml", "line": 2}}
LATER = Provenance("2026-12-22T06:00:00Z", "argument", "1" * 40, True, "elsewhere/gate-result.json")


def written(
    folder: Path,
    *rows: dict[str, Any],
    standard: Framework = STANDARD,
    policies: tuple[Policy, ...] = POLICIES,
    origin: Provenance = make.ORIGIN,
    **changes: Any,
) -> Path:
    """A report.json on these assessments, in a folder of its own."""
    folder.mkdir()
    result = make.read(folder, make.document(*rows, **changes))
    (folder / "report.json").write_text(render_json(control_report(result, standard, policies, origin)))
    return folder


def changes_between(tmp_path: Path, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Kind -> what changed, when assessments turn from `old` to `new`; verdicts, which follow from them, left out."""
    ran = reports.run(main, "diff", written(tmp_path / "old", *old), written(tmp_path / "new", *new), "--format=json")
    document = json.loads(ran.out)
    assert ran.code == (1 if document["changes"] else 0)
    assert document["summary"] == {kind: len(rows) for kind, rows in document["changes"].items()}
    return {kind: [row["what"] for row in rows] for kind, rows in document["changes"].items() if kind != "verdicts"}


def door(outcome: str, address: str = "aws_door.front", **more: Any) -> dict[str, Any]:
    return make.row("door-is-locked", outcome, address, **more)


FRONT = "portal: aws_door.front: door-is-locked"


def test_a_report_has_not_changed_against_itself_at_another_time_and_commit(tmp_path: Path) -> None:
    rows = [door("pass"), door("fail", "aws_door.back"), door("waived", "aws_door.side", waiver=WAIVER)]
    old = written(tmp_path / "old", *rows)
    new = written(tmp_path / "new", *reversed(rows), origin=LATER)
    ran = reports.run(main, "diff", old, new / "report.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].endswith(f"report.json (commit {'0' * 40}, 2026-11-22T06:00:00Z)")
    assert ran.out.splitlines()[1].endswith(f"report.json (commit {'1' * 40}, 2026-12-22T06:00:00Z)")
    assert ran.out.splitlines()[2:] == ["no change"]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("pass", "fail", "newly-failing"),
        ("waived", "fail", "newly-failing"),
        ("undetermined", "fail", "newly-failing"),
        ("pass", "undetermined", "newly-undetermined"),
        ("fail", "undetermined", "newly-undetermined"),
        ("fail", "pass", "fixed"),
        ("undetermined", "pass", "fixed"),
        ("fail", "waived", "waivers-added"),
        ("pass", "waived", "waivers-added"),
        ("waived", "pass", "waivers-ended"),
    ],
)
def test_a_change_of_outcome_is_of_one_kind(before: str, after: str, kind: str, tmp_path: Path) -> None:
    assert changes_between(tmp_path, [door(before)], [door(after)]) == {kind: [FRONT]}


def test_a_claim_that_no_longer_concerns_a_resource_is_another_change_of_outcome(tmp_path: Path) -> None:
    painted = door("not-applicable") | {"address": "aws_door.front"}
    assert changes_between(tmp_path, [door("pass")], [painted]) == {"other-outcomes": [FRONT]}


def test_the_same_outcome_for_another_value_is_told(tmp_path: Path) -> None:
    found = changes_between(tmp_path, [door("pass", observed="bolt")], [door("pass", observed="chain")])
    assert found == {"seen-otherwise": [FRONT]}


def test_a_longer_waiver_is_told_and_a_waiver_on_another_line_is_not(tmp_path: Path) -> None:
    old = [door("waived", waiver=WAIVER)]
    longer = [door("waived", waiver=WAIVER | {"expires": "2027-12-31"})]
    assert changes_between(tmp_path, old, longer) == {"waivers-changed": [FRONT]}
    (tmp_path / "moved").mkdir()
    moved = [
        door("waived", waiver=WAIVER | {"place": {"file": "waivers.yaml", "line": 9}, "addresses": ["aws_door.*"]})
    ]
    assert changes_between(tmp_path / "moved", old, moved) == {}


def test_new_and_gone_resources_are_told_once_and_what_fails_on_them_too(tmp_path: Path) -> None:
    old = [door("pass"), door("pass", "aws_door.old"), door("waived", "aws_door.shed")]
    new = [door("pass"), door("pass", "aws_door.new"), door("fail", "aws_door.cellar")]
    assert changes_between(tmp_path, old, new) == {
        "newly-failing": ["portal: aws_door.cellar: door-is-locked"],
        "waivers-ended": ["portal: aws_door.shed: door-is-locked"],
        "resources-new": ["portal: aws_door.cellar", "portal: aws_door.new"],
        "resources-gone": ["portal: aws_door.old", "portal: aws_door.shed"],
    }


def test_a_resource_that_a_policy_begins_or_ceases_to_judge_is_told(tmp_path: Path) -> None:
    shed = make.row("window-is-shut", "pass", "aws_door.shed")
    front = make.row("window-is-shut", "pass")
    old, new = [door("pass"), shed, front], [door("pass"), door("pass", "aws_door.shed"), shed]
    assert changes_between(tmp_path, old, new) == {
        "newly-judged": ["portal: aws_door.shed: door-is-locked"],
        "no-longer-judged": ["portal: aws_door.front: window-is-shut"],
    }


def test_a_policy_that_is_added_is_told_once_and_not_for_each_of_its_passes(tmp_path: Path) -> None:
    window = [make.row("window-is-shut", outcome, address) for outcome, address in (("pass", "a.b"), ("fail", "a.c"))]
    old = [door("pass", "a.b"), door("pass", "a.c")]
    assert changes_between(tmp_path, old, [*old, *window]) == {
        "newly-failing": ["portal: a.c: window-is-shut"],
        "policies-added": ["window-is-shut"],
    }


def test_a_required_resource_that_is_missing_is_a_failure_of_the_stack(tmp_path: Path) -> None:
    found = changes_between(tmp_path, [door("not-applicable")], [door("fail", "")])
    assert found == {"newly-failing": ["portal: the stack as a whole: door-is-locked"]}


def test_verdicts_are_compared_with_their_reasons(tmp_path: Path) -> None:
    old, new = written(tmp_path / "old", door("pass")), written(tmp_path / "new", door("fail"))
    (change,) = compare_reports(read_report(old), read_report(new)).changes["verdicts"]
    assert (change.what, change.before.partition(":")[0], change.after.partition(":")[0]) == (
        "2.2.6",
        "supports",
        "contradicts",
    )


def test_inputs_tools_versions_evidence_and_requirements_are_compared(tmp_path: Path) -> None:
    old = written(
        tmp_path / "old",
        inputs=[{"path": "a", "kind": "synth", "stack": name, "sha256": "0" * 64} for name in ("portal", "old")],
        tools={"checkov": "1", "git": "2"},
    )
    further = make.framework(make.edge("door-is-locked", "window-is-shut"), paraphrase="Doors are locked and shut.")
    other = make.policy("door-is-locked")
    object.__setattr__(other, "digest", "f" * 64)
    new = written(
        tmp_path / "new",
        inputs=[{"path": "b", "kind": "synth", "stack": name, "sha256": "1" * 64} for name in ("portal", "new")],
        tools={"checkov": "2", "git": "2"},
        standard=further,
        policies=(other, POLICIES[1]),
    )
    changes = compare_reports(read_report(old), read_report(new)).changes
    told = {kind: [(one.what, one.before[:1], one.after[:1]) for one in rows] for kind, rows in changes.items()}
    assert told == {
        "requirements-changed": [("2.2.6: paraphrase", "D", "D")],
        "evidence-added": [("E-2.2.6-window-is-shut", "-", "t")],
        "policies-added": [("window-is-shut", "-", "t")],
        "policies-changed": [("door-is-locked", POLICIES[0].digest[:1], "f")],
        "tools": [("checkov", "1", "2")],
        "inputs": [("new (synth)", "-", "1"), ("old (synth)", "0", "-"), ("portal (synth)", "0", "1")],
    }
    back = compare_reports(read_report(new), read_report(old)).changes
    assert {"evidence-gone", "policies-gone"} <= back.keys()


def test_requirements_that_come_and_go_are_told(tmp_path: Path) -> None:
    old = written(tmp_path / "old")
    document = json.loads((old / "report.json").read_text())
    del document["requirements"][1]
    (old / "less.json").write_text(json.dumps(document))
    found = compare_reports(read_report(old / "less.json"), read_report(old)).changes
    assert [one.what for one in found["requirements-added"]] == ["2.2.7"]
    found = compare_reports(read_report(old), read_report(old / "less.json")).changes
    assert [one.what for one in found["requirements-gone"]] == ["2.2.7"]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_form_tells_every_change_with_both_sides(form: str, tmp_path: Path) -> None:
    old, new = written(tmp_path / "old", door("pass")), written(tmp_path / "new", door("fail", message="ajar"))
    ran = reports.run(main, "diff", old, new, "--format", form)
    assert ran.code == 1
    said = ran.out.replace("\\", "")
    for part in ("Newly failing (1)", FRONT, "pass: the lock", "fail: ajar", "Verdicts on requirements (1)"):
        assert part in said


def test_hostile_strings_stay_on_their_line_and_in_their_cell(tmp_path: Path) -> None:
    hostile = "a\n\x1b[31m| [x](javascript:1) <script> \u202e" + "A" * 10_000
    old = written(tmp_path / "old")
    new = written(tmp_path / "new", door("fail", hostile, stack=hostile, message=hostile, observed=hostile))
    printed = reports.run(main, "diff", old, new).out
    assert all(line.isprintable() for line in printed.splitlines())
    assert "A" * 1000 not in printed
    page = to_markdown(compare_reports(read_report(old), read_report(new)))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(page)
    inline = [child for token in tokens for child in token.children or []]
    assert not [one for one in (*tokens, *inline) if one.type in ("link_open", "html_inline", "html_block")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no such file"),
        ("{", "not valid JSON"),
        ("[]", "is not an object"),
        ('{"schema": "control-report/2"}', "schema is 'control-report/2', and only control-report/1 can be compared"),
        ('{"schema": "control-report/0"}', "schema is 'control-report/0'"),
        ('{"schema": "gate-result/1"}', "schema is 'gate-result/1'"),
        ('{"schema": "control-report/1"}', "provenance"),
        ('{"schema": "control-report/1", "provenance": {}, "requirements": [{"id": "1"}]}', "evidence"),
    ],
)
@pytest.mark.parametrize("side", ["old", "new"])
def test_what_cannot_be_compared_ends_with_3_and_one_line(
    side: str, content: str | None, complaint: str, tmp_path: Path
) -> None:
    good, bad = written(tmp_path / "good"), tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    ran = reports.run(main, "diff", *((bad, good) if side == "old" else (good, bad)))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (3, "", 1)
    assert complaint in ran.err
    assert "bad.json:" in ran.err


def test_reports_of_the_command_line_can_be_compared(tmp_path: Path) -> None:
    made = reports.project(tmp_path / "project")
    made.folder.rename(tmp_path / "old")
    made.stack.write_text(made.stack.read_text().replace("optional", "required"))
    made.gate("--no-waivers")
    made.report()
    ran = reports.run(main, "diff", tmp_path / "old", made.folder, "--format", "json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert list(document["changes"]) == [kind for kind in KINDS if kind in document["changes"]]
    ended = [row["what"] for row in document["changes"]["waivers-ended"]]
    assert ended == ["portal: aws_launch_template.old: imdsv2-required"]
    assert [row["what"] for row in document["changes"]["inputs"]] == ["portal (synth)"]
