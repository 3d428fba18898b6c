"""Mutation score of the policies: every mutant of the synthesized stacks is to be noticed, or explained.

Run as `make mutants`, or `python -m tests.mutants [--stack NAME] [--list KIND] [--code POLICY] [CDKTF.OUT]`.
Exit codes: 0 no survivor without explanation, 1 there is one (or an explanation that explains nothing, a policy that
crashed, or one that failed for what has nothing to do with the change), 3 the stacks or explanations cannot be read.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies import strict_json
from policies.errors import InputError
from tests.mutants import code_mutants, explanations
from tests.mutants.explanations import KINDS, Explanation, Explanations
from tests.mutants.judging import JudgedStack, Kill
from tests.mutants.operators import OPERATORS, Mutant, mutants
from tests.mutants.relations import Relations

UNEXPLAINED = "unexplained"
_CRASH = "the policy failed"
_CHUNK = 100


@dataclass(frozen=True)
class Fate:
    """What became of one mutant: who noticed it, who failed for no reason that leads to it, and what explains it."""

    mutant: Mutant
    killers: tuple[Kill, ...]
    unrelated: tuple[Kill, ...]
    explanation: Explanation | None

    @property
    def kind(self) -> str:
        """`killed`, the kind of the explanation, or `unexplained`."""
        return "killed" if self.killers else self.explanation.kind if self.explanation else UNEXPLAINED


_stacks: dict[str, JudgedStack] = {}  # filled before the processes fork, so that each finds them in its memory
_made: list[Mutant] = []


def run(contents: Mapping[str, Mapping[str, Any]], explained: Explanations, processes: int) -> list[Fate]:
    """The fate of every mutant of these documents, by stack name."""
    _stacks.clear()
    _made.clear()
    for stack, content in contents.items():
        _stacks[stack] = JudgedStack(stack, content)
        _made.extend(mutants(stack, content, explained.excludes))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        kills = pool.map(_kills, range(len(_made)), _CHUNK)
    relations = {stack: Relations(judged.graph) for stack, judged in _stacks.items()}
    return [_fate(mutant, one, relations[mutant.stack], explained) for mutant, one in zip(_made, kills, strict=True)]


def _kills(index: int) -> list[Kill]:
    mutant = _made[index]
    return _stacks[mutant.stack].kills(mutant)


def _fate(mutant: Mutant, kills: Iterable[Kill], relations: Relations, explained: Explanations) -> Fate:
    related = {kill: relations.is_related(mutant, kill) for kill in kills}
    killers = tuple(kill for kill in related if related[kill])
    unrelated = tuple(kill for kill in related if not related[kill])
    return Fate(mutant, killers, unrelated, None if killers else explained.of(mutant))


def show(fates: Sequence[Fate], listed: str | None) -> None:
    """Prints the score by system, operator and policy, and the mutants of the kind that is asked for."""
    kinds = ("killed", *KINDS, UNEXPLAINED)
    for title, name in (("system", lambda fate: fate.mutant.stack.partition("-")[0]), ("operator", _operator)):
        print(f"{title:<14}{'mutants':>9}" + "".join(f"{kind:>13}" for kind in kinds))
        rows = {name(fate) for fate in fates}
        for row in [*sorted(rows), "all"] if title == "system" else [one for one in OPERATORS if one in rows]:
            counts = Counter(fate.kind for fate in fates if row in ("all", name(fate)))
            print(f"{row:<14}{counts.total():>9}" + "".join(f"{counts[kind]:>13}" for kind in kinds))
        print()
    by_policy = Counter(policy for fate in fates for policy in {kill.policy for kill in fate.killers})
    alone = Counter(next(iter(who)) for fate in fates if len(who := {kill.policy for kill in fate.killers}) == 1)
    print(f"{'policy':<52}{'kills':>7}{'alone':>7}")
    for policy, count in by_policy.most_common():
        print(f"{policy:<52}{count:>7}{alone[policy]:>7}")
    print()
    for fate in fates:
        if fate.kind in (listed, UNEXPLAINED):
            print(f"{fate.kind}: {fate.mutant}" + (f" ({fate.explanation.place})" if fate.explanation else ""))


def _operator(fate: Fate) -> str:
    return fate.mutant.operator


def complaints(fates: Sequence[Fate], explained: Explanations, is_whole: bool) -> list[str]:
    """What is wrong, a line each; explanations are stale only when every stack was looked at."""
    found = [f"not noticed by any policy: {fate.mutant}" for fate in fates if fate.kind == UNEXPLAINED]
    for fate in fates:
        found += [
            f"{kill.policy} failed on {kill.address}, which has nothing to do with {fate.mutant}: {kill.message}"
            for kill in fate.unrelated
        ]
        found += [
            f"{kill.policy} crashed on {fate.mutant}: {kill.message}" for kill in fate.killers if _CRASH in kill.message
        ]
    return found + (explained.stale() if is_whole else [])


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "out", nargs="?", type=Path, default=Path("cdktf.out"), help="what the synthesis wrote (default: cdktf.out)"
    )
    parser.add_argument("--stack", help="only this stack; explanations are not tested for being in use")
    parser.add_argument("--list", choices=("killed", *KINDS), help="also list every mutant that is of this kind")
    parser.add_argument("--code", metavar="POLICY", help="mutate the code of this policy instead, and run its fixtures")
    options = parser.parse_args(arguments)
    try:
        if options.code:
            return code_mutants.main(options.code)
        begun = time.monotonic()
        contents = _contents(options.out, options.stack)
        explained = explanations.read()
        fates = run(contents, explained, os.cpu_count() or 1)
    except InputError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 3
    show(fates, options.list)
    wrong = complaints(fates, explained, options.stack is None)
    for line in wrong:
        print(line, file=sys.stderr)
    killed = sum(fate.kind == "killed" for fate in fates)
    open_ones = sum(
        bool(fate.killers) and all(kill.outcome == "undetermined" for kill in fate.killers) for fate in fates
    )
    print(
        f"{killed} of {len(fates)} mutants killed ({open_ones} by undetermined verdicts alone), "
        f"in {time.monotonic() - begun:.0f} s"
    )
    return 1 if wrong else 0


def _contents(out: Path, stack: str | None) -> dict[str, Mapping[str, Any]]:
    paths = {path.parent.name: path for path in sorted(out.glob("stacks/*/cdk.tf.json"))}
    if not paths:
        raise InputError(f"{out}: no synthesized stack in it: run `make synth` first")
    if stack is not None and stack not in paths:
        raise InputError(f"{out}: no stack {stack} (there are: {', '.join(paths)})")
    return {name: strict_json.read(path)[1] for name, path in paths.items() if stack in (None, name)}


if __name__ == "__main__":
    sys.exit(main())
