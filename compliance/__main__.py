"""The command line: `python -m compliance report`, `lint` and `catalogue`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from compliance.lint import problems
from compliance.requirements import load
from policies.errors import InputError
from policies.model import Policy

EXIT_DONE = 0
EXIT_PROBLEMS = 1
EXIT_BAD_INPUT = 3
RESULT = Path("build/report/gate-result.json")
OUTPUT = Path("build/report")
CATALOGUE = Path("docs/catalogue.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 the linter found something, 3 bad input."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "lint":
            return _lint()
        if options.command == "catalogue":
            return _catalogue(options.output, check=options.check)
        return _report(options.result, options.output, options.time)
    except InputError as error:
        print(f"compliance: {_one_line(str(error))}", file=sys.stderr)
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
    from compliance.catalogue import read_cases, render_catalogue
    from policies.specifications import read_all

    policies = catalogue()
    systems = list({id(one): one for one in read_all(policies).values()}.values())
    page = render_catalogue(policies, load(), systems, read_cases())
    try:
        if not check:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(page, "utf-8")
        elif not output.exists() or output.read_text("utf-8") != page:
            print(f"{output.as_posix()}: not what the policies say now: run make docs")
            return EXIT_PROBLEMS
    except OSError as error:
        raise InputError(f"{output}: cannot be read or written ({error.strerror or error})") from error
    return EXIT_DONE


def _report(result: Path, output: Path, time: str | None) -> int:
    from compliance.control_report import control_report
    from compliance.gate_result import read_gate_result
    from compliance.provenance import provenance
    from compliance.report_files import report_files
    from compliance.report_folder import write

    gate_result = read_gate_result(result)
    origin = provenance(result.as_posix(), time, Path.cwd())
    report = control_report(gate_result, load(), catalogue(), origin)
    files = report_files(report)
    write(output, files)
    tally = ", ".join(f"{number} {verdict}" for verdict, number in report.verdicts.items() if number)
    print(f"{output.as_posix()}: {', '.join(files)} ({tally})", file=sys.stderr)
    return EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m compliance", description="The control report on PCI DSS 4.0.1.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    report = commands.add_parser("report", help="write report.json, report.md and index.html")
    report.add_argument("result", nargs="?", type=Path, default=RESULT, help="the gate's result (%(default)s)")
    report.add_argument("--output", type=Path, default=OUTPUT, help="folder to write to (%(default)s)")
    report.add_argument(
        "--time", help="time of the report, ISO 8601 with an offset; without it, the time of the git commit"
    )
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
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in message)


if __name__ == "__main__":
    sys.exit(main())
