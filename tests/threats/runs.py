"""Runs the gate as an attacker finds it: any folder, any files beside the input, any environment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.policies.conftest import ROOT, Run

# Both fail: the template answers IMDSv1, and the group is open to the world (CKV_AWS_24, CKV_AWS_260).
WEAK: dict[str, Any] = {
    "resource": {
        "aws_launch_template": {"web": {"name": "web"}},
        "aws_security_group": {
            "web": {
                "name": "web",
                "description": "web",
                "ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}],
            }
        },
    }
}


def check(folder: Path, *arguments: str | Path, python: tuple[str, ...] = (), **variables: str) -> Run:
    """`python -m policies check ARGUMENTS` in `folder`, with these environment variables and options of Python."""
    command = [sys.executable, *python, "-m", "policies", "check", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


def verdicts(run: Run) -> dict[tuple[str, str], str]:
    """Policy (or check) and address -> outcome, of a run with `--format json`."""
    return {(row["policy"], row["address"]): row["outcome"] for row in json.loads(run.out)["assessments"]}
