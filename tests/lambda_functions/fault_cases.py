"""How many cases of the fault matrix a run went through, for the last lines of its output."""

from collections import Counter

import pytest


class FaultCases:
    """Cases counted by what they are about."""

    def __init__(self) -> None:
        self._passed: Counter[str] = Counter()

    def passed(self, kind: str) -> None:
        """Count one case, after its last assertion."""
        self._passed[kind] += 1

    def summary(self) -> list[str]:
        """The total and its parts; nothing where no case was run."""
        if not self._passed:
            return []
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self._passed.items()))
        return [f"rotation fault matrix: {self._passed.total()} cases passed ({parts})"]


FAULT_CASES = pytest.StashKey[FaultCases]()
