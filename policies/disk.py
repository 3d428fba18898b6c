"""The one way from a path to bytes, and from bytes to a path. Nothing else of the product opens what a user names.

What is read is a regular file, whole, and no larger than a limit: a FIFO would wait for ever, a device has side effects
or no end, and a sparse file is gigabytes of nothing. What is looked at is what was opened, so that nobody can put
another file there between the look and the reading. What is written takes its place whole or not at all, and never
through a link. docs/inputs.md has the rules for users, docs/decisions/0020-files-that-are-refused.md the reasons.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from policies.errors import InputError

MAX_MIB = 512
LIMIT_VARIABLE = "POLICIES_MAX_FILE_MIB"  # the environment variable that puts another number in its place
_MIB = 1024**2
_CHUNK_BYTES = _MIB
_LONGEST_NAME_BYTES = 255  # of one part of a path, as most file systems have it


def limit_bytes() -> int:
    """How large a file may be. Raises InputError when the environment says it in no whole number of MiB."""
    said = os.environ.get(LIMIT_VARIABLE)
    if not said:
        return MAX_MIB * _MIB
    if not (said.isascii() and said.isdecimal() and int(said[:7]) > 0 and len(said) <= 7):
        raise InputError(f"{LIMIT_VARIABLE} is {said[:20]!r}: it must be a whole number of MiB from 1 to 9999999")
    return int(said) * _MIB


def read(path: Path, *, within: Path | None = None, limit: int | None = None) -> bytes:
    """The bytes of the file at `path`.

    `within` is the folder that it was found in: a link that leads out of that is refused. Without it the path is one
    that somebody named, who may name a link. `limit` is in bytes, by default `limit_bytes()`. Raises InputError.
    """
    allowed = limit_bytes() if limit is None else limit
    with _opened(path, within, allowed) as file:
        content = file.read(allowed + 1)  # it may have grown since, and says nothing of its size below /proc
    if len(content) > allowed:
        raise _too_large(path, allowed)
    return content


def sha256(path: Path, *, within: Path | None = None) -> str:
    """The digest of the file at `path`, in hexadecimal digits; refuses what `read` refuses."""
    allowed = limit_bytes()
    digest, size = hashlib.sha256(), 0
    with _opened(path, within, allowed) as file:
        while chunk := file.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > allowed:
                raise _too_large(path, allowed)
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def _opened(path: Path, within: Path | None, allowed: int) -> Iterator[BinaryIO]:
    try:
        _refuse_unreadable(path, os.stat(path), allowed)  # before it is opened: opening a device may do something
        # Nor may opening wait, should it be a FIFO by now.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            _refuse_unreadable(path, status, allowed)
            if within is not None:
                _refuse_leading_out(path, within, status)
            if status.st_size and _has_hole(file, status.st_size):
                raise InputError(f"{path}: a sparse file: it says {status.st_size} bytes and holds fewer")
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except ValueError:
        raise InputError(f"{path}: not a name that a file can have") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def _refuse_unreadable(path: Path, status: os.stat_result, allowed: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: a folder, not a regular file")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not a regular file")
    if status.st_size > allowed:
        raise _too_large(path, allowed)


def _too_large(path: Path, allowed: int) -> InputError:
    limit = f"{allowed // _MIB} MiB" if allowed >= _MIB else f"{allowed // 1024} KiB"
    raised = f" ({LIMIT_VARIABLE} raises it)" if allowed == limit_bytes() else ""
    return InputError(f"{path}: larger than the limit of {limit}{raised}")


def _has_hole(file: BinaryIO, size: int) -> bool:
    """Whether a part of the file was never written. Counting blocks would take a compressed file for one."""
    try:
        hole = os.lseek(file.fileno(), 0, os.SEEK_HOLE)
        file.seek(0)
    except (AttributeError, OSError):  # neither the system nor the file system has to know
        return False
    return hole < size


def _refuse_leading_out(path: Path, within: Path, status: os.stat_result) -> None:
    """The file that is open has to be one of the folder, whatever the path leads to by now."""
    real = refuse_leading_out(path, within)
    there = os.lstat(real)
    if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
        raise InputError(f"{path}: changed while it was read")


def refuse_leading_out(path: Path, within: Path) -> Path:
    """Where `path` really is. Raises InputError when that is outside of the folder `within`."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(within)):
        raise InputError(f"{path}: a link that leads out of {within}: put the file itself there")
    return real


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`. Raises InputError where nobody can tell."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except ValueError:
        raise InputError(f"{path}: not a name that a file can have") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def exists(path: Path) -> bool:
    """Whether anything is at `path`, be it a link that leads nowhere. Raises InputError where nobody can tell."""
    return _kind(path) is not None


def entries(folder: Path) -> list[Path]:
    """What a folder holds, sorted by name. Raises InputError."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error})") from error


def files_below(folder: Path, leave_out: Callable[[str], bool] = lambda _name: False) -> Iterator[tuple[str, Path]]:
    """Every file below `folder`, as its POSIX path in it and as a path, sorted within each folder.

    What `leave_out` says yes to, by its own name, is not looked at, nor what is below it. Raises InputError for a link
    that leads out of the folder, for one to a folder, whose content would be seen nowhere, and for what is neither file
    nor folder.
    """
    return _below(folder, folder, leave_out)


def _below(place: Path, root: Path, leave_out: Callable[[str], bool]) -> Iterator[tuple[str, Path]]:
    for path in entries(place):
        if leave_out(path.name):
            continue
        if _kind(path) == stat.S_IFDIR:
            yield from _below(path, root, leave_out)
        else:
            _refuse_unseen(path, root)
            yield path.relative_to(root).as_posix(), path


def _refuse_unseen(path: Path, root: Path) -> None:
    kind = _kind(path)
    if kind == stat.S_IFLNK:
        refuse_leading_out(path, root)
        if is_folder(path):
            raise InputError(f"{path}: a link to a folder: put the folder itself there")
    elif kind not in (stat.S_IFREG, None):
        raise InputError(f"{path}: neither a file nor a folder")


def write(path: Path, content: bytes) -> None:
    """Puts a file with this content at `path`, whole or not at all; its folder is made where it is missing.

    Raises InputError where that cannot be, or may not: see `refuse_place`.
    """
    refuse_place(path)
    scratch = path.parent / f".{os.urandom(8).hex()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(scratch, flags, 0o666), "wb") as file:
                if exists(path):
                    os.fchmod(file.fileno(), stat.S_IMODE(path.lstat().st_mode))
                file.write(content)
            scratch.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                scratch.unlink()
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def discard(path: Path) -> None:
    """Removes the file that `write` would replace; nothing where there is none. Raises InputError."""
    refuse_place(path)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be removed ({error.strerror or error})") from error


def refuse_place(path: Path, *, folder: bool = False) -> None:
    """Raises InputError where nothing may be written: at a link, and at anything that is no file (or no `folder`).

    Nor behind a link on the way, when a path that is relative to the current folder, and says nothing of leaving it,
    would leave it there: such a link comes with somebody's commit, not with the wish of whoever runs us.
    """
    kind = _kind(path)
    if kind == stat.S_IFLNK:
        raise InputError(f"{path}: cannot be written: it is a link: name the {'folder' if folder else 'file'} itself")
    if kind is not None and (kind == stat.S_IFDIR) != folder:
        raise InputError(f"{path}: cannot be written: not a {'folder' if folder else 'regular file'}")
    if kind not in (stat.S_IFDIR, stat.S_IFREG, None):
        raise InputError(f"{path}: cannot be written: not a regular file")
    if not path.is_absolute() and ".." not in path.parts:
        here = os.path.realpath(".")
        if not Path(os.path.realpath(path.parent)).is_relative_to(here):
            raise InputError(f"{path}: cannot be written: a link on the way leads out of the current folder")


def _kind(path: Path) -> int | None:
    """The kind of file at `path` itself, as `stat` has them; None where there is nothing."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        raise InputError(f"{path}: not a name that a file can have") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be used ({error.strerror or error})") from error


def inside(folder: Path, name: str) -> Path:
    """The file of this name below `folder`, for a name that came from elsewhere: a POSIX path of plain parts.

    Raises InputError for whatever leads elsewhere or is no such name: `..`, an absolute path, an empty part, control
    characters, a backslash, a part that is too long.
    """
    if not all(_is_plain(part) for part in name.split("/")):
        raise InputError(f"{name[:80]!r}: not the name of a file below {folder}")
    return folder / PurePosixPath(name)


def _is_plain(part: str) -> bool:
    length = len(part.encode("utf-8", "surrogatepass"))
    return part not in ("", ".", "..") and part.isprintable() and "\\" not in part and length <= _LONGEST_NAME_BYTES
