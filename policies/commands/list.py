"""Lists the policies, all or those that serve a requirement or judge a resource type."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from policies import requirements
from policies.commands import output
from policies.errors import InputError
from policies.model import Policy
from policies.registry import catalogue
from policies.result import PASSED

EXAMPLES = """\
exit codes:
  0  listed
  3  nothing to list

examples:
  python -m policies list
  python -m policies list --requirement 10.5.1
  python -m policies list --type aws_lb --severity high
  python -m policies list --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the filters, which narrow together."""
    parser.add_argument(
        "--requirement", metavar="NUMBER", help="only evidence for this requirement of PCI DSS, or for a part of it"
    )
    parser.add_argument("--type", metavar="TYPE", help="only policies that judge this resource type, such as aws_lb")
    parser.add_argument("--severity", choices=("low", "medium", "high", "critical"), help="only of this severity")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")


def run(options: argparse.Namespace) -> int:
    """Writes the list. Raises InputError when nothing is left of it."""
    numbers = requirements.by_policy()
    found = [one for one in catalogue() if _is_wanted(one, numbers.get(one.id, ()), options)]
    if not found:
        wanted = [getattr(options, name) for name in ("requirement", "type", "severity") if getattr(options, name)]
        raise InputError(f"no policy for {' and '.join(wanted)}")
    if options.format == "json":
        rows = [_row(one, numbers.get(one.id, ())) for one in found]
        output.write(json.dumps(rows, indent=1) + "\n")
    else:
        output.write("".join(f"{line}\n" for line in _lines(found)))
    return PASSED


def _is_wanted(policy: Policy, numbers: Sequence[str], options: argparse.Namespace) -> bool:
    wanted: str | None = options.requirement
    if wanted and not any(number == wanted or number.startswith(f"{wanted}.") for number in numbers):
        return False
    if options.type and options.type not in policy.applies_to and policy.applies_to != ("*",):
        return False
    return options.severity in (None, policy.severity)


def _lines(found: Sequence[Policy]) -> list[str]:
    width = max(len(one.id) for one in found)
    return [f"{one.id:<{width}}  {one.severity:<8}  {one.title}" for one in found]


def _row(policy: Policy, numbers: Sequence[str]) -> Mapping[str, Any]:
    return {
        "id": policy.id,
        "title": policy.title,
        "severity": policy.severity,
        "applies_to": policy.applies_to,
        "parameters": list(policy.parameters),
        "requirements": numbers,
        "rationale": policy.rationale,
        "remediation": policy.remediation,
    }
