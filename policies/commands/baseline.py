"""Keeps the baseline: the findings that an estate has when it adopts the gate.

With `check --baseline FILE` they are listed and stay failures, but only new findings decide the exit code. A finding
whose place, outcome or observed value changed is new. An entry whose finding is gone fails the run until it is pruned.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from policies import baseline, disk, gate
from policies.baseline import Entry
from policies.commands import judging, output
from policies.errors import InputError
from policies.result import NOT_JUDGED, PASSED
from policies.visible import visible

EXAMPLES = f"""\
{judging.PATHS}
write   lists every finding of now that is not waived: once, when the gate is adopted
prune   takes out what is gone, and adds nothing: after each finding that was mended

Entries of stacks and policies that are not judged in this run are kept. With --checkov Checkov's findings are listed
as well; give it to `baseline` and `check` alike.

exit codes:
  0  written
  3  the tool could not judge: bad input, nothing to judge, internal error

examples:
  python -m policies baseline write
  python -m policies baseline write --checkov --output baseline.json
  python -m policies check --baseline baseline.json
  python -m policies baseline prune --output baseline.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what to do, with which file, over what."""
    parser.add_argument("action", choices=("write", "prune"), help="list the findings of now, or take out what is gone")
    judging.add_arguments(parser)
    parser.add_argument(
        "--output", type=Path, default=baseline.FILE, metavar="FILE", help=f"the baseline (default: {baseline.FILE})"
    )


def run(options: argparse.Namespace) -> int:
    """Judges, and writes the file."""
    path: Path = options.output
    disk.refuse_place(path)
    if options.action == "prune" and not disk.exists(path):
        raise InputError(f"{path}: no such file: `baseline write` makes one")
    before = set(baseline.read(path)) if disk.exists(path) else set()
    result = judging.judge(options)
    if result.unjudged():
        print(visible(f"policies: {result.unjudged()[0]}: no resource in it was judged"), file=sys.stderr)
        return NOT_JUDGED
    found = baseline.entries_of(result.assessments)
    policies = gate.selected(result.conditions.policies)
    ids = gate.known_ids(policies, with_checkov=options.checkov)
    kept = set(baseline.pruned(before, found, baseline.stacks_of(result.assessments), ids))
    after = kept if options.action == "prune" else kept | found
    output.write(baseline.to_json(after), path)
    print(f"{path.as_posix()}: {_count(after)}; {len(after - before)} added, {len(before - after)} taken out")
    return PASSED


def _count(entries: Iterable[Entry]) -> str:
    counts = Counter(entry.outcome for entry in entries)
    parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("fail", "undetermined") if counts[outcome])
    return f"{sum(counts.values())} findings" + (f" ({parts})" if parts else "")
