"""The digest of everything that the verdict on an input hangs on: what was judged once need not be judged again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from policies import disk, documents


def digest(path: Path) -> str:
    """Over the names and bytes of the files that make up the input, and of those beside it that are read with it.

    Raises InputError where something cannot be read.
    """
    is_folder = disk.is_folder(path)
    folder = path if is_folder else path.parent
    files = [one for one in disk.entries(folder) if documents.is_configuration(one)] if is_folder else [path]
    beside = [folder / documents.SOURCES, *documents.variable_files(folder)]
    lines = [*_lines(sorted(files)), "", *_lines(sorted(beside))]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _lines(files: list[Path]) -> Iterator[str]:
    for file in files:
        yield f"{file.name}\0{disk.sha256(file) if disk.exists(file) else None}"
