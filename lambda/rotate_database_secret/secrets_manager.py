"""The client of Secrets Manager: what a rotation uses of it, and how long a call may take."""

from functools import cache
from typing import Any, Protocol

import botocore.session
from botocore.config import Config

# A call that hangs is given up after 2 x (2 + 3) s and the pause between attempts, a database that hangs after 5 s
# (see mysql.py and postgresql.py), and no step goes on after either: well below the function's own 60 s.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 3
ATTEMPTS_MAX = 2


class SecretsManager(Protocol):
    """The five operations of the Secrets Manager client that a rotation uses."""

    def describe_secret(self, **request: Any) -> dict[str, Any]:
        """Versions and their stages, without values."""

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        """The text of one version."""

    def put_secret_value(self, **request: Any) -> dict[str, Any]:
        """Store the text of a version; the same token never gets a second text."""

    def get_random_password(self, **request: Any) -> dict[str, Any]:
        """A password made by the service."""

    def update_secret_version_stage(self, **request: Any) -> dict[str, Any]:
        """Move a stage from one version to another, in one step."""


@cache  # a warm function keeps its connection
def secrets_manager(region: str) -> SecretsManager:
    """A client whose calls end, answered or not, before the function's own time-out."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
    )
    # botocore alone, without boto3: that is a third less to pack, and the same client.
    client: SecretsManager = botocore.session.get_session().create_client(
        "secretsmanager", region_name=region, config=config
    )
    return client
