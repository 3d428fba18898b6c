"""One rotation in progress, and what it asks of Secrets Manager."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from rotate_database_secret.database_secret import DatabaseSecret, MasterLogin
from rotate_database_secret.errors import RotationError
from rotate_database_secret.settings import Settings

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"

# The longest step makes four calls here and one connection to the database (see mysql.py). If all of them hang,
# that is 4 x 2 x (2 + 3) s, the pauses between attempts, and 8 s: below the function's own 60 s.
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
    client: SecretsManager = boto3.client("secretsmanager", region_name=region, config=config)
    return client


@dataclass(frozen=True)
class Rotation:
    """A secret, and the version (named by `token`) that is to become its current one."""

    secret_id: str
    token: str
    client: SecretsManager
    settings: Settings

    def stages(self) -> dict[str, list[str]]:
        """The stages of each version; raises RotationError when the secret is not set up to rotate."""
        description = self.client.describe_secret(SecretId=self.secret_id)
        if not description.get("RotationEnabled"):
            raise RotationError(f"rotation is not enabled for {self.secret_id}")
        stages: dict[str, list[str]] = description.get("VersionIdsToStages", {})
        return stages

    def current(self) -> DatabaseSecret:
        """The version in use; without a password before the first rotation."""
        answer = self.client.get_secret_value(SecretId=self.secret_id, VersionStage=CURRENT)
        return DatabaseSecret.from_json(_text(answer))

    def pending(self) -> DatabaseSecret | None:
        """The version this rotation makes, or None while it has no text yet."""
        try:
            answer = self.client.get_secret_value(SecretId=self.secret_id, VersionId=self.token, VersionStage=PENDING)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        return DatabaseSecret.from_json(_text(answer))

    def master(self, masterarn: str) -> MasterLogin:
        """The user who may change passwords."""
        answer = self.client.get_secret_value(SecretId=masterarn, VersionStage=CURRENT)
        return MasterLogin.from_json(_text(answer))


def _text(answer: dict[str, Any]) -> str:
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise RotationError("the secret is binary, not text")
    return text
