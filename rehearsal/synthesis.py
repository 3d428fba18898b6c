"""Synthesizes the stacks afresh, as their user does: `python -m infra.main`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal import loopback
from rehearsal.errors import NotRehearsedError

SUFFIX = "rehearsal-of-a-stack"  # as long as a suffix may be: names that are too long are found out here
_ROOT = Path(__file__).resolve().parents[1]


def synthesize(output: Path, surroundings: Mapping[str, str] = os.environ) -> None:
    """Synthesize all stacks into a fresh `output`. Raises NotRehearsedError with what the program said."""
    shutil.rmtree(output, ignore_errors=True)
    run = subprocess.run(
        [sys.executable, "-m", "infra.main", "--output", str(output.resolve())],
        cwd=_ROOT,
        env=loopback.synthesis_environment(surroundings, SUFFIX),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        said = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise NotRehearsedError(f"the stacks cannot be synthesized: {said}")


def stacks(output: Path, wanted: list[str]) -> list[Path]:
    """The folders of the `wanted` stacks, all when none is named. Raises NotRehearsedError for one that is missing."""
    found = sorted(document.parent for document in output.glob("stacks/*/cdk.tf.json"))
    names = [folder.name for folder in found]
    if not found:
        raise NotRehearsedError(f"{output}: no synthesized stack in it")
    for name in wanted:
        if name not in names:
            raise NotRehearsedError(f"no stack named {name!r}: there are {', '.join(names)}")
    return [folder for folder in found if not wanted or folder.name in wanted]
