"""What a verdict may become when only the shape of a configuration changes, and when a value is not known any more.

The cases are the policies' own fixtures, more than two thousand: each says which outcome a policy has to have on each
resource. A wrong pass is a failure or an undetermined verdict that a change turns into a pass or into nothing at all.
"""

import functools
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies import documents, engine, specifications
from policies.errors import InputError
from policies.model import Asked, Assessment, Policy
from policies.registry import catalogue
from tests.fuzz import shapes
from tests.fuzz.limits import Limit, limit_of
from tests.fuzz.shapes import Variant

FIXTURES = Path(__file__).parents[1] / "policies"
OPEN = ("fail", "undetermined")


@functools.cache
def policies() -> dict[str, Policy]:
    """Every policy by its id."""
    return {policy.id: policy for policy in catalogue()}


@dataclass(frozen=True, eq=False)
class Case:
    """A configuration, a policy, and the outcome that it has to have on each address."""

    name: str
    policy: str
    asked: Mapping[str, Any] | None
    content: dict[str, Any] = field(repr=False)
    expected: Mapping[str, str]

    def judged(self, files: Mapping[str, str]) -> dict[str, str]:
        """The policy's outcome on each address of the module in these files. Raises InputError, and what crashes."""
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            [document] = documents.read([Path(folder)])
        policy = policies()[self.policy]
        asked = {} if self.asked is None else {policy.id: Asked(specifications.parameters(policy, self.asked))}
        found = list(engine.assess(document.graph, document.stack, [policy], asked=asked))
        broken = [one.message for one in found if "the policy failed" in one.message]
        assert not broken, broken[0]
        return outcomes(found)


def outcomes(found: Iterable[Assessment]) -> dict[str, str]:
    """Address -> outcome."""
    return {one.address: one.outcome for one in found}


def _memory() -> Path | None:
    """Where files cost nothing, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


@functools.cache
def cases() -> tuple[Case, ...]:
    """The fixtures of all policies that a module of Terraform can be: those that are plans or states are not."""
    found = []
    for path in sorted(FIXTURES.glob("*/*/*.tf.json")):
        content = json.loads(path.read_text())
        if not isinstance(content, dict) or "planned_values" in content or "values" in content:
            continue
        about = content.pop("//")
        id_ = path.parent.name.replace("_", "-")
        expected = {address: outcome for address, (outcome, _) in about["expected"].items()}
        name = f"{path.parent.name}/{path.name.removesuffix('.tf.json')}"
        found.append(Case(name, id_, about.get("asked"), content, expected))
    return tuple(found)


# Shapes that hide a value as `unknown` does: those a limit covers are left out, whichever argument they would meet.
_KINDS = {"literals_in_functions": "function", "values_from_inputs": "input", "attributes_by_index": "function"}


def wrong(case: Case, names: list[str], seed: int) -> list[str]:
    """What these shapes make of the case that they may not; one line each."""
    names = [name for name in names if not limit_of(case.policy, _KINDS.get(name, ""))]
    variant = shapes.changed(case.content, names, seed)
    files = shapes.written(variant.content, seed)
    try:
        found = case.judged(files)
    except InputError as refusal:
        return [f"refused: {refusal}"]
    exact = all(name in shapes.EXACT for name in names)
    return list(_worse(case, variant, found, exact))


def _worse(case: Case, variant: Variant, found: Mapping[str, str], exact: bool) -> Iterator[str]:
    for address, expected in case.expected.items():
        now = found.get(variant.where(address), "not judged")
        if not address and any(outcome in OPEN for outcome in found.values()):
            now = found.get("", "undetermined")  # "there is none" is said no more where one of them may be the one
        if expected in OPEN and now not in OPEN:
            yield f"WRONG PASS: {address}: {expected} became {now}"
        elif exact and now != expected:
            yield f"{address}: {expected} became {now}"


# What may stand in the place of a known value: nobody knows any of them before Terraform runs. A reference to a
# resource is never taken away altogether: an input names nothing of the same stack (docs/decisions/0008), so that
# would be another stack, not the same one written otherwise.
UNKNOWN = {
    "input": "${var.nobody_knows}",
    "function": "${{try({0})}}",
    "choice": "${{var.nobody_knows ? {0} : null}}",
}
_REFERENCE = re.compile(r"\$\{([\w.\[\]-]+)\}")


def places_in(case: Case) -> int:
    """How many values of the case could be hidden."""
    return sum(1 for _ in shapes.arguments(case.content))


def hidden(case: Case, place: int, kind: str, used: set[Limit]) -> str | None:
    """The wrong pass that hiding one value makes, None when there is none; `place` counts the values.

    One that `limits.yaml` explains is none; its limit is added to `used`.
    """
    variant = shapes.changed(case.content, [], 0)
    argument, holder, key = list(shapes.arguments(variant.content))[place]
    text = _as_expression(holder[key])
    if text is None or (kind == "input" and isinstance(holder[key], str) and _REFERENCE.fullmatch(holder[key])):
        return None
    now = UNKNOWN[kind].format(text) if "{0}" in UNKNOWN[kind] else UNKNOWN[kind]
    holder[key] = now
    try:
        found = case.judged({"main.tf.json": json.dumps(variant.content)})
    except InputError as refusal:
        return f"refused: {refusal}"
    worse = list(_worse(case, variant, found, exact=False))
    limit = limit_of(case.policy, kind, argument)
    if worse and limit:
        used.add(limit)
        return None
    return f"{worse[0]} when {key} = {text[:80]} became {now[:80]}" if worse else None


def _as_expression(value: Any) -> str | None:
    """A value as Terraform's expressions write it; None for one that is not plain."""
    if isinstance(value, str) and (reference := _REFERENCE.fullmatch(value)):
        return reference[1]
    text = json.dumps(value, ensure_ascii=False)
    return None if value is None or "${" in text or "%{" in text else text


def keep(folder: Path, case: Case, files: Mapping[str, str], where: Callable[[str], str], found: str) -> None:
    """Writes a wrong verdict as the corpus keeps it: files, policy, what is expected, and what was found."""
    about = {
        "found": found,
        "policy": case.policy,
        "asked": case.asked,
        "expected": {where(address): outcome for address, outcome in case.expected.items()},
        "files": dict(files),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case.name.replace('/', '-')}.json").write_text(json.dumps(about, indent=1) + "\n")
