"""`waive`: from the fingerprint on the terminal to a gate that passes, and nothing that the gate would refuse."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policies.conftest import Run, write

Command = Callable[..., Run]

STACK = {"resource": {"aws_launch_template": {"web": {}, "api": {"metadata_options": {"http_tokens": "required"}}}}}
IMDS = ("--policy", "imdsv2-required")
SOON = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
SAID = (
    *("--reason", "The appliance speaks IMDSv1 only; it's replaced in March."),
    *("--owner", "platform-team", "--ticket", "PLAT-12"),
)


def fingerprints(run: Run) -> list[str]:
    return re.findall(r"Fingerprint: ([0-9a-f]+)", run.out)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return write(tmp_path / "portal.tf.json", STACK)


def test_a_fingerprint_from_the_terminal_becomes_a_waiver_with_which_the_gate_passes(
    policies: Command, stack: Path, tmp_path: Path
) -> None:
    failing = policies("check", stack, *IMDS)
    [fingerprint] = fingerprints(failing)
    assert (failing.code, len(fingerprint)) == (1, 12)
    run = policies("waive", fingerprint, stack, *SAID, "--expires", SOON, "--compensating-control", "CCW-3")
    assert (run.code, run.err) == (0, "")
    assert run.out == f"waivers.yaml:2: imdsv2-required  portal: aws_launch_template.web  until {SOON}\n"
    passing = policies("check", stack, *IMDS, "--format", "json")
    assert passing.code == 0
    [row] = [row for row in passing.json["assessments"] if row["outcome"] == "waived"]
    waiver = row["waiver"]
    assert (waiver["reason"], waiver["compensating_control"]) == (SAID[1], "CCW-3")
    assert waiver["created"] == datetime.date.today().isoformat()
    assert policies("check", stack, *IMDS, "--no-waivers").code == 1


BEFORE = """# Ours.
waivers:
    # The old one.
    - policy: imdsv2-required   # see PLAT-1
      stack: 'portal'
      addresses:
          - aws_launch_template.old
      reason: >-
          A reason that is folded
          over two lines.
      owner: "me"
      ticket: PLAT-1
      created: 2026-01-01
      expires: 2026-02-01
# The end."""


@pytest.mark.parametrize(
    "before", [BEFORE, "# Ours.\n", "# Ours.\nwaivers: []\n", "waivers:\n", "waivers: [] # none\n"]
)
def test_what_stands_in_the_file_stays(policies: Command, stack: Path, tmp_path: Path, before: str) -> None:
    file = write(tmp_path / "accepted.yaml", before)
    [fingerprint] = fingerprints(policies("check", stack, *IMDS))
    run = policies("waive", fingerprint, stack, *SAID, "--expires", SOON, "--waivers", file)
    assert (run.code, run.err) == (0, "")
    after = file.read_text()
    assert after.startswith(before.replace(" []", "").rstrip("\n"))
    line = int(run.out.split(":")[1])
    assert after.splitlines()[line - 1].strip() == "- policy: imdsv2-required"
    rows = policies("check", stack, *IMDS, "--waivers", file, "--format", "json").json["assessments"]
    assert [row["waiver"]["place"]["line"] for row in rows if row["waiver"]] == [line]


def test_findings_of_one_policy_become_one_entry_and_stacks_with_the_same_addresses_too(
    policies: Command, tmp_path: Path
) -> None:
    two = {"resource": {"aws_launch_template": {"web": {}, "api": {}}}}
    paths = [
        write(tmp_path / name / f"{name}.tf.json", content)
        for name, content in (("east", two), ("west", two), ("north", STACK))
    ]
    found = fingerprints(policies("check", *paths, *IMDS))
    assert len(found) == 5
    run = policies("waive", *found, *paths, *SAID, "--expires", SOON)
    assert [line.split(": ", 1)[1] for line in run.out.splitlines()] == [
        f"imdsv2-required  east, west: aws_launch_template.api, aws_launch_template.web  until {SOON}",
        f"imdsv2-required  north: aws_launch_template.web  until {SOON}",
    ]
    assert policies("check", *paths, *IMDS).code == 0


def test_a_finding_of_the_stack_as_a_whole_can_be_waived(policies: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "portal.tf.json", STACK)
    failing = policies("check", path, "--policy", "vpc-has-planned-range", "--policy", "imdsv2-required")
    found = fingerprints(failing)
    assert "portal: the stack as a whole" in failing.out
    assert policies("waive", *found, path, *SAID, "--expires", SOON).code == 0
    assert policies("check", path, "--policy", "vpc-has-planned-range", "--policy", "imdsv2-required").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("FP", "--expires", "2020-01-31"), "expired on 2020-01-31"),
        (("FP", "--expires", "2099-01-31"), "at most 180 are allowed"),
        (("FP", "--expires", "soon"), "'soon' is not a day"),
        (("FP", "--expires", SOON, "--reason", "because"), "shorter than 20"),
        (("FP", "--expires", SOON, "--owner", " "), "--owner: says nothing"),
        (("FP", "--expires", SOON, "--only-in", "production"), "would not hold in this run, which is for development"),
        (("FP", "--expires", SOON, "--no-waivers"), "--no-waivers: "),
        (("FP", "--expires", SOON, "nowhere.json"), "nowhere.json: no such file"),
        (("0123456", "--expires", SOON), "too short to name a finding"),
        (("012345678", "--expires", SOON), "nothing that was judged has this fingerprint (Checkov was not asked"),
        (("PASSED", "--expires", SOON), "not a finding: the outcome is pass (imdsv2-required on portal"),
    ],
)
def test_what_the_gate_would_refuse_is_refused_before_anything_is_written(
    policies: Command, stack: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    rows = policies("check", stack, *IMDS, "--format", "json").json["assessments"]
    of = {row["outcome"]: row["fingerprint"] for row in rows}
    given = [{"FP": of["fail"], "PASSED": of["pass"]}.get(argument, argument) for argument in arguments]
    run = policies("waive", *SAID, *given, stack)
    assert run.code == 3
    assert message in run.err
    assert len(run.err.splitlines()) == 1
    assert not (tmp_path / "waivers.yaml").exists()


def test_what_is_waived_already_is_refused_with_the_line(policies: Command, stack: Path) -> None:
    [fingerprint] = fingerprints(policies("check", stack, *IMDS))
    assert policies("waive", fingerprint, stack, *SAID, "--expires", SOON).code == 0
    again = policies("waive", fingerprint, stack, *SAID, "--expires", SOON)
    assert again.code == 3
    assert "waived already, at waivers.yaml:2" in again.err


def test_a_file_that_cannot_be_extended_is_left_alone(policies: Command, stack: Path, tmp_path: Path) -> None:
    entry = "{policy: required-tags, stack: s, addresses: [a], reason: r, owner: o, ticket: t, "
    entry += "created: 2026-01-01, expires: 2026-02-01}"
    file = write(tmp_path / "waivers.yaml", f"waivers: [{entry}]\n")
    [fingerprint] = fingerprints(policies("check", stack, *IMDS))
    run = policies("waive", fingerprint, stack, *SAID, "--expires", SOON)
    assert run.code == 3
    assert "each entry has to begin with" in run.err
    assert file.read_text() == f"waivers: [{entry}]\n"
