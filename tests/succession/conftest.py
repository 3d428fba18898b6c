"""The program as the page about the move leaves it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.succession.environment import ROOT

PAGE = ROOT / "docs" / "decisions" / "0022-succession.md"


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program on which the commands of the page were run."""
    copy = tmp_path_factory.mktemp("moved")
    for name in ("infra", "lambda", "tests/infra"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("Pipfile.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    (commands,) = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=copy, check=True)
    return copy
