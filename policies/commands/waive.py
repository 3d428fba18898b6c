"""Accepts findings: judges, and writes a waiver for each finding whose fingerprint is named.

A fingerprint stands below each finding of `check`; its first 8 characters are enough where they name one finding.
Nothing is written unless everything can be.
"""

import argparse
import datetime
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from policies import disk, waivers
from policies.commands import judging
from policies.errors import InputError
from policies.model import Assessment, Source, Waiver
from policies.visible import visible

SHORTEST_PREFIX = 8

EXAMPLES = f"""\
An entry that exists is not touched, and comments stay. Findings of one policy in one stack become one entry, and the
same addresses in several stacks one entry for all of them. Waivers end: at most {waivers.MAX_DAYS} days from today.

exit codes:
  0  written
  3  not a finding, waived already, a date or a reason that the gate would refuse, or nothing could be judged

examples:
  python -m policies check      # shows the fingerprints
  python -m policies waive 3f1c9a2b77e0 --reason "The appliance speaks IMDSv1 only; it is replaced in March." \\
      --owner platform-team --ticket PLAT-12 --expires 2027-03-31
  python -m policies waive 3f1c9a2b 5d0e11c4 plan.json --checkov --reason "..." --owner ... --ticket ... --expires ...
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares which findings, and what a waiver has to say."""
    parser.add_argument(
        "names",
        nargs="+",
        metavar="FINGERPRINT|PATH",
        help="a finding's fingerprint, or how it starts; after them what to judge (default: cdktf.out)",
    )
    parser.add_argument("--reason", required=True, help="why the finding is accepted: a sentence")
    parser.add_argument("--owner", required=True, help="who answers for it")
    parser.add_argument("--ticket", required=True, help="where it is followed up")
    parser.add_argument("--expires", required=True, type=judging.day, metavar="DATE", help="the last day it holds")
    parser.add_argument(
        "--only-in",
        action="append",
        default=[],
        metavar="ENVIRONMENT",
        help="limit it to runs for this environment (see --environment); repeatable",
    )
    parser.add_argument(
        "--compensating-control", metavar="WORKSHEET", help="the PCI DSS compensating control worksheet it belongs to"
    )
    judging.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the entries and says where they stand."""
    if options.no_waivers:
        raise InputError("--no-waivers: a waiver is written beside those that are in force")
    if options.only_in and options.environment not in options.only_in:
        raise InputError(f"--only-in: the waiver would not hold in this run, which is for {options.environment}")
    prefixes = [name.lower() for name in options.names if _is_fingerprint(name)]
    options.paths = [Path(name) for name in options.names if not _is_fingerprint(name)]
    if not prefixes:
        raise InputError(f"{options.names[0]}: no fingerprint; check shows one below each finding")
    file: Path = options.waivers or waivers.FILE
    if options.waivers and not disk.exists(file):
        options.waivers, options.no_waivers = None, True  # a file that is only now begun waives nothing yet
    result = judging.judge(options)
    findings = [_named(prefix, result.assessments, options.checkov) for prefix in dict.fromkeys(prefixes)]
    entries = [_entry(one, options) for one in _grouped(findings)]
    for waiver, line in zip(entries, waivers.add(file, entries), strict=True):
        addresses = ", ".join(address or "the stack as a whole" for address in waiver[0].addresses)
        stacks = ", ".join(one.stack for one in waiver)
        covered = f"{waiver[0].policy}  {stacks}: {addresses}  until {waiver[0].expires}"
        print(visible(f"{file.as_posix()}:{line}: {covered}"))
    sys.stdout.flush()
    return 0


def _is_fingerprint(name: str) -> bool:
    return re.fullmatch("[0-9a-fA-F]{1,32}", name) is not None and not Path(name).exists()


def _named(prefix: str, assessments: Iterable[Assessment], with_checkov: bool) -> Assessment:
    """The finding with this fingerprint. Raises InputError where there is none, several, or nothing to waive."""
    if len(prefix) < SHORTEST_PREFIX:
        raise InputError(f"{prefix}: too short to name a finding: at least {SHORTEST_PREFIX} characters")
    found = {one.fingerprint: one for one in assessments if one.fingerprint.startswith(prefix)}
    if not found:
        hint = "" if with_checkov else " (Checkov was not asked: --checkov)"
        raise InputError(f"{prefix}: nothing that was judged has this fingerprint{hint}")
    if len(found) > 1:
        raise InputError(f"{prefix}: {len(found)} findings start so: {', '.join(sorted(found))}")
    [one] = found.values()
    where = f"{one.policy} on {one.stack}: {one.place}"
    if one.waiver:
        raise InputError(f"{prefix}: waived already, at {one.waiver.place.file}:{one.waiver.place.line} ({where})")
    if one.outcome not in ("fail", "undetermined"):
        raise InputError(f"{prefix}: not a finding: the outcome is {one.outcome} ({where})")
    if one.policy == waivers.POLICY_ID:
        raise InputError(f"{prefix}: a mistake in a waiver is mended, not waived ({where})")
    return one


def _grouped(findings: Sequence[Assessment]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Policy, stacks and addresses of each entry: one where a policy found the same addresses in several stacks."""
    addresses: dict[tuple[str, str], list[str]] = {}
    for one in findings:
        mine = addresses.setdefault((one.policy, one.stack), [])
        if one.address not in mine:
            mine.append(one.address)
    stacks: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (policy, stack), found in addresses.items():
        stacks.setdefault((policy, tuple(sorted(found))), []).append(stack)
    return [(policy, tuple(sorted(names)), found) for (policy, found), names in stacks.items()]


def _entry(group: tuple[str, tuple[str, ...], tuple[str, ...]], options: argparse.Namespace) -> tuple[Waiver, ...]:
    """One waiver for each stack of the entry. Raises InputError for what the gate would refuse."""
    policy, stacks, addresses = group
    on: datetime.date = judging.today(options)
    given: Mapping[str, str] = {name: getattr(options, name).strip() for name in ("reason", "owner", "ticket")}
    for name, value in given.items():
        if not value:
            raise InputError(f"--{name}: says nothing")
    made = tuple(
        Waiver(
            policy=policy,
            stack=stack,
            addresses=addresses,
            reason=" ".join(given["reason"].split()),
            owner=given["owner"],
            ticket=given["ticket"],
            created=on.isoformat(),
            expires=options.expires.isoformat(),
            place=Source("", 0),
            environments=tuple(options.only_in),
            compensating_control=options.compensating_control,
        )
        for stack in stacks
    )
    for problem in waivers.problems(made[0], on):
        raise InputError(f"--{problem.key} {problem.value}: {problem.text}")
    return made
