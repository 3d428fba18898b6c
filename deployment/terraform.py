"""Runs Terraform: what it prints is kept, how it ended is told, and nothing of it stays behind."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from deployment.errors import NotDeployedError, TerraformError
from deployment.process import started

_BEGUN = re.compile(r": (Creating|Destroying|Modifying)\.\.\.")
_FINISHED = re.compile(r": (Creation|Destruction|Modifications) complete after ")
_ERROR = re.compile(r"^\s*[│|]?\s*Error: (.+)")
_SETTINGS = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


@dataclass(frozen=True)
class Run:
    """How one command ended; `log` holds all it printed, `begun` says whether it set out to change something."""

    command: str
    exit_code: int
    log: Path
    begun: bool

    @property
    def errors(self) -> list[str]:
        """What Terraform calls errors, one line each: the headline and the first lines of its explanation."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        starts = [index for index, line in enumerate(lines) if _ERROR.match(line)]
        found = [" ".join(line.strip("│╷╵| ") for line in lines[start : start + 6]) for start in starts]
        return [" ".join(one.split()) for one in found] or [f"terraform {self.command} ended with {self.exit_code}"]


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder, with its own files in `data`. `environment` is all that it sees of its surroundings.

    `patient`: when we are interrupted, Terraform is asked to stop and waited for, so that its state is whole and
    unlocked; or else it is killed.
    """

    folder: Path
    data: Path
    logs: Path
    environment: Mapping[str, str]
    patient: bool = True

    def run(self, name: str, *arguments: str, on_finished: Callable[[], None] = lambda: None) -> Run:
        """Run `terraform ARGUMENTS` and keep what it prints in `logs/NAME.log`; raises TerraformError when it fails.

        `on_finished` is called for each resource that is done. Raises NotDeployedError when Terraform is not there.
        """
        log = self.logs / f"{name}.log"
        begun = False

        def follow(process: subprocess.Popen[str], kept: TextIO) -> int:
            nonlocal begun
            assert process.stdout is not None
            for line in process.stdout:
                kept.write(line)
                begun = begun or bool(_BEGUN.search(line))
                if _FINISHED.search(line):
                    on_finished()
            return process.wait()

        with (
            log.open("w", encoding="utf-8") as kept,
            started(
                self._command(arguments), self._environment, output=subprocess.PIPE, errors=subprocess.STDOUT
            ) as it,
        ):
            try:
                exit_code = follow(it, kept)
            except BaseException:
                if self.patient:
                    it.send_signal(signal.SIGINT)
                    follow(it, kept)
                raise
        run = Run(arguments[0], exit_code, log, begun)
        if exit_code != 0:
            raise TerraformError(run.command, run.errors, str(log), begun=begun)
        return run

    def write(self, file: Path, *arguments: str) -> None:
        """Write the standard output of `terraform ARGUMENTS` to `file`. Raises NotDeployedError when it fails."""
        with (
            file.open("w", encoding="utf-8") as output,
            started(
                self._command(arguments), self._environment, output=output.fileno(), errors=subprocess.DEVNULL
            ) as process,
        ):
            exit_code = process.wait()
        if exit_code != 0:
            raise NotDeployedError(f"terraform {' '.join(arguments)} ended with {exit_code}")

    @property
    def _environment(self) -> dict[str, str]:
        return {**self.environment, **_SETTINGS, "TF_DATA_DIR": str(self.data.resolve())}

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        program = shutil.which("terraform", path=self.environment.get("PATH"))
        if program is None:
            raise NotDeployedError("no terraform on PATH")
        return [program, f"-chdir={self.folder}", *arguments]
