"""Which line of our code made which construct, so that a finding can point at what a developer has to change.

Paths of constructs are put together here: asking Node.js for them, twice a thousand times, would take a second.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import jsii
from constructs import Construct, Node

ROOT = Path(__file__).parents[1]
OUR_CODE = f"{Path(__file__).parent}{os.sep}"

_paths: dict[str, str] = {}  # what Node.js calls an object (never two the same) to the path of the construct that it is


@dataclass(frozen=True)
class Source:
    """A line of a file; the file is relative to the repository, with `/` on every system."""

    file: str
    line: int


@contextmanager
def recorded() -> Iterator[dict[str, Source]]:
    """Record, while the context lasts, where each construct is created: construct path to source.

    Every construct, ours or the library's, is made in Node.js by `jsii.create`, with its scope and its id: so that is
    where we look.
    """
    sources: dict[str, Source] = {}
    create = jsii.create

    def create_and_record(klass: type[Any], obj: Any, args: list[Any] | None = None) -> Any:
        created = create(klass, obj, args)
        if isinstance(obj, Construct):
            path = _paths[created.ref] = _path(obj, args or [])
            source = _innermost_source(sys._getframe(1), obj)
            if path and source:  # the app itself has no path
                sources[path] = source
        return created

    jsii.create = create_and_record
    try:
        yield sources
    finally:
        jsii.create = create


def construct_path(element: Any) -> str:
    """The path of a construct, or of a construct's node, such as `portal/compute/template`."""
    known = _paths.get(element.__jsii_ref__.ref)
    return known if known is not None else str((element if isinstance(element, Node) else element.node).path)


def _path(made: Construct, arguments: Sequence[Any]) -> str:
    """The path of what was made with these arguments; most constructs take a scope and an id first."""
    scope, id_ = (*arguments, None, None)[:2]
    if isinstance(scope, Construct) and isinstance(id_, str):
        return f"{construct_path(scope)}/{id_.replace('/', '--')}".removeprefix("/")
    return str(made.node.path)  # the library chose the id


def write(sources: dict[str, Source], stack_folder: Path) -> None:
    """Write the sources of one stack into its folder as `sources.json`, sorted: the same code gives the same bytes."""
    stack = stack_folder.name
    content = {path: asdict(source) for path, source in sources.items() if path.split("/")[0] == stack}
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    (stack_folder / "sources.json").write_text(text, encoding="utf-8")


def _innermost_source(frame: FrameType | None, made: Construct) -> Source | None:
    """The line nearest to `frame`, going outwards, that belongs to our code and not to the making of `made` itself."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(OUR_CODE) and not _is_within(frame, made):
            return Source(Path(frame.f_code.co_filename).relative_to(ROOT).as_posix(), frame.f_lineno)
        frame = frame.f_back
    return None


def _is_within(frame: FrameType, made: Construct) -> bool:
    """Whether `frame` runs an `__init__` of `made`: its own class's, or one that it inherits."""
    return frame.f_code.co_name == "__init__" and frame.f_locals.get(frame.f_code.co_varnames[0]) is made
