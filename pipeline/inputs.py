"""On what a whole run depends, as one digest. Whatever is not sure to be without effect is part of it.

docs/decisions/0018-what-is-kept.md lists what counts, and why that is all.
"""

import datetime
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from compliance.provenance import provenance
from policies import kept

# What runs leave behind at the top, and what is no part of the project: everything else in its folder counts.
_OF_TOOLS = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache")
NOT_INPUTS = frozenset((".git", ".venv", "build", "cdktf.out", *_OF_TOOLS))
_ANYWHERE = frozenset(("__pycache__", ".terraform"))  # Python compares bytecode with the source
OUTPUTS = (Path("cdktf.out"), Path("build") / "packages", Path("build") / "report")
_VERSION_TIMEOUT_SECONDS = 30


def inputs(arguments: tuple[str, ...]) -> str:
    """The digest of everything that a run in the working directory with these `arguments` depends on."""
    asked = [_ask(program) for program in ("node", "terraform")]
    origin = provenance("", None, Path.cwd())
    parts = [
        *arguments,
        datetime.date.today().isoformat(),  # waivers end
        str(sys.stdout.isatty()),  # colours
        str((origin.commit, origin.time, origin.is_dirty)),
        kept.surroundings(),
        contents([Path()]),
        _content(Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")),
    ]
    return kept.key(*parts, *(_answer(one) for one in asked))


def outputs() -> str:
    """The digest of everything that a run writes and leaves for others to read."""
    return contents(OUTPUTS)


def contents(folders: tuple[Path, ...] | list[Path]) -> str:
    """The digest of every file below `folders`, with its name.

    NOT_INPUTS are left out at the top of them, bytecode and Terraform's plugins everywhere.
    """
    return kept.key(*(part for folder in folders for path in _files(folder) for part in (str(path), _content(path))))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        left_out = _ANYWHERE | (NOT_INPUTS if Path(place) == folder else frozenset())
        folders[:] = sorted(name for name in folders if name not in left_out)
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted([*names, *links]))


def _content(path: Path) -> str:
    """The digest of a file, the target of a link to a folder, or what keeps either from being read."""
    if path.is_dir():
        return f"a link to {path.resolve()}"
    if path.exists() and not path.is_file():
        return "no file"  # a pipe would be waited for
    try:
        with path.open("rb") as file:
            return f"{hashlib.file_digest(file, 'sha256').hexdigest()} {os.access(path, os.X_OK)}"
    except OSError as error:
        return type(error).__name__


def _ask(name: str) -> subprocess.Popen[bytes] | None:
    """Start `name --version`; None when there is no such program."""
    program = (os.environ.get("JSII_NODE") if name == "node" else None) or shutil.which(name)
    if program is None:
        return None
    try:
        return subprocess.Popen([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _answer(asked: subprocess.Popen[bytes] | None) -> bytes:
    """What the program says of its version, with where it lies and when it was written."""
    if asked is None:
        return b"none"
    try:
        said, _ = asked.communicate(timeout=_VERSION_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        asked.kill()
        said = os.urandom(16)  # no answer is the same as no other
    program = Path(asked.args[0]).resolve()  # type: ignore[index,arg-type]
    state = program.stat()
    return f"{program} {state.st_size} {state.st_mtime_ns} ".encode() + said
