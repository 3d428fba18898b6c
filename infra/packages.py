"""Packages what runs in AWS: the Lambda functions and the portal application, each as one zip.

    python -m infra.packages

The same code gives the same bytes on every machine: names are sorted, times and permissions fixed, nothing is
compressed (compressors differ) and nothing is compiled. So a new digest means new code.

The functions bring everything along, the AWS SDK included, reduced to the services they call: Lambda's own SDK changes
when AWS wants, and then the bytes would not say what runs. They need a Python of version LAMBDA_PYTHON and nothing
else. The portal's instances have boto3 from the system.
"""

import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from infra.errors import InputError
from infra.wheels import Wheel

ROOT = Path(__file__).parents[1]
DIRECTORY = ROOT / "build" / "packages"

# AWS supports this runtime until 2028-10-31. Provider 5.100 knows none above 3.13.
LAMBDA_PYTHON = "3.12"
LAMBDA_RUNTIME = f"python{LAMBDA_PYTHON}"

_LAMBDA = ROOT / "lambda"
_APPLICATION = ROOT / "infra" / "application"
_REGION = "us-east-1"
_TRANSACTIONS_REGION = "us-west-2"

_PYMYSQL = Wheel("pymysql")
_POSTGRESQL = (Wheel("pg8000"), Wheel("scramp"), Wheel("asn1crypto"))
# Of the commands those that every server has, without what extends them; nor the clients of several clusters.
_REDIS = Wheel(
    "redis",
    without=(
        "redis/http/",
        "redis/multidb/",
        *(f"redis/commands/{module}/" for module in ("bf", "json", "search", "timeseries", "vectorset")),
    ),
)
_BOTO3 = (Wheel("boto3", without=("boto3/data/", "boto3/examples/")), Wheel("s3transfer"))
# Logging and metrics, which is a fifth of it.
_POWERTOOLS = (
    Wheel(
        "aws-lambda-powertools",
        without=("aws_lambda_powertools/event_handler/", "aws_lambda_powertools/utilities/"),
        with_=("aws_lambda_powertools/utilities/__init__.py", "aws_lambda_powertools/utilities/jmespath_utils/"),
    ),
    Wheel("typing-extensions"),
)

_OLDEST_TIME_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16
_UNIX = 3


def rotation_function(directory: Path = DIRECTORY) -> Path:
    """Write the rotation function's zip; its handler is `rotate_database_secret.handler.handler`."""
    wheels = (*_botocore("secretsmanager"), *_POWERTOOLS, _PYMYSQL, *_POSTGRESQL)
    contents = {**_tree(_LAMBDA / "rotate_database_secret", below=_LAMBDA), **_certificates(), **_packed(wheels)}
    return _write(directory / "rotate_database_secret.zip", contents)


def health_function(directory: Path = DIRECTORY) -> Path:
    """Write the regional health monitor's zip; its handler is `check_region_health.handler.handler`."""
    wheels = (*_botocore("dynamodb", "events", "s3", "sns"), *_BOTO3, *_POWERTOOLS)
    contents = {**_tree(_LAMBDA / "check_region_health", below=_LAMBDA), **_packed(wheels)}
    return _write(directory / "check_region_health.zip", contents)


def answer_function(directory: Path = DIRECTORY) -> Path:
    """Write the zip of the function behind the health checks; its handler is `answer_health_check.handler.handler`."""
    contents = {**_tree(_LAMBDA / "answer_health_check", below=_LAMBDA), **_packed((*_botocore("dynamodb"), *_BOTO3))}
    return _write(directory / "answer_health_check.zip", contents)


def service_function(directory: Path = DIRECTORY) -> Path:
    """Write the transaction API's application as a zip; its handler is `serve_transactions.handler.handler`."""
    wheels = (*_botocore("secretsmanager"), *_POWERTOOLS, *_POSTGRESQL, _REDIS)
    code = _tree(_LAMBDA / "serve_transactions", below=_LAMBDA)
    authorities = _contents(_LAMBDA.glob("serve_transactions/*.pem"), below=_LAMBDA)
    contents = {**code, **authorities, **_certificates(_TRANSACTIONS_REGION), **_packed(wheels)}
    return _write(directory / "serve_transactions.zip", contents)


def portal_application(directory: Path = DIRECTORY) -> Path:
    """Write the portal application's zip, which `python3` runs as it is (boto3 comes from the system)."""
    code = _tree(_APPLICATION, below=_APPLICATION)
    # Inside the package, because that is where Python finds data in a zip.
    certificates = {f"portal/{name}": content for name, content in _certificates(_REGION).items()}
    return _write(directory / "portal_application.zip", {**code, **certificates, **_packed([_PYMYSQL])})


def rds_ca_bundle() -> Path:
    """The certificate authorities of RDS in the portal's region, as PEM."""
    return _LAMBDA / "certificates" / f"{_REGION}.pem"


def main() -> int:
    """Write every zip and print its digest, size and path; exit code 3 and one line when that cannot be done."""
    try:
        for build in (rotation_function, health_function, answer_function, service_function, portal_application):
            content = (path := build()).read_bytes()
            print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>8}  {path.relative_to(ROOT)}")
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _botocore(*services: str) -> tuple[Wheel, ...]:
    """The AWS SDK's core with what it needs, for `services`."""
    shared = ("_retry", "endpoints", "partitions", "sdk-default-configuration")
    core = Wheel(
        "botocore",
        without=("botocore/crt/", "botocore/data/"),
        with_=(
            "botocore/crt/__init__.py",
            *(f"botocore/data/{name}.json" for name in shared),
            *(f"botocore/data/{service}/" for service in services),
        ),
    )
    dates = Wheel("python-dateutil", without=("dateutil/zoneinfo/",))
    return (core, Wheel("jmespath"), dates, Wheel("six"), Wheel("urllib3", without=("urllib3/contrib/emscripten/",)))


def _packed(wheels: Iterable[Wheel]) -> dict[str, bytes]:
    return {name: content for wheel in wheels for name, content in wheel.contents().items()}


def _certificates(region: str = "*") -> dict[str, bytes]:
    folder = _LAMBDA / "certificates"
    return _contents((folder / "NOTICE", *folder.glob(f"{region}.pem")), below=_LAMBDA)


def _tree(folder: Path, *, below: Path) -> dict[str, bytes]:
    files = list(folder.rglob("*.py"))
    if not files:
        raise InputError(f"{folder}: there is no code to pack")
    return _contents(files, below=below)


def _contents(files: Iterable[Path], *, below: Path) -> dict[str, bytes]:
    return {file.relative_to(below).as_posix(): file.read_bytes() for file in files}


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


if __name__ == "__main__":
    sys.exit(main())
