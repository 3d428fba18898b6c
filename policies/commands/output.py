"""Where commands write, and in which form: standard output that a reader may close, files whose folders are made."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from policies import disk
from policies.errors import InputError
from policies.formats import FORMATS


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what a result comes to, and how it is written."""
    parser.add_argument(
        "--undetermined",
        choices=("fail", "warn"),
        default="fail",
        help="what undetermined assessments do to the exit code: 2 (fail, the default) or nothing (warn)",
    )
    parser.add_argument(
        "--format",
        action="append",
        metavar="F[=FILE]",
        help="how to write the result, and where; repeatable: see below",
    )


def formats(given: Sequence[str] | None, default: Path | None = None) -> list[tuple[str, Path | None]]:
    """The name of each --format, and where it goes: to a file of its own, else to `default`; None is standard output.

    Raises InputError, before anything is judged, for one that is none or cannot be written.
    """
    found: list[tuple[str, Path | None]] = []
    for one in given or ["text"]:
        name, _, file = one.partition("=")
        path = Path(file) if file else default
        if name not in FORMATS:
            raise InputError(f"--format {name}: not one of {', '.join(FORMATS)}")
        if path in [other for _, other in found]:
            raise InputError(f"--format {one}: two formats for {path or 'standard output'}")
        if path is not None:
            disk.refuse_place(path)
        found.append((name, path))
    return found
