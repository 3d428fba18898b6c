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
        in:                             # the same for single stacks, where they differ
          recovery: {subnets-span-zones: {zones: 2}}
        tests: [tests/infra/test_x.py]  # what no configuration can show
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from policies import strict_yaml
from policies.errors import InputError
from policies.model import Asked, Policy

FOLDER = Path(__file__).parent.parent / "compliance" / "requirements"


@dataclass(frozen=True)
class Held:
    """One policy that holds a requirement, with its parameters, in these stacks of the system."""

    policy: str
    parameters: Mapping[str, Any]
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class SystemRequirement:
    """One requirement of one system, the policies that hold it, and the test files for what they cannot see."""

    id: str
    asks: str
    held: tuple[Held, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Specification:
    """All requirements of one system, and the stacks that have to meet them."""

    system: str
    stacks: tuple[str, ...]
    requirements: tuple[SystemRequirement, ...]

    def asked(self, stack: str) -> dict[str, Asked]:
        """Policy id -> everything that the requirements together ask of it in one stack."""
        found: dict[str, Asked] = {}
        for requirement in self.requirements:
            for held in requirement.held:
                if stack in held.stacks:
                    before = found.get(held.policy, Asked())
                    by = tuple(dict.fromkeys((*before.by, requirement.id)))
                    found[held.policy] = Asked({**before.parameters, **held.parameters}, by)
        return found


def asked_of(stack: str, specified: Mapping[str, Specification]) -> dict[str, Asked]:
    """What its specification asks of a stack; nothing when it has none."""
    return specified[stack].asked(stack) if stack in specified else {}


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
    named = tuple(str(stack) for stack in stacks)
    found = tuple(
        _requirement(path, f"{path}:{strict_yaml.line_of(requirements, id_)}: {id_}", str(id_), entry, named, catalogue)
        for id_, entry in requirements.items()
    )
    specification = Specification(str(document["system"]), named, found)
    for stack in named:
        _refuse_contradictions(path, stack, specification)
        _refuse_unanswered(path, stack, specification.asked(stack), catalogue)
    return specification


def _requirement(
    path: Path, place: str, id_: str, entry: Any, stacks: tuple[str, ...], catalogue: Mapping[str, Policy]
) -> SystemRequirement:
    if not isinstance(entry, dict) or not set(entry) <= {"asks", "policies", "in", "tests"} or not entry.get("asks"):
        raise InputError(f"{place}: expected asks, and policies, in or tests")
    everywhere, apart, tests = entry.get("policies") or {}, entry.get("in") or {}, entry.get("tests") or []
    if not isinstance(everywhere, dict) or not isinstance(apart, dict) or not isinstance(tests, list):
        raise InputError(f"{place}: policies and in must be mappings, tests a list of paths")
    unknown = [stack for stack in apart if stack not in stacks or not isinstance(apart[stack], dict)]
    if unknown:
        raise InputError(f"{place}: in must map stacks of this file to policies, not {', '.join(map(str, unknown))}")
    held = [
        *(one for one in _held(path, id_, everywhere, stacks, catalogue)),
        *(one for stack in apart for one in _held(path, id_, apart[stack], (stack,), catalogue)),
    ]
    if not held and not tests:
        raise InputError(f"{place}: nothing holds it: name policies (id: parameters) or tests (paths)")
    return SystemRequirement(id_, " ".join(str(entry["asks"]).split()), tuple(held), tuple(map(str, tests)))


def _held(
    path: Path, id_: str, written: Any, stacks: tuple[str, ...], catalogue: Mapping[str, Policy]
) -> Iterator[Held]:
    for policy_id, given in written.items():
        where = f"{path}:{strict_yaml.line_of(written, policy_id)}: {id_}"
        if policy_id not in catalogue:
            raise InputError(f"{where}: no such policy: {policy_id}")
        try:
            yield Held(policy_id, parameters(catalogue[policy_id], given or {}), stacks)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


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


def _refuse_contradictions(path: Path, stack: str, specification: Specification) -> None:
    given: dict[tuple[str, str], tuple[Any, str]] = {}
    for requirement in specification.requirements:
        for held in requirement.held:
            for name, value in held.parameters.items() if stack in held.stacks else ():
                before, by = given.setdefault((held.policy, name), (value, requirement.id))
                if before != value:
                    both = f"{by} and {requirement.id} ask {held.policy} for different {name}"
                    raise InputError(f"{path}: {both} in {stack}")


def _refuse_unanswered(path: Path, stack: str, asked: Mapping[str, Asked], catalogue: Mapping[str, Policy]) -> None:
    for policy_id, one in asked.items():
        for name, parameter in catalogue[policy_id].parameters.items():
            if parameter.default is inspect.Parameter.empty and name not in one.parameters:
                raise InputError(f"{path}: no requirement says which {name} {policy_id} is to ask for in {stack}")
