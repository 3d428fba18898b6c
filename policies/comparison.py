"""What happened to the verdicts between two runs: pure, from assessments to changes.

Two assessments are the same one when the same policy judged the same resource of the same stack. Worse is what fails
or is undetermined now and was neither before; a failure that became undetermined is not worse, and not fixed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.model import Assessment, worst

Kind = Literal[
    "newly-failing", "newly-undetermined", "new-failing", "new-undetermined", "changed", "waived", "fixed", "gone"
]

# In the order in which they are told; the worst comes last on a terminal, and first on a page.
KINDS: Mapping[Kind, str] = {
    "newly-failing": "newly failing",
    "new-failing": "new, and failing",
    "newly-undetermined": "newly undetermined",
    "new-undetermined": "new, and undetermined",
    "changed": "still a finding, but another one",
    "waived": "waived now",
    "fixed": "fixed",
    "gone": "a finding of what is not judged any more",
}
WORSE: frozenset[Kind] = frozenset({"newly-failing", "newly-undetermined", "new-failing", "new-undetermined"})

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Change:
    """One assessment that is not what it was; `before` is None for a new one, `after` for one that is gone."""

    kind: Kind
    before: Assessment | None
    after: Assessment | None

    @property
    def subject(self) -> Assessment:
        """The assessment as it is now, or was last."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True)
class Comparison:
    """Every change that matters, in the order of KINDS, and how much else there is.

    `unjudged` are resources (stack and address) that passed before and are not judged any more, with an empty address
    for all of a stack that is not there any more; `added` is the number of
    assessments that are new and no finding, `same` of those that are as they were.
    """

    changes: tuple[Change, ...]
    unjudged: tuple[tuple[str, str], ...]
    added: int
    same: int

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse."""
        return any(change.kind in WORSE for change in self.changes)

    def of_kind(self, kind: Kind) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


def compare(before: Iterable[Assessment], after: Iterable[Assessment]) -> Comparison:
    """What became of the verdicts."""
    old, new = _by_key(before), _by_key(after)
    found = [
        Change(kind, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if (kind := _kind(old.get(key), new.get(key)))
    ]
    stacks = {one.stack for one in new.values()}
    judged = {(one.stack, one.address) for one in new.values()}
    passed = {(one.stack, one.address) for one in old.values() if one.outcome == "pass" and one.address}
    order = list(KINDS)
    return Comparison(
        changes=tuple(sorted(found, key=lambda change: order.index(change.kind))),
        unjudged=tuple(sorted({(stack, address if stack in stacks else "") for stack, address in passed - judged})),
        added=sum(not _is_finding(one) for key, one in new.items() if key not in old),
        same=sum(key in old and old[key].outcome == one.outcome for key, one in new.items()),
    )


def _by_key(assessments: Iterable[Assessment]) -> dict[Key, Assessment]:
    """The assessments by what makes them the same; the worst where a plan and a state of one stack were judged."""
    found: dict[Key, list[Assessment]] = {}
    for one in assessments:
        found.setdefault((one.stack, one.policy, one.address), []).append(one)
    return {key: _worst(rows) for key, rows in found.items()}


def _worst(rows: Sequence[Assessment]) -> Assessment:
    outcome = worst([row.outcome for row in rows])
    return next(row for row in rows if row.outcome == outcome)


def _is_finding(one: Assessment | None) -> bool:
    return one is not None and one.outcome in ("fail", "undetermined")


def _kind(before: Assessment | None, after: Assessment | None) -> Kind | None:
    if after is None:
        return "gone" if _is_finding(before) else None
    if not _is_finding(after):
        if not _is_finding(before):
            return None
        return "waived" if after.outcome == "waived" else "fixed" if after.outcome == "pass" else "gone"
    if before is None:
        return "new-failing" if after.outcome == "fail" else "new-undetermined"
    if before.outcome == after.outcome:
        is_same = (before.attribute, before.observed) == (after.attribute, after.observed)
        return None if is_same else "changed"
    if after.outcome == "undetermined":
        return "changed" if before.outcome == "fail" else "newly-undetermined"
    return "newly-failing"
