"""Says what a change does to the verdicts: judges what was before and what is now, and compares."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from policies import disk, recorded_result, strict_json
from policies.commands import judging, output
from policies.comparison import KINDS, WORSE, Change, Comparison, compare
from policies.errors import InputError
from policies.markdown import in_code, table
from policies.model import Assessment, Outcome
from policies.result import FAILED, NOT_JUDGED, PASSED
from policies.result import SCHEMA as RESULT_SCHEMA
from policies.visible import visible

SCHEMA = "gate-diff/1"

EXAMPLES = f"""\
OLD and NEW are what `check` judges, or results that it wrote with --format json. Waivers count on both sides, and what
is compared is the outcome of each policy on each resource: moving a line changes nothing.

{judging.PATHS}
exit codes:
  0  nothing got worse
  1  something fails or is undetermined that was neither, or is new
  3  the tool could not judge, or the two have no stack in common

examples:
  python -m policies diff main/cdktf.out cdktf.out
  python -m policies diff build/main.json build/gate-result.json --format markdown
  python -m policies diff state.json plan.json --stack portal
"""

_SHOWN_RESOURCES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the two sides and the form."""
    parser.add_argument("old", type=Path, metavar="OLD", help="what was before")
    parser.add_argument("new", type=Path, metavar="NEW", help="what is now")
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="how to write it (default: text)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    judging.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Writes what changed. Raises InputError when the two cannot be compared."""
    old, new = (_judged(path, options) for path in (options.old, options.new))
    if old is None or new is None:
        return NOT_JUDGED
    stacks = [sorted({one.stack for one in side}) for side in (old, new)]
    if not set(stacks[0]) & set(stacks[1]):
        names = " and ".join(", ".join(side) or "nothing" for side in stacks)
        raise InputError(f"no stack in common: {names}; --stack NAME says whose both are")
    found = compare(old, new)
    forms = {"text": to_text, "json": to_json, "markdown": to_markdown}
    output.write(forms[options.format](found), options.output)
    return FAILED if found.is_worse else PASSED


def _judged(path: Path, options: argparse.Namespace) -> Sequence[Assessment] | None:
    """The assessments of one side; None, with a line that says so, where nothing was judged."""
    if not disk.is_folder(path):
        content, value = strict_json.read(path)
        if isinstance(value, dict) and value.get("schema") == RESULT_SCHEMA:
            return recorded_result.parse_gate_result(content, str(path)).assessments
    options.paths = [path]
    result = judging.judge(options)
    for stack in result.unjudged():
        print(visible(f"policies: {path}: {stack}: no resource in it was judged"), file=sys.stderr)
    return None if result.unjudged() else result.assessments


def to_text(found: Comparison) -> str:
    """For a terminal: the changes, then the counts."""
    return f"{changes_to_text(found)}{_summary(found)}\n"


def changes_to_text(found: Comparison) -> str:
    """Every change, the worst last; nothing where there is none."""
    lines: list[str] = []
    for kind, title in reversed(list(KINDS.items())):
        changes = found.of_kind(kind)
        if changes:
            lines += [f"{title} ({len(changes)})", *(line for one in changes for line in _lines(one)), ""]
    lines += [f"not judged any more: {visible(line)}" for line in _unjudged(found)]
    return "".join(f"{line}\n" for line in lines)


def _lines(change: Change) -> Iterator[str]:
    one = change.subject
    yield f"  {visible(f'{one.policy}  ({one.severity})  {one.stack}: {one.place}')}"
    place = f"{one.source.file}:{one.source.line}  " if one.source else ""
    yield f"      {visible(f'{place}{_outcomes(change)}: {one.message}')}"


def _outcomes(change: Change) -> str:
    before: Outcome | str = change.before.outcome if change.before else "not there"
    after: Outcome | str = change.after.outcome if change.after else "not there"
    return f"{before} -> {after}"


def _unjudged(found: Comparison) -> list[str]:
    names = [f"{stack}: {address or 'the stack as a whole'}" for stack, address in found.unjudged]
    more = len(names) - _SHOWN_RESOURCES
    return names[:_SHOWN_RESOURCES] + ([f"{more} more"] if more > 0 else [])


def _summary(found: Comparison) -> str:
    verdict = "worse" if found.is_worse else "not worse"
    worse = sum(change.kind in WORSE for change in found.changes)
    fixed, same = len(found.of_kind("fixed")), f"{found.same} verdicts as before"
    return f"{verdict}: {worse} worse, {fixed} fixed, {found.added} new without a finding, {same}"


def to_markdown(found: Comparison) -> str:
    """For a merge request: the worst first."""
    lines = [f"**{_summary(found)}**", ""]
    for kind, title in KINDS.items():
        rows = [_cells(change) for change in found.of_kind(kind)]
        if rows:
            lines += [f"### {title[0].upper()}{title[1:]} ({len(rows)})", ""]
            lines += table(("Policy", "Severity", "Resource", "Outcome", "Finding", "Line"), rows)
    if found.unjudged:
        lines += ["### Not judged any more", "", *(f"- {in_code(visible(line))}" for line in _unjudged(found)), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _cells(change: Change) -> list[str]:
    one = change.subject
    line = f"{one.source.file}:{one.source.line}" if one.source else ""
    cells = (one.policy, one.severity, f"{one.stack}: {one.place}", _outcomes(change), one.message, line)
    return [in_code(visible(cell)) for cell in cells]


def to_json(found: Comparison) -> str:
    """For machines, schema gate-diff/1: `before` and `after` are outcomes, null where there was none."""
    rows = [
        {
            "change": change.kind,
            "worse": change.kind in WORSE,
            "policy": change.subject.policy,
            "severity": change.subject.severity,
            "stack": change.subject.stack,
            "address": change.subject.address,
            "before": change.before.outcome if change.before else None,
            "after": change.after.outcome if change.after else None,
            "message": change.subject.message,
            "source": asdict(change.subject.source) if change.subject.source else None,
            "fingerprint": change.subject.fingerprint,
        }
        for change in found.changes
    ]
    head = {
        "schema": SCHEMA,
        "worse": found.is_worse,
        "summary": {kind: len(found.of_kind(kind)) for kind in KINDS} | {"added": found.added, "same": found.same},
        "unjudged": [{"stack": stack, "address": address} for stack, address in found.unjudged],
        "changes": rows,
    }
    return json.dumps(head, indent=1) + "\n"
