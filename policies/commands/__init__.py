"""The commands of `python -m policies`, one module each, imported when it is asked for.

A command is a module of this package with a docstring whose first line says what it does (`--help` shows it), EXAMPLES
(what stands below the options, examples at its end), `add_arguments`, and `run`, which returns the exit code and raises
InputError for whatever it cannot do.
"""

import argparse
import importlib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast

from policies.masking import masked
from policies.result import NOT_JUDGED
from policies.visible import visible

PROGRAM = "python -m policies"

# What the list of commands says of each; a module is only imported to be run or completed.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "check": "judge stacks, plans or states",
        "fleet": "judge thousands of stacks, plans or states at once, by many processes or machines",
        "watch": "judge again whenever a stack changes, and say what changed",
        "diff": "say what a change does to the verdicts",
        "list": "list the policies",
        "explain": "say what a policy demands, why, and how to meet it",
        "waive": "accept findings: write their waivers",
        "baseline": "adopt the gate where there are findings already: only new ones fail",
        "completion": "print a script that completes these commands in bash or zsh",
    }
)

_EPILOG = """\
examples:
  python -m policies check
  python -m policies explain imdsv2-required
  python -m policies COMMAND --help
"""


class Command(Protocol):
    """What the module of a command has."""

    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's arguments."""

    def run(self, options: argparse.Namespace) -> int:
        """Does the work and returns the exit code."""


def command(name: str) -> Command:
    """The module of a command in COMMANDS."""
    return cast(Command, importlib.import_module(f"policies.commands.{name}"))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the one command that is to run; PATHs may stand before, between and after them."""
    made = parser(arguments[:1])
    if not arguments or arguments[0] not in COMMANDS:
        return made.parse_args(arguments)
    options = subparsers(made)[arguments[0]].parse_intermixed_args(arguments[1:])
    options.command = arguments[0]
    return options


def subparsers(made: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """Command -> its own parser, of a parser that `parser` made."""
    [found] = [one for one in made._actions if isinstance(one, argparse._SubParsersAction)]
    return found.choices


def parser(complete: Iterable[str]) -> argparse.ArgumentParser:
    """The command line's parser; only the commands in `complete` have their arguments, the others just their names."""
    made = _Parser(
        prog=PROGRAM,
        description="Judges Terraform JSON by policies.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    table = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        if name not in complete:
            table.add_parser(name, help=purpose)
            continue
        module = command(name)
        subparser = table.add_parser(
            name,
            help=purpose,
            description=" ".join((module.__doc__ or "").partition("\n\n")[0].split()),
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
    return made


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input: exit code 3, not argparse's 2, which means "undetermined" here."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        """One line, then the exit code of bad input."""
        self.exit(NOT_JUDGED, f"{self.prog}: {visible(masked(' '.join(message.splitlines())))} (see --help)\n")
