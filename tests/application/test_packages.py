"""The zips: the same bytes wherever they are made, and nothing in them that is not meant to be."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import packages

BUILDERS = [packages.rotation_function, packages.portal_application]

IN_ANOTHER_CHECKOUT = """
import sys
from infra import packages
for build in (packages.rotation_function, packages.portal_application):
    print(build())
"""


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("build", BUILDERS)
def test_building_again_later_gives_the_same_bytes(build: Callable[[Path], Path], tmp_path: Path) -> None:
    first, second = build(tmp_path / "first"), build(tmp_path / "second")
    assert first != second
    assert digest(first) == digest(second)


def test_another_checkout_gives_the_same_bytes(tmp_path: Path) -> None:
    """Elsewhere, with other file times and permissions, and with leftovers of running the code."""
    checkout = tmp_path / "a checkout"
    for folder in ("lambda", "infra"):
        shutil.copytree(packages.ROOT / folder, checkout / folder, copy_function=shutil.copyfile)
    for file in checkout.rglob("*.py"):
        file.chmod(0o700)
        os.utime(file, (10**9, 10**9))
    compiled = checkout / "lambda" / "rotate_database_secret" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "handler.cpython-311.pyc").write_bytes(b"compiled")
    built = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_CHECKOUT], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert all(Path(file).is_relative_to(checkout / "build" / "packages") for file in built)
    assert [digest(Path(file)) for file in built] == [digest(build(tmp_path)) for build in BUILDERS]


@pytest.mark.parametrize("build", BUILDERS)
def test_a_changed_line_changes_the_bytes(
    build: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(build(tmp_path / "before"))
    for name in ("_LAMBDA", "_APPLICATION"):
        copy = tmp_path / name
        shutil.copytree(getattr(packages, name), copy)
        monkeypatch.setattr(packages, name, copy)
        module = next(file for file in sorted(copy.rglob("*.py")) if file.stat().st_size)
        module.write_text(module.read_text() + "\n")
    assert digest(build(tmp_path / "after")) != before


@pytest.mark.parametrize("build", BUILDERS)
def test_the_entries_are_sorted_and_bear_no_trace_of_the_machine(build: Callable[[Path], Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in entries} == {"0o100644"}


@pytest.mark.parametrize(
    ("build", "ours"),
    [
        (packages.rotation_function, {"rotate_database_secret", "certificates"}),
        (packages.portal_application, {"__main__.py", "portal"}),
    ],
)
def test_a_zip_holds_our_code_the_driver_with_its_licence_and_the_authorities(
    build: Callable[[Path], Path], ours: set[str], tmp_path: Path
) -> None:
    driver = f"pymysql-{importlib.metadata.version('pymysql')}.dist-info"
    with zipfile.ZipFile(build(tmp_path)) as archive:
        names = archive.namelist()
        bundle = next(name for name in names if name.endswith("certificates/us-east-1.pem"))
        assert archive.read(bundle) == packages.rds_ca_bundle().read_bytes()
    assert {name.split("/")[0] for name in names} == ours | {"pymysql", driver}
    assert f"{driver}/METADATA" in names
    assert [name for name in names if name.startswith(driver) and name.endswith("LICENSE")]
    assert {Path(name).suffix for name in names} == {".py", ".pem", ""}
