"""Completion in a real bash: commands, options, and the names that stand behind them."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    command = [sys.executable, "-m", "policies", "completion", "bash"]
    path = tmp_path_factory.mktemp("completion") / "policies.bash"
    path.write_text(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return path


def completed(script: Path, *words: str) -> list[str]:
    """What bash offers after these words, the last of them begun, by the function that it has registered."""
    program = f"""
        set -u
        source {shlex.quote(str(script))}
        COMP_WORDS=({" ".join(map(shlex.quote, words))})
        COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        registered=$(complete -p python | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        "$registered"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


POLICIES = (".venv/bin/python", "-m", "policies")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ch",), ["check"]),
        (("check", "--no-w"), ["--no-waivers"]),
        (("check", "--policy", "imds"), ["imdsv2-required"]),
        (("check", "--policy", "=", "imds"), ["imdsv2-required"]),
        (("check", "--stack", "recovery-s"), ["recovery-secondary"]),
        (("check", "--undetermined", "w"), ["warn"]),
        (("check", "cdk"), []),  # left to the shell: names of files
        (("explain", "imds"), ["imdsv2-required"]),
        (("list", "--type", "aws_lb_l"), ["aws_lb_listener", "aws_lb_listener_certificate", "aws_lb_listener_rule"]),
        (("list", "--requirement", "10.5"), ["10.5.1"]),
        (("baseline", "p"), ["prune"]),
        (("completion", ""), ["bash", "zsh"]),
    ],
)
def test_bash_offers_what_may_stand_there(script: Path, words: tuple[str, ...], offered: list[str]) -> None:
    found = completed(script, *POLICIES, *words)
    assert set(offered) >= set(found) if words[0] == "list" else found == offered
    assert bool(found) == bool(offered)


def test_other_modules_are_left_alone(script: Path) -> None:
    assert completed(script, "python", "-m", "http.ser") == []
    assert completed(script, "python", "check", "") == []


def test_zsh_gets_the_same_words(script: Path) -> None:
    command = [sys.executable, "-m", "policies", "completion", "zsh"]
    zsh = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    start, end = "_policies_words() {", "\n}\n"
    assert (
        zsh[zsh.index(start) : zsh.index(end)]
        == script.read_text()[
            len("# Completes `python -m policies` in bash: source it. Made by `policies completion`.\n") :
        ].partition(end)[0]
    )
    assert "compdef _policies_zsh python" in zsh
