"""Which files of this package a policy is made of: its own, and every one that these import, one through another.

Evidence names the version that judged. Much of what a policy knows stands in modules that several share, so a digest
of its own file alone would not change when its verdicts do.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

UNWRITTEN = "TO BE WRITTEN"  # stands where somebody still has to write what a tool cannot
_PACKAGE = Path(__file__).parent


def files_of(file: Path) -> tuple[Path, ...]:
    """The file and all of this package that it imports, sorted."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _imported(one)
    return tuple(sorted(found))


def digest_of(file: Path) -> str:
    """SHA-256 over the names and contents of `files_of(file)`."""
    lines = (f"{one.relative_to(_PACKAGE.parent).as_posix()} {_sha256(one)}\n" for one in files_of(file))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def unwritten_lines(file: Path) -> Iterator[int]:
    """The lines of the file, from 1, on which a text still has to be written."""
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if UNWRITTEN in line:
            yield number


@functools.cache
def _imported(file: Path) -> tuple[Path, ...]:
    return tuple(_modules_named_in(ast.parse(file.read_bytes())))


def _modules_named_in(tree: ast.AST) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names)):
                root, *parts = name.split(".")
                path = _PACKAGE.joinpath(*parts).with_suffix(".py") if root == _PACKAGE.name and parts else None
                if path is not None and path.is_file():
                    yield path


@functools.cache
def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
