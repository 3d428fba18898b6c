"""How far a run is, on standard error: a line that changes on a terminal, else one now and then."""

import sys
import time
from typing import TextIO

from policies.fleet.worker import Answer

_MEBIBYTE = 1024 * 1024
_TERMINAL_SECONDS, _LOG_SECONDS = 0.5, 15.0


class Progress:
    """Counts answers; `peaks` has the most memory, in bytes, that each worker has needed."""

    def __init__(self, total: int, *, shown: bool, stream: TextIO | None = None) -> None:
        self._total = total
        self._shown = shown
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._begun = self._told = time.monotonic()
        self._counts = {"judged": 0, "kept": 0, "refused": 0}
        self.peaks: dict[str, int] = {}

    def count(self, answer: Answer) -> None:
        """One more is done."""
        self._counts[answer.status] += 1
        if answer.worker:
            self.peaks[answer.worker] = max(answer.peak_bytes, self.peaks.get(answer.worker, 0))
        now = time.monotonic()
        if self._shown and now - self._told >= (_TERMINAL_SECONDS if self._on_terminal else _LOG_SECONDS):
            self._told = now
            self._write(self._line(now))

    def end(self) -> None:
        """Says what was done, by how many workers, and how much memory the largest of them needed."""
        if self._shown:
            peak = max(self.peaks.values(), default=0) // _MEBIBYTE
            self._write(f"{self._line(time.monotonic())}; {len(self.peaks)} workers, at most {peak} MiB each")
            print(file=self._stream) if self._on_terminal else None

    def _line(self, now: float) -> str:
        done = sum(self._counts.values())
        seconds = max(now - self._begun, 0.001)
        line = f"{done:,} of {self._total:,} inputs"
        line += "".join(f", {count:,} {word}" for word, count in self._counts.items() if count)
        line += f" in {seconds:,.0f} s ({done / seconds:,.1f}/s)"
        left = (self._total - done) * seconds / done if done else 0
        return line + (f", about {left:,.0f} s left" if left else "")

    def _write(self, line: str) -> None:
        if self._on_terminal:
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)
        else:
            print(f"policies: {line}", file=self._stream, flush=True)
