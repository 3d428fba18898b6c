"""The servers the portal needs, and the portal itself."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra import packages
from tests.application.service import Service, running, system_sdk
from tests.lambda_functions.fixtures import (
    authority,
    aws_url,
    database,
    environment,
    other_authority,
    plaintext_database,
    secret,
    secrets_manager,
)
from tests.lambda_functions.rotating_secret import RotatingSecret
from tests.lambda_functions.servers import Authority

# Where `portal` is the top of its package, as in the zip.
sys.path.append(str(packages.ROOT / "infra" / "application"))

__all__ = [
    "authority",
    "aws_url",
    "database",
    "environment",
    "other_authority",
    "plaintext_database",
    "secret",
    "secrets_manager",
]


@pytest.fixture(scope="session")
def zip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packages.portal_application(tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return system_sdk(tmp_path_factory.mktemp("system") / "sdk")


@pytest.fixture
def settings(environment: dict[str, str], authority: Authority, secret: RotatingSecret) -> dict[str, str]:
    """The environment of a portal whose database is up and whose secret has been rotated once."""
    secret.rotate()
    certificate, key = authority.issue("localhost")
    return {
        **environment,
        "PORTAL_SECRET_ARN": secret.arn,
        "PORTAL_TLS_CERTIFICATE": str(certificate),
        "PORTAL_TLS_KEY": str(key),
        "PORTAL_CA_BUNDLE": str(authority.bundle),
    }


StartPortal = Callable[..., Service]


@pytest.fixture
def start_portal(zip_file: Path, sdk: Path, authority: Authority, settings: dict[str, str]) -> Iterator[StartPortal]:
    """Starts portals with `settings` and whatever is changed in them; all are stopped after the test."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running(zip_file, sdk, authority.bundle, {**settings, **changes}))


@pytest.fixture
def portal(start_portal: StartPortal) -> Service:
    return start_portal()
