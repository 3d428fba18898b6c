"""What a fleet costs: generated stacks judged by one Dask worker and by several, and by local processes.

Run as `python -m tests.benchmarks.fleet`; `--stacks 2000 --resources 500` is the size that the project was asked for.
It prints a table, with the load that the machine had, and whether all runs gave the same bytes. It ends with 1 when
they did not, or when twice the workers were not as much faster as asked; it wants a machine that does nothing else.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.generated_fleet import write_fleet

WANTED_SPEEDUP = 1.8
_DONE = re.compile(r"inputs, .* in [\d,]+ s \(([\d,.]+)/s\); (\d+) workers, at most (\d+) MiB each")


@dataclass(frozen=True)
class Run:
    """What one run took; `judging_seconds` is without the merge and the end of the cluster.

    `processor_seconds` is of all its processes together, and does not hang on what else the machine does.
    `peak_mebibytes` is the most memory that a worker needed, `largest_mebibytes` that of any of its processes.
    """

    seconds: float
    judging_seconds: float
    processor_seconds: float
    peak_mebibytes: int
    largest_mebibytes: float
    digest: str
    size: int


def measure(folder: Path, stacks: int, *options: str) -> Run:
    """One cold run over the fleet in `folder`."""
    result = folder / "result.json"
    command = [sys.executable, "-m", "policies", "fleet", f"{folder}/fleet/*", "--no-waivers", "--today", "2026-01-01"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, f"--format=json={result}", *options], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr
    told = process.stderr.read()
    _, _, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    done = _DONE.search(told)
    if not done:
        sys.exit(f"the run ended without a result: {told}")
    with result.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    rate = float(done[1].replace(",", ""))
    processor = usage.ru_utime + usage.ru_stime
    return Run(seconds, stacks / rate, processor, int(done[3]), usage.ru_maxrss / 1024, digest, result.stat().st_size)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fleet", description=__doc__)
    parser.add_argument("--stacks", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--resources", type=int, default=500, help="of each (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="the more that are compared with one (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where to make the fleet and its results (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="fleet-") as name:
        folder = Path(name)
        write_fleet(folder / "fleet", options.stacks, options.resources)
        print(f"{options.stacks:,} stacks of {options.resources} resources; {os.cpu_count()} processors")
        print(
            f"{'':<24}{'judging':>10} {'stacks/s':>9} {'in all':>10} {'processor':>10}"
            f" {'a worker':>10} {'largest':>10} {'load':>6}"
        )
        several = str(options.workers)
        kinds = {
            "dask, 1 worker": ("--engine=dask", "--workers=1"),
            f"dask, {several} workers": ("--engine=dask", f"--workers={several}"),
            f"local, {several} workers": ("--engine=local", f"--workers={several}"),
        }
        runs = {}
        for kind, given in kinds.items():
            load = os.getloadavg()[0]
            run = runs[kind] = measure(folder, options.stacks, *given)
            judging = f"{run.judging_seconds:>8.1f} s {options.stacks / run.judging_seconds:>9.1f}"
            memory = f"{run.peak_mebibytes:>6} MiB {run.largest_mebibytes:>6.0f} MiB"
            print(f"{kind:<24}{judging} {run.seconds:>8.1f} s {run.processor_seconds:>8.1f} s {memory} {load:>6.1f}")
            sys.stdout.flush()
    one, more, _ = runs.values()
    same = len({run.digest for run in runs.values()}) == 1
    speedup = one.judging_seconds / more.judging_seconds
    print(f"the result: {one.size / 1e6:,.0f} MB, {'the same bytes' if same else 'NOT THE SAME BYTES'} in all runs")
    print(f"{several} workers judge {speedup:.2f} times as fast as one ({one.seconds / more.seconds:.2f} times in all)")
    return 0 if same and (speedup >= WANTED_SPEEDUP or options.workers < 2) else 1


if __name__ == "__main__":
    sys.exit(main())
