"""What there is to judge: paths, patterns and URLs to inputs, each of which is one document."""

import fnmatch
import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from policies import disk, documents
from policies.errors import InputError
from policies.fleet import storage
from policies.result import Refused


@dataclass(frozen=True)
class Inputs:
    """What is judged, in its order and each once, and what was refused at sight."""

    wanted: tuple[str, ...]
    refused: tuple[Refused, ...]


def find(given: Iterable[str], excluded: Sequence[str] = ()) -> Inputs:
    """The inputs that `given` stands for, without those that match one of the patterns in `excluded`.

    Nothing here ends the search: a path that names nothing is refused by itself.
    """
    wanted: dict[str, None] = {}
    refused: list[Refused] = []
    for text in given:
        try:
            wanted.update(dict.fromkeys(one for one in _expand(text) if not _matches(one, excluded)))
        except InputError as error:
            refused.append(Refused(text, str(error)))
    parts = {one.path: one for one in _parts_of_modules(wanted)}
    return Inputs(tuple(one for one in wanted if one not in parts), (*refused, *parts.values()))


def _expand(text: str) -> Iterator[str]:
    if storage.is_remote(text):
        found = storage.expand(text)
        if not found:
            raise InputError(f"{text}: nothing matches")
        yield from found
        return
    path = Path(text)
    if disk.exists(path):
        paths = [path]
    elif glob.has_magic(text):
        paths = [Path(one) for one in sorted(glob.glob(text, recursive=True))]
        if not paths:
            raise InputError(f"{text}: nothing matches")
    else:
        raise InputError(f"{text}: no such file or folder")
    for one in paths:
        yield from map(str, documents.separate(one))


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def _parts_of_modules(wanted: Iterable[str]) -> Iterator[Refused]:
    """`*.tf.json` files of one folder are one module: a verdict on one of them alone would be wrong."""
    modules: dict[str, list[str]] = {}
    for text in wanted:
        if text.endswith(".tf.json"):
            modules.setdefault(text.rpartition("/")[0], []).append(text)
    for folder, files in modules.items():
        for file in files if len(files) > 1 else ():
            other = next(PurePosixPath(one).name for one in files if one != file)
            yield Refused(file, f"{file}: {other} is a part of the same module: judge {folder or '.'}")
