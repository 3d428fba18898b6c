"""Says what a policy demands: its claim, why, how to meet it, what asks for it, and examples."""

import argparse
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

from policies import examples, gate, requirements, specifications
from policies.commands import output
from policies.model import Policy
from policies.registry import catalogue
from policies.result import PASSED
from policies.source_code import files_of

WIDTH = 110

EXAMPLES = """\
A requirement's extent says how far the policy is evidence for it: fully, partially, or only supporting.

exit codes:
  0  explained
  3  no such policy: the nearest is named

examples:
  python -m policies explain imdsv2-required
  python -m policies explain logs-kept-90-days
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares which policy."""
    parser.add_argument("policy", metavar="POLICY", help="its id; `list` shows them")


def run(options: argparse.Namespace) -> int:
    """Writes the explanation. Raises InputError, with the nearest id, for a policy that does not exist."""
    [policy] = gate.selected([options.policy])
    output.write("".join(f"{line}\n" for line in _lines(policy)))
    return PASSED


def _lines(policy: Policy) -> Iterator[str]:
    yield f"{policy.id}  ({policy.severity})"
    yield from _wrapped(policy.title)
    yield from _section("Why", _wrapped(policy.rationale))
    yield from _section("Fix", _wrapped(policy.remediation))
    types = "every resource type" if policy.applies_to == ("*",) else ", ".join(policy.applies_to)
    yield from _section("Judges", _wrapped(types))
    yield from _section("Parameters", (f"    {line}" for line in _parameters(policy)))
    yield from _section("Asked for by", _asked(policy))
    yield from _section("Evidence for PCI DSS", _evidence(policy))
    yield from _section("Examples", _examples(policy))
    yield from _section("Code", [f"    {_shown(files_of(Path(inspect.getfile(policy.judge))), policy)}"])


def _section(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    """A heading and what stands below it; nothing where there is nothing."""
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from found


def _parameters(policy: Policy) -> Iterator[str]:
    for name, one in policy.parameters.items():
        type_ = one.annotation.__name__ if isinstance(one.annotation, type) else str(one.annotation)
        required = (
            "a specification has to say it" if one.default is inspect.Parameter.empty else f"default {one.default}"
        )
        yield f"{name}: {type_}, {required}"


def _asked(policy: Policy) -> Iterator[str]:
    """Each requirement of a system that the policy holds, in which stacks, and with which values."""
    systems = {id(one): one for one in specifications.read_all(catalogue()).values()}.values()
    for specification in systems:
        for requirement in specification.requirements:
            for held in requirement.held:
                if held.policy == policy.id:
                    values = ", ".join(f"{name} = {_value(value)}" for name, value in held.parameters.items())
                    stacks = ", ".join(held.stacks)
                    yield from _wrapped(f"{requirement.id} ({stacks}){': ' + values if values else ''}")
    if policy.waits_to_be_asked:
        yield "    (judges only where a specification asks)"


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _evidence(policy: Policy) -> Iterator[str]:
    for edge in requirements.edges():
        if policy.id in edge.ids:
            yield from _wrapped(f"{edge.requirement}, {edge.extent}{': ' + edge.note if edge.note else ''}")


def _examples(policy: Policy) -> Iterator[str]:
    for example in examples.of_policy(policy.id):
        yield f"    {example.name}  ({_relative(example.path)})"
        for address, (outcome, attribute) in example.expected.items():
            at = f" at {attribute}" if attribute else ""
            yield f"        {outcome}: {address or 'the stack as a whole'}{at}"


def _shown(files: tuple[Path, ...], policy: Policy) -> str:
    own = Path(inspect.getfile(policy.judge))
    return f"{_relative(own)} (and {len(files) - 1} modules that it is made of)" if len(files) > 1 else _relative(own)


def _relative(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
