"""The gate, as everybody calls it: `python -m policies check`, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from deployment.errors import GateError, NotDeployedError
from deployment.process import started
from deployment.stack import Deployment
from deployment.synthesis import ROOT

_JUDGED, _CANNOT = (0, 1, 2), 3


def judge(deployment: Deployment, what: str, path: Path, *options: str) -> str:
    """Judge `path` by our policies, Checkov and Terraform, with waivers; return the counts, for people.

    What the gate says goes to `gate-WHAT.txt` and `.json` beside the plan. Raises GateError when it does not pass, and
    NotDeployedError when it could not judge.
    """
    text, result, errors = (deployment.folder / f"gate-{what}.{kind}" for kind in ("txt", "json", "err"))
    # -P: nothing that lies in the folder we were called in takes the place of a judge.
    command = [sys.executable, "-P", "-m", "policies", "check", str(path), "--checkov", "--validate=require"]
    command += ["--stack", deployment.stack, "--environment", deployment.environment]
    command += ["--format", f"text={text}", "--format", f"json={result}", *options]
    # An attestation for a deployment says when it was made; a time that was fixed for reproducible builds is no such.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    with (
        errors.open("w", encoding="utf-8") as output,
        started(
            command, {**environment, "PYTHONPATH": str(ROOT)}, output=subprocess.DEVNULL, errors=output.fileno()
        ) as process,
    ):
        exit_code = process.wait()
    if exit_code not in _JUDGED:
        said = errors.read_text("utf-8", "replace").strip().splitlines() or [f"it ended with {exit_code}"]
        raise NotDeployedError(f"{deployment.stack}: the gate could not judge: {said[-1].removeprefix('policies: ')}")
    counts = _counts(result)
    if exit_code != 0:
        print(f"\n{text.read_text('utf-8')}", flush=True)
        raise GateError(f"{deployment.stack}: the gate stops the {what}: {counts} ({text})", exit_code)
    return counts


def _counts(result: Path) -> str:
    summary = json.loads(result.read_text("utf-8"))["summary"]
    return ", ".join(f"{count} {outcome}" for outcome, count in summary.items() if count)
