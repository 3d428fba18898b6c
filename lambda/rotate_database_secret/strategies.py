"""Who changes which password: the ways to rotate, by the name in the setting ROTATION_STRATEGY.

What holds when a rotation is cut off between any two calls (decision 9 has the reasons):

    alternating-users  AWSCURRENT logs in, always: the user it names is not touched. The old user's password works
                       until the next rotation, which gives that user a new one.
    by-master          From setSecret until finishSecret AWSCURRENT does not log in to new connections. Any later
                       attempt or rotation ends that, for the master needs no old password.
    single-user        As by-master, but without a master: the password that the database holds by then is never
                       lost, because its version carries the stage ATTEMPTED from before it is set.
"""

from collections.abc import Mapping
from typing import Protocol

from rotate_database_secret.database_secret import DatabaseSecret
from rotate_database_secret.errors import LoginRefusedError, RotationError
from rotate_database_secret.rotation import Rotation


class Strategy(Protocol):
    """One way to rotate."""

    def successor(self, current: DatabaseSecret) -> DatabaseSecret:
        """What the next version holds, but for its password."""

    def set_password(self, rotation: Rotation, current: DatabaseSecret, pending: DatabaseSecret) -> None:
        """Make the database accept `pending`, once or again."""


class ByMaster:
    """The master user gives the application's user a new password."""

    def successor(self, current: DatabaseSecret) -> DatabaseSecret:
        """The same user."""
        return current.with_password(None)

    def set_password(self, rotation: Rotation, current: DatabaseSecret, pending: DatabaseSecret) -> None:
        """Create or change the user of `pending`."""
        master = rotation.master(current)
        if master.username in (current.username, pending.username):
            raise RotationError(f"user {master.username!r} is the master user: its password is managed by RDS")
        with rotation.session(pending, master) as session:
            session.claim(pending)
            rotation.require_pending()
            session.put_user(pending)


class AlternatingUsers(ByMaster):
    """The master user gives a new password to the one of two users that AWSCURRENT does not name."""

    def successor(self, current: DatabaseSecret) -> DatabaseSecret:
        """The other user; at the very first rotation the one that is named already."""
        return current.with_alternate_user() if current.password else current


class SingleUser:
    """The application's user changes its own password."""

    def successor(self, current: DatabaseSecret) -> DatabaseSecret:
        """The same user; raises RotationError where it has no password to log in with."""
        if not current.password:
            raise RotationError("the current version has no password: a user cannot rotate itself without one")
        return current.with_password(None)

    def set_password(self, rotation: Rotation, current: DatabaseSecret, pending: DatabaseSecret) -> None:
        """Log in with the password that the database holds, whatever was cut off before, and change it."""
        if _logs_in(rotation, pending):
            return
        if not _logs_in(rotation, current):
            self._restore(rotation, current)
        with rotation.session(current, current.credentials) as session:
            session.claim(current)
            rotation.mark_attempted()
            session.change_own_password(pending)

    def _restore(self, rotation: Rotation, current: DatabaseSecret) -> None:
        """Give the user its current password back, which a rotation that was given up had replaced."""
        attempted = rotation.attempted()
        if attempted is None or attempted.with_password(None) != current.with_password(None):
            raise RotationError(
                f"user {current.username!r} cannot log in with its current password, and no rotation has changed it"
            )
        with rotation.session(attempted, attempted.credentials) as session:
            session.claim(current)
            rotation.require_pending()
            session.change_own_password(current)


STRATEGIES: Mapping[str, Strategy] = {
    "alternating-users": AlternatingUsers(),
    "by-master": ByMaster(),
    "single-user": SingleUser(),
}


def strategy_of(name: str) -> Strategy:
    """The strategy of that name; raises RotationError where there is none."""
    if name not in STRATEGIES:
        raise RotationError(f"ROTATION_STRATEGY is {name!r}; known are: {', '.join(STRATEGIES)}")
    return STRATEGIES[name]


def _logs_in(rotation: Rotation, login: DatabaseSecret) -> bool:
    try:
        with rotation.session(login, login.credentials) as session:
            session.answer()
    except LoginRefusedError:
        return False
    return True
