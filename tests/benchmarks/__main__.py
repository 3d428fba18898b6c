"""What the gate costs: wall time and peak memory of cold processes, on our stack and on generated ones.

Run as `make bench`, which prints the table. It asserts nothing: figures depend on the machine.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.generated_stack import generated_stack

SIZES = (1_000, 10_000, 100_000)
CHECKOV_SIZE = 10_000
RUNS = 3


def measure(command: list[str], runs: int = RUNS) -> tuple[float, float]:
    """The best wall time in seconds of several runs, and the peak memory of that run's process in MB."""
    best = (float("inf"), 0.0)
    for _ in range(runs):
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        best = min(best, (time.perf_counter() - begun, usage.ru_maxrss / 1024))
    return best


def row(name: str, seconds: float, megabytes: float, note: str = "") -> None:
    """Prints one line of the table."""
    print(f"{name:<58}{seconds:>9.2f} s {megabytes:>7.0f} MB  {note}", flush=True)


def main() -> None:
    """Prints the table."""
    gate = [sys.executable, "-m", "policies", "check", "--no-waivers"]
    row("python alone", *measure([sys.executable, "-c", "pass"]))
    row("imports of the gate", *measure([*gate, "--help"]))
    row("synthesis of the portal, warm", *measure([sys.executable, "-m", "infra.main"]))
    row("policies on the portal", *measure([*gate, "cdktf.out"]))
    row("policies and Checkov on the portal", *measure([*gate, "--checkov", "cdktf.out"]))
    ours: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}" / "cdk.tf.json"
            path.parent.mkdir()
            path.write_text(json.dumps(generated_stack(size)))
            ours[size], memory = measure([*gate, str(path)], RUNS if size < max(SIZES) else 1)
            row(f"policies on {size:,} resources", ours[size], memory, f"{ours[size] / size * 1e6:.0f} us a resource")
        stack = Path(folder) / f"{CHECKOV_SIZE}"
        checkov = [sys.executable, "-m", "checkov.main", "-d", str(stack), "--framework", "terraform_json"]
        seconds, memory = measure([*checkov, "--skip-download", "--compact", "--quiet"], 1)
        ratio = f"{seconds / ours[CHECKOV_SIZE]:.0f} times ours"
        row(f"Checkov alone on {CHECKOV_SIZE:,} resources", seconds, memory, ratio)


if __name__ == "__main__":
    main()
