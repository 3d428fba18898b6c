"""A trail of the organization records the portal's account: the stack has none, and waivers say who answers for it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.policies.conftest import ROOT, Run, write

POLICIES = ("trail-records-the-account", "trail-is-tamper-evident", "kms-keys-rotate")
ENTRY = """  - policy: {policy}
    stack: portal
    addresses: [""]
    reason: The trail of the organization records this account (ORGANIZATION_TRAIL_ARN); the security team runs it.
    owner: security-team
    ticket: PORTAL-112
    created: 2026-11-01
    expires: 2027-04-01
"""
WAIVERS = "waivers:\n" + "".join(ENTRY.format(policy=policy) for policy in POLICIES[:2])


@pytest.fixture(scope="module")
def without_trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("organization")
    variables = {
        "ENVIRONMENT_SUFFIX": "test",
        "ORGANIZATION_TRAIL_ARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/o",
    }
    command = [sys.executable, "-m", "infra.main", "--output", str(out)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=True, capture_output=True)
    return out / "stacks" / "portal"


def check(stack: Path, *options: str) -> Run:
    chosen = [option for policy in POLICIES for option in ("--policy", policy)]
    command = [sys.executable, "-m", "policies", "check", str(stack), "--stack", "portal", "--format", "json", *chosen]
    done = subprocess.run([*command, "--today", "2026-12-01", *options], cwd=ROOT, capture_output=True, text=True)
    return Run(done.returncode, done.stdout, done.stderr)


def about_trails(run: Run) -> dict[str, Any]:
    rows = run.json["assessments"]
    return {row["policy"]: (row["address"], row["outcome"]) for row in rows if row["policy"].startswith("trail-")}


def test_a_portal_without_trail_fails(without_trail: Path) -> None:
    run = check(without_trail, "--no-waivers")
    assert run.code == 1
    assert about_trails(run) == dict.fromkeys(POLICIES[:2], ("", "fail"))


def test_whoever_answers_for_the_organizations_trail_can_waive_it(without_trail: Path, tmp_path: Path) -> None:
    run = check(without_trail, "--waivers", str(write(tmp_path / "waivers.yaml", WAIVERS)))
    assert run.code == 0
    assert about_trails(run) == dict.fromkeys(POLICIES[:2], ("", "waived"))


def test_the_waiver_is_refused_where_the_portal_has_a_trail(portal: Path, tmp_path: Path) -> None:
    run = check(portal, "--waivers", str(write(tmp_path / "waivers.yaml", WAIVERS)))
    assert run.code == 1
    assert "covers nothing" in run.out
