"""The command line: stacks in, an account of their rehearsal and an exit code out. See `python -m rehearsal --help`."""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deployment import synthesis
from deployment.errors import DeploymentError
from deployment.progress import step
from rehearsal import gaps, loopback
from rehearsal.errors import NotRehearsedError
from rehearsal.one_stack import Report, rehearse

PASSED, FAILED, NOT_REHEARSED = 0, 1, 3
FOLDER = Path("build") / "rehearsal"
ENVIRONMENT = "development"  # what the stacks that we synthesize ourselves are for
SUFFIX = "rehearsal-of-a-stack"  # as long as a suffix may be: names that are too long are found out here
TIME_LIMIT_SECONDS = 1800  # for all stacks; who needs longer waits for something that moto never does
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

_EPILOG = """\
exit codes:
  0  every stack was deployed as `python -m deployment` does, planned again without a change, judged alike throughout,
     and destroyed to nothing
  1  something else happened: the last lines say what
  3  nothing could be rehearsed: no Terraform, no provider, no moto, bad input, interrupted, no end in sight
"""


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nothing takes it for an error of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse, and return the exit code."""
    options = _parser().parse_args(arguments)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    loopback.forget_accounts(os.environ)
    signal.alarm(TIME_LIMIT_SECONDS)
    begun = time.monotonic()
    try:
        output, environment = options.synthesized, os.environ.get("ENVIRONMENT") or ENVIRONMENT
        if output is None:
            output, environment = FOLDER / "cdktf.out", ENVIRONMENT
            with step("synthesize"):
                shutil.rmtree(output, ignore_errors=True)
                synthesis.synthesize(output, loopback.synthesis_environment(os.environ, SUFFIX))
        reports = [
            rehearse(source, (FOLDER / source.name).resolve(), environment)
            for source in synthesis.stacks(output, options.stacks)
        ]
    except (NotRehearsedError, DeploymentError) as error:
        message = str(error)
    except Interrupted as reason:
        message = f"{reason}: Terraform and moto's server were stopped"
    except Exception as error:
        if os.environ.get("REHEARSAL_TRACEBACK"):
            raise
        message = f"internal error: {type(error).__name__}: {error} (REHEARSAL_TRACEBACK=1 shows where)"
    else:
        return _conclude(reports, every_stack=not options.stacks, seconds=time.monotonic() - begun)
    print(f"rehearsal: {' '.join(message.split())}", file=sys.stderr)
    return NOT_REHEARSED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m rehearsal",
        description="Deploys, plans again, judges and destroys our stacks: real Terraform against moto on loopback.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="what to rehearse (default: every stack)")
    parser.add_argument(
        "--synthesized",
        type=Path,
        metavar="DIR",
        help="rehearse the stacks of this output folder instead of synthesizing ours",
    )
    return parser


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input: exit code 3."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        """One line, then the exit code of bad input."""
        self.exit(NOT_REHEARSED, f"{self.prog}: {message} (see --help)\n")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # ending takes a moment, which a second Ctrl-C must not disturb
    raise Interrupted(f"no end after {TIME_LIMIT_SECONDS} s" if number == signal.SIGALRM else "interrupted")


def _conclude(reports: Sequence[Report], *, every_stack: bool, seconds: float) -> int:
    met = {gap for report in reports for gap in report.met}
    failures = [f"{report.stack}: {failure}" for report in reports for failure in report.failures]
    unfinished = any(report.failures for report in reports)
    if every_stack and not unfinished:  # a rehearsal cut short has not met every gap, and that is no news
        failures += gaps.stale({type_ for report in reports for type_ in report.types}, met)
    _list("not rehearsed, because moto does not do it", [f"{what}: {why}" for what, why in gaps.NOT_REHEARSED])
    _list(
        "not compared on the second plan",
        [str(gap) for gap in gaps.GAPS if gap in met],
    )
    _list("failed", failures)
    resources = sum(report.resources for report in reports)
    verdict = f"{len(failures)} failures" if failures else "passed"
    names = ", ".join(report.stack for report in reports)
    print(f"rehearsal of {names}: {verdict}, {resources} resources, {seconds:.0f} s")
    return FAILED if failures else PASSED


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        print("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


if __name__ == "__main__":
    sys.exit(main())
