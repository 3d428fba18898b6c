"""What the tests of the gate share: running it as its user does, and Terraform where it can be had."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def policies(tmp_path: Path) -> Callable[..., Run]:
    """Runs `python -m policies ARGUMENTS` in an empty folder."""

    def run(*arguments: str | Path) -> Run:
        command = [sys.executable, "-m", "policies", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def gate(policies: Callable[..., Run]) -> Callable[..., Run]:
    """Runs `python -m policies check ARGUMENTS` in an empty folder."""
    return lambda *arguments: policies("check", *arguments)


def program(name: str) -> str:
    """A program on PATH; its absence skips the test, except in CI."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not on PATH: install it to run this test"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def terraform() -> str:
    """The terraform program."""
    return program("terraform")


@pytest.fixture(scope="session")
def provider(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder initialized with the AWS provider, from the registry or a mirror.

    Where the provider cannot be had the test is skipped, except in CI.
    """
    folder = tmp_path_factory.mktemp("provider")
    required = {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}
    write(folder / "main.tf.json", {"terraform": {"required_providers": required}})
    command = [terraform, f"-chdir={folder}", "init", "-backend=false", "-input=false", "-no-color"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(done.stderr.partition("Error: ")[2].split()[:20])
        message = f"the AWS provider cannot be had: {reason}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return folder


def write(path: Path, content: Any) -> Path:
    """Writes JSON (or text) and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds our own stacks, each in one of its name, freshly synthesized."""
    out = tmp_path_factory.mktemp("synthesized")
    environment = {**os.environ, "ENVIRONMENT_SUFFIX": "test"}
    command = [sys.executable, "-m", "infra.main", "--output", str(out)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return out / "stacks"


@pytest.fixture(scope="session")
def portal(stacks: Path) -> Path:
    """The folder of our own portal stack."""
    return stacks / "portal"
