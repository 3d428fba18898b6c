"""The same infrastructure gets the same verdicts, whether judged as synthesized, as planned or as deployed."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from policies import documents, engine, specifications
from policies.errors import InputError
from policies.model import Assessment, Outcome
from policies.registry import catalogue
from policies.resources import without_keys
from rehearsal.errors import NotRehearsedError
from rehearsal.gaps import GAPS, Gap

PLAN = "plan"  # the stage whose unknown values the configuration settles
# A state names no provider, so of what has no ARN with a region in it nobody can tell where it is.
UNSEEN_IN_STATES = frozenset({"region-is"})

Key = tuple[str, str]  # policy id, resource address
Verdicts = Mapping[Key, Assessment]


@dataclass(frozen=True)
class Difference:
    """One policy that says different things of one resource. `seen` is stage -> outcome and message, in order."""

    policy: str
    address: str
    seen: Mapping[str, str]

    def __str__(self) -> str:
        stages = "; ".join(f"{stage}: {said}" for stage, said in self.seen.items())
        return f"{self.policy} on {self.address or 'the stack'}: {stages}"


def judge(path: Path, stack: str) -> Verdicts:
    """What every policy says of every resource in a synthesized stack, a plan or a state, waivers aside.

    Policies that wait for a specification are asked what the stack's own asks. Raises NotRehearsedError when
    the document cannot be read.
    """
    try:
        (document,) = documents.read([path])
    except InputError as error:
        raise NotRehearsedError(str(error)) from error
    asked = specifications.asked_of(stack, specifications.read_all(catalogue()))
    assessments = engine.assess(document.graph, stack, catalogue(), asked=asked)
    return {(one.policy, one.address): one for one in assessments}


def compare(stages: Mapping[str, Verdicts], gaps: Iterable[Gap] = GAPS) -> list[Difference]:
    """The differences between stages, which come in the order in which more and more is known.

    What was undetermined may become known, though not as a failure; no other outcome may change. What the gate settles
    by the configuration, a plan's values that are known after apply, counts as settled; what is judged by an attribute
    that the emulator does not give back, or that a state does not say, counts as before.
    """
    known_gaps = {(gap.type, gap.attribute) for gap in gaps}
    keys = sorted({key for verdicts in stages.values() for key in verdicts})
    found = []
    for key in keys:
        said = {stage: verdicts.get(key) for stage, verdicts in stages.items()}
        outcomes: list[Outcome | None] = []
        for stage, one in said.items():
            before = outcomes[-1] if outcomes else None
            settled = stage == PLAN and one is not None and one.outcome == "undetermined" and before == "pass"
            unseen = one is not None and one.outcome == "not-applicable" and one.policy in UNSEEN_IN_STATES
            if one and before and (settled or unseen or _is_gap(one, known_gaps)):
                outcomes.append(before)
            else:
                outcomes.append(one.outcome if one else None)
        if not all(_may_follow(*pair) for pair in pairwise(outcomes)):
            seen = {stage: f"{one.outcome} ({one.message})" if one else "not judged" for stage, one in said.items()}
            found.append(Difference(*key, seen))
    return found


def _is_gap(assessment: Assessment, gaps: Container[tuple[str, str]]) -> bool:
    """Whether the attribute that decided is one that the emulator does not give back, or a part of one."""
    type_ = without_keys(assessment.address).rpartition(".")[0].rpartition(".")[2]
    steps = re.sub(r"\[\d+\]", "", assessment.attribute).split(".")
    return any((type_, ".".join(steps[: end + 1])) in gaps for end in range(len(steps)))


def _may_follow(earlier: Outcome | None, later: Outcome | None) -> bool:
    return earlier == later or (earlier == "undetermined" and later in ("pass", "not-applicable"))


def counts(verdicts: Verdicts) -> str:
    """For people: how many ended how."""
    outcomes = [one.outcome for one in verdicts.values()]
    listed = [f"{outcomes.count(one)} {one}" for one in ("pass", "fail", "undetermined") if one in outcomes]
    return f"{', '.join(listed)} (waivers aside)"
