"""Inputs on S3-compatible storage, through fsspec: found by a pattern, and fetched into a folder to be read there.

Which service and whose credentials say the usual variables of the environment (AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID, ...) and nothing else. What the service answers is never repeated: it may hold the name of a key.
"""

import contextlib
import functools
import importlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from policies import disk, documents
from policies.errors import InputError

SCHEME = "s3://"
INSTALL = "python -m pip install fsspec obstore"
_RETRIES, _RETRY_SECONDS = 4, 60
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MISREAD = re.compile(r"[\x00-\x1f\x7f?#%\\]")  # in a key they are legal, and mean something else in a URL or a path


@dataclass(frozen=True)
class Fetched:
    """Where an input lies to be read; `root` is the folder that stands for the storage, None for a local input."""

    path: Path
    root: Path | None = None

    def named(self, text: str) -> str:
        """The text with the names that the user knows."""
        return text if self.root is None else text.replace(f"{self.root}/", SCHEME)


def is_remote(text: str) -> bool:
    """Whether the text is a URL and no path. Raises InputError for a kind of storage that is not read."""
    scheme, separator, _ = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return False
    if f"{scheme}://" != SCHEME:
        raise InputError(f"{scheme}://...: only {SCHEME} is read, and paths")
    return True


def expand(url: str) -> list[str]:
    """The inputs that a URL, or a pattern of URLs, stands for: objects, and folders with a configuration; sorted."""
    place = _place(url)
    with _clear_errors(url):
        if not any(character in place for character in "*["):
            return _separate(place)
        found = _system().glob(place, detail=True)
        folders = {place for place, one in found.items() if one["type"] == "directory"}
        matched = sorted(found)
        return [one for name in matched for one in (_separate(name) if name in folders else [SCHEME + name])]


@contextlib.contextmanager
def fetched(text: str) -> Iterator[Fetched]:
    """The input, where it can be read while the context lasts."""
    if not is_remote(text):
        yield Fetched(Path(text))
        return
    place = _place(text)
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        with _clear_errors(text):
            _fetch(place, Path(folder))
        yield Fetched(Path(folder) / place, Path(folder))


def _separate(place: str) -> list[str]:
    """As documents.separate does with folders."""
    if not _system().isdir(f"{place}/stacks"):
        return [SCHEME + place]
    if any(documents.is_configuration(Path(name)) for name, _ in _files(place)):
        raise InputError(f"{SCHEME}{place}: holds a configuration of its own beside stacks/: judge one of them")
    listed = _system().ls(f"{place}/stacks", detail=True)
    return [SCHEME + str(one["name"]).strip("/") for one in listed if one["type"] == "directory"]


def _fetch(place: str, root: Path) -> None:
    """The object, with what stands beside a configuration; or of a folder what a module is read from."""
    is_folder = not _system().isfile(place)
    wanted = _files(place) if is_folder else [(place, _system().info(place)["size"])]
    if is_folder:
        wanted = [one for one in wanted if _is_read(one[0])]
        (root / place).mkdir(parents=True)
    elif place.endswith(".tf.json"):
        parent = place.rpartition("/")[0]
        wanted += [one for one in _files(parent) if _is_beside(one[0])]
    for name, size in wanted:
        if size > (limit := disk.limit_bytes()):
            raise InputError(f"{SCHEME}{name}: larger than the limit of {limit // 1024**2} MiB")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_system().cat_file(name))


def _files(place: str) -> list[tuple[str, int]]:
    """The objects directly below a place, and their sizes in bytes."""
    listed: Sequence[Any] = _system().ls(place, detail=True)
    return sorted((_place(SCHEME + str(one["name"])), int(one["size"])) for one in listed if one["type"] == "file")


def _is_read(name: str) -> bool:
    return documents.is_configuration(Path(name)) or _is_beside(name)


def _is_beside(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last == documents.SOURCES or last.endswith((".tfvars", ".tfvars.json"))


def _place(url: str) -> str:
    """Bucket and key of a URL, as one relative path that stays below where it is put."""
    bucket, _, key = url.removeprefix(SCHEME).rstrip("/").partition("/")
    if not _BUCKET.fullmatch(bucket):  # not repeated: people write credentials there
        raise InputError(f"{SCHEME}...: not of the form {SCHEME}BUCKET/KEY (credentials belong into the environment)")
    if any(part in ("", ".", "..") for part in key.split("/") if key):
        raise InputError(f"{url}: a part of the key is empty, `.` or `..`")
    if _MISREAD.search(key):
        raise InputError(f"{url}: a key with a control character or one of ? # % \\ is not read")
    return f"{bucket}/{key}" if key else bucket


@functools.cache
def _system() -> Any:
    """The storage; made once a process, which then keeps its connections."""
    try:
        store = importlib.import_module("obstore.fsspec").FsspecStore
    except ImportError:
        raise InputError(f"{SCHEME}...: reading from S3 needs two packages more: {INSTALL}") from None
    retry = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)}
    return store("s3", config={}, retry_config=retry)


@contextlib.contextmanager
def _clear_errors(url: str) -> Iterator[None]:
    """Whatever goes wrong becomes one line of our own."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{url}: no such object or folder") from None
    except Exception as error:
        reasons = {
            "PermissionDeniedError": "access denied",
            "UnauthenticatedError": "access denied: no valid credentials in the environment",
        }
        name = type(error).__name__
        reason = reasons.get(name, f"the storage cannot be read ({name}): check the bucket, its region and the service")
        raise InputError(f"{url}: {reason}") from None
