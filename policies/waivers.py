"""Waivers: who accepted which finding, why, and until when.

A waiver names one policy (or Checkov check), a stack or several of the same build, and the addresses it covers in each.
It turns a failed or undetermined assessment into "waived", never into a pass. A waiver that is expired, covers nothing,
or covers more than it says is a failure of its own, at its line of the file. docs/waivers.md tells it to its users.
"""

import datetime
import difflib
import fnmatch
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policies import disk, strict_yaml
from policies.errors import InputError
from policies.model import Assessment, KnownIds, Source, Waiver

FILE = Path("waivers.yaml")  # where they are looked for unless the caller says where
MAX_DAYS = 180
MIN_REASON_LENGTH = 20
POLICY_ID = "waiver-is-valid"
_LINE_CHARACTERS = 120  # of an entry that `add` writes

_REQUIRED = ("policy", "stack", "addresses", "reason", "owner", "ticket", "created", "expires")
_OPTIONAL = ("matches", "environments", "compensating_control")
# A pattern stays within one resource type, whatever module or instance: the type is written out before the first `*`.
_NARROW = re.compile(r"(module\.[^.*]+\.)*(data\.)?(?!module\.)[a-z0-9_]+\.")

_EMPTY = re.compile(r"^waivers:[ \t]*(\[[ \t]*\]|~|null)", re.MULTILINE)
_HEAD = re.compile(r"^waivers:", re.MULTILINE)


def read(path: Path) -> tuple[list[Waiver], dict[int, int]]:
    """The waivers in the file, and for each line with patterns the number of findings they may match.

    Raises InputError, with the line, for anything that is not a list of complete entries.
    """
    entries = _entries(strict_yaml.read(path), str(path))
    lines = [strict_yaml.line_of(entries, index) for index in range(len(entries))]
    waivers = [one for entry, line in zip(entries, lines, strict=True) for one in _waivers(entry, path, line)]
    counts = {line: entry["matches"] for entry, line in zip(entries, lines, strict=True) if "matches" in entry}
    return waivers, counts


def _entries(document: Any, path: str) -> Any:
    """The entries of a waivers file, as strict_yaml read it; a list that knows its lines, unless it is empty."""
    if document is None:
        return []
    entries = document.get("waivers") if isinstance(document, dict) else None
    if not isinstance(entries, list | None) or not isinstance(document, dict) or set(document) != {"waivers"}:
        raise InputError(f"{path}: expected one key, `waivers`, with a list of entries")
    return entries or []


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
    control = entry.get("compensating_control")
    if control is not None and (not isinstance(control, str) or not control.strip()):
        raise InputError(f"{place}: compensating_control must name the control's worksheet")
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
            compensating_control=control,
        )


