"""The zip of the function behind the health checks: Python alone can run it."""

import subprocess
import sys
import zipfile
from pathlib import Path

from infra import packages
from infra.health_answers import HANDLER


def test_the_handler_that_the_stack_names_is_in_the_zip(tmp_path: Path) -> None:
    package = packages.answer_function(tmp_path)
    module, _, function = HANDLER.rpartition(".")
    code = (
        f"import sys; sys.path.insert(0, {str(package)!r}); import {module} as m; "
        f"assert callable(m.{function}); print(m.__file__)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.startswith(str(package))


def test_nothing_else_is_in_the_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(packages.answer_function(tmp_path)) as archive:
        assert sorted(archive.namelist()) == ["answer_health_check/__init__.py", "answer_health_check/handler.py"]


def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (packages.answer_function(tmp_path / name).read_bytes() for name in ("first", "second"))
    assert first == second
