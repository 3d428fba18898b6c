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


def test_its_own_code_is_the_function_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(packages.answer_function(tmp_path)) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert "answer_health_check" in folders
    assert not folders & {"check_region_health", "rotate_database_secret", "certificates", "pymysql"}
