"""What an earlier run found out, kept by the digest of everything that it depends on. See docs/decisions/0018.

Nothing here decides what a verdict depends on: whoever keeps one names it in the key. What is read back is what was
written under exactly that key, or nothing.
"""

import contextlib
import functools
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policies import disk
from policies.errors import InputError

CACHE = Path("build") / "cache"
MOST_ENTRIES = 100  # in one folder: weeks of daily use
# They tell how a process was started, and change from one shell to the next.
_OF_THE_SHELL = frozenset(
    ("_", "SHLVL", "OLDPWD", "MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR")
)


def key(*parts: str | bytes) -> str:
    """The digest over `parts`, each with its length, so that no two lists of parts give the same."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(f"{len(content)}\0".encode() + content)
    return digest.hexdigest()


def read(folder: Path, name: str) -> Any:
    """The JSON value kept in `folder` under the key `name`, None when there is none.

    An entry that is not as it was written counts as none, and a line on standard error says so.
    """
    path = folder / f"{name}.json"
    try:
        if not disk.exists(path):
            return None
        entry = json.loads(disk.read(path))
        if entry["digest"] == _digest(name, entry["value"]):
            return entry["value"]
    except (InputError, ValueError, KeyError, TypeError, RecursionError):
        pass
    print(f"{path.as_posix()}: not as it was written, so it is ignored", file=sys.stderr)
    return None


def write(folder: Path, name: str, value: Any) -> None:
    """Keep the JSON `value` in `folder` under the key `name`: whole or not at all; the oldest beyond MOST_ENTRIES go.

    A folder that cannot be written keeps nothing, which makes the next run slower and nothing else.
    """
    content = json.dumps({"digest": _digest(name, value), "value": value})
    with contextlib.suppress(InputError, OSError):
        disk.write(folder / ".gitignore", b"*\n")  # it may lie in somebody else's repository
        disk.write(folder / f"{name}.json", content.encode())
        for old in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)[:-MOST_ENTRIES]:
            old.unlink(missing_ok=True)


def _digest(name: str, value: Any) -> str:
    return key(name, json.dumps(value, sort_keys=True))


def surroundings() -> str:
    """The digest of the Python that runs, of every package it can import, and of the environment variables."""
    return key(variables(), installation())


@functools.cache
def variables() -> str:
    """The digest of the environment variables, as they are when this is first asked; no value is kept."""
    return key(*(f"{name}={value}" for name, value in sorted(os.environ.items()) if name not in _OF_THE_SHELL))


@functools.cache
def installation() -> str:
    """The digest of the Python that runs and of what it can import, as they are when this is first asked.

    Of an installed file its size and its times count (all of them: thirty thousand are too many to read), so that one
    changed by hand counts as changed.
    """
    return key(sys.version, sys.executable, str(Path.cwd()), *_installed())


def _installed() -> Iterator[str]:
    """One line for each file in the folders that Python imports from, without its own library and the project."""
    own = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    own |= {folder / "lib-dynload" for folder in own} | {Path.cwd()}
    for entry in sys.path:
        folder = Path(entry).resolve()
        if folder not in own:
            yield from _states(str(folder), set())


def _states(folder: str, linked: set[str]) -> Iterator[str]:
    """What lies in `folder`, file by file; behind links, each folder in `linked` was looked at once already."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except NotADirectoryError:
        yield _state(folder, os.stat(folder))  # a zip
        return
    except OSError as error:  # not there, or not to be read: not to be imported from, either
        yield f"{folder}\0{error.errno}"
        return
    for entry in entries:
        if not entry.is_dir():
            yield _state(entry.path, entry.stat(follow_symlinks=entry.is_symlink() and Path(entry.path).exists()))
        elif entry.name != "__pycache__":  # Python compares what lies there with the source
            if entry.is_symlink():
                target = os.path.realpath(entry.path)
                yield f"{entry.path}\0{target}"
                if target in linked:
                    continue
                linked.add(target)
            yield from _states(entry.path, linked)


def _state(path: str, state: os.stat_result) -> str:
    return f"{path}\0{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
