"""Whoever can set variables, or put files beside the gate, tries to have another one judge."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import checkov
import pytest

from policies.registry import catalogue
from tests.policies.conftest import ROOT, write
from tests.threats.runs import WEAK, check, verdicts

TOP_LEVEL = {"compliance", "conftest", "deployment", "infra", "pipeline", "policies", "rehearsal", "sbom", "tests"}
JUDGES_YES = "import os\nos._exit(0)\n"


def variables_of_checkov() -> list[str]:
    """Every environment variable that the installed Checkov reads anywhere."""
    reading = re.compile(r"(?:getenv|environ(?:\.get|\.setdefault)?)\s*[(\[]\s*['\"](\w+)")
    files = Path(checkov.__file__).parent.rglob("*.py")
    return sorted({name for path in files for name in reading.findall(path.read_text("utf-8"))})


def test_no_variable_that_checkov_reads_changes_what_it_says(tmp_path: Path) -> None:
    names = variables_of_checkov()
    assert {"CKV_IGNORED_DIRECTORIES", "CHECKOV_MAX_IAC_FILE_SIZE", "RAW_TF_IN_GRAPH", "WORKDIR"} <= set(names)
    path = write(tmp_path / "s.tf.json", WEAK)
    plainly = check(tmp_path, path, "--checkov", "--format", "json")
    assert ("CKV_AWS_24", "aws_security_group.web") in verdicts(plainly)
    for value in ("True", "0"):
        run = check(tmp_path, path, "--checkov", "--format", "json", **dict.fromkeys(names, value))
        assert (run.code, run.out) == (plainly.code, plainly.out), run.err


@pytest.mark.parametrize("optimize", ["1", "2"])
def test_python_without_assertions_and_docstrings_never_says_yes(tmp_path: Path, optimize: str) -> None:
    run = check(tmp_path, write(tmp_path / "s.tf.json", WEAK), PYTHONOPTIMIZE=optimize)
    assert run.code in (1, 3)


def test_the_hook_for_others_takes_no_module_of_theirs(tmp_path: Path) -> None:
    """A repository that holds a folder `policies`, or files named like Python's own, is judged by ours all the same."""
    write(tmp_path / "policies" / "__init__.py", JUDGES_YES)
    write(tmp_path / "policies" / "__main__.py", JUDGES_YES)
    for name in ("argparse", "json", "hashlib", "dataclasses", "sitecustomize", "usercustomize"):
        write(tmp_path / f"{name}.py", JUDGES_YES)
    path = write(tmp_path / "s.tf.json", WEAK)
    here = tmp_path / "clone"
    (here / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "judge", here / ".ci" / "judge")
    (here / "policies").symlink_to(ROOT / "policies")
    (here / "compliance").symlink_to(ROOT / "compliance")
    (here / ".venv" / "bin").mkdir(parents=True)
    (here / ".venv" / "run").touch()
    (here / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (here / ".venv" / "bin" / "python").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [here / ".ci" / "judge", path.name], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "FAIL  imdsv2-required" in done.stdout


def tracked() -> list[str]:
    """What is under version control, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_no_compiled_code_is_under_version_control() -> None:
    """Bytecode runs in place of the source that a reviewer reads, and no digest of ours covers it."""
    unread = re.compile(r"(^|/)__pycache__/|\.(pyc|pyo|pyd|so|dll|dylib|pth|egg|whl|zip|jar|node)$")
    assert [name for name in tracked() if unread.search(name)] == []


def test_nothing_at_the_root_takes_the_place_of_a_library() -> None:
    """`python -m` looks in the folder it runs in before anything else."""
    tops = {name.partition("/")[0] for name in tracked() if name.endswith(".py")}
    modules = {name.removesuffix(".py") for name in tops if name.removesuffix(".py").isidentifier()}
    installed = set(importlib.metadata.packages_distributions())
    customizing = {"sitecustomize", "usercustomize"}
    assert modules - {"lambda"} <= TOP_LEVEL
    assert modules & (set(sys.stdlib_module_names) | customizing) == set()
    assert modules & (installed - {"tests"}) == set()


def test_our_own_verdict_needs_no_library_but_one_for_yaml(tmp_path: Path) -> None:
    """A poisoned release of Checkov, or of what it brings, has no part in a run without it."""
    path = write(tmp_path / "s.tf.json", WEAK)
    write(tmp_path / "waivers.yaml", "waivers: []\n")
    run = check(tmp_path, path, python=("-X", "importtime"))
    assert run.code == 1
    imported = set(re.findall(r"^import time:[ \d|]+\|\s+(\w+)", run.err, re.MULTILINE))
    assert {"policies", "ruamel"} <= imported
    ours = {"policies", "ruamel", "_ruamel_yaml", "_ruamel_yaml_clibz"}
    jython = {"org"}  # Python's own `copy` asks for a module of it
    # what Python, and not we, imports while it starts: of its own build, and from .pth files of the environment
    plain = subprocess.run([sys.executable, "-X", "importtime", "-c", ""], capture_output=True, text=True, check=True)
    started = set(re.findall(r"^import time:[ \d|]+\|\s+(\w+)", plain.stderr, re.MULTILINE))
    python = {name for name in imported if name.startswith("_sysconfigdata")}
    assert imported - set(sys.stdlib_module_names) - started - python - jython <= ours


def test_every_package_is_pinned_by_its_digest_and_nothing_else_is_installed() -> None:
    """A poisoned index, mirror or cache of pip has nothing else to give."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-i"))]
        assert lines
        assert [line for line in lines if not re.match(r"[\w.\[\]-]+==\S+.* --hash=sha256:[0-9a-f]{64}", line)] == []
    installs = re.findall(r"^INSTALL := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--no-deps" in installs[0]


def test_every_policy_is_one_file_that_git_knows() -> None:
    """What is registered at run time is what stands in the repository: no policy comes from anywhere else."""
    known = set(tracked())
    for policy in catalogue():
        path = Path(sys.modules[policy.judge.__module__].__file__ or "").resolve()
        assert path.relative_to(ROOT.resolve()).as_posix() in known
