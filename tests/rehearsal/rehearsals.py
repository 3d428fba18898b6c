"""Runs `python -m rehearsal` as its user does, on small stacks written for the purpose."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.deployment.stacks import write_stack

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "rehearsal", "--synthesized", "out"]


def surroundings(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def rehearse(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=surroundings(**variables), capture_output=True, text=True, check=False
    )


def port(output: str) -> int:
    """The port of the server that a rehearsal says it uses."""
    found = re.search(r" on 127\.0\.0\.1:(\d+)", output)
    assert found is not None, output
    return int(found[1])


def listens(at: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", at)) == 0


def stops_listening(at: int) -> bool:
    """Whether nobody listens any more; a server that is about to end may take a few more connections, and drop them."""
    for _ in range(1000):
        try:
            with socket.create_connection(("127.0.0.1", at), timeout=60) as client:
                client.recv(1)
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            continue
    return False


@cache
def _missing() -> str | None:
    """Why Terraform or its AWS provider cannot be had here."""
    if shutil.which("terraform") is None:
        return "terraform is not on PATH"
    with tempfile.TemporaryDirectory() as folder:
        write_stack(Path(folder), {"terraform_data": {"nothing": {}}})
        command = ["terraform", f"-chdir={folder}/out/stacks/tiny", "init", "-input=false", "-no-color"]
        run = subprocess.run(command, env=surroundings(CHECKPOINT_DISABLE="1"), capture_output=True, check=False)
    return None if run.returncode == 0 else "terraform init found no AWS provider"


def require_terraform() -> None:
    """Skip, except in CI, where a check that does not run must not look like one that passed."""
    reason = _missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
