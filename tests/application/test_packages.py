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

from infra import packages, wheels
from infra.errors import InputError
from infra.wheels import Wheel

BUILDERS = [
    packages.rotation_function,
    packages.health_function,
    packages.answer_function,
    packages.service_function,
    packages.portal_application,
]

SDK = {"botocore", "jmespath", "python-dateutil", "six", "urllib3"}
TELEMETRY = {"aws-lambda-powertools", "typing-extensions"}
MODULES = {
    "python-dateutil": "dateutil",
    "six": "six.py",
    "aws-lambda-powertools": "aws_lambda_powertools",
    "typing-extensions": "typing_extensions.py",
}

IN_ANOTHER_CHECKOUT = """
import sys
from infra import packages, wheels
from infra.errors import InputError
from infra.wheels import Wheel
for name in {names}:
    print(getattr(packages, name)())
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
    shutil.copyfile(packages.ROOT / "Pipfile.lock", checkout / "Pipfile.lock")
    for file in checkout.rglob("*.py"):
        file.chmod(0o700)
        os.utime(file, (10**9, 10**9))
    compiled = checkout / "lambda" / "rotate_database_secret" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "handler.cpython-311.pyc").write_bytes(b"compiled")
    command = [sys.executable, "-c", IN_ANOTHER_CHECKOUT.format(names=[build.__name__ for build in BUILDERS])]
    built = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.splitlines()
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
        for module in copy.glob("*/__init__.py"):
            module.write_text(module.read_text() + "\n")
    assert digest(build(tmp_path / "after")) != before


@pytest.mark.parametrize("build", BUILDERS)
def test_the_entries_are_sorted_and_bear_no_trace_of_the_machine(build: Callable[[Path], Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in entries} == {"0o100644"}


def test_a_changed_or_unlocked_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "Pipfile.lock"
    lock.write_text('{"default": {"pymysql": {"version": "==0.0.1"}}}')
    monkeypatch.setattr(wheels, "LOCK", lock)
    wheels._locked_versions.cache_clear()
    with pytest.raises(InputError, match=r"pymysql .* is installed, Pipfile.lock has ==0.0.1: run `make"):
        packages.portal_application(tmp_path)
    monkeypatch.undo()
    wheels._locked_versions.cache_clear()
    assert Wheel("pymysql").contents()
    monkeypatch.setattr(Path, "read_bytes", lambda file, read=Path.read_bytes: read(file) + b"# changed")
    with pytest.raises(InputError, match="is not as its wheel has it"):
        Wheel("pymysql").contents()


@pytest.mark.parametrize(
    ("build", "ours", "theirs", "regions"),
    [
        (
            packages.rotation_function,
            {"rotate_database_secret", "certificates"},
            {*SDK, *TELEMETRY, "pymysql", "pg8000", "scramp", "asn1crypto"},
            ["us-east-1", "us-east-2", "us-west-2"],
        ),
        (packages.health_function, {"check_region_health"}, {*SDK, *TELEMETRY, "boto3", "s3transfer"}, []),
        (
            packages.service_function,
            {"serve_transactions", "certificates"},
            {*SDK, *TELEMETRY, "pg8000", "scramp", "asn1crypto", "redis"},
            ["us-west-2"],
        ),
        (packages.portal_application, {"__main__.py", "portal"}, {"pymysql"}, ["us-east-1"]),
    ],
)
def test_a_zip_holds_our_code_pinned_wheels_with_their_licences_and_the_authorities(
    build: Callable[[Path], Path], ours: set[str], theirs: set[str], regions: list[str], tmp_path: Path
) -> None:
    with zipfile.ZipFile(build(tmp_path)) as archive:
        names = archive.namelist()
        bundles = {Path(name).stem: archive.read(name) for name in names if "certificates/us-" in name}
    certificates = packages.rds_ca_bundle().parent
    assert bundles == {region: (certificates / f"{region}.pem").read_bytes() for region in regions}
    tops = {name.split("/")[0] for name in names}
    metadata = {top for top in tops if top.endswith(".dist-info")}
    locked = {f"{theirs_.replace('-', '_')}-{importlib.metadata.version(theirs_)}.dist-info" for theirs_ in theirs}
    assert metadata == locked
    for folder in metadata:
        assert f"{folder}/METADATA" in names
        assert [name for name in names if name.startswith(folder) and ("LICEN" in name)]
    code = {top for name in theirs for top in (MODULES.get(name, name),)}
    assert tops == ours | code | metadata
    assert {Path(name).suffix for name in names} <= {".py", ".pem", ".json", ".gz", ".txt", ".md", ".rst", ""}
