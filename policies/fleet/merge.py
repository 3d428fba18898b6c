"""Many parts to one result, stack by stack: what stands in memory is one stack, and the facts of all.

Most rows are copied as their worker wrote them. Those of a stack with a waiver, with an old finding in the baseline, or
with several documents (its plan and its state) are taken apart, settled as `check` settles them, and kept aside.
"""

import datetime
import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies import attestation, baseline, engine, gate, specifications, waivers
from policies.baseline import Entry
from policies.errors import InputError
from policies.fleet.folder import WorkingFolder
from policies.fleet.part import Facts, Found, Part, assessments, chunks, found_by
from policies.graph import ResourceGraph
from policies.model import OUTCOMES, Assessment, KnownIds, Outcome, Waiver
from policies.result import (
    BETWEEN,
    FAILED,
    NOT_JUDGED,
    PASSED,
    UNDETERMINED,
    UNSEEN,
    Conditions,
    GateResult,
    Refused,
    gate_result,
    is_verdict,
    order,
    row,
)


@dataclass(frozen=True)
class StackResult:
    """What the result says of one stack. `deciding` counts without the old findings of a baseline."""

    stack: str
    documents: tuple[tuple[str, Facts], ...]
    summary: Mapping[Outcome, int]
    deciding: Mapping[Outcome, int]
    is_judged: bool


class Merged:
    """The result of a fleet. `judged` are the inputs with their facts, in the order of the inputs."""

    def __init__(
        self,
        folder: WorkingFolder,
        judged: Sequence[tuple[str, Facts]],
        refused: Sequence[Refused],
        conditions: Conditions,
        *,
        with_checkov: bool,
    ) -> None:
        twice = {one.path: one for one in _of_one_name(judged)}
        self.judged = [(name, facts) for name, facts in judged if name not in twice]
        self.refused = sorted((*refused, *twice.values()), key=lambda one: (one.path, one.reason))
        self.conditions = conditions
        has_modules = any(facts.has_modules for _, facts in self.judged)
        self._policies = gate.judges(conditions.policies, with_modules=has_modules)
        self._adds_unseen = has_modules and conditions.policies is not None and UNSEEN not in conditions.policies
        self.tools = {"policies": attestation.policy_set_digest(self._policies)}
        if with_checkov:
            from policies import checkov

            self.tools = {"checkov": checkov.checkov_version(), **self.tools}
        self._folder = folder
        self._found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._settling = _Settling(conditions, gate.known_ids(self._policies, with_checkov=with_checkov))
        self._by_stack: dict[str, list[tuple[str, Facts]]] = defaultdict(list)
        for name, facts in self.judged:
            self._by_stack[facts.stack].append((name, facts))

    @functools.cached_property
    def stacks(self) -> tuple[StackResult, ...]:
        """The stacks in the order of the result; one that only a waiver names may be among them."""
        return tuple(map(self._stack, sorted({*self._by_stack, *self._settling.named})))

    @property
    def found(self) -> Mapping[tuple[str, str], Sequence[int]]:
        """Policy and severity -> how many resources failed, how many are undetermined, in how many stacks."""
        return self._found if self.stacks else {}

    @functools.cached_property
    def summary(self) -> dict[Outcome, int]:
        """Outcome -> number of assessments."""
        return {outcome: sum(one.summary[outcome] for one in self.stacks) for outcome in OUTCOMES}

    def unjudged(self) -> list[str]:
        """The stacks in which nothing was judged, in the order of the inputs."""
        judged = {one.stack for one in self.stacks if one.is_judged}
        return [facts.stack for _, facts in self.judged if facts.stack not in judged]

    def exit_code(self, undetermined_fails: bool) -> int:
        """That of `check`; and an input that was refused was not judged."""
        if self.refused or self.unjudged() or not self.judged:
            return NOT_JUDGED
        if any(one.deciding["fail"] for one in self.stacks):
            return FAILED
        return (
            UNDETERMINED if undetermined_fails and any(one.deciding["undetermined"] for one in self.stacks) else PASSED
        )

    def rows(self) -> Iterator[bytes]:
        """The lines of the result, piece by piece."""
        between = b""
        for one in self.stacks:
            if not sum(one.summary.values()):
                continue
            yield between
            between = BETWEEN.encode()
            if self._is_settled(one.stack):
                yield BETWEEN.join(map(row, self.assessments(one.stack))).encode()
            else:
                [(name, _)] = one.documents
                yield from chunks(self._rows(name))

    def assessments(self, stack: str) -> list[Assessment]:
        """Those of one stack, in the order of the result."""
        documents = self._by_stack.get(stack, [])
        found = [one for name, _ in documents for one in assessments(self._rows(name))]
        if self._adds_unseen:
            found += [one for _, facts in documents if not facts.has_modules for one in self._unseen(stack)]
        return sorted(self._settling.settle(stack, found), key=order)

    def whole(self) -> GateResult:
        """The result as `check` has it, all in memory."""
        found = [one for stack in self.stacks for one in self.assessments(stack.stack)]
        return gate_result([facts for _, facts in self.judged], found, (), self.tools, None, self.conditions)

    def _stack(self, stack: str) -> StackResult:
        documents = tuple(self._by_stack.get(stack, ()))
        if not self._is_settled(stack):
            [(name, facts)] = documents
            self._count(self._part(name).found)
            summary = facts.summary
            return StackResult(stack, documents, summary, summary, facts.is_judged)
        found = self.assessments(stack)
        self._count(found_by(found))
        deciding = Counter(one.outcome for one in found if not one.baseline)
        counts = Counter(one.outcome for one in found)
        return StackResult(stack, documents, counts, deciding, any(map(is_verdict, found)))

    def _count(self, found: Mapping[str, Found]) -> None:
        for policy, one in found.items():
            count = self._found[policy, one.severity]
            for index, more in enumerate((one.fail, one.undetermined, 1)):
                count[index] += more

    def _is_settled(self, stack: str) -> bool:
        return stack in self._settling.named or len(self._by_stack[stack]) > 1 or self._adds_unseen

    def _unseen(self, stack: str) -> Iterator[Assessment]:
        """What the policy on modules says of a stack that calls none; `check` says it where another stack calls one."""
        asked = specifications.asked_of(stack, self._measures.specified)
        return engine.assess(ResourceGraph(()), stack, gate.selected([UNSEEN]), self._measures.requirements, asked)

    @functools.cached_property
    def _measures(self) -> gate.Measures:
        return gate.measures()

    def _part(self, name: str) -> Part:
        kept = self._folder.get(name)
        if kept is None:
            raise InputError(f"{self._folder.path}: what was kept of {name} is gone or changed: run again")
        return kept

    def _rows(self, name: str) -> bytes:
        return self._part(name).rows


