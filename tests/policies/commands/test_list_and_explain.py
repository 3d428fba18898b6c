"""`list` and `explain`: what a developer asks about policies, answered from where each fact stands."""

import json

import pytest

from policies.__main__ import main
from policies.commands import COMMANDS
from policies.registry import catalogue

ALB = "alb-requires-origin-header"


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [line.split()[0] for line in out(capsys, "list", *arguments).splitlines()]


def test_every_policy_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys) == [policy.id for policy in catalogue()]


def test_filters_narrow_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert "audit-logs-kept" in listed(capsys, "--requirement", "10.5.1")
    assert set(listed(capsys, "--requirement", "10.5.1")) < set(listed(capsys, "--requirement", "10"))
    of_balancers = listed(capsys, "--type", "aws_lb")
    assert ALB in of_balancers
    assert "imdsv2-required" not in of_balancers
    both = listed(capsys, "--type", "aws_lb", "--severity", "critical")
    assert "alb-only-through-cloudfront" in both
    assert ALB not in both


def test_a_requirement_is_no_prefix_of_another_number(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(out(capsys, "list", "--requirement", "1", "--format", "json"))
    assert rows
    assert all(any(number.startswith("1.") for number in one["requirements"]) for one in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--requirement", "99.9"), "no policy for 99.9"),
        (("explain", "imdsv2-requierd"), "imdsv2-requierd: no such policy; did you mean imdsv2-required?"),
        (("explain", "imdsv2"), "did you mean imdsv2-required?"),
        (("explain", "zzzzzz"), "zzzzzz: no such policy"),
    ],
)
def test_what_is_not_there_is_one_line_and_exit_code_3(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert main(arguments) == 3
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_an_explanation_holds_everything_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(out(capsys, "explain", "vpc-has-planned-range").split())
    for part in (
        "cidr_block: str, a specification has to say it",
        "P-NET-1 (portal): cidr_block = 10.0.0.0/16",
        "(judges only where a specification asks)",
        "pass-",
        "fail: aws_vpc.",
        "policies/network/vpc_has_planned_range.py",
    ):
        assert part in text
    assert "2.2.6, partial: One security parameter" in out(capsys, "explain", "imdsv2-required")


def test_every_policy_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for policy in catalogue():
        text = out(capsys, "explain", policy.id)
        assert policy.title.split()[0] in text
        assert "\nExamples\n" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m policies {command}" in capsys.readouterr().out.partition("examples:")[2]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name}" not in shown] == []
