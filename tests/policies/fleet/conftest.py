"""What the tests of fleets share: an estate of stacks, running the command over it, and workers that die when told."""

import contextlib
import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT, Run, write

PASSES = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}}}
FAILS = {"resource": {"aws_launch_template": {"web": {"name": "web"}}}}
UNKNOWN = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "${var.tokens}"}}}}}
IMDS = ("--policy", "imdsv2-required")

# Loaded by every Python that is started: what a worker does when it comes to an input that a mark names. A mark works
# once, whichever worker takes it.
_MARKS = """
import os, pathlib, signal
import policies.documents as documents

_marks = pathlib.Path(os.environ["FLEET_MARKS"])
_read = documents.read

def read(paths, *rest):
    name = paths[0].name
    with (_marks / "read").open("a") as log:
        log.write(name + "\\n")
    (_marks / "workers").mkdir(exist_ok=True)
    (_marks / "workers" / str(os.getpid())).touch()
    for mark in sorted(_marks.glob(f"{name}.*")):
        try:
            mark.unlink()
        except FileNotFoundError:
            continue
        if mark.suffix.startswith(".die"):
            os.kill(os.getpid(), signal.SIGKILL)
        kept = pathlib.Path(os.environ["FLEET_KEPT"]) / "parts"
        while not any(one.is_file() and not one.name.startswith(".") for one in kept.glob("*/*")):
            pass  # the run is killed when it has something to go on from
        os.kill(os.getppid(), signal.SIGKILL)
    return _read(paths, *rest)

documents.read = read
"""


@dataclass
class Estate:
    """A folder of stacks, and the command that judges them; `marks` holds what workers are to die of."""

    folder: Path
    marks: Path
    environment: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: object) -> Path:
        """Writes a stack."""
        return write(self.folder / "estate" / name / "cdk.tf.json", content)

    def mark(self, name: str, *, deaths: int = 0) -> None:
        """The workers that read this stack die, so many of them; or, without a number, the run is killed."""
        for number in range(deaths or 1):
            (self.marks / f"{name}.{'die' if deaths else 'end'}{number}").touch()

    def read(self) -> list[str]:
        """The names of the stacks that were read, since this was last asked."""
        log = self.marks / "read"
        names = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return names

    def workers(self) -> list[int]:
        """The processes that have judged and are still there, as descriptors that are readable once they ended."""
        found = []
        for one in (self.marks / "workers").iterdir():
            with contextlib.suppress(ProcessLookupError):
                found.append(os.pidfd_open(int(one.name)))
        return found

    def run(self, *arguments: str | Path) -> Run:
        """Runs `python -m policies ARGUMENTS` beside the estate."""
        command = [sys.executable, "-m", "policies", *map(str, arguments)]
        environment = {
            **os.environ,
            "PYTHONPATH": f"{self.marks}:{ROOT}",
            "FLEET_MARKS": str(self.marks),
            "FLEET_KEPT": str(self.folder / "kept"),
            **self.environment,
        }
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        return Run(done.returncode, done.stdout, done.stderr)

    def fleet(self, *arguments: str | Path) -> Run:
        """Runs `python -m policies fleet ARGUMENTS`, to JSON, with one worker unless the engine says how many."""
        if "--engine" not in arguments and "--workers" not in arguments:
            arguments = (*arguments, "--workers", "1")
        return self.run("fleet", *arguments, "--no-waivers", "--today", "2026-01-01", "--format", "json")

    def check(self, *arguments: str | Path) -> Run:
        """The same by `check`."""
        return self.run("check", *arguments, "--no-waivers", "--today", "2026-01-01", "--format", "json")


@pytest.fixture
def empty_estate(tmp_path: Path) -> Estate:
    marks = tmp_path / "marks"
    write(marks / "sitecustomize.py", _MARKS)
    return Estate(tmp_path, marks)


@pytest.fixture
def estate(empty_estate: Estate) -> Estate:
    """Seven stacks that pass, fail and are undetermined."""
    for number, content in enumerate((PASSES, FAILS, UNKNOWN, PASSES, FAILS, FAILS, PASSES)):
        empty_estate.add(f"s{number}", content)
    return empty_estate


def needed(package: str) -> None:
    """Skips the test where an optional package is not installed, except in CI."""
    if importlib.util.find_spec(package) is None:
        message = f"{package} is not installed: pip install it to run this test"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(params=["local", "dask"])
def engine(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options of each engine, with two workers."""
    if request.param == "dask":
        needed("distributed")
    return "--engine", request.param, "--workers", "2"