class _Settling:
    """Waivers and the baseline, stack by stack; `named` are the stacks that one of them names."""

    def __init__(self, conditions: Conditions, ids: KnownIds) -> None:
        self._conditions = conditions
        self._ids = ids
        self._waivers: dict[str, list[Waiver]] = defaultdict(list)
        self._counts: dict[int, int] = {}
        self._baseline: dict[str, dict[Entry, int]] = defaultdict(dict)
        if conditions.waivers:
            entries, self._counts = waivers.read(Path(conditions.waivers.path))
            for waiver in entries:
                self._waivers[waiver.stack].append(waiver)
        if conditions.baseline:
            for entry, line in baseline.read(Path(conditions.baseline.path)).items():
                self._baseline[entry.stack][entry] = line
        self.named = frozenset({*self._waivers, *self._baseline})

    def settle(self, stack: str, found: list[Assessment]) -> list[Assessment]:
        """The assessments of a stack as its waivers and its old findings leave them."""
        given = self._conditions
        if stack in self._waivers:
            today = datetime.date.fromisoformat(given.today)
            found = waivers.apply(found, self._waivers[stack], self._counts, self._ids, given.environment, today)
        if stack in self._baseline and given.baseline:
            found = baseline.apply(found, self._baseline[stack], self._ids, Path(given.baseline.path))
        return found


def _of_one_name(judged: Sequence[tuple[str, Facts]]) -> list[Refused]:
    """Inputs that show the same kind of the same stack: whose verdict it would be nobody could tell."""
    by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, facts in judged:
        by_name[facts.stack, facts.kind].append(name)
    found = []
    for (stack, _), names in by_name.items():
        for name in names if len(names) > 1 else ():
            other = next(one for one in names if one != name)
            reason = f"{name}: {other} also shows a stack named {stack!r}: --names path keeps them apart"
            found.append(Refused(name, reason))
    return found
