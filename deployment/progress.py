"""What a deployment shows while it runs: one line for each step, with its seconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_NAME_WIDTH = 12


class Step:
    """One step under way: it counts what is done and may end with a remark."""

    def __init__(self, name: str, output: TextIO, total: int | None) -> None:
        self.remark = ""
        self._name = name
        self._output = output
        self._total = total
        self._done = 0
        self._begun = time.monotonic()

    def count(self) -> None:
        """One more is done; on a terminal, this shows at once."""
        self._done += 1
        self._show()

    def _show(self) -> None:
        if self._output.isatty():
            of = f" {self._done} of {self._total}" if self._total else ""
            self._output.write(f"\r\x1b[K  {self._name:{_NAME_WIDTH}}{of} ...")
            self._output.flush()

    def _end(self) -> None:
        start = "\r\x1b[K" if self._output.isatty() else ""
        seconds = time.monotonic() - self._begun
        self._output.write(f"{start}  {self._name:{_NAME_WIDTH}} {seconds:6.1f} s  {self.remark}".rstrip() + "\n")
        self._output.flush()


@contextmanager
def step(name: str, total: int | None = None, output: TextIO | None = None) -> Iterator[Step]:
    """A step under way; `total` is how many resources it has to go through."""
    current = Step(name, output or sys.stdout, total)
    current._show()
    try:
        yield current
    finally:
        current._end()
