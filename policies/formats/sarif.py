"""SARIF 2.1.0: findings for code scanning and for editors, on the lines of the program that made them.

One run a stack, our policies as its driver and Checkov as an extension, so that a viewer keeps stacks apart and a
stack's findings together. Passes are not told. A waived finding is a result with a suppression. An undetermined one
has no kind of its own: SARIF has "open" for it, but viewers leave out what is not of kind "fail", and a finding that
nobody sees would look like a pass; its message and its properties say what it is.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from policies.formats.findings import Places, by_stack, in_a_line, located, relative, shown, worst_first
from policies.markdown import escaped
from policies.model import Assessment, Policy, Severity, Source, Waiver
from policies.result import NOT_JUDGED, GateResult, Validation
from policies.visible import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
STANDARD = "PCI DSS 4.0.1"
_TAG = "PCI-DSS-4.0.1"
_ROOT = "%SRCROOT%"
_LEVELS: Mapping[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# In the middle of the CVSS bands that GitHub calls by our words: critical from 9.0, high 7.0, medium 4.0, low 0.1.
_SECURITY_SEVERITY: Mapping[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
_EXTENSION = 0


def to_sarif(result: GateResult, catalogue: Mapping[str, Policy], exit_code: int) -> str:
    """The findings as one SARIF log with a final newline. Paths are relative to the folder that the gate runs in."""
    places = Places(result)
    runs = [_Run(stack, rows, result, catalogue, places).to_json(exit_code) for stack, rows in by_stack(result).items()]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, indent=1) + "\n"


class _Run:
    """One stack's findings."""

    def __init__(
        self,
        stack: str,
        assessments: list[Assessment],
        result: GateResult,
        catalogue: Mapping[str, Policy],
        places: Places,
    ) -> None:
        self._stack = stack
        self._result = result
        self._catalogue = catalogue
        self._places = places
        self._told = worst_first(assessments) + [one for one in assessments if one.outcome == "waived"]
        shown_by = {(one.engine, one.policy): one for one in self._told}
        self._rules = {
            engine: {policy: one for (by, policy), one in sorted(shown_by.items()) if by == engine}
            for engine in ("policies", "checkov")
        }

    def to_json(self, exit_code: int) -> dict[str, Any]:
        tools = self._result.tools
        driver = {"name": "policies", "version": tools.get("policies", ""), "rules": self._descriptors("policies")}
        tool: dict[str, Any] = {"driver": driver}
        if "checkov" in tools:
            checkov = {"name": "checkov", "version": tools["checkov"], "rules": self._descriptors("checkov")}
            tool["extensions"] = [checkov]
        return {
            "tool": tool,
            "automationDetails": {"id": f"policies/{quoted(self._stack)}/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
            "invocations": [self._invocation(exit_code)],
            "artifacts": self._artifacts(),
            "results": [self._result_of(one) for one in self._told],
            "properties": {
                "stack": visible(self._stack),
                "environment": visible(self._result.conditions.environment),
                "waiversJudgedOn": self._result.conditions.today,
            },
        }

    def _descriptors(self, engine: str) -> list[dict[str, Any]]:
        return [_descriptor(one, self._catalogue.get(one.policy)) for one in self._rules[engine].values()]

    def _invocation(self, exit_code: int) -> dict[str, Any]:
        """The run's exit code is that of all stacks together; what is notified concerns this one."""
        notifications = [_notification(one) for one in self._result.validation if one.stack == self._stack]
        unjudged = self._stack in self._result.unjudged()
        if unjudged:
            notifications.append(
                {
                    "level": "error",
                    "message": {"text": "no resource of the stack was judged"},
                    "descriptor": {"id": "unjudged"},
                }
            )
        return {
            "executionSuccessful": not unjudged,
            "exitCode": exit_code,
            "exitCodeDescription": _EXIT_CODES.get(exit_code, ""),
            "toolExecutionNotifications": notifications,
        }

    def _artifacts(self) -> list[dict[str, Any]]:
        """What was judged; the digest of a document covers its one file, and is left out where there are several."""
        found = []
        for document in self._result.documents:
            if document.stack != self._stack:
                continue
            for file in document.files:
                artifact: dict[str, Any] = {"location": _artifact(relative(str(file))), "roles": ["analysisTarget"]}
                if len(document.files) == 1:
                    artifact["hashes"] = {"sha-256": document.sha256}
                found.append(artifact)
        return found

    def _result_of(self, assessment: Assessment) -> dict[str, Any]:
        index = list(self._rules[assessment.engine]).index(assessment.policy)
        rule: dict[str, Any] = {"index": index}
        if assessment.engine == "checkov":
            rule["toolComponent"] = {"index": _EXTENSION}
        # GitHub keeps alerts apart by the first of these alone, and would else compute it from the line's text, which
        # is the same for all that a loop makes.
        fingerprint = assessment.fingerprint
        told: dict[str, Any] = {
            "ruleId": visible(assessment.policy),
            "rule": rule,
            "level": _LEVELS[assessment.severity],
            "message": _message(in_a_line(assessment)),
            "locations": [self._location(assessment)],
            "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "policyAndPlace/v1": fingerprint},
            "properties": {
                "outcome": assessment.outcome,
                "severity": assessment.severity,
                "stack": visible(assessment.stack),
                "address": shown(assessment.address),
                "attribute": shown(assessment.attribute),
                "observed": shown(json.dumps(assessment.observed, ensure_ascii=False)),
                "remediation": shown(assessment.remediation),
                "requirements": [visible(one) for one in assessment.requirements],
            },
        }
        related = self._related(assessment)
        if related:
            told["relatedLocations"] = related
        if assessment.waiver:
            told["suppressions"] = [_suppression(assessment.waiver)]
        return told

    def _related(self, assessment: Assessment) -> list[dict[str, Any]]:
        """The JSON, where the finding does not stand on it already, and the constructs around the resource."""
        judged = self._places.judged(assessment)
        found = []
        if judged and self._places.program(assessment):
            text = "the Terraform JSON that was judged"
            found.append((judged, text, _logical(assessment)))
        for path, place in self._places.makers(assessment):
            found.append((place, f"{shown(path)} is made here", [_construct(path)]))
        return [
            _physical(place) | {"id": number, "message": {"text": text}, "logicalLocations": logical}
            for number, (place, text, logical) in enumerate(found)
        ]

    def _location(self, assessment: Assessment) -> dict[str, Any]:
        place = self._places.best(assessment)
        return (_physical(place) if place else {}) | {"logicalLocations": _logical(assessment)}


_EXIT_CODES = {
    0: "every assessment passes or is waived",
    1: "at least one assessment failed",
    2: "none failed, some are undetermined",
    NOT_JUDGED: "something could not be judged",
}


def _descriptor(assessment: Assessment, policy: Policy | None) -> dict[str, Any]:
    """A rule; of Checkov's checks, and of waivers, only the assessment tells what they are about."""
    title = policy.title if policy else assessment.message
    rationale = policy.rationale if policy else assessment.message
    remediation = policy.remediation if policy else assessment.remediation
    numbers = [visible(one) for one in assessment.requirements]
    parts = {"Why": shown(rationale), "Fix": shown(remediation)}
    if numbers:
        parts["Requirements"] = f"{STANDARD}: {', '.join(numbers)}"
    return {
        "id": visible(assessment.policy),
        "shortDescription": {"text": shown(title)},
        "fullDescription": {"text": shown(rationale)},
        "help": {
            "text": "\n\n".join(f"{name}: {text}" for name, text in parts.items()),
            "markdown": "\n\n".join(f"**{name}** {escaped(text)}" for name, text in parts.items()),
        },
        "defaultConfiguration": {"level": _LEVELS[assessment.severity]},
        "properties": {
            "security-severity": _SECURITY_SEVERITY[assessment.severity],
            "precision": "high",
            "tags": ["security", *(f"{_TAG}/{number}" for number in numbers)],
        },
    }


def _suppression(waiver: Waiver) -> dict[str, Any]:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": shown(waiver.reason),
        "location": _physical(located(waiver.place)),
        "properties": {
            "owner": shown(waiver.owner),
            "ticket": shown(waiver.ticket),
            "created": waiver.created,
            "expires": waiver.expires,
        },
    }


