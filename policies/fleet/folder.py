"""The working folder: the parts of finished inputs, from which a later run goes on.

What is kept of an input stands under its name, so that a new verdict takes the place of the old one, and the folder
grows with the fleet and not with its changes. What is not as it was written, or was judged on other terms, is none.
"""

import fcntl
import hashlib
from pathlib import Path

from policies import disk
from policies.errors import InputError
from policies.fleet.part import Part, Terms, unpack


class WorkingFolder:
    """Parts by the name of their input. One run at a time uses it: another ends with InputError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            (path / "parts").mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("a")
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another run is using it") from None

    def close(self) -> None:
        """Lets another run use it."""
        self._lock.close()

    def get(self, name: str) -> Part | None:
        """What is kept of an input."""
        place = self._place(name)
        return unpack(disk.read(place, within=self.path)) if disk.exists(place) else None

    def known(self, name: str, terms: Terms) -> str | None:
        """The digest of the content that was judged on these terms; None when the input has to be judged."""
        kept = self.get(name)
        return kept.content if kept is not None and kept.terms == terms else None

    def keep(self, name: str, packed: bytes) -> None:
        """Keeps a part, whole or not at all. Raises InputError where it cannot."""
        disk.write(self._place(name), packed)

    def _place(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return self.path / "parts" / digest[:2] / digest
