"""Completion in a real bash and a real zsh: commands, options, and the names that stand behind them."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT, program


def script_for(shell: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "policies", "completion", shell]
    path = folder / f"policies.{shell}"
    path.write_text(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return path


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script_for("bash", tmp_path_factory.mktemp("completion"))


@pytest.fixture(scope="module")
def zsh_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script_for("zsh", tmp_path_factory.mktemp("completion"))


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


OFFERS = pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ch",), ["check"]),
        (("check", "--no-w"), ["--no-waivers"]),
        (("check", "--policy", "imds"), ["imdsv2-required"]),
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


@OFFERS
def test_bash_offers_what_may_stand_there(script: Path, words: tuple[str, ...], offered: list[str]) -> None:
    found = completed(script, *POLICIES, *words)
    assert set(offered) >= set(found) if words[0] == "list" else found == offered
    assert bool(found) == bool(offered)


def test_bash_takes_the_equals_sign_for_a_word_of_its_own(script: Path) -> None:
    assert completed(script, *POLICIES, "check", "--policy", "=", "imds") == ["imdsv2-required"]


def test_other_modules_are_left_alone(script: Path) -> None:
    assert completed(script, "python", "-m", "http.ser") == []
    assert completed(script, "python", "check", "") == []


def offered_by_zsh(script: Path, *words: str) -> list[str]:
    """What the function that zsh has registered adds for these words; zsh itself drops what does not fit the last."""
    program_text = f"""
        compdef() {{ registered=$1 }}
        compadd() {{ shift; print -l -- "$@" }}
        _files() {{ : }}
        _python() {{ : }}
        source {shlex.quote(str(script))}
        words=({" ".join(map(shlex.quote, words))})
        CURRENT=${{#words}}
        $registered
    """
    done = subprocess.run([program("zsh"), "-f", "-c", program_text], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [word for word in done.stdout.split() if word.startswith(words[-1])]


@OFFERS
def test_zsh_offers_the_same(zsh_script: Path, words: tuple[str, ...], offered: list[str]) -> None:
    found = offered_by_zsh(zsh_script, *POLICIES, *words)
    assert set(offered) >= set(found) if words[0] == "list" else found == offered
    assert bool(found) == bool(offered)


def test_zsh_leaves_other_modules_alone(zsh_script: Path) -> None:
    assert offered_by_zsh(zsh_script, "python", "-m", "http.ser") == []
