"""Starts a new policy: `python -m policies.scaffold NAME --folder alb --type aws_lb --attribute idle_timeout`.

Writes a policy that judges one attribute, its four fixtures, and its place in the requirement edges. The code runs and
its tests pass at once; the texts are marked, and `make lint` and `make docs` refuse them until somebody has written
them. docs/writing-a-policy.md goes on from there.
"""

import argparse
import contextlib
import difflib
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, get_args

from policies import requirements
from policies.errors import InputError
from policies.model import Outcome, Severity
from policies.result import NOT_JUDGED
from policies.source_code import UNWRITTEN
from policies.visible import visible

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "policies"
FIXTURES = ROOT / "tests" / "policies"
MAX_LINE_CHARACTERS = 120

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_TYPE = re.compile(r"(data\.)?[a-z][a-z0-9]*(_[a-z0-9]+)+")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")

Value = bool | int | float | str


@dataclass(frozen=True)
class Claim:
    """What a new policy says: on resources of these types, the attribute (`a.b` in a block `a`) has this value."""

    id: str
    folder: str
    types: tuple[str, ...]
    attribute: str
    value: Value
    severity: Severity

    @property
    def name(self) -> str:
        """The id as files have it."""
        return self.id.replace("-", "_")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files, says what to do next, and returns 0; 3 for bad input, when nothing is written."""
    options = _parser().parse_args(arguments)
    try:
        claim = _claim(options)
        written = write(claim)
    except InputError as error:
        print(f"policies.scaffold: {visible(str(error))}", file=sys.stderr)
        return NOT_JUDGED
    print(_next_steps(claim, written))
    return 0


def write(claim: Claim) -> list[Path]:
    """Writes everything that belongs to the policy, and returns the files. Raises InputError and leaves nothing."""
    new = {POLICIES / claim.folder / f"{claim.name}.py": policy_code(claim)}
    for name, fixture in fixtures(claim).items():
        new[FIXTURES / claim.folder / claim.name / f"{name}.tf.json"] = json.dumps(fixture, indent=2) + "\n"
    edges = requirements.EDGES.read_text("utf-8") if requirements.EDGES.exists() else None
    done: list[Path] = []
    try:
        for path, text in new.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                done.append(path)
                file.write(text)
        if edges is not None:
            requirements.EDGES.write_text(edges + _unclaimed(claim), "utf-8")
            done.append(requirements.EDGES)
    except OSError as error:
        for path in done:
            path.unlink()
        with contextlib.suppress(OSError):
            (FIXTURES / claim.folder / claim.name).rmdir()
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from None
    return done


def policy_code(claim: Claim) -> str:
    """The policy's file."""
    match claim.value:
        case bool():
            holds = f"setting.is_{str(claim.value).lower()}"
        case str():
            holds = f"setting.text == {json.dumps(claim.value, ensure_ascii=False)}"
        case _:
            holds = f"setting.number == {claim.value}"
    applies_to = f"    applies_to=({', '.join(map(json.dumps, claim.types))}{',' if len(claim.types) == 1 else ''}),"
    if len(applies_to) > MAX_LINE_CHARACTERS:
        applies_to = "\n".join(["    applies_to=(", *(f"        {json.dumps(one)}," for one in claim.types), "    ),"])
    return f'''"""Policy {claim.id}."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_SETTING = "{claim.attribute}"


@policy(
    id="{claim.id}",
    title="{UNWRITTEN}: the claim as a sentence, without a period",
    remediation="{UNWRITTEN}: what to change, as an order that names the attribute.",
    severity="{claim.severity}",
{applies_to}
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """{UNWRITTEN}: what an attacker, an operator or an auditor meets where the claim does not hold. What the mistake
    costs, not what the code does."""
    setting = resource.attribute(_SETTING)
    if {holds}:
        yield setting.passes(f"{{_SETTING}} is {{setting.text}}")
    elif setting.is_missing:
        yield setting.fails(f"{{_SETTING}} is not set ({UNWRITTEN}: the default, if it does not hold)")
    else:
        yield setting.fails(f"{{_SETTING}} is {{setting.text}}")
'''


def fixtures(claim: Claim) -> dict[str, dict[str, Any]]:
    """The four fixtures that every policy has, by name."""
    other: Value
    match claim.value:
        case bool():
            other = not claim.value
        case str():
            other = f"not-{claim.value}"
        case _:
            other = claim.value - 1
    unknown = _fixture(claim, "undetermined", "${var.unknown}")
    return {
        "pass-as-claimed": _fixture(claim, "pass", claim.value),
        "fail-another-value": _fixture(claim, "fail", other),
        "fail-attribute-missing": _fixture(claim, "fail", None),
        "undetermined-input": {**unknown, "variable": {"unknown": {}}},
    }


