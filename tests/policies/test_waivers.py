"""Waivers accept findings and never hide them; one that is out of date, unused or too broad is a failure itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policies.conftest import Run, write

Gate = Callable[..., Run]

STACK = {"resource": {"aws_launch_template": {"web": {}, "api": {"metadata_options": {"http_tokens": "required"}}}}}
ENTRY = """waivers:
  - policy: imdsv2-required
    stack: portal
    addresses: [aws_launch_template.web]
    reason: The vendor's agent on these machines still speaks the old protocol.
    owner: platform-team
    ticket: PLAT-12
    created: 2026-11-01
    expires: 2027-04-01
"""


@pytest.fixture
def judge(gate: Gate, tmp_path: Path) -> Callable[..., Run]:
    def run(waivers: str, *options: str, stack: object = STACK) -> Run:
        write(tmp_path / "waivers.yaml", waivers)
        path = write(tmp_path / "portal.tf.json", stack)
        return gate(path, "--policy", "imdsv2-required", "--format", "json", "--today", "2026-12-01", *options)

    return run


def outcomes(run: Run) -> dict[str, str]:
    return {row["address"]: row["outcome"] for row in run.json["assessments"]}


def test_a_waived_finding_is_waived_and_not_passed(judge: Callable[..., Run]) -> None:
    run = judge(ENTRY)
    assert run.code == 0
    assert outcomes(run) == {"aws_launch_template.web": "waived", "aws_launch_template.api": "pass"}
    [row] = [row for row in run.json["assessments"] if row["outcome"] == "waived"]
    assert (row["waiver"]["owner"], row["waiver"]["expires"]) == ("platform-team", "2027-04-01")


def test_an_entry_for_several_stacks_has_to_hold_in_each(gate: Gate, tmp_path: Path) -> None:
    write(tmp_path / "waivers.yaml", ENTRY.replace("stack: portal", "stack: [east, west]"))
    mended = {"resource": {"aws_launch_template": {"api": {"metadata_options": {"http_tokens": "required"}}}}}
    paths = [write(tmp_path / name / f"{name}.tf.json", STACK) for name in ("east", "west")]

    def verdicts() -> list[tuple[str, str]]:
        run = gate(*paths, "--policy", "imdsv2-required", "--format", "json", "--today", "2026-12-01")
        return sorted((row["stack"], row["outcome"]) for row in run.json["assessments"] if row["outcome"] != "pass")

    assert verdicts() == [("east", "waived"), ("west", "waived")]
    write(paths[1], mended)
    assert verdicts() == [("east", "waived"), ("west", "fail")]


def test_the_bare_truth_can_be_shown(judge: Callable[..., Run]) -> None:
    run = judge(ENTRY, "--no-waivers")
    assert run.code == 1
    assert outcomes(run)["aws_launch_template.web"] == "fail"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("expires: 2027-04-01", "expires: 2026-11-30", "expired on 2026-11-30"),
        ("expires: 2027-04-01", "expires: 2027-06-01", "at most 180 are allowed"),
        ("created: 2026-11-01", "created: 2026-12-24", "was created in the future"),
        ("[aws_launch_template.web]", "[aws_launch_template.gone]", "covers nothing"),
        ("[aws_launch_template.web]", "[aws_launch_template.web, aws_launch_template.api]", "covers nothing"),
        ("[aws_launch_template.web]", '["aws_launch_template.*"]\n    matches: 2', "matches 1 findings where 2"),
        ("The vendor's agent on these machines still speaks the old protocol.", "because", "shorter than 20"),
        ("[aws_launch_template.web]", '["*"]\n    matches: 1', "is over-broad: * does not name one resource type"),
        ("[aws_launch_template.web]", '["aws_*.web"]\n    matches: 1', "is over-broad"),
        ("[aws_launch_template.web]", '["module.*"]\n    matches: 1', "is over-broad"),
        ("[aws_launch_template.web]", "[aws_launch_template.web, aws_launch_template.web]", "web twice"),
    ],
)
def test_an_invalid_waiver_fails_at_its_line_and_waives_nothing(
    judge: Callable[..., Run], old: str, new: str, problem: str
) -> None:
    run = judge(ENTRY.replace(old, new))
    assert run.code == 1
    assert outcomes(run)["aws_launch_template.web"] == "fail"
    rows = [row for row in run.json["assessments"] if row["policy"] == "waiver-is-valid"]
    assert any(problem in row["message"] for row in rows)
    assert {row["address"] for row in rows} == {"waivers.yaml:2"}
    assert rows[0]["source"] == {"file": "waivers.yaml", "line": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ENTRY.replace("    owner: platform-team\n", ""), "waivers.yaml:2: missing owner"),
        (ENTRY + "    approver: me\n", "waivers.yaml:2: unknown key approver"),
        (ENTRY + "    owner: me\n", "waivers.yaml:10: not valid YAML: found duplicate key"),
        (ENTRY.replace("2027-04-01", "soon"), "expires must be a date"),
        (ENTRY.replace("[aws_launch_template.web]", '["*"]'), "a pattern needs `matches`"),
        (ENTRY + "    compensating_control: [1]\n", "compensating_control must name the control's worksheet"),
        ("- a\n", "expected one key, `waivers`"),
        (ENTRY + "exceptions: []\n", "expected one key, `waivers`"),
        ("waivers: [", "not valid YAML"),
    ],
)
def test_a_malformed_file_ends_the_run_with_its_line(judge: Callable[..., Run], content: str, message: str) -> None:
    run = judge(content)
    assert run.code == 3
    assert message in run.err
    assert len(run.err.splitlines()) == 1


def test_every_mistake_of_a_waiver_is_a_failure_of_its_own(judge: Callable[..., Run]) -> None:
    wrong = ENTRY.replace("2027-04-01", "2028-01-01").replace("2026-11-01", "2026-12-24")
    wrong = wrong.replace("[aws_launch_template.web]", "[aws_launch_template.gone]")
    rows = [row for row in judge(wrong).json["assessments"] if row["policy"] == "waiver-is-valid"]
    assert sorted(row["attribute"] for row in rows) == ["addresses", "created", "expires"]
    assert len({row["fingerprint"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("imdsv2-requird", "does not exist; did you mean imdsv2-required?"),
        ("CKV_AWS_145", None),  # Checkov did not run: which checks it has is not known
    ],
)
def test_an_unknown_id_fails_in_every_run(judge: Callable[..., Run], policy: str, problem: str | None) -> None:
    run = judge(ENTRY.replace("policy: imdsv2-required", f"policy: {policy}"))
    found = [row["message"] for row in run.json["assessments"] if row["policy"] == "waiver-is-valid"]
    assert [problem in message for message in found] == ([True] if problem else [])


def test_the_compensating_control_is_named_with_the_waiver(judge: Callable[..., Run]) -> None:
    run = judge(ENTRY + "    compensating_control: CCW-2026-03\n")
    [row] = [row for row in run.json["assessments"] if row["outcome"] == "waived"]
    assert row["waiver"]["compensating_control"] == "CCW-2026-03"


def test_a_pattern_covers_as_many_findings_as_it_says(judge: Callable[..., Run]) -> None:
    stack = {"resource": {"aws_launch_template": {"web_a": {}, "web_b": {}}}}
    broad = ENTRY.replace("[aws_launch_template.web]", '["aws_launch_template.web_*"]\n    matches: 2')
    assert judge(broad, stack=stack).code == 0


def test_a_waiver_limited_to_environments_is_none_of_the_others(judge: Callable[..., Run]) -> None:
    limited = ENTRY + "    environments: [development, staging]\n"
    assert judge(limited, "--environment", "staging").code == 0
    production = judge(limited, "--environment", "production")
    assert production.code == 1
    assert outcomes(production) == {"aws_launch_template.web": "fail", "aws_launch_template.api": "pass"}


def test_a_waiver_for_another_stack_or_policy_is_none_of_this_run(judge: Callable[..., Run]) -> None:
    run = judge(ENTRY.replace("stack: portal", "stack: recovery"))
    assert run.code == 1
    assert outcomes(run) == {"aws_launch_template.web": "fail", "aws_launch_template.api": "pass"}
