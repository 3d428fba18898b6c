"""Writes the result of a fleet: as a stream where a fleet of any size has to go through, else up to a limit.

The formats are those of `check`, with the same bytes for the same inputs; only `text` is another, since nobody reads
the findings of thousands of stacks one by one.
"""

import contextlib
import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from policies import disk
from policies.commands import output
from policies.errors import InputError
from policies.fleet.merge import Merged
from policies.fleet.overview import to_text
from policies.formats import FORMATS, Presentation
from policies.result import END, head

MAX_HELD = 500_000  # assessments, about a gigabyte of them
STREAMED = ("text", "json")


def write(merged: Merged, format_name: str, path: Path | None, exit_code: int) -> None:
    """Writes one format to a file, or to standard output for None. Raises InputError where that cannot be."""
    if format_name == "json":
        _write_json(merged, path)
    elif format_name == "text":
        output.write(to_text(merged, exit_code), path)
    else:
        count = sum(merged.summary.values())
        if count > MAX_HELD:
            limit = f"{count:,} assessments are more than the {MAX_HELD:,} that it holds"
            streamed = " and ".join(STREAMED)
            raise InputError(f"--format {format_name}: {limit}: {streamed} take a fleet of any size")
        output.write(FORMATS[format_name].write(merged.whole(), Presentation(exit_code)), path)


def _write_json(merged: Merged, path: Path | None) -> None:
    pieces = _json(merged)
    if path is None:
        try:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # a reader that has seen enough (`| head`) does not change the verdict
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    with _new_file(path) as file:
        for piece in pieces:
            file.write(piece)


def _json(merged: Merged) -> Iterator[bytes]:
    facts = [one for _, one in merged.judged]
    yield head(facts, merged.conditions, None, merged.tools, (), merged.summary, merged.refused).encode()
    yield from merged.rows()
    yield END.encode()


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when it is whole; compressed, always to the same bytes, when its name says `.gz`."""
    disk.refuse_place(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            try:
                if path.suffix == ".gz":
                    with gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed:
                        yield packed  # type: ignore[misc]
                else:
                    yield file
                file.close()
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(file.name).unlink()
                raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _umask() -> int:
    """What a file that is made the usual way is not allowed; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
