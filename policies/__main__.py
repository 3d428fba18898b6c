"""The command line: arguments in, findings and an exit code out. See `python -m policies check --help`."""

import argparse
import contextlib
import datetime
import functools
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from policies import attestation, documents, gate, kept, waivers
from policies.documents import Document
from policies.errors import InputError
from policies.registry import catalogue
from policies.result import NOT_JUDGED, Conditions, GateResult, Validation, WaiversFile, to_json
from policies.text_format import to_text

TERRAFORMS = 2  # at once: each takes a core for seconds

_EPILOG = """\
A PATH is a cdktf.out folder (the default), a *.tf.json file, a folder of them (one Terraform module), or what
`terraform show -json` prints of a plan or a state. The kind is recognised from the content.

exit codes:
  0  every assessment passes or is waived
  1  at least one failed
  2  none failed, some are undetermined (see --undetermined)
  3  the tool could not judge: bad input, nothing to judge, internal error

examples:
  python -m policies check
  python -m policies check plan.json --policy imdsv2-required --policy required-tags
  python -m policies check plan.json --configuration cdktf.out/stacks/portal
  python -m policies check --checkov --validate --format text --format json=build/gate-result.json
  python -m policies check plan.json --configuration cdktf.out/stacks/portal --subject plan.bin --attestation a.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    gc.disable()  # one short run: what it builds it needs until its end, and looking for garbage costs a third of it
    outputs: list[Path] = []
    try:
        formats = _formats(options)
        outputs = [path for _, path in formats if path]
        if options.attestation:
            attestation.discard(options.attestation)
        result = _check(options)
        for write, path in formats:
            _write(write(result), path)
        if options.attestation and not result.unjudged():
            _attest(result, options)
        for stack in result.unjudged():
            print(f"policies: {stack}: no resource in it was judged", file=sys.stderr)
        return result.exit_code(undetermined_fails=options.undetermined == "fail")
    except InputError as error:
        message = f"policies: {error}"
    except Exception as error:
        if os.environ.get("POLICIES_TRACEBACK"):
            raise
        message = f"policies: internal error: {type(error).__name__}: {error} (POLICIES_TRACEBACK=1 shows where)"
    for path in outputs:
        with contextlib.suppress(OSError):
            path.unlink()  # what stands there is of an earlier run, and would pass for this one's
    print(" ".join(message.splitlines()).encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    return NOT_JUDGED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m policies", description="Judges Terraform JSON by policies.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="judge stacks, plans or states",
        description="Judges stacks, plans or states by our policies, and by Checkov when asked.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="what to judge (default: cdktf.out)")
    check.add_argument(
        "--stack", metavar="NAME", help="the stack that the PATHs show, where a plan's or state's file does not say"
    )
    check.add_argument(
        "--configuration",
        type=Path,
        metavar="PATH",
        help="what the plan was made from: shows what the plan knows only after apply, and which stack it is",
    )
    check.add_argument("--policy", action="append", metavar="ID", help="judge by this policy only; repeatable")
    check.add_argument("--checkov", action="store_true", help="let Checkov judge as well")
    check.add_argument(
        "--validate",
        nargs="?",
        const="auto",
        choices=("auto", "require"),
        help="ask terraform validate as well: where it can be had (auto), or else end with 3 (require)",
    )
    check.add_argument("--waivers", type=Path, metavar="FILE", help="accepted findings (default: waivers.yaml)")
    check.add_argument(
        "--environment",
        default=os.environ.get("ENVIRONMENT") or "development",
        metavar="NAME",
        help="what the stacks are for; waivers may be limited to some (default: $ENVIRONMENT, or development)",
    )
    check.add_argument(
        "--attestation",
        type=Path,
        metavar="FILE",
        help="write the verdict on the digests of what was judged: an in-toto statement, SLSA verification summary",
    )
    check.add_argument(
        "--subject",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="attest this file as well, such as the binary plan that a plan's JSON was printed from; repeatable",
    )
    check.add_argument(
        "--no-cache", action="store_true", help="ask Checkov and Terraform again about what has not changed since"
    )
    check.add_argument("--no-waivers", action="store_true", help="show the bare truth")
    check.add_argument(
        "--undetermined",
        choices=("fail", "warn"),
        default="fail",
        help="what undetermined assessments do to the exit code: 2 (fail, the default) or nothing (warn)",
    )
    check.add_argument("--format", action="append", metavar="F[=FILE]", help="text (default) or json; repeatable")
    check.add_argument("--output", type=Path, metavar="FILE", help="where a --format without a file of its own goes")
    check.add_argument(
        "--today",
        type=datetime.date.fromisoformat,
        default=None,
        metavar="DATE",
        help="the day waivers are judged on (default: today)",
    )
    return parser


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input: exit code 3, not argparse's 2, which means "undetermined" here."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        """One line, then the exit code of bad input."""
        self.exit(NOT_JUDGED, f"{self.prog}: {message} (see --help)\n")


Writer = Callable[[GateResult], str]


def _formats(options: argparse.Namespace) -> list[tuple[Writer, Path | None]]:
    """What to write where; None is standard output."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    formats: list[tuple[Writer, Path | None]] = []
    for name in options.format or ["text"]:
        kind, _, file = name.partition("=")
        path = Path(file) if file else options.output
        writers: dict[str, Writer] = {
            "text": lambda r, p=path: to_text(r, {one.id: one for one in catalogue()}, colour=colour and p is None),  # type: ignore[misc]
            "json": to_json,
        }
        if kind not in writers:
            raise InputError(f"--format {kind}: not one of {', '.join(writers)}")
        if path in [other for _, other in formats]:
            raise InputError(f"--format {name}: two formats for {path or 'standard output'}")
        formats.append((writers[kind], path))
    return formats


