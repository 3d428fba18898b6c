"""The four steps of a rotation, in the order Secrets Manager calls them.

Each may run again, after itself or after a crash anywhere: what has been done is found done.

From `set_secret` until `finish_secret`, seconds later, the database already wants the new password while the
secret still hands out the old one; open connections stay, and new ones succeed once the secret has moved on.
A rotation that ends in between is completed by its next attempt, or by the next rotation: it is the master
user who sets the password, so the old one is never needed.
"""

from rotate_database_secret.database_secret import DatabaseSecret
from rotate_database_secret.engines import engine_of
from rotate_database_secret.errors import RotationError
from rotate_database_secret.rotation import CURRENT, PENDING, Rotation
from rotate_database_secret.tls import verifying_context


def create_secret(rotation: Rotation) -> None:
    """Store a new password as the pending version, unless an earlier attempt has."""
    if rotation.pending() is not None:
        return
    current = rotation.current()
    password = rotation.client.get_random_password(
        PasswordLength=rotation.settings.password_length,
        ExcludeCharacters=rotation.settings.exclude_characters,
    )["RandomPassword"]
    rotation.client.put_secret_value(
        SecretId=rotation.secret_id,
        ClientRequestToken=rotation.token,
        SecretString=current.with_password(password).to_json(),
        VersionStages=[PENDING],
    )


def set_secret(rotation: Rotation) -> None:
    """Make the database accept the pending password."""
    pending = _pending_with_password(rotation)
    if pending.with_password(None) != rotation.current().with_password(None):
        # Otherwise whoever may write a pending version could point the master user at a server of their own.
        raise RotationError("the pending version differs from the current one in more than its password")
    master = rotation.master(pending.masterarn)
    engine_of(pending).set_password(pending, master, verifying_context(rotation.settings.ca_bundle))


def test_secret(rotation: Rotation) -> None:
    """Log in with the pending password and use the database."""
    pending = _pending_with_password(rotation)
    engine_of(pending).verify_login(pending, verifying_context(rotation.settings.ca_bundle))


def finish_secret(rotation: Rotation) -> None:
    """Make the pending version the current one, provided the database accepts it now."""
    test_secret(rotation)
    current = [version for version, stages in rotation.stages().items() if CURRENT in stages]
    rotation.client.update_secret_version_stage(
        SecretId=rotation.secret_id,
        VersionStage=CURRENT,
        MoveToVersionId=rotation.token,
        RemoveFromVersionId=current[0],
    )


def _pending_with_password(rotation: Rotation) -> DatabaseSecret:
    pending = rotation.pending()
    if pending is None or pending.password is None:
        raise RotationError(f"version {rotation.token} has no password yet: createSecret has to come first")
    return pending
