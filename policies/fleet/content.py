"""The digest of everything that the verdict on an input hangs on: what was judged once need not be judged again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from policies import attestation, documents
from policies.errors import InputError
from policies.strict_json import MAX_BYTES


def digest(path: Path) -> str:
    """Over the names and bytes of the files that make up the input, and of those beside it that are read with it.

    A file that is no input, because it is none or too large, counts by its name. Raises InputError where something
    cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    try:
        files = [one for one in folder.iterdir() if documents.is_configuration(one)] if path.is_dir() else [path]
        beside = [folder / documents.SOURCES, *documents.variable_files(folder)]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    lines = [*_lines(sorted(files)), "", *_lines(sorted(beside))]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _lines(files: list[Path]) -> Iterator[str]:
    for file in files:
        readable = file.is_file() and file.stat().st_size <= MAX_BYTES
        yield f"{file.name}\0{attestation.sha256(file) if readable else file.exists()}"
