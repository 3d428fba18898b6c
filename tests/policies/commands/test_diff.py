"""`diff`: what a change does to the verdicts, from inputs or results; the exit code says whether it is worse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.comparison import compare
from policies.model import Outcome
from tests.policies.conftest import Run, write
from tests.policies.formats.results import assessment, waiver

Command = Callable[..., Run]

IMDS = ("--policy", "imdsv2-required")
GOOD = {"metadata_options": {"http_tokens": "required"}}
BAD: dict[str, Any] = {}


def stack(**templates: Any) -> dict[str, Any]:
    return {"resource": {"aws_launch_template": templates}}


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        ("pass", "fail", "newly-failing", True),
        ("waived", "fail", "newly-failing", True),
        ("undetermined", "fail", "newly-failing", True),
        ("not-applicable", "fail", "newly-failing", True),
        (None, "fail", "new-failing", True),
        ("pass", "undetermined", "newly-undetermined", True),
        (None, "undetermined", "new-undetermined", True),
        ("fail", "undetermined", "changed", False),
        ("fail", "pass", "fixed", False),
        ("undetermined", "pass", "fixed", False),
        ("fail", "waived", "waived", False),
        ("fail", None, "gone", False),
        ("fail", "not-applicable", "gone", False),
        ("fail", "fail", None, False),
        ("pass", "pass", None, False),
        ("pass", "waived", None, False),
        (None, "pass", None, False),
        ("pass", None, None, False),
    ],
)
def test_each_way_from_one_outcome_to_another_has_a_name(
    before: Outcome | None, after: Outcome | None, kind: str | None, worse: bool
) -> None:
    def rows(outcome: Outcome | None) -> list[Any]:
        if outcome is None:
            return []
        return [assessment(outcome=outcome, waiver=waiver() if outcome == "waived" else None)]

    found = compare(rows(before), rows(after))
    assert [change.kind for change in found.changes] == ([kind] if kind else [])
    assert found.is_worse is worse


def test_a_finding_that_sees_another_value_has_changed() -> None:
    found = compare([assessment(observed="a")], [assessment(observed="b")])
    assert [change.kind for change in found.changes] == ["changed"]


def test_a_moved_line_is_no_change() -> None:
    assert compare([assessment()], [assessment(source=None, message="in other words")]).changes == ()


def test_a_plan_and_a_state_of_one_stack_count_by_their_worst() -> None:
    both = [assessment(outcome="pass"), assessment(outcome="fail")]
    assert compare([assessment(outcome="pass")], both).is_worse


def test_resources_that_passed_and_are_gone_are_named_and_a_whole_stack_once() -> None:
    before = [assessment(outcome="pass", address=f"aws_instance.{i}", stack=stack) for stack in "ab" for i in "xy"]
    assert compare(before, before[:1]).unjudged == (("a", "aws_instance.y"), ("b", ""))


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    old = write(tmp_path / "old" / "portal.tf.json", stack(web=GOOD, api=BAD, gone=GOOD))
    return old, write(tmp_path / "new" / "portal.tf.json", stack(web=BAD, api=GOOD, new=BAD))


def test_worse_is_exit_code_1_and_better_is_0(policies: Command, sides: tuple[Path, Path]) -> None:
    old, new = sides
    run = policies("diff", old, new, *IMDS)
    assert run.code == 1
    assert run.out.splitlines()[-1] == "worse: 2 worse, 1 fixed, 0 new without a finding, 0 verdicts as before"
    assert "newly failing (1)\n  imdsv2-required  (high)  portal: aws_launch_template.web\n" in run.out
    assert "new, and failing (1)\n  imdsv2-required  (high)  portal: aws_launch_template.new\n" in run.out
    assert "not judged any more: portal: aws_launch_template.gone" in run.out
    same = policies("diff", new, new, *IMDS)
    assert (same.code, same.out) == (0, "not worse: 0 worse, 0 fixed, 0 new without a finding, 3 verdicts as before\n")


def test_results_say_the_same_as_the_inputs_they_came_from(
    policies: Command, sides: tuple[Path, Path], tmp_path: Path
) -> None:
    for name, path in zip(("old.json", "new.json"), sides, strict=True):
        policies("check", path, *IMDS, "--format", f"json={name}")
    inputs, results = (policies("diff", *pair, *IMDS, "--format", "json") for pair in (sides, ("old.json", "new.json")))
    assert (inputs.code, json.loads(inputs.out)) == (results.code, json.loads(results.out))
    assert inputs.json["schema"] == "gate-diff/1"
    assert [(one["change"], one["address"], one["before"], one["after"]) for one in inputs.json["changes"]] == [
        ("newly-failing", "aws_launch_template.web", "pass", "fail"),
        ("new-failing", "aws_launch_template.new", None, "fail"),
        ("fixed", "aws_launch_template.api", "fail", "pass"),
    ]


def test_the_page_shows_names_and_obeys_none(policies: Command, tmp_path: Path) -> None:
    old = write(tmp_path / "old" / "portal.tf.json", stack(web=GOOD))
    new = write(tmp_path / "new" / "portal.tf.json", stack(web=GOOD, **{"|<b>`\x1b[2J": BAD}))
    page = policies("diff", old, new, *IMDS, "--format", "markdown").out
    assert page.startswith("**worse: 1 worse")
    assert "### New, and failing (1)" in page
    assert "\x1b" not in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("nowhere", "nowhere: no such file"),
        ("other.tf.json", "no stack in common: other and portal"),
        ("broken.json", "assessments is missing"),
        ("nothing.tf.json", "nothing: no resource in it was judged"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line(
    policies: Command, sides: tuple[Path, Path], tmp_path: Path, old: str, message: str
) -> None:
    write(tmp_path / "other.tf.json", stack(web=GOOD))
    write(tmp_path / "broken.json", {"schema": "gate-result/1"})
    write(tmp_path / "nothing.tf.json", {"resource": {"null_resource": {"x": {}}}})
    run = policies("diff", old, sides[1], *IMDS)
    assert run.code == 3
    assert message in run.err
    assert len(run.err.splitlines()) == 1
