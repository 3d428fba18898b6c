"""An environment counts when exactly what is locked is installed in it."""

from pathlib import Path

import pytest

from policies.errors import InputError
from tests.succession import environment
from tests.succession.successor import SUCCESSORS

LOCKED = "cdktn==0.24.0; python_version ~= '3.9' --hash=sha256:00\ntyping-extensions==4.16.0 --hash=sha256:00\n"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements-succession.txt"
    path.write_text(LOCKED)
    return path


def install(folder: Path, **versions: str) -> Path:
    packages = folder / "environment" / "lib" / "python3.11" / "site-packages"
    for name, version in versions.items():
        (packages / f"{name}-{version}.dist-info").mkdir(parents=True)
        (packages / f"{name}-{version}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    return folder / "environment"


def test_what_is_locked_is_found_by_its_own_python(tmp_path: Path, lock: Path) -> None:
    folder = install(tmp_path, cdktn="0.24.0", typing_extensions="4.16.0")
    assert environment.python(folder, lock) == folder / "bin" / "python"


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ({}, "cdktn 0.24.0 is locked, none is installed"),
        ({"cdktn": "0.23.0", "typing_extensions": "4.16.0"}, "cdktn 0.24.0 is locked, 0.23.0 is installed"),
        ({"cdktn": "0.24.0"}, "typing-extensions 4.16.0 is locked, none is installed"),
        (
            {"cdktf": "0.21.0", "cdktn": "0.24.0", "typing_extensions": "4.16.0"},
            "cdktf is installed, and not locked",
        ),
    ],
)
def test_any_other_environment_is_refused_with_what_to_do(
    tmp_path: Path, lock: Path, installed: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        environment.python(install(tmp_path, **installed), lock)
    assert str(refusal.value).endswith("run `make succession`")


def test_the_lock_has_the_successors_and_nothing_of_cdktf() -> None:
    lock = environment.LOCK.read_text()
    names = {line.partition("==")[0] for line in lock.splitlines()}
    assert {name.replace("_", "-") for name in SUCCESSORS.values()} <= names
    assert not {name for name in names if name.startswith("cdktf")}


def test_everything_locked_has_a_hash() -> None:
    assert all("--hash=sha256:" in line for line in environment.LOCK.read_text().splitlines())
