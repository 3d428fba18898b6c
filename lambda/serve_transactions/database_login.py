"""How the function logs in to the database: what Secrets Manager says now."""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from serve_transactions.errors import CREDENTIALS_UNAVAILABLE, DatabaseUnavailableError

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
ATTEMPTS_MAX = 2

# As the rotation function names things: two users take turns, and a role that both are members of has their rights.
CLONE_SUFFIX = "_clone"
RIGHTS_SUFFIX = "_rights"


@dataclass(frozen=True)
class DatabaseLogin:
    """What the secret says about the database."""

    host: str
    port: int
    dbname: str
    username: str
    password: str = field(repr=False)

    @property
    def rights(self) -> str:
        """The role that both users are members of, and the schema in which it may make tables."""
        return self.username.removesuffix(CLONE_SUFFIX) + RIGHTS_SUFFIX


class SecretsManager(Protocol):
    """The one operation of the Secrets Manager client that is used."""

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        """The text of one version."""


class DatabaseSecret:
    """The secret that the rotation function keeps."""

    def __init__(self, arn: str, client: SecretsManager) -> None:
        self._arn = arn
        self._client = client

    def login(self) -> DatabaseLogin:
        """Read the current version; raises DatabaseUnavailableError when it cannot be had."""
        try:
            answer = self._client.get_secret_value(SecretId=self._arn, VersionStage="AWSCURRENT")
            secret = json.loads(answer["SecretString"])
            return DatabaseLogin(
                secret["host"], int(secret["port"]), secret["dbname"], secret["username"], secret["password"]
            )
        except (ClientError, BotoCoreError) as error:
            raise DatabaseUnavailableError(CREDENTIALS_UNAVAILABLE, str(error)) from None
        except (KeyError, TypeError, ValueError) as error:
            # Before the first rotation there is no password. The text of the error could quote the secret.
            detail = f"the secret is not complete ({type(error).__name__})"
            raise DatabaseUnavailableError(CREDENTIALS_UNAVAILABLE, detail) from None


def secrets_manager(region: str) -> SecretsManager:
    """A client whose calls end, answered or not, in 2 x (1 + 2) s and the pause between attempts."""
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
