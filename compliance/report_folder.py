"""The folder of a report: written whole or not at all, and read without following anything out of it."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from policies import disk
from policies.errors import InputError


def write(folder: Path, files: Mapping[str, bytes], earlier: Iterable[str] = ()) -> None:
    """Makes `folder` hold exactly `files`: the whole is written beside it, then takes its place.

    `earlier` names files of an earlier report that may go. Raises InputError, and leaves what stands there as it is,
    when the folder holds anything else (it is not ours to delete), or when it cannot be written.
    """
    disk.refuse_place(folder, folder=True)
    try:
        place = folder.resolve()
        if place.exists():
            _refuse_foreign(folder, place, {*files, *earlier})
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{place.name}-", dir=place.parent, ignore_cleanup_errors=True
        ) as aside:
            whole = Path(aside) / "new"
            for name, content in files.items():
                path = disk.inside(whole, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            _replace(place, whole, Path(aside) / "old")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error


def read(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`: POSIX path inside it -> bytes, sorted; empty folders are listed as `name/`.

    Raises InputError for anything that is neither a folder nor a regular file, and for more than one file may have.
    """
    files: dict[str, bytes] = {}
    size, allowed = 0, disk.limit_bytes()
    try:
        for name, path in _below(folder):
            if path.is_dir():
                files[f"{name}/"] = b""
                continue
            files[name] = disk.read(path, within=folder)
            size += len(files[name])
            if size > allowed:
                raise InputError(f"{path}: the report is larger than the limit of {allowed // 1024**2} MiB")
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be read ({error.strerror or error})") from error
    return files


def _refuse_foreign(folder: Path, place: Path, ours: set[str]) -> None:
    for name, _ in _below(place):
        if name not in ours:
            raise InputError(f"{folder}: cannot be written: it holds {name}, which belongs to no report: move it away")


def _replace(place: Path, whole: Path, aside: Path) -> None:
    """Two renames; when the second one fails, the first is taken back."""
    if not place.exists():
        whole.rename(place)
        return
    place.rename(aside)
    try:
        whole.rename(place)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.rename(place)
        raise


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files and empty folders below `folder` with their POSIX paths, sorted."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted([*folders, *names]):
            path = Path(place) / name
            mode = path.lstat().st_mode
            if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                raise InputError(f"{path}: neither a file nor a folder" + (" but a link" if stat.S_ISLNK(mode) else ""))
            if stat.S_ISREG(mode) or not any(path.iterdir()):
                yield path.relative_to(folder).as_posix(), path


def _raise(error: OSError) -> None:
    raise error
