"""The four steps of a rotation, in the order Secrets Manager calls them.

Each may run again, after itself or after a crash anywhere: what has been done is found done. What the application can
rely on in between is the strategy's; see strategies.
"""

from rotate_database_secret.database_secret import DatabaseSecret
from rotate_database_secret.errors import RotationError
from rotate_database_secret.rotation import Rotation
from rotate_database_secret.strategies import strategy_of


def create_secret(rotation: Rotation) -> None:
    """Store a new password as the pending version, unless an earlier attempt has."""
    if rotation.pending() is not None:
        return
    successor = strategy_of(rotation.settings.strategy).successor(rotation.current())
    rotation.store_pending(successor.with_password(rotation.random_password()))


def set_secret(rotation: Rotation) -> None:
    """Make the database accept the pending password."""
    strategy = strategy_of(rotation.settings.strategy)
    pending, current = _pending_with_password(rotation), rotation.current()
    if pending.with_password(None) != strategy.successor(current).with_password(None):
        # Otherwise whoever may write a pending version could point the master user at a server of their own.
        raise RotationError("the pending version differs from the current one in more than its login")
    strategy.set_password(rotation, current, pending)


def test_secret(rotation: Rotation) -> None:
    """Log in as the application will, and use the database."""
    pending = _pending_with_password(rotation)
    with rotation.session(pending, pending.credentials) as session:
        session.answer()


def finish_secret(rotation: Rotation) -> None:
    """Make the pending version the current one, provided the database accepts it now."""
    pending = _pending_with_password(rotation)
    with rotation.session(pending, pending.credentials) as session:
        session.answer()
        session.claim(pending)
        rotation.make_current()


def _pending_with_password(rotation: Rotation) -> DatabaseSecret:
    pending = rotation.pending()
    if pending is None or pending.password is None:
        raise RotationError(f"version {rotation.token} has no password yet: createSecret has to come first")
    return pending
