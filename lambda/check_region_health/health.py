"""When a run of failures means down, and a run of successes up: pure rules, no clock and no network."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one probing found."""

    OK = "OK"
    FAILED = "FAILED"
    UNDETERMINED = "UNDETERMINED"
    """The monitor could not find out, by a fault of its own: neither a success nor a failure of what it probes."""


@dataclass(frozen=True)
class ProbeResult:
    """What one probing found, how long it took, and why it was taken for that."""

    name: str
    required: bool
    outcome: Outcome
    latency_ms: int
    reason: str


class Status(StrEnum):
    """What is believed of a probe or of the region, and announced when it changes."""

    UNKNOWN = "UNKNOWN"
    UP = "UP"
    DOWN = "DOWN"


@dataclass(frozen=True)
class Thresholds:
    """How many outcomes in a row it takes to be believed."""

    failures_until_down: int = 3
    successes_until_up: int = 3


@dataclass(frozen=True)
class ProbeHealth:
    """The status of a probe, and its latest outcomes in a row: of `failures` and `successes` one is zero."""

    status: Status = Status.UNKNOWN
    failures: int = 0
    successes: int = 0

    def after(self, outcome: Outcome, thresholds: Thresholds) -> "ProbeHealth":
        """The health after one more outcome.

        Only what is down has to succeed several times: there is nothing to damp in a first success. An
        undetermined outcome changes nothing, so it neither makes nor breaks a run of failures.
        """
        if outcome is Outcome.UNDETERMINED:
            return self
        if outcome is Outcome.FAILED:
            failures = self.failures + 1
            down = failures >= thresholds.failures_until_down
            return ProbeHealth(Status.DOWN if down else self.status, failures=failures)
        successes = self.successes + 1
        up = self.status is not Status.DOWN or successes >= thresholds.successes_until_up
        return ProbeHealth(Status.UP if up else self.status, successes=successes)


def region_status(previous: Status, required: Collection[Status]) -> Status:
    """The status of the region, given that of each required probe: down with any, up with all.

    Where some are unknown and none is down, it stays what it was: a new probe does not make news of an old region.
    """
    if Status.DOWN in required:
        return Status.DOWN
    if all(status is Status.UP for status in required):
        return Status.UP
    return previous
