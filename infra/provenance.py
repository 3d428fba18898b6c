"""Which line of our code made which construct, so that a finding can point at what a developer has to change."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from constructs import Construct
from jsii._runtime import JSIIMeta

ROOT = Path(__file__).parents[1]
OUR_CODE = f"{Path(__file__).parent}{os.sep}"


@dataclass(frozen=True)
class Source:
    """A line of a file; the file is relative to the repository, with `/` on every system."""

    file: str
    line: int


@contextmanager
def recorded() -> Iterator[dict[str, Source]]:
    """Record, while the context lasts, where each construct is created: construct path to source.

    jsii makes every object through its metaclass's `__call__`, so that is where we look; it is a private detail of
    jsii, held down by tests/infra/test_provenance.py.
    """
    sources: dict[str, Source] = {}
    make = JSIIMeta.__call__

    def make_and_record(cls: Any, *args: Any, **kwargs: Any) -> Any:
        made = make(cls, *args, **kwargs)
        if isinstance(made, Construct) and made.node.path:  # the app itself has no path
            source = _innermost_source(sys._getframe(1))
            if source:
                sources[made.node.path] = source
        return made

    JSIIMeta.__call__ = make_and_record  # type: ignore[method-assign]
    try:
        yield sources
    finally:
        JSIIMeta.__call__ = make  # type: ignore[method-assign]


def write(sources: dict[str, Source], stack_folder: Path) -> None:
    """Write the sources of one stack into its folder as `sources.json`, sorted: the same code gives the same bytes."""
    stack = stack_folder.name
    content = {path: asdict(source) for path, source in sources.items() if path.split("/")[0] == stack}
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    (stack_folder / "sources.json").write_text(text, encoding="utf-8")


def _innermost_source(frame: FrameType | None) -> Source | None:
    """Return the line nearest to `frame`, going outwards, that belongs to our code."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(OUR_CODE):
            return Source(Path(frame.f_code.co_filename).relative_to(ROOT).as_posix(), frame.f_lineno)
        frame = frame.f_back
    return None
