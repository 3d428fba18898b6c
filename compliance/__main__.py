"""The command line: `python -m compliance report`, `verify`, `diff`, `lint` and `catalogue`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from compliance.lint import problems, unwritten
from compliance.requirements import load
from policies import disk
from policies.errors import InputError
from policies.masking import masked
from policies.model import Policy

EXIT_DONE = 0
EXIT_PROBLEMS = 1
EXIT_DIFFERS = 1
EXIT_BAD_INPUT = 3
RESULT = Path("build/report/gate-result.json")
OUTPUT = Path("build/report")
CATALOGUE = Path("docs/catalogue.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 something was found or differs, 3 bad input."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "lint":
            return _lint()
        if options.command == "catalogue":
            return _catalogue(options.output, check=options.check)
        if options.command == "verify":
            return _verify(options)
        if options.command == "diff":
            return _diff(options)
        return _report(options)
    except InputError as error:
        message = str(error)
    except Exception as error:
        if os.environ.get("COMPLIANCE_TRACEBACK"):
            raise
        message = f"internal error: {type(error).__name__}: {error} (COMPLIANCE_TRACEBACK=1 shows where)"
    print(f"compliance: {_one_line(message)}", file=sys.stderr)
    return EXIT_BAD_INPUT


def catalogue() -> tuple[Policy, ...]:
    """The policies of this repository. The one place that loads them: a title needs an import."""
    from policies.registry import catalogue as registered

    return tuple(registered())


def _lint() -> int:
    framework = load()
    found = problems(framework, catalogue())
    for problem in found:
        print(problem)
    if found:
        return EXIT_PROBLEMS
    print(
        f"{len(framework.edges)} edges map {len({edge.requirement for edge in framework.edges})} requirements; "
        f"{len(framework.identifiers)} identifiers are known, {len(framework.described)} described."
    )
    return EXIT_DONE


def _catalogue(output: Path, *, check: bool) -> int:
    from compliance.catalogue import render_catalogue
    from policies import examples
    from policies.specifications import read_all

    policies = catalogue()
    found = list(unwritten(policies))
    for problem in found:
        print(problem)
    if found:
        return EXIT_PROBLEMS
    systems = list({id(one): one for one in read_all(policies).values()}.values())
    page = render_catalogue(policies, load(), systems, examples.names())
    if not check:
        disk.write(output, page.encode())
    elif not disk.exists(output) or disk.read(output) != page.encode():
        print(f"{output.as_posix()}: not what the policies say now: run make docs")
        return EXIT_PROBLEMS
    return EXIT_DONE


def _report(options: argparse.Namespace) -> int:
    from compliance import entity
    from compliance.control_report import control_report
    from compliance.landscape import landscape
    from compliance.manifest import ENVELOPE, MANIFEST, earlier_files, render_manifest
    from compliance.provenance import provenance
    from compliance.report_files import PAGE, report_files
    from compliance.report_folder import write
    from compliance.signature import read_private_key
    from policies.recorded_result import read_gate_result

    key = read_private_key(options.key) if options.key else None
    gate_result = read_gate_result(options.result)
    if gate_result.unmasked:  # every form would mask it, but the copy of the result in the folder would not
        raise InputError(
            f"{gate_result.unmasked}: holds what looks like a credential, which the gate masks: judge again"
        )
    framework = load()
    declared = entity.read(options.entity, framework.facts)
    entity_path = None if declared.content is None else (options.entity or entity.FILE).as_posix()
    origin = provenance(options.result.as_posix(), options.time, Path.cwd(), entity_path)
    report = control_report(gate_result, framework, catalogue(), origin, declared, landscape(gate_result))
    files = report_files(report)
    files |= _printed(files[PAGE].decode(), origin.time, options.pdf)
    files[MANIFEST] = render_manifest(report, files, key.public if key else None)
    if key:
        files[ENVELOPE] = key.sign(files[MANIFEST])
    write(options.output, files, earlier_files(options.output))
    tally = ", ".join(f"{number} {verdict}" for verdict, number in report.verdicts.items() if number)
    signed = f"signed by key {key.public.id}" if key else "unsigned"
    print(f"{options.output.as_posix()}: {len(files)} files, {signed} ({tally})", file=sys.stderr)
    return EXIT_DONE


def _printed(page: str, time: str | None, wanted: str) -> dict[str, bytes]:
    """The PDF of `page`, as a file of the report; nothing where none is wanted, or none can be had and need not be."""
    from compliance.pdf import NotPrintedError, print_page
    from compliance.report_files import PDF

    if wanted == "no":
        return {}
    try:
        return {PDF: print_page(page, time)}
    except NotPrintedError as error:
        if wanted == "require":
            raise InputError(f"no {PDF}: {error}") from None
        print(f"compliance: no {PDF}: {_one_line(str(error))}", file=sys.stderr)
        return {}


def _verify(options: argparse.Namespace) -> int:
    from compliance.signature import read_public_key
    from compliance.verify import Scope, verify

    scope = Scope(
        public_key=read_public_key(options.public_key) if options.public_key else None,
        with_checkov=not options.without_checkov,
        with_validation=options.validate,
    )
    found = verify(options.folder, scope, load(), catalogue())
    for reason in found.unverified:
        print(_one_line(f"compliance: cannot verify: {reason}"), file=sys.stderr)
    number = len(found.differences)
    end = "equal in every line to what its inputs give"
    if number:
        end = f"{number} difference{'' if number == 1 else 's'}"
    elif found.unverified:
        end = "not verified"
    lines = [*found.differences, *(f"note: {note}" for note in found.notes), f"{options.folder.as_posix()}: {end}"]
    _print("".join(f"{_one_line(line)}\n" for line in lines))
    if found.differences:
        return EXIT_DIFFERS
    return EXIT_BAD_INPUT if found.unverified else EXIT_DONE


def _diff(options: argparse.Namespace) -> int:
    from compliance import diff

    found = diff.compare(diff.read_report(options.old), diff.read_report(options.new))
    written = {"text": diff.to_text, "json": diff.to_json, "markdown": diff.to_markdown}[options.format](found)
    _print(written)
    return EXIT_DIFFERS if found.changes else EXIT_DONE


def _print(text: str) -> None:
    try:
        sys.stdout.write(masked(text).encode("utf-8", "backslashreplace").decode("utf-8"))
        sys.stdout.flush()
    except BrokenPipeError:  # a reader that has seen enough (`| head`) does not change what was found
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m compliance", description="The control report on PCI DSS 4.0.1.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    report = commands.add_parser("report", help="write the report in all its forms, and the manifest of them")
    report.add_argument("result", nargs="?", type=Path, default=RESULT, help="the gate's result (%(default)s)")
    report.add_argument("--output", type=Path, default=OUTPUT, help="folder to write to (%(default)s)")
    report.add_argument(
        "--time", help="time of the report, ISO 8601 with an offset; without it, the time of the git commit"
    )
    report.add_argument(
        "--entity",
        type=Path,
        metavar="FILE",
        help="what the entity declares of itself (entity.yaml, if it exists)",
    )
    report.add_argument(
        "--key", type=Path, metavar="FILE", help="sign the manifest: an Ed25519 private key in PEM, not encrypted"
    )
    report.add_argument(
        "--pdf",
        choices=("auto", "require", "no"),
        default="auto",
        help="print the page with Chromium: where there is one (auto, the default), or fail without it, or do not;"
        " the variable CHROMIUM names one that is not on PATH",
    )
    verify = commands.add_parser(
        "verify",
        help="recompute a report from the inputs it names, and say what differs",
        description="Recomputes a report from the inputs it names, and says what differs. Inputs and waivers are looked"
        " for where the result names them, so run it in the project's folder, at the commit that the report names.",
        epilog="exit codes: 0 all equal, 1 something differs, 3 something could not be verified",
    )
    verify.add_argument("folder", nargs="?", type=Path, default=OUTPUT, help="the report's folder (%(default)s)")
    verify.add_argument("--public-key", type=Path, metavar="FILE", help="demand a signature by this Ed25519 key (PEM)")
    verify.add_argument(
        "--without-checkov", action="store_true", help="do not run Checkov again: take its assessments as recorded"
    )
    verify.add_argument("--validate", action="store_true", help="ask terraform validate again as well")
    diff = commands.add_parser(
        "diff",
        help="say what changed between two reports",
        description="Says what changed between two reports: verdicts, assessments, waivers, policies, inputs.",
        epilog="exit codes: 0 no change, 1 changes, 3 bad input",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="a report.json, or the folder of a report")
    diff.add_argument("new", type=Path, metavar="NEW", help="likewise, the later one")
    diff.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="(%(default)s)")
    commands.add_parser("lint", help="check the data that maps policies and checks to requirements")
    pages = commands.add_parser("catalogue", help="write the page about all policies")
    pages.add_argument("--output", type=Path, default=CATALOGUE, help="file to write (%(default)s)")
    pages.add_argument("--check", action="store_true", help="write nothing; end with 1 when the file is another")
    return parser


class _Parser(argparse.ArgumentParser):
    """Ends with exit code 3 on a command line it does not understand, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"compliance: {_one_line(message)}\n")


def _one_line(message: str) -> str:
    """Messages quote input, which may hold anything; a terminal gets printable characters only."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in masked(message))


if __name__ == "__main__":
    sys.exit(main())
