"""Where commands write: standard output that a reader may close, files whose folders are made."""

import os
import sys
from pathlib import Path

from policies import disk


def write(text: str, path: Path | None = None) -> None:
    """Writes to a file, or to standard output for None. Raises InputError where that cannot be."""
    if path is None:
        try:
            sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
            sys.stdout.flush()
        except BrokenPipeError:  # a reader that has seen enough (`| head`) does not change the verdict
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    disk.write(path, text.encode("utf-8", "backslashreplace"))
