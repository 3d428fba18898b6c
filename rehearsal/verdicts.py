"""The same infrastructure gets the same verdicts, whether judged as synthesized, as planned or as deployed."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from policies import documents, engine
from policies.errors import InputError
from policies.model import Assessment, Outcome
from policies.registry import catalogue
from rehearsal.errors import NotRehearsedError

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

    Raises NotRehearsedError when it cannot be read.
    """
    try:
        (document,) = documents.read([path])
    except InputError as error:
        raise NotRehearsedError(str(error)) from error
    assessments = engine.assess(document.graph, stack, catalogue())
    return {(one.policy, one.address): one for one in assessments}


def compare(stages: Mapping[str, Verdicts]) -> list[Difference]:
    """The differences between stages, which come in the order in which more and more is known.

    What was undetermined may become known, though not as a failure; no other outcome may change.
    """
    keys = sorted({key for verdicts in stages.values() for key in verdicts})
    found = []
    for key in keys:
        said = {stage: verdicts.get(key) for stage, verdicts in stages.items()}
        outcomes = [one.outcome if one else None for one in said.values()]
        if not all(_may_follow(*pair) for pair in pairwise(outcomes)):
            seen = {stage: f"{one.outcome} ({one.message})" if one else "not judged" for stage, one in said.items()}
            found.append(Difference(*key, seen))
    return found


def _may_follow(earlier: Outcome | None, later: Outcome | None) -> bool:
    return earlier == later or (earlier == "undetermined" and later in ("pass", "not-applicable"))


def counts(verdicts: Verdicts) -> str:
    """For people: how many ended how."""
    outcomes = [one.outcome for one in verdicts.values()]
    listed = [f"{outcomes.count(one)} {one}" for one in ("pass", "fail", "undetermined") if one in outcomes]
    return f"{', '.join(listed)} (waivers aside)"
