"""One rotation in progress: the versions of its secret, their stages, and its database."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from rotate_database_secret.database_secret import Credentials, DatabaseSecret
from rotate_database_secret.engines import Session, engine_of
from rotate_database_secret.errors import RotationError
from rotate_database_secret.secrets_manager import SecretsManager
from rotate_database_secret.settings import Settings
from rotate_database_secret.tls import verifying_context

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
# Ours, for single users: the last version whose password was about to be set in the database. A version that bears a
# stage is never purged, so that this password is at hand even after the rotation was given up.
ATTEMPTED = "ATTEMPTED"


@dataclass(frozen=True)
class Rotation:
    """A secret, and the version (named by `token`) that is to become its current one.

    Every method raises RotationError, or an error of botocore, when it cannot do what it says.
    """

    secret_id: str
    token: str
    client: SecretsManager
    settings: Settings

    def is_current(self) -> bool:
        """Whether the version has become current; raises RotationError unless it is that, or pending."""
        stages = self._stages()
        if self.token not in stages:
            raise RotationError(f"{self.token} is no version of the secret")
        if CURRENT in stages[self.token]:
            return True
        self._require_pending(stages)
        return False

    def require_pending(self) -> None:
        """Raise RotationError when another rotation has taken this one's place."""
        self._require_pending(self._stages())

    def current(self) -> DatabaseSecret:
        """The version in use; without a password before the first rotation."""
        answer = self.client.get_secret_value(SecretId=self.secret_id, VersionStage=CURRENT)
        return DatabaseSecret.from_json(_text(answer))

    def pending(self) -> DatabaseSecret | None:
        """The version this rotation makes, or None while it has no text yet."""
        return self._version(VersionId=self.token, VersionStage=PENDING)

    def attempted(self) -> DatabaseSecret | None:
        """The last version whose password a single user may have in the database, or None."""
        return self._version(VersionStage=ATTEMPTED)

    def master(self, login: DatabaseSecret) -> Credentials:
        """The user who may create users and change their passwords."""
        if login.masterarn is None:
            raise RotationError("the secret has no 'masterarn'")
        answer = self.client.get_secret_value(SecretId=login.masterarn, VersionStage=CURRENT)
        return Credentials.from_json(_text(answer))

    def random_password(self) -> str:
        """A new password, as the settings want it."""
        answer = self.client.get_random_password(
            PasswordLength=self.settings.password_length, ExcludeCharacters=self.settings.exclude_characters
        )
        return str(answer["RandomPassword"])

    def store_pending(self, login: DatabaseSecret) -> None:
        """Give this rotation's version its text."""
        self.client.put_secret_value(
            SecretId=self.secret_id,
            ClientRequestToken=self.token,
            SecretString=login.to_json(),
            VersionStages=[PENDING],
        )

    def mark_attempted(self) -> None:
        """Note, before the database hears of it, that it may hold this version's password from now on."""
        self._move(ATTEMPTED)

    def make_current(self) -> None:
        """Make this rotation's version the one in use, provided that it is still pending."""
        self._move(CURRENT)

    def session(self, login: DatabaseSecret, user: Credentials) -> AbstractContextManager[Session]:
        """Log `user` in to the database of `login`; see engines.Engine."""
        return engine_of(login).session(login, user, verifying_context(self.settings.ca_bundle))

    def _version(self, **which: str) -> DatabaseSecret | None:
        try:
            answer = self.client.get_secret_value(SecretId=self.secret_id, **which)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        return DatabaseSecret.from_json(_text(answer))

    def _stages(self) -> dict[str, list[str]]:
        description = self.client.describe_secret(SecretId=self.secret_id)
        if description.get("DeletedDate"):
            raise RotationError(f"{self.secret_id} is scheduled for deletion")
        if not description.get("RotationEnabled"):
            raise RotationError(f"rotation is not enabled for {self.secret_id}")
        stages: dict[str, list[str]] = description.get("VersionIdsToStages", {})
        return stages

    def _require_pending(self, stages: dict[str, list[str]]) -> None:
        if PENDING not in stages.get(self.token, ()):
            raise RotationError(f"version {self.token} is not staged as {PENDING}: its rotation was given up")

    def _move(self, stage: str) -> None:
        """Move `stage` to this rotation's version; Secrets Manager refuses if somebody else moved it meanwhile."""
        stages = self._stages()
        self._require_pending(stages)
        if stage in stages[self.token]:
            return
        holder = [version for version, its_stages in stages.items() if stage in its_stages]
        self.client.update_secret_version_stage(
            SecretId=self.secret_id,
            VersionStage=stage,
            MoveToVersionId=self.token,
            **({"RemoveFromVersionId": holder[0]} if holder else {}),
        )


def _text(answer: dict[str, Any]) -> str:
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise RotationError("the secret is binary, not text")
    return text