def apply(
    assessments: Sequence[Assessment],
    waivers: Sequence[Waiver],
    counts: dict[int, int],
    ids: KnownIds,
    environment: str,
    today: datetime.date,
) -> list[Assessment]:
    """The assessments with waived ones marked, and one failed assessment per mistake of a waiver.

    `assessments` covers the stacks that were judged, by the policies and checks in `ids`, and `environment` is what the
    run is for: a waiver for others is neither used nor unused. A waiver with a mistake waives nothing.
    """
    result = list(assessments)
    judged = {assessment.stack for assessment in assessments}
    invalid: list[Assessment] = []
    for waiver in waivers:
        if not ids.exists(waiver.policy):
            close = difflib.get_close_matches(waiver.policy, ids.every, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            problem = Problem("policy", waiver.policy, f"names a policy or check that does not exist{hint}")
            invalid.append(_invalid(waiver, problem))
            continue
        if waiver.stack not in judged or waiver.policy not in ids.ran:
            continue
        if waiver.environments and environment not in waiver.environments:
            continue
        covered = [i for i, one in enumerate(result) if _covers(waiver, one)]
        addresses = [result[i].address for i in covered]
        found = [*problems(waiver, today), *_misfits(waiver, addresses, counts.get(waiver.place.line))]
        if found:
            invalid += [_invalid(waiver, problem) for problem in found]
            continue
        for index in covered:
            result[index] = replace(result[index], outcome="waived", waiver=waiver)
    return result + invalid


@dataclass(frozen=True)
class Problem:
    """A mistake of a waiver: under which key, what stands there, and what is wrong with it."""

    key: str
    value: str
    text: str


def problems(waiver: Waiver, today: datetime.date) -> Iterator[Problem]:
    """The mistakes that a waiver shows by itself, whatever was found."""
    created, expires = (datetime.date.fromisoformat(day) for day in (waiver.created, waiver.expires))
    days = (expires - created).days
    if today > expires:
        yield Problem("expires", waiver.expires, f"expired on {expires}")
    if days > MAX_DAYS:
        yield Problem("expires", waiver.expires, f"runs for {days} days; at most {MAX_DAYS} are allowed")
    if created > today:
        yield Problem("created", waiver.created, f"was created in the future, on {created}")
    if len(waiver.reason) < MIN_REASON_LENGTH:
        yield Problem("reason", waiver.reason, f"the reason is shorter than {MIN_REASON_LENGTH} characters")
    for address in waiver.addresses:
        if "*" in address and not _NARROW.match(address.partition("*")[0]):
            yield Problem("addresses", address, f"is over-broad: {address} does not name one resource type")
    twice = sorted({address for address in waiver.addresses if waiver.addresses.count(address) > 1})
    if twice:
        yield Problem("addresses", ", ".join(twice), f"names {', '.join(twice)} twice")


def _misfits(waiver: Waiver, covered: list[str], allowed: int | None) -> Iterator[Problem]:
    """The mistakes that show beside the findings: `covered` are the addresses of those that the waiver covers."""
    unused = [pattern for pattern in waiver.addresses if not any(matches(pattern, one) for one in covered)]
    if unused:
        shown = ", ".join(unused) or "the stack as a whole"
        yield Problem("addresses", shown, f"covers nothing: {shown} has no such finding")
    elif allowed is not None and len(covered) != allowed:
        yield Problem("matches", str(allowed), f"matches {len(covered)} findings where {allowed} are named")


def add(path: Path, entries: Sequence[tuple[Waiver, ...]]) -> list[int]:
    """Writes entries, each the same waiver for one or more stacks, at the end of the file; returns their lines.

    What stands in the file stays as it is, to the byte. Raises InputError for a file that cannot be extended so.
    """
    try:
        before = disk.read(path, limit=strict_yaml.MAX_BYTES).decode("utf-8") if disk.exists(path) else ""
        present = _entries(strict_yaml.parse(before.encode(), str(path)), str(path))
        content = _with(before, present, entries, path)
        found = _entries(strict_yaml.parse(content.encode(), str(path)), str(path))
        if found[: -len(entries)] != present:
            raise InputError(f"{path}: cannot be extended at its end")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be extended ({error})") from error
    disk.write(path, content.encode())
    return [strict_yaml.line_of(found, index) for index in range(len(found) - len(entries), len(found))]


def _with(content: str, present: Any, entries: Sequence[tuple[Waiver, ...]], path: Path) -> str:
    """The file's content with the entries behind those that are present, indented like them."""
    indent = "  "
    if len(present):
        line = content.splitlines()[strict_yaml.line_of(present, len(present) - 1) - 1]
        indent = line[: len(line) - len(line.lstrip(" "))]
        if not line.lstrip(" ").startswith("- "):
            raise InputError(f"{path}: each entry has to begin with `- ` on a line of its own before more can be added")
    elif _EMPTY.search(content):
        content = _EMPTY.sub("waivers:", content)
    elif not _HEAD.search(content):
        content += "" if content.endswith("\n") or not content else "\n"
        content += "waivers:\n"
    content += "" if content.endswith("\n") else "\n"
    return content + textwrap.indent(_yaml(entries), indent, lambda line: bool(line.strip()))


def _yaml(entries: Sequence[tuple[Waiver, ...]]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import FoldedScalarString

    def listed(names: Sequence[str]) -> CommentedSeq:
        found = CommentedSeq(names)
        if sum(len(name) + 2 for name in names) < _LINE_CHARACTERS:
            found.fa.set_flow_style()
        return found

    rows = []
    for stacks in entries:
        one = stacks[0]
        names = [waiver.stack for waiver in stacks]
        row = CommentedMap(policy=one.policy, stack=names[0] if len(names) == 1 else listed(names))
        row["addresses"] = listed(one.addresses)
        if one.environments:
            row["environments"] = listed(one.environments)
        row["reason"] = FoldedScalarString(one.reason) if len(one.reason) > _LINE_CHARACTERS else one.reason
        row["owner"], row["ticket"] = one.owner, one.ticket
        if one.compensating_control:
            row["compensating_control"] = one.compensating_control
        row["created"], row["expires"] = (datetime.date.fromisoformat(day) for day in (one.created, one.expires))
        rows.append(row)
    yaml, written = YAML(typ="rt"), io.StringIO()
    yaml.width = _LINE_CHARACTERS
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(rows, written)
    return textwrap.dedent(written.getvalue())


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


def _invalid(waiver: Waiver, problem: Problem) -> Assessment:
    return Assessment(
        policy=POLICY_ID,
        engine="policies",
        stack=waiver.stack,
        address=f"{waiver.place.file}:{waiver.place.line}",
        outcome="fail",
        severity="high",
        attribute=problem.key,
        observed=problem.value,
        message=f"the waiver of {waiver.policy} {problem.text}",
        remediation="Mend the finding, or have its owner renew, narrow or remove the waiver.",
        source=waiver.place,
    )
