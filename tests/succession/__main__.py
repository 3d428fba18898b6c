"""Succession: is what our program synthesizes on CDK Terrain what it synthesizes on CDKTF, and are the verdicts equal?

Run as `make succession`, which makes the environment that this needs. What both wrote stays in build/succession/.
Settings come from the environment, as for `python -m infra.main`. Differences go to standard error, ours before theirs.
Exit codes: 0 equal but for what is expected, 1 not, or Terraform refuses what CDK Terrain made, 3 not compared.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from policies import recorded_result
from policies.errors import InputError
from policies.result import NOT_JUDGED
from tests.succession import environment
from tests.succession.comparison import DOCUMENT, compare, compare_results

OURS, THEIRS = "CDKTF", "CDK Terrain"


def synthesize(output: Path, variables: Mapping[str, str]) -> tuple[Path, Path]:
    """Run the program on both below `output`; return the two folders. Raises InputError when one of them cannot."""
    ours, theirs = output / "cdktf", output / "cdktn"
    _synthesize(OURS, [sys.executable, "-m", "infra.main"], ours, variables)
    _synthesize(THEIRS, [str(environment.python()), "-m", "tests.succession.successor"], theirs, variables)
    return ours, theirs


def _synthesize(name: str, program: Sequence[str], output: Path, variables: Mapping[str, str]) -> None:
    shutil.rmtree(output, ignore_errors=True)  # else what an older program wrote would be compared as well
    begun = time.monotonic()
    run = _run([*program, "--output", str(output)], variables)
    if run.returncode != 0:
        said = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise InputError(f"{name}: {said}")
    documents = list(output.glob(f"stacks/*/{DOCUMENT}"))
    size = sum(document.stat().st_size for document in documents)
    print(f"{name}: {len(documents)} stacks, {size / 1000:.0f} kB, in {time.monotonic() - begun:.1f} s", flush=True)


def judge(output: Path, *options: str) -> Path:
    """Let policies and Checkov judge what lies in `output`; return the result, which lies beside. Raises InputError."""
    result = output.with_suffix(".gate-result.json")
    check = ["check", str(output), "--checkov", *options, "--format", f"json={result}"]
    run = _run([sys.executable, "-m", "policies", *check], os.environ)
    if run.returncode == NOT_JUDGED:
        raise InputError(f"{output}: {(run.stderr.strip().splitlines() or ['not judged'])[-1]}")
    return result


def _run(command: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=environment.ROOT, env=dict(variables), capture_output=True, text=True, check=False
    )


def examine(ours: Path, theirs: Path, *options: str) -> int:
    """Compare the two folders and what the gate says of them, print, and return the exit code. Raises InputError.

    `options` go to the gate when it judges `theirs`.
    """
    differences = compare(ours, theirs)
    results = judge(ours), judge(theirs, *options)
    verdicts, disagreements = compare_results(*results)
    validation = recorded_result.read_gate_result(results[1]).validation
    refused = [f"{one.stack}: terraform validate: {one.message}" for one in validation if one.outcome == "fail"]
    for line in (*differences, *disagreements, *refused):
        print(line, file=sys.stderr)
    print(f"{len(differences)} unexpected differences, {len(disagreements)} of {verdicts} verdicts differ")
    for outcome, stacks in Counter(one.outcome for one in validation).items():
        print(f"terraform validate: {outcome} ({stacks} stacks)")
    return 1 if differences or disagreements or refused else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize with both, and examine; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.succession", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output", type=Path, default=environment.FOLDER, help="folder to write to (default: build/succession)"
    )
    parser.add_argument(
        "--validate",
        choices=("no", "auto", "require"),
        default="no",
        help="have Terraform validate what CDK Terrain made: where it can be had (auto), or else end with 3 (require)",
    )
    options = parser.parse_args(arguments)
    validate = () if options.validate == "no" else (f"--validate={options.validate}",)
    try:
        return examine(*synthesize(options.output.resolve(), os.environ), *validate)
    except InputError as error:
        print(f"succession: {error}", file=sys.stderr)
        return NOT_JUDGED


if __name__ == "__main__":
    sys.exit(main())
