"""Waivers: who accepted which finding, why, and until when.

A waiver names one policy (or Checkov check), a stack or several of the same build, and the addresses it covers in each.
It turns a failed or undetermined assessment into "waived", never into a pass. A waiver that is expired, covers nothing,
or covers more than it says is a failure of its own, at its line of the file.
"""

import datetime
import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from policies import strict_yaml
from policies.errors import InputError
from policies.model import Assessment, Source, Waiver

FILE = Path("waivers.yaml")  # where they are looked for unless the caller says where
MAX_DAYS = 180
MIN_REASON_LENGTH = 20
POLICY_ID = "waiver-is-valid"

_REQUIRED = ("policy", "stack", "addresses", "reason", "owner", "ticket", "created", "expires")
_OPTIONAL = ("matches", "environments")


def read(path: Path) -> tuple[list[Waiver], dict[int, int]]:
    """The waivers in the file, and for each line with patterns the number of findings they may match.

    Raises InputError, with the line, for anything that is not a list of complete entries.
    """
    document = strict_yaml.read(path)
    if document is None:
        return [], {}
    entries = document.get("waivers") if isinstance(document, dict) else None
    if not isinstance(entries, list) or set(document) != {"waivers"}:
        raise InputError(f"{path}: expected one key, `waivers`, with a list of entries")
    lines = [strict_yaml.line_of(entries, index) for index in range(len(entries))]
    waivers = [one for entry, line in zip(entries, lines, strict=True) for one in _waivers(entry, path, line)]
    counts = {line: entry["matches"] for entry, line in zip(entries, lines, strict=True) if "matches" in entry}
    return waivers, counts


def _waivers(entry: Any, path: Path, line: int) -> Iterator[Waiver]:
    """One waiver for each stack of the entry, which has to hold in every one of them."""
    place = f"{path}:{line}"
    if not isinstance(entry, dict):
        raise InputError(f"{place}: an entry must be a mapping")
    missing = [key for key in _REQUIRED if not entry.get(key)]
    unknown = [str(key) for key in entry if key not in _REQUIRED + _OPTIONAL]
    if missing or unknown:
        wrong = f"missing {', '.join(missing)}" if missing else f"unknown key {', '.join(unknown)}"
        raise InputError(f"{place}: {wrong}")
    addresses = entry["addresses"]
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise InputError(f"{place}: addresses must be a list of resource addresses")
    if any("*" in address for address in addresses) and type(entry.get("matches")) is not int:
        raise InputError(f"{place}: a pattern needs `matches`, the number of findings it may cover")
    environments = entry.get("environments", [])
    if not isinstance(environments, list):
        raise InputError(f"{place}: environments must be a list of names")
    for key in ("created", "expires"):
        if not isinstance(entry[key], datetime.date) or isinstance(entry[key], datetime.datetime):
            raise InputError(f"{place}: {key} must be a date such as 2026-01-31")
    stacks = entry["stack"] if isinstance(entry["stack"], list) else [entry["stack"]]
    if len({str(stack) for stack in stacks}) < len(stacks):
        raise InputError(f"{place}: a stack stands there twice")
    for stack in stacks:
        yield Waiver(
            policy=str(entry["policy"]),
            stack=str(stack),
            addresses=tuple(str(address) for address in addresses),
            reason=" ".join(str(entry["reason"]).split()),
            owner=str(entry["owner"]),
            ticket=str(entry["ticket"]),
            created=str(entry["created"]),
            expires=str(entry["expires"]),
            place=Source(path.as_posix(), line),
            environments=tuple(str(name) for name in environments),
        )


def apply(
    assessments: Sequence[Assessment],
    waivers: Sequence[Waiver],
    counts: dict[int, int],
    known_ids: frozenset[str],
    environment: str,
    today: datetime.date,
) -> list[Assessment]:
    """The assessments with waived ones marked, and one failed assessment per waiver that is not valid.

    `known_ids` are the policies and checks that took part in this run, `assessments` covers the stacks that did, and
    `environment` is what the run is for: a waiver for others is neither used nor unused.
    """
    result = list(assessments)
    judged = {assessment.stack for assessment in assessments}
    invalid: list[Assessment] = []
    for waiver in waivers:
        if waiver.stack not in judged or waiver.policy not in known_ids:
            continue
        if waiver.environments and environment not in waiver.environments:
            continue
        covered = [i for i, one in enumerate(result) if _covers(waiver, one)]
        problem = _problem(waiver, [result[i].address for i in covered], counts.get(waiver.place.line), today)
        if problem:
            invalid.append(_invalid(waiver, problem))
            continue
        for index in covered:
            result[index] = replace(result[index], outcome="waived", waiver=waiver)
    return result + invalid


def _covers(waiver: Waiver, assessment: Assessment) -> bool:
    return (
        assessment.policy == waiver.policy
        and assessment.stack == waiver.stack
        and assessment.outcome in ("fail", "undetermined")
        and any(matches(address, assessment.address) for address in waiver.addresses)
    )


def matches(pattern: str, address: str) -> bool:
    """Only `*` is special; `[` belongs to instance keys."""
    if "*" not in pattern:
        return pattern == address
    return fnmatch.fnmatchcase(address, pattern.replace("[", "[[]").replace("?", "[?]"))


def _problem(waiver: Waiver, covered: list[str], allowed: int | None, today: datetime.date) -> str | None:
    created, expires = (datetime.date.fromisoformat(day) for day in (waiver.created, waiver.expires))
    if today > expires:
        return f"expired on {expires}"
    if (expires - created).days > MAX_DAYS:
        return f"runs for {(expires - created).days} days; at most {MAX_DAYS} are allowed"
    if created > today:
        return f"was created in the future, on {created}"
    if len(waiver.reason) < MIN_REASON_LENGTH:
        return f"the reason is shorter than {MIN_REASON_LENGTH} characters"
    unused = [pattern for pattern in waiver.addresses if not any(matches(pattern, one) for one in covered)]
    if unused:
        return f"covers nothing: {', '.join(unused)} has no such finding"
    if allowed is not None and len(covered) != allowed:
        return f"matches {len(covered)} findings where {allowed} are named"
    return None


def _invalid(waiver: Waiver, problem: str) -> Assessment:
    return Assessment(
        policy=POLICY_ID,
        engine="policies",
        stack=waiver.stack,
        address=f"{waiver.place.file}:{waiver.place.line}",
        outcome="fail",
        severity="high",
        attribute="",
        observed=None,
        message=f"the waiver of {waiver.policy} {problem}",
        remediation="Mend the finding, or have its owner renew, narrow or remove the waiver.",
        source=waiver.place,
    )


def unknown_ids(waivers: Sequence[Waiver], every_id: frozenset[str]) -> Iterator[Assessment]:
    """A failed assessment for each waiver of a policy or check that does not exist."""
    for waiver in waivers:
        if waiver.policy not in every_id:
            yield _invalid(waiver, "names a policy or check that does not exist")
