"""What every command that judges shares: what is judged, by which policies, and under which waivers and baseline."""

import argparse
import datetime
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from policies import disk, documents, gate, kept, waivers
from policies.documents import Document
from policies.errors import InputError
from policies.result import BaselineFile, Conditions, GateResult, Validation, WaiversFile

DEFAULT_PATH = Path("cdktf.out")

PATHS = """\
A PATH is a cdktf.out folder (the default), a *.tf.json file, a folder of them (one Terraform module), or what
`terraform show -json` prints of a plan or a state. The kind is recognised from the content.
"""

Validate = Callable[[Sequence[Document]], Iterable[Validation]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what `judge` reads."""
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="what to judge (default: cdktf.out)")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options alone, for commands with arguments of their own."""
    parser.add_argument(
        "--stack", metavar="NAME", help="the stack that the PATHs show, where a plan's or state's file does not say"
    )
    add_conditions(parser)
    parser.add_argument(
        "--no-cache", action="store_true", help="ask Checkov and Terraform again about what has not changed since"
    )


def add_conditions(parser: argparse.ArgumentParser) -> None:
    """Declares by what is judged, and under which waivers."""
    parser.add_argument("--policy", action="append", metavar="ID", help="judge by this policy only; repeatable")
    parser.add_argument("--checkov", action="store_true", help="let Checkov judge as well")
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="accepted findings (default: waivers.yaml)")
    parser.add_argument("--no-waivers", action="store_true", help="show the bare truth")
    parser.add_argument(
        "--environment",
        default=os.environ.get("ENVIRONMENT") or "development",
        metavar="NAME",
        help="what the stacks are for; waivers may be limited to some (default: $ENVIRONMENT, or development)",
    )
    parser.add_argument("--today", type=day, metavar="DATE", help="the day waivers are judged on (default: today)")


def judge(options: argparse.Namespace, validate: Validate = lambda _documents: []) -> GateResult:
    """Everything that the options name, judged; `validate`, read last, says what Terraform makes of it."""
    given = conditions(options)
    read = documents.read(options.paths or [DEFAULT_PATH], options.stack)
    configuration = _planned(options, read)
    if configuration:
        read = [document.named(configuration.stack) for document in read]
    written = [configuration] if configuration else read  # a plan was made by Terraform itself
    return gate.judge(
        read,
        configuration,
        given,
        with_checkov=options.checkov,
        validation=validate(written),
        cache=None if options.no_cache else kept.CACHE / "checkov",
    )


def today(options: argparse.Namespace) -> datetime.date:
    """The day that waivers are judged on."""
    given: datetime.date | None = options.today
    return given or datetime.date.today()


def waivers_file(options: argparse.Namespace) -> Path | None:
    """The waivers that count in this run."""
    path: Path = options.waivers or waivers.FILE
    return None if options.no_waivers or (options.waivers is None and not disk.exists(path)) else path


def conditions(options: argparse.Namespace) -> Conditions:
    """What verdicts hang on. Raises InputError for a policy that does not exist, or a file that cannot be read."""
    try:
        ids = gate.selected(options.policy) if options.policy else None
    except InputError as error:
        raise InputError(f"--policy {error}") from None
    path = waivers_file(options)
    baseline: Path | None = getattr(options, "baseline", None)
    return Conditions(
        today=today(options).isoformat(),
        environment=options.environment,
        waivers=WaiversFile(path.as_posix(), disk.sha256(path)) if path else None,
        policies=tuple(policy.id for policy in ids) if ids else None,
        baseline=BaselineFile(baseline.as_posix(), disk.sha256(baseline)) if baseline else None,
        addresses=tuple(sorted(set(getattr(options, "address", None) or ()))) or None,
    )


def _planned(options: argparse.Namespace, read: Sequence[Document]) -> Document | None:
    """The configuration that the plan was made from, with the plan's inputs, when one is given."""
    path: Path | None = getattr(options, "configuration", None)
    if path is None:
        return None
    if [document.kind for document in read] != ["plan"]:
        raise InputError("--configuration: goes with one plan, the one that was made from it")
    given = documents.read([path], options.stack, read[0].inputs)
    if len(given) != 1 or given[0].kind != "synth":
        raise InputError(f"--configuration {path}: not the one stack that the plan was made from")
    return given[0]


def day(text: str) -> datetime.date:
    """A day as written in ISO 8601, such as 2026-01-31."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-01-31") from None
