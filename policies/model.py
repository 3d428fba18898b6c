"""The vocabulary of the gate: what a policy is, what it finds, and what the gate concludes.

One word, one meaning: a *policy* is our check of one claim; an *assessment* is one policy on one resource, with an
*outcome*; a *finding* is what a policy saw at one attribute; a *waiver* is an accepted finding and never a pass.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from policies.graph import ResourceGraph
    from policies.resources import Resource

Severity = Literal["low", "medium", "high", "critical"]
Outcome = Literal["pass", "fail", "undetermined", "not-applicable", "waived"]
Engine = Literal["policies", "checkov"]

OUTCOMES: tuple[Outcome, ...] = ("pass", "fail", "undetermined", "not-applicable", "waived")
_WORST_FIRST: tuple[Outcome, ...] = ("fail", "undetermined", "pass", "not-applicable", "waived")


@dataclass(frozen=True)
class Source:
    """Where in the program a resource was written: a repository-relative POSIX path and a line from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Finding:
    """What a policy saw at one attribute of the resource it judges.

    `attribute` is Terraform's attribute path (`ingress[0].cidr_blocks`), empty when the resource as a whole is meant;
    `observed` a JSON value: what stands there, None when nothing does.
    """

    outcome: Outcome
    attribute: str
    observed: Any
    message: str


@dataclass(frozen=True)
class Policy:
    """One claim over the resource graph, with everything a reader of a finding needs.

    `judge` yields what it saw, passes included: a policy that says nothing has shown nothing, and the engine
    records that as undetermined. `applies_to` lists the resource types of its population.
    """

    id: str
    title: str
    remediation: str
    severity: Severity
    applies_to: tuple[str, ...]
    judge: Callable[["Resource", "ResourceGraph"], Iterator[Finding]]

    @cached_property
    def rationale(self) -> str:
        """Why the claim matters: the docstring of the judging function, as one paragraph."""
        return " ".join((inspect.getdoc(self.judge) or "").split())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file the policy is written in: evidence names the version that judged."""
        with open(inspect.getfile(self.judge), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()


@dataclass(frozen=True)
class Waiver:
    """Who accepted which finding, why, and until when (ISO dates). `place` is file and line of the entry.

    `environments` limits it to runs for these (`development`); empty means all.
    """

    policy: str
    stack: str
    addresses: tuple[str, ...]
    reason: str
    owner: str
    ticket: str
    created: str
    expires: str
    place: Source
    environments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """One policy on one resource: a row of the result, and of the evidence.

    `address` is empty when the policy found no resource to judge in the stack (outcome not-applicable).
    """

    policy: str
    engine: Engine
    stack: str
    address: str
    outcome: Outcome
    severity: Severity
    attribute: str
    observed: Any
    message: str
    remediation: str
    construct_path: str | None = None
    source: Source | None = None
    requirements: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Names the finding, not the line it stands on, so that it survives edits elsewhere."""
        identity = "\0".join((self.policy, self.stack, self.address, self.attribute))
        return hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def worst(outcomes: list[Outcome]) -> Outcome:
    """The outcome that decides when several findings meet on one resource; `outcomes` is not empty."""
    return min(outcomes, key=_WORST_FIRST.index)
