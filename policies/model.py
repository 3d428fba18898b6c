"""The vocabulary of the gate: what a policy is, what it finds, and what the gate concludes.

One word, one meaning: a *policy* is our check of one claim; an *assessment* is one policy on one resource, with an
*outcome*; a *finding* is what a policy saw at one attribute; a *waiver* is an accepted finding and never a pass.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from policies.masking import masked, masked_name, masked_value, texts, without

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
    records that as undetermined. `applies_to` lists the resource types of its population; `*` alone means all of
    them.

    Keyword-only arguments of `judge` are the policy's parameters: what a specification may ask for (`days`, `zones`).
    One without a default makes the policy judge only where a specification asks.
    """

    id: str
    title: str
    remediation: str
    severity: Severity
    applies_to: tuple[str, ...]
    judge: Callable[..., Iterator[Finding]]

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters by name, with their types and defaults."""
        given = inspect.signature(self.judge).parameters
        return {name: one for name, one in given.items() if one.kind is inspect.Parameter.KEYWORD_ONLY}

    @cached_property
    def waits_to_be_asked(self) -> bool:
        """Whether a parameter has no default, so that only a specification can say what to judge by."""
        return any(one.default is inspect.Parameter.empty for one in self.parameters.values())

    @cached_property
    def rationale(self) -> str:
        """Why the claim matters: the docstring of the judging function, as one paragraph."""
        return " ".join((inspect.getdoc(self.judge) or "").split())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the code that the policy is made of: evidence names the version that judged."""
        from policies.source_code import digest_of  # only a report asks, and parsing takes time

        return digest_of(Path(inspect.getfile(self.judge)))


@dataclass(frozen=True)
class Asked:
    """What a specification asks of one policy: `parameters` for it, and `by` whom (ids such as P-NET-1)."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waiver:
    """Who accepted which finding, why, and until when (ISO dates). `place` is file and line of the entry.

    `environments` limits it to runs for these (`development`); empty means all. `compensating_control` names the
    worksheet of the control that PCI DSS would ask for in place of what is waived; the waiver itself is none.
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
    compensating_control: str | None = None

    def __post_init__(self) -> None:
        """What looks like a credential is masked from the beginning, as in the assessments that it is held against."""
        addresses = tuple(map(masked_name, self.addresses))
        control = self.compensating_control and masked(self.compensating_control)
        told = {name: masked(getattr(self, name)) for name in ("reason", "owner", "ticket")}
        _set(self, addresses=addresses, compensating_control=control, **told)


@dataclass(frozen=True)
class Assessment:
    """One policy on one resource: a row of the result, and of the evidence.

    `address` is empty when the policy found no resource to judge in the stack: not-applicable, or a failure where a
    specification asks for one. `baseline` marks a finding that the baseline lists as an old one: it stays what it is,
    a failure or undetermined, and only does not decide the exit code.

    What looks like a credential is masked in every part of it, the address included, and so in all that is made of it.
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
    baseline: bool = False

    def __post_init__(self) -> None:
        """Masks; see the class."""
        address, path = masked_name(self.address), self.construct_path
        attribute, observed = masked_name(self.attribute), masked_value(self.observed, self.address, self.attribute)
        told = {"message": masked(self.message), "remediation": masked(self.remediation)}
        if observed != self.observed:  # a message that repeats the value repeats none of it
            hidden = [one for one in texts(self.observed) if one not in set(texts(observed))]
            told = {name: without(text, hidden) for name, text in told.items()}
        _set(
            self,
            address=address,
            attribute=attribute,
            observed=observed,
            construct_path=path and masked_name(path),
            **told,
        )

    @property
    def place(self) -> str:
        """What was judged, for a reader."""
        return self.address or "the stack as a whole"

    @cached_property
    def fingerprint(self) -> str:
        """Names the finding, not the line it stands on, so that it survives edits elsewhere."""
        identity = "\0".join((self.policy, self.stack, self.address, self.attribute))
        return hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:32]

    @property
    def short_fingerprint(self) -> str:
        """As much of it as people read and type."""
        return self.fingerprint[:12]


@dataclass(frozen=True)
class KnownIds:
    """Ids of policies and Checkov's checks: those that took part in a run, and those that can be named.

    `exists` also answers for ids that a run cannot list, such as Checkov's where it was not asked.
    """

    ran: frozenset[str]
    every: frozenset[str]
    exists: Callable[[str], bool]


def _set(frozen: Any, **fields: Any) -> None:
    """Gives fields of a frozen dataclass, while it is made, the values that differ."""
    for name, value in fields.items():
        if value != getattr(frozen, name):
            object.__setattr__(frozen, name, value)


def worst(outcomes: list[Outcome]) -> Outcome:
    """The outcome that decides when several findings meet on one resource; `outcomes` is not empty."""
    return min(outcomes, key=_WORST_FIRST.index)
