"""What a stack must be: which policies each of its requirements asks for, and with which values.

A policy knows how to judge (`subnets span enough zones`), a specification what is wanted of one system (`three`). The
files live in the compliance folder, which knows policies; policies do not know it, and work without the files.

    system: Customer portal
    stacks: [portal]                    # the stacks it speaks of
    requirements:
      P-NET-1:                          # the requirement's id
        asks: The VPC has the range 10.0.0.0/16.
        policies:                       # what holds it: policy id -> the parameters of the policy
          vpc-has-planned-range: {cidr_block: 10.0.0.0/16}
        tests: [tests/infra/test_x.py]  # what no configuration can show
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args, get_origin

from policies import strict_yaml
from policies.errors import InputError
from policies.model import Asked, Policy

FOLDER = Path(__file__).parent.parent / "compliance" / "requirements"


@dataclass(frozen=True)
class SystemRequirement:
    """One requirement of one system. `policies` maps policy ids to parameters; `tests` are paths of test files."""

    id: str
    asks: str
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Specification:
    """All requirements of one system, and the stacks that have to meet them."""

    system: str
    stacks: tuple[str, ...]
    requirements: tuple[SystemRequirement, ...]

    @cached_property
    def asked(self) -> dict[str, Asked]:
        """Policy id -> everything that the requirements together ask of it."""
        found: dict[str, Asked] = {}
        for requirement in self.requirements:
            for id_, parameters in requirement.policies.items():
                before = found.get(id_, Asked())
                found[id_] = Asked({**before.parameters, **parameters}, (*before.by, requirement.id))
        return found


def read_all(policies: Sequence[Policy], folder: Path = FOLDER) -> dict[str, Specification]:
    """Stack name -> its specification; empty when there is no such folder.

    Raises InputError, with the line, for an unknown policy, a parameter it does not have or of another type, and
    requirements that contradict each other.
    """
    catalogue = {policy.id: policy for policy in policies}
    found: dict[str, Specification] = {}
    for path in sorted(folder.glob("*.yaml")):
        specification = _read(path, catalogue)
        for stack in specification.stacks:
            if stack in found:
                raise InputError(f"{path}: a second specification of the stack {stack!r}")
            found[stack] = specification
    return found


def _read(path: Path, catalogue: Mapping[str, Policy]) -> Specification:
    document = strict_yaml.read(path)
    if not isinstance(document, dict) or set(document) != {"system", "stacks", "requirements"}:
        raise InputError(f"{path}: expected the keys system, stacks and requirements")
    stacks, requirements = document["stacks"], document["requirements"]
    if not isinstance(stacks, list) or not stacks or not isinstance(requirements, dict):
        raise InputError(f"{path}: stacks must be a list of names, requirements a mapping of ids")
    return Specification(
        str(document["system"]),
        tuple(str(stack) for stack in stacks),
        tuple(_requirements(path, requirements, catalogue)),
    )


def _requirements(path: Path, written: Any, catalogue: Mapping[str, Policy]) -> Iterator[SystemRequirement]:
    given: dict[tuple[str, str], Any] = {}
    for id_, entry in written.items():
        place = f"{path}:{strict_yaml.line_of(written, id_)}: {id_}"
        if not isinstance(entry, dict) or not set(entry) <= {"asks", "policies", "tests"} or not entry.get("asks"):
            raise InputError(f"{place}: expected asks, and policies or tests")
        held_by, tests = entry.get("policies") or {}, entry.get("tests") or []
        if not isinstance(held_by, dict) or not isinstance(tests, list) or not (held_by or tests):
            raise InputError(f"{place}: nothing holds it: name policies (id: parameters) or tests (paths)")
        policies: dict[str, dict[str, Any]] = {}
        for policy_id, written_parameters in held_by.items():
            where = f"{path}:{strict_yaml.line_of(held_by, policy_id)}: {id_}"
            if policy_id not in catalogue:
                raise InputError(f"{where}: no such policy: {policy_id}")
            try:
                policies[policy_id] = parameters(catalogue[policy_id], written_parameters or {})
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
            for name, value in policies[policy_id].items():
                if given.setdefault((policy_id, name), value) != value:
                    raise InputError(f"{where}: {policy_id} is asked for another {name} above")
        asks = " ".join(str(entry["asks"]).split())
        yield SystemRequirement(str(id_), asks, policies, tuple(str(test) for test in tests))
    _refuse_unanswered(
        path, given, {id_ for entry in written.values() for id_ in entry.get("policies") or {}}, catalogue
    )


def parameters(policy: Policy, written: Any) -> dict[str, Any]:
    """The policy's parameters as `written` gives them, each of its type. Raises InputError for any other."""
    if not isinstance(written, dict):
        raise InputError(f"the parameters of {policy.id} must be a mapping")
    found: dict[str, Any] = {}
    for name, value in written.items():
        if name not in policy.parameters:
            raise InputError(f"{policy.id} has no parameter {name} (it has: {', '.join(policy.parameters) or 'none'})")
        found[str(name)] = _typed(f"{policy.id}: {name}", policy.parameters[name].annotation, value)
    return found


def _typed(where: str, annotation: Any, value: Any) -> Any:
    """The value as the parameter's type has it: a scalar, or a tuple of scalars for a list."""
    if get_origin(annotation) is tuple:
        if isinstance(value, list):
            return tuple(_typed(where, get_args(annotation)[0], element) for element in value)
        raise InputError(f"{where} must be a list")
    plain = {int: int, float: (int, float), str: str, bool: bool}[annotation]
    if not isinstance(value, plain) or (isinstance(value, bool) and annotation is not bool):  # type: ignore[arg-type]
        raise InputError(f"{where} must be of type {annotation.__name__}")
    return annotation(value)


def _refuse_unanswered(
    path: Path, given: Mapping[tuple[str, str], Any], asked: set[str], catalogue: Mapping[str, Policy]
) -> None:
    for policy_id in sorted(asked):
        for name, parameter in catalogue[policy_id].parameters.items():
            if parameter.default is inspect.Parameter.empty and (policy_id, name) not in given:
                raise InputError(f"{path}: no requirement says which {name} {policy_id} is to ask for")
