"""The gate's result: assessments, what they were made from, and the exit code they lead to."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from policies.documents import Document
from policies.model import OUTCOMES, Assessment, Outcome

SCHEMA = "gate-result/1"
# What they pass or leave open says only whether something was not judged, which is no judgement.
_UNSEEN = ("modules-are-judged", "nothing-is-deployed-unseen")
PASSED, FAILED, UNDETERMINED, NOT_JUDGED = 0, 1, 2, 3


@dataclass(frozen=True)
class Validation:
    """What `terraform validate` said of one stack; `terraform` is its version, None when it was not run."""

    stack: str
    outcome: Literal["pass", "fail", "not-run"]
    terraform: str | None
    message: str


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


@dataclass(frozen=True)
class GateResult:
    """Everything one run of the gate found, sorted, so that the same input gives the same bytes.

    `configuration` is what the one plan among the documents was made from, when that was given as well.
    """

    documents: tuple[Document, ...]
    assessments: tuple[Assessment, ...]
    validation: tuple[Validation, ...]
    tools: Mapping[str, str]
    configuration: Document | None
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
        judged = {
            one.stack
            for one in self.assessments
            if one.outcome != "not-applicable" and one.address and (one.outcome == "fail" or one.policy not in _UNSEEN)
        }
        return [document.stack for document in self.documents if document.stack not in judged]

    def exit_code(self, undetermined_fails: bool = True) -> int:
        """0 all passed, waived or old findings, 1 failed, 2 undetermined, 3 nothing judged."""
        if self.unjudged():
            return NOT_JUDGED
        deciding = {one.outcome for one in self.assessments if not one.baseline}
        if "fail" in deciding or any(one.outcome == "fail" for one in self.validation):
            return FAILED
        return UNDETERMINED if "undetermined" in deciding and undetermined_fails else PASSED


def gate_result(
    documents: Iterable[Document],
    assessments: Iterable[Assessment],
    validation: Iterable[Validation],
    tools: Mapping[str, str],
    configuration: Document | None,
    conditions: Conditions,
) -> GateResult:
    """Joins the parts and sorts them."""
    return GateResult(
        tuple(documents),
        tuple(sorted(assessments, key=lambda one: (one.stack, one.policy, one.address, one.attribute, one.message))),
        tuple(sorted(validation, key=lambda one: one.stack)),
        dict(sorted(tools.items())),
        configuration,
        conditions,
    )


def to_json(result: GateResult) -> str:
    """The machine-readable result, schema gate-result/1, with a final newline.

    One assessment a line: readable in a diff, and small enough to keep.
    """
    head = {
        "schema": SCHEMA,
        "inputs": [_document(one) for one in result.documents],
        "conditions": {
            **result.conditions.to_json(),
            "configuration": _document(result.configuration) if result.configuration else None,
        },
        "tools": result.tools,
        "validation": [asdict(one) for one in result.validation],
        "summary": result.summary,
    }
    rows = ",\n".join("  " + json.dumps(_row(one)) for one in result.assessments)
    return json.dumps(head, indent=1)[:-2] + f',\n "assessments": [\n{rows}\n ]\n}}\n'


def _document(document: Document) -> dict[str, str]:
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
