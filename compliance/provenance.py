"""Where and when a report was made: read once, so that everything after it is a function of its input."""

import subprocess  # only to ask git, with fixed arguments
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from policies.errors import InputError

GIT_TIMEOUT_SECONDS = 30

TimeSource = Literal["argument", "commit"]
TIME_SOURCES: tuple[str, ...] = get_args(TimeSource)


@dataclass(frozen=True)
class Provenance:
    """What an assessor needs to make the same report again.

    time           ISO 8601 in UTC, or None when nobody gave one and there is no commit
    time_source    "argument", "commit", or None
    commit         the full hash, or None outside git
    is_dirty       whether the work tree differed from the commit; None outside git
    result_path    the gate's result as named on the command line
    entity_path    likewise what the entity declares about itself; None where it declares nothing
    """

    time: str | None
    time_source: TimeSource | None
    commit: str | None
    is_dirty: bool | None
    result_path: str
    entity_path: str | None = None


def provenance(result_path: str, time: str | None, repository: Path, entity_path: str | None = None) -> Provenance:
    """The provenance of a report on `result_path` made in `repository`; `time` is ISO 8601 with offset."""
    commit = _git(repository, "log", "-1", "--format=%H %cI")
    commit_hash, _, commit_time = (commit or "").partition(" ")
    stamp: str | None = None
    source: TimeSource | None = None
    if time is not None:
        stamp, source = in_utc(time), "argument"
    elif commit:
        stamp, source = in_utc(commit_time), "commit"
    return Provenance(
        time=stamp,
        time_source=source,
        commit=commit_hash or None,
        is_dirty=bool(_git(repository, "status", "--porcelain")) if commit else None,
        result_path=result_path,
        entity_path=entity_path,
    )


def in_utc(time: str) -> str:
    """An ISO 8601 time in UTC with seconds; InputError when it is none or has no offset."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        raise InputError(f"{time!r} is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise InputError(f"{time!r} has no offset from UTC: write 2026-01-31T12:00:00Z or +01:00")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _git(repository: Path, *arguments: str) -> str | None:
    """What git prints, or None where there is no git, no repository, or no commit."""
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments],  # noqa: S607 - git stands where it stands
            capture_output=True,
            check=True,
            timeout=GIT_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()
