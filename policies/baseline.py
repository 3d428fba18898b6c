"""The baseline: findings that were there when the gate came to an existing estate.

They stay what they are, failures or undetermined, in every output; only the exit code is decided by the others. A
finding is an old one when the same policy saw the same value at the same place with the same outcome. Whatever differs
in any of these is new. An entry whose finding is gone is a failure of its own, as an unused waiver is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from policies import strict_json, waivers
from policies.json_reader import Reader
from policies.model import Assessment, KnownIds, Outcome, Source
from policies.result import order

FILE = Path("baseline.json")  # where `baseline` writes unless the caller says where
SCHEMA = "gate-baseline/1"
POLICY_ID = "baseline-is-current"
_OLD_OUTCOMES: tuple[Outcome, ...] = ("fail", "undetermined")
_NEVER_OLD = frozenset({waivers.POLICY_ID, POLICY_ID})  # mistakes of these files are mended, not kept


@dataclass(frozen=True, order=True)
class Entry:
    """One old finding. `place` is its construct path, or its address where it has none; `observed` a SHA-256.

    The digest is of what was observed, as JSON: the value itself may be long, and is in every result anyway.
    """

    stack: str
    policy: str
    place: str
    outcome: str
    observed: str
    fingerprint: str


def entry_of(assessment: Assessment) -> Entry | None:
    """How the baseline lists an assessment; None for one that it never does."""
    if assessment.outcome not in _OLD_OUTCOMES or assessment.policy in _NEVER_OLD:
        return None
    observed = json.dumps(assessment.observed, sort_keys=True)
    return Entry(
        stack=assessment.stack,
        policy=assessment.policy,
        place=assessment.construct_path or assessment.address,
        outcome=assessment.outcome,
        observed=hashlib.sha256(observed.encode("utf-8", "backslashreplace")).hexdigest(),
        fingerprint=assessment.fingerprint,
    )


def entries_of(assessments: Iterable[Assessment]) -> set[Entry]:
    """Every finding among the assessments."""
    return {entry for one in assessments if (entry := entry_of(one))}


def read(path: Path) -> dict[Entry, int]:
    """The entries of the file, each with its line. Raises InputError for anything that is no baseline."""
    content, document = strict_json.read(path)
    baseline = Reader(document, str(path))
    if baseline.text("schema", default="") != SCHEMA:
        raise baseline.refusal(f'not a baseline: schema is not "{SCHEMA}"')
    lines = content.decode(json.detect_encoding(content)).splitlines()
    found: dict[Entry, int] = {}
    for row in baseline.rows("findings"):
        fields = {name: row.text(name) for name in Entry.__dataclass_fields__}
        entry = Entry(**fields | {"outcome": row.word("outcome", _OLD_OUTCOMES)})
        if entry in found:
            raise row.refusal("stands there twice")
        found[entry] = _line(lines, entry)
    return found


def _line(lines: Sequence[str], entry: Entry) -> int:
    """Where the entry stands: one line each, as `to_json` writes them; 1 in a file that was laid out anew."""
    parts = [json.dumps(entry.fingerprint), json.dumps(entry.observed)]
    return next((number for number, line in enumerate(lines, 1) if all(part in line for part in parts)), 1)


def to_json(entries: Iterable[Entry]) -> str:
    """The file: sorted, one finding a line, so that a diff shows what came and went."""
    rows = ",\n".join("  " + json.dumps(asdict(entry)) for entry in sorted(entries))
    return (
        f'{{\n "schema": "{SCHEMA}",\n "findings": [\n{rows}\n ]\n}}\n'
        if rows
        else (f'{{\n "schema": "{SCHEMA}",\n "findings": []\n}}\n')
    )


def stacks_of(assessments: Iterable[Assessment]) -> set[str]:
    """The stacks that were judged; a mistake in a waiver may name others."""
    return {one.stack for one in assessments if one.policy not in _NEVER_OLD}


def judged(entry: Entry, stacks: set[str], ids: KnownIds) -> bool:
    """Whether a run over `stacks` would have found it again."""
    return entry.stack in stacks and (entry.policy in ids.ran or not ids.exists(entry.policy))


def apply(assessments: Sequence[Assessment], entries: dict[Entry, int], ids: KnownIds, path: Path) -> list[Assessment]:
    """The assessments with old findings marked, and one failed assessment per entry whose finding is gone."""
    stacks = stacks_of(assessments)
    met: set[Entry] = set()
    result: list[Assessment] = []
    for one in assessments:
        entry = entry_of(one)
        is_old = entry in entries
        if entry and is_old:
            met.add(entry)
        result.append(replace(one, baseline=True) if is_old else one)
    places = {(one.stack, one.policy, one.construct_path or one.address): one for one in sorted(assessments, key=order)}
    gone = [entry for entry in entries if entry not in met and judged(entry, stacks, ids)]
    return result + [_stale(entry, Source(path.as_posix(), entries[entry]), ids, places) for entry in gone]


def _stale(entry: Entry, place: Source, ids: KnownIds, now: dict[tuple[str, str, str], Assessment]) -> Assessment:
    what = f"the old finding of {entry.policy} on {entry.place or 'the stack as a whole'}"
    seen = now.get((entry.stack, entry.policy, entry.place))
    if seen is None:
        became = "is gone: nothing is judged there any more" if ids.exists(entry.policy) else "is of no known policy"
    elif seen.outcome in _OLD_OUTCOMES:
        became = "has changed, and counts as new"
    else:
        became = f"is gone: the outcome is {seen.outcome} now"
    return Assessment(
        policy=POLICY_ID,
        engine="checkov" if entry.policy.startswith("CKV") else "policies",
        stack=entry.stack,
        address=f"{place.file}:{place.line}",
        outcome="fail",
        severity="medium",
        attribute="",
        observed=None,
        message=f"{what} {became}",
        remediation=f"Take it out: python -m policies baseline prune --output {place.file} (it adds nothing).",
        source=place,
    )


def pruned(entries: Iterable[Entry], found: set[Entry], stacks: set[str], ids: KnownIds) -> Iterator[Entry]:
    """What stays: the findings that are still there, and those that this run could not have found."""
    for entry in entries:
        if entry in found or not judged(entry, stacks, ids):
            yield entry
