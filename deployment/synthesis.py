"""Synthesizes the stacks, as their user does: `python -m infra.main`; and finds them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deployment.errors import NotDeployedError

DOCUMENT = "cdk.tf.json"
ROOT = Path(__file__).resolve().parents[1]


def synthesize(output: Path, environment: Mapping[str, str]) -> None:
    """Synthesize all stacks into `output`. Raises NotDeployedError with what the program said."""
    run = subprocess.run(
        [sys.executable, "-m", "infra.main", "--output", str(output.resolve())],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        said = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise NotDeployedError(f"the stacks cannot be synthesized: {said}")


def stacks(output: Path, wanted: list[str]) -> list[Path]:
    """The folders of the `wanted` stacks, all when none is named. Raises NotDeployedError for one that is missing."""
    found = sorted(document.parent for document in output.glob(f"stacks/*/{DOCUMENT}"))
    names = [folder.name for folder in found]
    if not found:
        raise NotDeployedError(f"{output}: no synthesized stack in it")
    for name in wanted:
        if name not in names:
            raise NotDeployedError(f"no stack named {name!r}: there are {', '.join(names)}")
    return [folder for folder in found if not wanted or folder.name in wanted]
