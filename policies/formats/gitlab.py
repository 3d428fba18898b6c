"""GitLab's Code Quality report: findings in the merge request's widget and beside the changed lines.

GitLab compares the report with that of the target branch and calls what is missing "resolved". A waived finding is not:
it stays in the report, under its fingerprint, as information.
"""

import json
from collections.abc import Mapping
from typing import Any

from policies.formats.findings import Places, in_a_line, worst_first
from policies.model import Assessment, Severity
from policies.result import GateResult
from policies.visible import visible

_SEVERITIES: Mapping[Severity, str] = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def to_gitlab(result: GateResult) -> str:
    """A JSON array with a final newline, one finding a line. A finding of no file GitLab could show is left out."""
    places = Places(result)
    told = worst_first(result.assessments) + result.of_outcome("waived")
    rows = [json.dumps(row) for row in (_row(one, places) for one in told) if row]
    return "[\n" + ",\n".join(rows) + "\n]\n" if rows else "[]\n"


def _row(assessment: Assessment, places: Places) -> dict[str, Any] | None:
    place = places.best(assessment)
    if place is None:
        return None
    waived = assessment.outcome == "waived"
    return {
        "description": in_a_line(assessment),
        "check_name": visible(assessment.policy),
        "fingerprint": assessment.fingerprint,
        "severity": "info" if waived else _SEVERITIES[assessment.severity],
        "location": {"path": visible(place.file), "lines": {"begin": place.line}},
    }