def _notification(validation: Validation) -> dict[str, Any]:
    level = {"pass": "none", "not-run": "warning", "fail": "error"}[validation.outcome]
    version = f" {validation.terraform}" if validation.terraform else ""
    text = shown(f"terraform validate{version}: {validation.outcome}: {validation.message}")
    return {"level": level, "message": {"text": text}, "descriptor": {"id": "terraform-validate"}}


def _message(text: str) -> dict[str, str]:
    """Visible text, plain; a name must not be able to make a link of itself: [text](target) is one to SARIF."""
    return {"text": text.replace("](", "]\\(")}


def _logical(assessment: Assessment) -> list[dict[str, Any]]:
    """The resource by its Terraform address and by its construct path."""
    found = [{"fullyQualifiedName": shown(assessment.address or assessment.stack), "kind": "resource"}]
    return [*found, _construct(assessment.construct_path)] if assessment.construct_path else found


def _construct(path: str) -> dict[str, str]:
    return {"fullyQualifiedName": shown(path), "kind": "construct"}


def _physical(place: Source) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(place.file), "region": {"startLine": place.line}}}


def _artifact(path: str) -> dict[str, Any]:
    """A file of the repository relative to its root; one outside as an absolute URI."""
    if path.startswith("/"):
        return {"uri": f"file://{quoted(path)}"}
    return {"uri": quoted(path), "uriBaseId": _ROOT}


def quoted(path: str) -> str:
    """A path as part of a URI."""
    return quote(path, errors="backslashreplace")
