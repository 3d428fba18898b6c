"""The environment that holds CDK Terrain and nothing of CDKTF: made by `make succession` from hashes, checked here."""

import re
from importlib.metadata import distributions
from pathlib import Path

from policies.errors import InputError

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-succession.txt"
FOLDER = ROOT / "build" / "succession"
ENVIRONMENT = FOLDER / "environment"


def python(environment: Path = ENVIRONMENT, lock: Path = LOCK) -> Path:
    """The interpreter of an environment in which what is locked is installed, and nothing else.

    Raises InputError, which says what to do, when there is no such environment.
    """
    wrong = _difference(_installed(environment), _locked(lock))
    if wrong:
        raise InputError(f"no environment with CDK Terrain ({wrong}): run `make succession`")
    return environment / "bin" / "python"


def _locked(lock: Path) -> dict[str, str]:
    """Name to version."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))


def _installed(environment: Path) -> dict[str, str]:
    folders = [str(folder) for folder in environment.glob("lib/python*/site-packages")]
    return {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in distributions(path=folders)}


def _difference(installed: dict[str, str], locked: dict[str, str]) -> str:
    """The first difference, in words; "" where there is none."""
    for name in sorted(installed.keys() | locked.keys()):
        found, wanted = installed.get(name), locked.get(name)
        if wanted is None:
            return f"{name} is installed, and not locked"
        if found != wanted:
            return f"{name} {wanted} is locked, {found or 'none'} is installed"
    return ""
