"""The receipts, one file each, on a file system that all instances share.

The database says what a receipt holds; the file is a copy for those who read the file system. So a file that is
missing, cut short or changed is made again, and what a client gets never depends on it.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from serve_transactions.transaction import Transaction

FILE_MODE = 0o640
FOLDER_MODE = 0o750

KEPT = "kept"
MADE = "made"
CHANGED = "changed"


class Receipts:
    """The files below `root`; every method raises OSError when the file system does not comply."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, transaction: Transaction) -> str:
        """See to it that the receipt is there: it was KEPT, it was missing and is MADE, or was CHANGED and is made."""
        text, file = transaction.receipt().encode(), self._file(transaction.id)
        try:
            found = file.read_bytes()
        except FileNotFoundError:
            found = None
        if found == text:
            return KEPT
        _replace(file, text)
        return MADE if found is None else CHANGED

    def check(self) -> None:
        """Write, flush and remove a file."""
        with tempfile.TemporaryFile(dir=self._root) as file:
            file.write(b"check")
            file.flush()
            os.fsync(file.fileno())

    def _file(self, id_: UUID) -> Path:
        """By the id alone, which we made; in 256 folders, since one with millions of files is slow."""
        return self._root / id_.hex[:2] / f"{id_}.json"


def _replace(file: Path, content: bytes) -> None:
    """Give `file` this content; whoever reads it finds the old content or the new one, never a part."""
    file.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            os.fchmod(descriptor, FILE_MODE)
            stream.flush()
            os.fsync(descriptor)
        os.replace(scratch, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(scratch)
        raise
