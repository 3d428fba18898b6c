"""The gate's result: assessments, what they were made from, and the exit code they lead to."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from policies.documents import Kind
from policies.masking import masked
from policies.model import OUTCOMES, Assessment, Outcome

SCHEMA = "gate-result/1"
UNSEEN = "modules-are-judged"
# What they pass or leave open says only whether something was not judged, which is no judgement.
_OF_THE_UNSEEN = (UNSEEN, "nothing-is-deployed-unseen")
PASSED, FAILED, UNDETERMINED, NOT_JUDGED = 0, 1, 2, 3


@dataclass(frozen=True)
class Validation:
    """What `terraform validate` said of one stack; `terraform` is its version, None when it was not run."""

    stack: str
    outcome: Literal["pass", "fail", "not-run"]
    terraform: str | None
    message: str

    def __post_init__(self) -> None:
        """Terraform quotes what it does not understand: what looks like a credential is masked."""
        object.__setattr__(self, "message", masked(self.message))


@dataclass(frozen=True)
class WaiversFile:
    """The waivers that were taken into account; `path` is as the user gave or would write it."""

    path: str
    sha256: str


@dataclass(frozen=True)
class BaselineFile:
    """The baseline whose findings counted as old; `path` is as the user gave it."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Conditions:
    """What verdicts hang on beside the documents, the policies and the tools.

    `today` is the day that waivers were judged on (ISO date), `environment` what the run was for; `policies` are the
    ids and `addresses` the resource addresses it was limited to, None when it was not.
    """

    today: str
    environment: str
    waivers: WaiversFile | None = None
    policies: tuple[str, ...] | None = None
    baseline: BaselineFile | None = None
    addresses: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """As the result has them: the baseline and the addresses only where there are some."""
        optional = ("baseline", "addresses")
        return {name: value for name, value in asdict(self).items() if value is not None or name not in optional}


class Judged(Protocol):
    """What a result tells of a document; a Document tells it, and so does what a fleet keeps of one."""

    @property
    def path(self) -> str:
        """As the user gave or would write it."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    @property
    def stack(self) -> str:
        """Whose it is."""

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What was read."""

    @property
    def resource_count(self) -> int:
        """How many resources and data sources there are to judge."""


@dataclass(frozen=True)
class Refused:
    """An input of a fleet that could not be judged, and why: one line."""

    path: str
    reason: str


@dataclass(frozen=True)
class GateResult:
    """Everything one run of the gate found, sorted, so that the same input gives the same bytes.

    `configuration` is what the one plan among the documents was made from, when that was given as well.
    """

    documents: tuple[Judged, ...]
    assessments: tuple[Assessment, ...]
    validation: tuple[Validation, ...]
    tools: Mapping[str, str]
    configuration: Judged | None
    conditions: Conditions

    @property
    def summary(self) -> dict[Outcome, int]:
        """Outcome -> number of assessments."""
        counts = dict.fromkeys(OUTCOMES, 0)
        for assessment in self.assessments:
            counts[assessment.outcome] += 1
        return counts

    def of_outcome(self, outcome: Outcome) -> list[Assessment]:
        """The assessments that ended so, in their order."""
        return [assessment for assessment in self.assessments if assessment.outcome == outcome]

    def unjudged(self) -> list[str]:
        """Stacks in which nothing was judged: neither a pass nor any other verdict."""
        judged = {one.stack for one in self.assessments if is_verdict(one)}
        return [document.stack for document in self.documents if document.stack not in judged]

    def exit_code(self, undetermined_fails: bool = True) -> int:
        """0 all passed, waived or old findings, 1 failed, 2 undetermined, 3 nothing judged."""
        if self.unjudged():
            return NOT_JUDGED
        deciding = {one.outcome for one in self.assessments if not one.baseline}
        if "fail" in deciding or any(one.outcome == "fail" for one in self.validation):
            return FAILED
        return UNDETERMINED if "undetermined" in deciding and undetermined_fails else PASSED


def is_verdict(assessment: Assessment) -> bool:
    """Whether something of the stack was judged; a policy that found nothing, or only what it cannot see, did not."""
    if assessment.outcome == "not-applicable" or not assessment.address:
        return False
    return assessment.outcome == "fail" or assessment.policy not in _OF_THE_UNSEEN


def order(assessment: Assessment) -> tuple[str, str, str, str, str]:
    """What a result is sorted by."""
    return (assessment.stack, assessment.policy, assessment.address, assessment.attribute, assessment.message)


def gate_result(
    documents: Iterable[Judged],
    assessments: Iterable[Assessment],
    validation: Iterable[Validation],
    tools: Mapping[str, str],
    configuration: Judged | None,
    conditions: Conditions,
) -> GateResult:
    """Joins the parts and sorts them."""
    return GateResult(
        tuple(documents),
        tuple(sorted(assessments, key=order)),
        tuple(sorted(validation, key=lambda one: one.stack)),
        dict(sorted(tools.items())),
        configuration,
        conditions,
    )


def to_json(result: GateResult) -> str:
    """The machine-readable result, schema gate-result/1, with a final newline.

    One assessment a line: readable in a diff, and small enough to keep.
    """
    opening = head(
        result.documents, result.conditions, result.configuration, result.tools, result.validation, result.summary
    )
    return opening + BETWEEN.join(map(row, result.assessments)) + END


BETWEEN, END = ",\n", "\n ]\n}\n"  # what stands between the rows, and behind the last


def head(
    documents: Iterable[Judged],
    conditions: Conditions,
    configuration: Judged | None,
    tools: Mapping[str, str],
    validation: Iterable[Validation],
    summary: Mapping[Outcome, int],
    refused: Sequence[Refused] = (),
) -> str:
    """Everything before the first row. What was refused stands there only where something was."""
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "inputs": [_document(one) for one in documents],
        "conditions": {
            **conditions.to_json(),
            "configuration": _document(configuration) if configuration else None,
        },
        "tools": tools,
        "validation": [asdict(one) for one in validation],
        "summary": summary,
    }
    if refused:
        fields["refused"] = [asdict(one) for one in refused]
    return json.dumps(fields, indent=1)[:-2] + ',\n "assessments": [\n'


def row(assessment: Assessment) -> str:
    """One assessment, without the end of its line."""
    return "  " + json.dumps(_row(assessment))


def _document(document: Judged) -> dict[str, str]:
    return {"path": document.path, "kind": document.kind, "stack": document.stack, "sha256": document.sha256}


def _row(assessment: Assessment) -> dict[str, Any]:
    """One assessment; `"baseline": true` stands only with what the baseline lists, whose outcome stays what it is."""
    row = {
        **vars(assessment),
        "source": asdict(assessment.source) if assessment.source else None,
        "waiver": asdict(assessment.waiver) if assessment.waiver else None,
        "fingerprint": assessment.fingerprint,
    }
    if not assessment.baseline:
        del row["baseline"]
    return row
