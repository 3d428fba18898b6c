"""Runs Terraform: every command in a process group of its own, which never outlives the rehearsal."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.errors import NotRehearsedError

PARALLELISM = 50  # calls are waits, mostly: for moto, and for the provider's own pauses
_FINISHED = re.compile(r": (Creation|Destruction|Modifications) complete after ")
_ERROR = re.compile(r"^\s*[│|]?\s*Error: (.+)")


@dataclass(frozen=True)
class Run:
    """How one command ended; `log` holds all it printed."""

    command: str
    exit_code: int
    log: Path

    @property
    def errors(self) -> list[str]:
        """What Terraform calls errors, one line each: the headline and the first lines of its explanation."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        starts = [index for index, line in enumerate(lines) if _ERROR.match(line)]
        found = [" ".join(line.strip("│╷╵| ") for line in lines[start : start + 6]) for start in starts]
        return [" ".join(one.split()) for one in found] or [f"terraform {self.command} ended with {self.exit_code}"]


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder. `environment` is all that it sees of its surroundings."""

    folder: Path
    logs: Path
    environment: Mapping[str, str]

    def run(self, name: str, *arguments: str, on_finished: Callable[[], None] = lambda: None) -> Run:
        """Run `terraform ARGUMENTS` and keep what it prints in `logs/NAME.log`.

        `on_finished` is called for each resource that is done. Raises NotRehearsedError when Terraform is not there.
        """
        log = self.logs / f"{name}.log"
        with log.open("w", encoding="utf-8") as kept:
            process = self._start(arguments, subprocess.PIPE, subprocess.STDOUT)
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    kept.write(line)
                    if _FINISHED.search(line):
                        on_finished()
                exit_code = process.wait()
            finally:
                _end(process)
        return Run(arguments[0], exit_code, log)

    def write(self, file: Path, *arguments: str) -> None:
        """Write the standard output of `terraform ARGUMENTS` to `file`. Raises NotRehearsedError when it fails."""
        with file.open("w", encoding="utf-8") as output:
            process = self._start(arguments, output.fileno(), subprocess.DEVNULL)
            try:
                exit_code = process.wait()
            finally:
                _end(process)
        if exit_code != 0:
            raise NotRehearsedError(f"terraform {' '.join(arguments)} ended with {exit_code}")

    def _start(self, arguments: tuple[str, ...], output: int, errors: int) -> subprocess.Popen[str]:
        program = shutil.which("terraform", path=self.environment.get("PATH"))
        if program is None:
            raise NotRehearsedError("no terraform on PATH")
        return subprocess.Popen(
            [program, f"-chdir={self.folder}", *arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is ours to answer; and its plugins can be ended with it
        )


def _end(process: subprocess.Popen[str]) -> None:
    """End the command and its plugins, if any of them still runs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
