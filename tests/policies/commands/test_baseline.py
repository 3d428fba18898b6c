"""The baseline: old findings do not fail the run and never look like a pass; whatever differs in them is new."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.policies.conftest import Run, write

Command = Callable[..., Run]

IMDS = ("--policy", "imdsv2-required")
OLD: dict[str, Any] = {"web": {}, "api": {"metadata_options": {"http_tokens": "optional"}}}
UNKNOWN = {"metadata_options": {"http_tokens": "${var.tokens}"}}
MENDED = {"metadata_options": {"http_tokens": "required"}}


def stack(templates: dict[str, Any]) -> dict[str, Any]:
    return {"resource": {"aws_launch_template": templates}}


@pytest.fixture
def judged(policies: Command, tmp_path: Path) -> Callable[..., Run]:
    """Writes the baseline of OLD, then judges other templates against it."""

    def run(templates: dict[str, Any], *options: str) -> Run:
        path = write(tmp_path / "portal.tf.json", stack(OLD | {"open": UNKNOWN}))
        written = policies("baseline", "write", path, *IMDS)
        assert written.out == "baseline.json: 3 findings (2 fail, 1 undetermined); 3 added, 0 taken out\n"
        write(path, stack(templates))
        return policies("check", path, *IMDS, "--baseline", "baseline.json", *options)

    return run


def test_old_findings_do_not_fail_the_run_and_stay_failures(judged: Callable[..., Run]) -> None:
    run = judged(OLD | {"open": UNKNOWN}, "--format", "json")
    assert run.code == 0
    rows = {row["address"].split(".")[1]: row for row in run.json["assessments"]}
    assert {name: (row["outcome"], row["baseline"]) for name, row in rows.items()} == {
        "web": ("fail", True),
        "api": ("fail", True),
        "open": ("undetermined", True),
    }
    assert run.json["summary"]["pass"] == 0
    assert run.json["summary"]["fail"] == 2
    assert run.json["conditions"]["baseline"]["path"] == "baseline.json"


def test_every_old_finding_is_listed_with_its_outcome(judged: Callable[..., Run]) -> None:
    out = judged(OLD | {"open": UNKNOWN}).out
    assert "FAIL, in the baseline  imdsv2-required  (high)  portal: aws_launch_template.web" in out
    assert "UNDETERMINED, in the baseline  imdsv2-required" in out
    assert "2 fail (2 of them in the baseline), 1 undetermined (1 of them in the baseline)" in out


@pytest.mark.parametrize(
    ("templates", "new"),
    [
        (OLD | {"open": UNKNOWN, "new": {}}, "aws_launch_template.new"),
        (OLD | {"open": UNKNOWN, "web": {"metadata_options": {"http_tokens": "optional"}}}, "aws_launch_template.web"),
        (OLD | {"open": {}}, "aws_launch_template.open"),  # undetermined before: that it fails is news
    ],
)
def test_a_new_finding_fails_the_run(judged: Callable[..., Run], templates: dict[str, Any], new: str) -> None:
    run = judged(templates, "--format", "json")
    assert run.code == 1
    rows = [row for row in run.json["assessments"] if row["policy"] == "imdsv2-required"]
    assert [row["address"] for row in rows if "baseline" not in row] == [new]


def test_a_new_undetermined_one_is_exit_code_2(judged: Callable[..., Run]) -> None:
    run = judged(OLD | {"open": UNKNOWN, "new": UNKNOWN})
    assert run.code == 2


@pytest.mark.parametrize(
    ("templates", "became"),
    [
        (OLD | {"open": UNKNOWN, "web": MENDED}, "is gone: the outcome is pass now"),
        ({"api": OLD["api"], "open": UNKNOWN}, "is gone: nothing is judged there any more"),
    ],
)
def test_an_entry_whose_finding_is_gone_fails_at_its_line_until_it_is_pruned(
    judged: Callable[..., Run], policies: Command, tmp_path: Path, templates: dict[str, Any], became: str
) -> None:
    run = judged(templates, "--format", "json")
    assert run.code == 1
    [row] = [row for row in run.json["assessments"] if row["policy"] == "baseline-is-current"]
    assert became in row["message"]
    assert "python -m policies baseline prune --output baseline.json" in row["remediation"]
    line = (tmp_path / "baseline.json").read_text().splitlines()[row["source"]["line"] - 1]
    assert json.loads(line.rstrip(","))["place"] == "aws_launch_template.web"
    pruned = policies("baseline", "prune", "portal.tf.json", *IMDS)
    assert pruned.out == "baseline.json: 2 findings (1 fail, 1 undetermined); 0 added, 1 taken out\n"
    assert policies("check", "portal.tf.json", *IMDS, "--baseline", "baseline.json").code == 0


def test_prune_adds_nothing(judged: Callable[..., Run], policies: Command) -> None:
    assert judged(OLD | {"open": UNKNOWN, "new": {}}).code == 1
    assert "0 added, 0 taken out" in policies("baseline", "prune", "portal.tf.json", *IMDS).out
    assert policies("check", "portal.tf.json", *IMDS, "--baseline", "baseline.json").code == 1


def test_the_bare_truth_can_be_shown(judged: Callable[..., Run]) -> None:
    assert judged(OLD | {"open": UNKNOWN}, "--no-baseline").code == 1


def test_a_baseline_counts_only_where_it_is_named(judged: Callable[..., Run], policies: Command) -> None:
    judged(OLD)
    assert policies("check", "portal.tf.json", *IMDS).code == 1


def test_stacks_have_old_findings_of_their_own(policies: Command, tmp_path: Path) -> None:
    east, west = (write(tmp_path / name / f"{name}.tf.json", stack({"web": {}})) for name in ("east", "west"))
    policies("baseline", "write", east, *IMDS)
    assert policies("check", west, *IMDS, "--baseline", "baseline.json").code == 1
    assert policies("check", east, *IMDS, "--baseline", "baseline.json").code == 0
    assert "2 findings" in policies("baseline", "write", west, *IMDS).out, "entries of other stacks are kept"
    assert policies("check", east, west, *IMDS, "--baseline", "baseline.json").code == 0


def test_an_old_finding_follows_its_construct_and_not_its_line(policies: Command, tmp_path: Path) -> None:
    body = {"//": {"metadata": {"path": "portal/compute/web"}}}
    path = write(tmp_path / "portal.tf.json", stack({"web": body}))
    policies("baseline", "write", path, *IMDS)
    [entry] = json.loads((tmp_path / "baseline.json").read_text())["findings"]
    assert entry["place"] == "portal/compute/web"
    write(path, stack({"good": MENDED, "web": body}))
    assert policies("check", path, *IMDS, "--baseline", "baseline.json").code == 0


def test_a_mistake_in_a_waiver_is_never_old(policies: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "portal.tf.json", stack({"web": {}}))
    entry = "policy: imdsv2-requird, stack: portal, addresses: [a], reason: r, owner: o, ticket: t, "
    write(tmp_path / "waivers.yaml", f"waivers: [{{{entry}created: 2026-01-01, expires: 2026-02-01}}]\n")
    assert ": 1 findings" in policies("baseline", "write", path, *IMDS).out
    assert policies("check", path, *IMDS, "--baseline", "baseline.json").code == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"schema": "gate-baseline/1"}, "findings is missing"),
        ({"schema": "gate-baseline/1", "findings": [{}]}, "findings[0]: stack is missing"),
        ("[]", "is not an object"),
        ("{", "not valid JSON"),
    ],
)
def test_a_broken_baseline_is_one_clear_line(policies: Command, tmp_path: Path, content: object, message: str) -> None:
    path = write(tmp_path / "portal.tf.json", stack(OLD))
    write(tmp_path / "b.json", content)
    for run in (
        policies("check", path, "--baseline", "b.json"),
        policies("baseline", "prune", path, "--output", "b.json"),
    ):
        assert run.code == 3
        assert message in run.err
        assert len(run.err.splitlines()) == 1


def test_nothing_judged_writes_no_baseline(policies: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "portal.tf.json", {"resource": {"null_resource": {"x": {}}}})
    assert policies("baseline", "write", path).code == 3
    assert not (tmp_path / "baseline.json").exists()
