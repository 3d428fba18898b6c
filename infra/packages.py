"""Packages what runs in AWS: the rotation function and the portal application, each as one zip.

The same code gives the same bytes on every machine: names are sorted, times and permissions fixed, nothing is
compressed (compressors differ) and nothing is compiled. So a new digest means new code.
"""

import io
import os
import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIRECTORY = ROOT / "build" / "packages"

_LAMBDA = ROOT / "lambda"
_APPLICATION = ROOT / "infra" / "application"
_REGION = "us-east-1"

_OLDEST_TIME_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_UNIX = 3


def rotation_function(directory: Path = DIRECTORY) -> Path:
    """Write the rotation function's zip; its handler is `rotate_database_secret.handler.handler`."""
    code = _tree(_LAMBDA / "rotate_database_secret", below=_LAMBDA)
    return _write(directory / "rotate_database_secret.zip", {**code, **_certificates(), **_pymysql()})


def health_function(directory: Path = DIRECTORY) -> Path:
    """Write the zip of the function that watches a region; its handler is `check_region_health.handler.handler`."""
    return _write(directory / "check_region_health.zip", _tree(_LAMBDA / "check_region_health", below=_LAMBDA))


def answer_function(directory: Path = DIRECTORY) -> Path:
    """Write the zip of the function behind the health checks; its handler is `answer_health_check.handler.handler`."""
    return _write(directory / "answer_health_check.zip", _tree(_LAMBDA / "answer_health_check", below=_LAMBDA))


def portal_application(directory: Path = DIRECTORY) -> Path:
    """Write the portal application's zip, which `python3` runs as it is (boto3 comes from the system)."""
    code = _tree(_APPLICATION, below=_APPLICATION)
    # Inside the package, because that is where Python finds data in a zip.
    certificates = {f"portal/{name}": content for name, content in _certificates().items()}
    return _write(directory / "portal_application.zip", {**code, **certificates, **_pymysql()})


def rds_ca_bundle() -> Path:
    """The certificate authorities of RDS in the portal's region, as PEM."""
    return _LAMBDA / "certificates" / f"{_REGION}.pem"


def _certificates() -> dict[str, bytes]:
    folder = _LAMBDA / "certificates"
    return _contents((folder / "NOTICE", rds_ca_bundle()), below=_LAMBDA)


def _tree(folder: Path, *, below: Path) -> dict[str, bytes]:
    return _contents(folder.rglob("*.py"), below=below)


def _contents(files: Iterable[Path], *, below: Path) -> dict[str, bytes]:
    return {file.relative_to(below).as_posix(): file.read_bytes() for file in files}


def _pymysql() -> dict[str, bytes]:
    """PyMySQL as installed here, at the version the lock file pins, with its licence and its metadata.

    The metadata is how vulnerability scanners recognise it inside the zip.
    """
    package: Distribution = distribution("pymysql")
    wanted = {
        file.as_posix(): Path(str(file.locate()))
        for file in package.files or ()
        if file.suffix == ".py" or file.name in ("METADATA", "LICENSE")
    }
    return {name: path.read_bytes() for name, path in wanted.items()}


def _write(target: Path, contents: dict[str, bytes]) -> Path:
    """Write `contents` (name to bytes) as a zip; `target` is at any time the old zip or the new one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _OLDEST_TIME_OF_ZIP)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE_BY_ALL
            archive.writestr(entry, contents[name])
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(f".{os.getpid()}")
    scratch.write_bytes(buffer.getvalue())
    return scratch.replace(target)