def _write(text: str, path: Path | None) -> None:
    if path is None:
        try:
            sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
            sys.stdout.flush()
        except BrokenPipeError:  # a reader that has seen enough (`| head`) does not change the verdict
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _check(options: argparse.Namespace) -> GateResult:
    conditions = _conditions(options)
    read = documents.read(options.paths or [Path("cdktf.out")], options.stack)
    configuration = _planned(options, read)
    if configuration:
        read = [document.named(configuration.stack) for document in read]
    cache = None if options.no_cache else kept.CACHE
    written = [configuration] if configuration else read  # a plan was made by Terraform itself
    with ThreadPoolExecutor(TERRAFORMS) as beside:  # Terraform runs in processes of its own while the rest is judged
        validation = _validation(written, options, beside) if options.validate else ()
        return gate.judge(
            read,
            configuration,
            conditions,
            with_checkov=options.checkov,
            validation=validation,
            cache=cache and cache / "checkov",
        )


def _validation(
    written: Sequence[Document], options: argparse.Namespace, beside: ThreadPoolExecutor
) -> Iterator[Validation]:
    from policies import terraform

    cache = None if options.no_cache else terraform.CACHE
    validate = functools.partial(terraform.validate, required=options.validate == "require", cache=cache)
    return beside.map(validate, written)


def _conditions(options: argparse.Namespace) -> Conditions:
    try:
        ids = gate.selected(options.policy) if options.policy else None
    except InputError as error:
        raise InputError(f"--policy {error}") from None
    path = _waivers_file(options)
    return Conditions(
        today=(options.today or datetime.date.today()).isoformat(),
        environment=options.environment,
        waivers=WaiversFile(path.as_posix(), attestation.sha256(path)) if path else None,
        policies=tuple(policy.id for policy in ids) if ids else None,
    )


def _planned(options: argparse.Namespace, read: Sequence[Document]) -> Document | None:
    """The configuration that the plan was made from, with the plan's inputs, when one is given."""
    if options.configuration is None:
        return None
    if [document.kind for document in read] != ["plan"]:
        raise InputError("--configuration: goes with one plan, the one that was made from it")
    given = documents.read([options.configuration], options.stack, read[0].inputs)
    if len(given) != 1 or given[0].kind != "synth":
        raise InputError(f"--configuration {options.configuration}: not the one stack that the plan was made from")
    return given[0]


def _attest(result: GateResult, options: argparse.Namespace) -> None:
    if options.today:
        raise InputError("--today: an attestation is about the day it is made on")
    statement = attestation.statement(
        result,
        options.subject,
        policy_set=result.tools["policies"],
        waivers=_waivers_file(options),
        environment=options.environment,
    )
    attestation.write(statement, options.attestation)


def _waivers_file(options: argparse.Namespace) -> Path | None:
    path: Path = options.waivers or waivers.FILE
    return None if options.no_waivers or (options.waivers is None and not path.exists()) else path


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # all is written; taking a large graph apart object by object would only keep the caller waiting
