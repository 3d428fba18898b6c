"""Fuzzing: no reader may crash, and no way of writing a configuration may turn a failure into a pass.

Run as `make fuzz`, or `python -m tests.fuzz [--runs N | --scale N] [--seed N] [TARGET ...]`. Without arguments the
budget is fixed in runs, so that CI does the same each time; `--scale 50` is for an evening, another `--seed` for other
inputs. Exit codes: 0 nothing found, 1 something was (it lies in build/fuzz/; tests/fuzz/corpus/README.md says what to
do with it), 3 no such target.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tests.fuzz import engines
from tests.fuzz.engines import Outcome
from tests.fuzz.readers import READERS

# Target -> runs of the fixed budget: together less than a minute.
RUNS = {
    **dict.fromkeys(READERS, 1_000),
    "document": 600,
    "shown": 600,
    "waivers": 300,
    "entity": 200,
    "expressions": 3_000,
    "iam": 2_000,
    "shapes": 2_500,
    "unknown": 6_500,
}
VERDICTS: dict[str, Callable[[int, int], Outcome]] = {"shapes": engines.shaped, "unknown": engines.hidden}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets one after the other and prints what each came to."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"which: {', '.join(RUNS)} (default: all)")
    parser.add_argument("--runs", type=int, help="how many inputs for each target (default: a fixed number for each)")
    parser.add_argument("--scale", type=float, default=1, help="so many times the fixed budget")
    parser.add_argument("--seed", type=int, default=1, help="which inputs (default: 1, always the same)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in RUNS]
    if unknown:
        print(f"fuzz: {unknown[0]}: no such target (there are: {', '.join(RUNS)})", file=sys.stderr)
        return 3
    if not engines.has_atheris():
        print("fuzz: no atheris here (it has wheels for Linux): bytes are mutated without guidance", file=sys.stderr)
    print(f"{'target':<14}{'runs':>10}{'edges':>8}{'s':>7}")
    found = 0
    for name in options.targets or RUNS:
        begun = time.monotonic()
        one = _run(name, options.runs or max(1, int(RUNS[name] * options.scale)), options.seed)
        print(f"{name:<14}{one.runs:>10}{one.edges or '-':>8}{time.monotonic() - begun:>7.1f}", flush=True)
        if one.found:
            found += 1
            print(f"fuzz: {name}: {one.found}", file=sys.stderr, flush=True)
    return 1 if found else 0


def _run(name: str, runs: int, seed: int) -> Outcome:
    if name in VERDICTS:
        return VERDICTS[name](runs, seed)
    return (engines.guided if engines.has_atheris() else engines.mutated)(name, runs, seed)


if __name__ == "__main__":
    sys.exit(main())
