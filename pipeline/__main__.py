"""The command line: `python -m pipeline`, which is what `make gate` runs.

Synthesizes the stacks into cdktf.out, judges them by our policies, Checkov and Terraform, and writes the control report
into build/report. When nothing that this depends on has changed since the last run, and what that run wrote is still as
it wrote it, the run's verdict stands and is printed again. `--no-cache` does all of it anew. So does `--key`: what is
signed was judged when it was signed.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from policies import kept
from policies.errors import InputError
from policies.result import NOT_JUDGED

CACHE = kept.CACHE / "runs"
STACKS = Path("cdktf.out")
REPORT = Path("build") / "report"
RESULT = REPORT / "gate-result.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """One run; returns the gate's exit code (see `python -m policies check --help`)."""
    options = _parser().parse_args(arguments)
    options.no_cache |= options.key is not None
    try:
        return _run(options) if options.no_cache else _kept_or_run(options)
    except Exception as error:
        if os.environ.get("POLICIES_TRACEBACK"):
            raise
        message = f"{type(error).__name__}: {error} (POLICIES_TRACEBACK=1 shows where)"
        print(f"pipeline: internal error: {' '.join(message.splitlines())}", file=sys.stderr)
        return NOT_JUDGED


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input."""

    def error(self, message: str) -> NoReturn:
        """One line, then the exit code of bad input."""
        self.exit(NOT_JUDGED, f"{self.prog}: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    assert __doc__
    parser = _Parser(prog="python -m pipeline", description=__doc__.partition("\n\n")[2])
    parser.add_argument(
        "--validate", choices=("auto", "require"), default="auto", help="see `python -m policies check --help`"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="sign the report, see `python -m compliance report --help`"
    )
    parser.add_argument("--no-cache", action="store_true", help="take nothing from earlier runs, and keep nothing")
    return parser


def _kept_or_run(options: argparse.Namespace) -> int:
    from pipeline import inputs

    before = inputs.inputs((options.validate,))
    last = kept.read(CACHE, before)
    if last is not None and last["outputs"] == inputs.outputs():
        for stream, text in last["said"]:
            _print(text, getattr(sys, stream))
        print("gate: nothing has changed since the last run: its verdict stands", file=sys.stderr)
        return int(last["code"])
    said: list[tuple[str, str]] = []
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Copied("stdout", stdout, said), _Copied("stderr", stderr, said)
    try:
        code = _run(options)
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    # what was changed while it was judged was judged in part only; what was not judged is no verdict
    kept.installation.cache_clear()
    if code != NOT_JUDGED and _was_whole() and inputs.inputs((options.validate,)) == before:
        _forget()
        entry = {"code": code, "said": said, "outputs": inputs.outputs()}
        kept.write(CACHE, before, entry)
    return code


def _print(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:  # as in policies: a reader that has seen enough does not change the verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _was_whole() -> bool:
    """Whether Terraform answered, if there is one: what kept it from that may be gone at the next run."""
    outcomes = [one["outcome"] for one in json.loads(RESULT.read_bytes())["validation"]]
    return "not-run" not in outcomes or shutil.which("terraform") is None


def _forget() -> None:
    """One run is kept: the outputs that lie there are of one."""
    shutil.rmtree(CACHE, ignore_errors=True)


class _Copied(io.TextIOBase):
    """A stream that keeps in `said`, under its name and in order, what is written to it."""

    def __init__(self, name: str, stream: TextIO, said: list[tuple[str, str]]) -> None:
        self._name = name
        self._stream = stream
        self._said = said

    def write(self, text: str, /) -> int:
        """Writes to both."""
        self._said.append((self._name, text))
        return self._stream.write(text)

    def flush(self) -> None:
        """Of the stream itself, like the rest."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Decides on colours."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Needed where a reader went away."""
        return self._stream.fileno()


def _run(options: argparse.Namespace) -> int:
    """Synthesize, judge, report; the first step that cannot be done ends it."""
    shutil.rmtree(REPORT, ignore_errors=True)  # of an earlier run: it would pass for this one's
    if _synthesize() != 0:
        return NOT_JUDGED
    from compliance.__main__ import main as compliance
    from policies.__main__ import main as policies

    check = ["check", str(STACKS), "--checkov", f"--validate={options.validate}"]
    check += [
        "--format",
        "text",
        "--format",
        f"json={RESULT}",
        *(["--no-cache"] if options.no_cache else []),
    ]
    verdict = policies(check)
    if verdict == NOT_JUDGED:
        return verdict
    report = ["report", str(RESULT), "--output", str(REPORT), "--pdf=no"]
    reported = compliance([*report, *(["--key", str(options.key)] if options.key else [])])
    return NOT_JUDGED if reported else verdict


def _synthesize() -> int:
    """The exit code of `python -m infra.main`; what the next steps import is imported meanwhile."""
    command = [sys.executable, "-m", "infra.main", "--output", str(STACKS)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", errors="backslashreplace") as synthesis:
        kept.variables()  # before Checkov is imported, which changes them
        _prepare()
        _, told = synthesis.communicate()
    sys.stderr.write(told)
    return synthesis.returncode


def _prepare() -> None:
    """Load and work out what no stack changes."""
    import gc

    gc.disable()  # as in policies: one short run, whose objects live until its end
    from compliance.__main__ import catalogue
    from compliance.render_html import page_template
    from policies import checkov, specifications

    checkov.load()
    page_template()
    with contextlib.suppress(InputError):  # said when the stacks are judged
        specifications.read_all(catalogue())
    for policy in catalogue():
        _ = policy.digest


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # as in policies: all is written