def _fixture(claim: Claim, outcome: Outcome, value: Value | None) -> dict[str, Any]:
    """A document with one resource of each type, of which each ends with `outcome`."""
    body: Any = value
    for name in reversed(claim.attribute.split(".")) if value is not None else ():
        body = {name: body}
    document: dict[str, Any] = {
        "//": {"expected": {f"{one}.example": [outcome, claim.attribute] for one in claim.types}}
    }
    for one in claim.types:
        kind, name = ("data", one.removeprefix("data.")) if one.startswith("data.") else ("resource", one)
        document.setdefault(kind, {})[name] = {"example": {} if value is None else body}
    return document


def _unclaimed(claim: Claim) -> str:
    """The entry with which a policy starts in the edges."""
    reason = f"{UNWRITTEN}: why no requirement asks for it; or put an [[edge]] in the place of this entry."
    return f'\n[[unclaimed]]\npolicies = ["{claim.id}"]\nreason = "{reason}"\n'


def _claim(options: argparse.Namespace) -> Claim:
    """The arguments, checked against what there is. Raises InputError."""
    id_, folder = options.name, options.folder
    if not _ID.fullmatch(id_):
        raise InputError(f"{id_}: a name is a claim in kebab-case of two or more words, such as bucket-is-versioned")
    name = id_.replace("-", "_")
    taken = [*POLICIES.glob(f"*/{name}.py"), *FIXTURES.glob(f"*/{name}"), *POLICIES.glob(f"{name}.py")]
    if taken:
        raise InputError(f"{id_}: there is one already: {taken[0].relative_to(ROOT).as_posix()}")
    if requirements.EDGES.exists() and f'"{id_}"' in requirements.EDGES.read_text("utf-8"):
        raise InputError(f"{id_}: {requirements.EDGES.name} knows the name already")
    known = _folders()
    if folder not in known:
        close = difflib.get_close_matches(folder, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise InputError(f"--folder {folder}: no folder of policies; {hint} (for a new one, write its __init__.py)")
    for one in options.type:
        if not _TYPE.fullmatch(one):
            raise InputError(f"--type {one}: not a resource type such as aws_s3_bucket, or data.aws_ami")
    if len(set(options.type)) < len(options.type):
        raise InputError("--type: one is given twice")
    if not _ATTRIBUTE.fullmatch(options.attribute):
        raise InputError(f"--attribute {options.attribute}: not a path such as metadata_options.http_tokens")
    return Claim(id_, folder, tuple(options.type), options.attribute, _value(options.value), options.severity)


def _folders() -> list[str]:
    """The folders that hold policies, which other packages do not."""
    holding = {path.parent for path in POLICIES.glob("*/*.py") if "\n@policy(" in path.read_text("utf-8")}
    new = {path.parent for path in POLICIES.glob("*/__init__.py") if len(list(path.parent.glob("*.*"))) == 1}
    return sorted(path.name for path in holding | new)


def _value(text: str) -> Value:
    """A value as Terraform JSON has it; what is no JSON is a string."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, str) and value and value.isprintable() and "{" not in value:  # `${...}` is an expression
        return value
    raise InputError(f"--value {text}: expected true, false, a number or a word")


def _next_steps(claim: Claim, written: Sequence[Path]) -> str:
    shown: Mapping[str, None] = dict.fromkeys(
        f"{path.parent.relative_to(ROOT).as_posix()}/ (4 fixtures)"
        if path.suffix == ".json"
        else path.relative_to(ROOT).as_posix()
        for path in written
    )
    files = "\n".join(f"  {one}" for one in shown)
    return f"""Wrote
{files}

Its tests pass already; docs/writing-a-policy.md says what makes it a good one. In short:
  1. Write the texts marked {UNWRITTEN} in the first and the last of these files.
  2. Think of the ways around the claim, and of good configurations in another style: a fixture for each.
  3. python -m pytest tests/policies/test_policies.py -k {claim.name}
  4. python -m pytest --stack portal -k {claim.id}
  5. make docs lint"""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m policies.scaffold",
        description="Starts a new policy: its file, its four fixtures, and its place in the requirement edges.",
        epilog="example: python -m policies.scaffold balancer-drops-invalid-headers --folder alb --type aws_lb "
        "--attribute drop_invalid_header_fields",
    )
    parser.add_argument("name", help="the id: a claim in kebab-case, such as bucket-is-versioned")
    parser.add_argument("--folder", required=True, help="the folder of policies that it belongs to")
    parser.add_argument(
        "--type", required=True, action="append", help="the resource type that it judges, such as aws_lb; repeatable"
    )
    parser.add_argument("--attribute", required=True, metavar="PATH", help="the attribute that decides: a, or a.b")
    parser.add_argument("--value", default="true", help="what the attribute has to be: JSON, or a word (%(default)s)")
    parser.add_argument("--severity", choices=get_args(Severity), default="medium", help="(%(default)s)")
    return parser


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input: exit code 3, in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(NOT_JUDGED, f"policies.scaffold: {visible(message)} (see --help)\n")


if __name__ == "__main__":
    sys.exit(main())
