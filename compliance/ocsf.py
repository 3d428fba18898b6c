"""The assessments as OCSF events, for a SIEM: one Compliance Finding (class 2003) for each judged resource and policy.

A SIEM counts, filters and alerts on what one check said about one resource, so that is an event; the requirements it
bears on are a list inside. The array has one event a line. What the policy "found nothing to judge" says is no event.

    outcome       compliance.status_id   status_id of the finding   severity_id
    pass          1 Pass                 1 New                      1 Informational
    fail          3 Fail                 1 New                      that of the policy
    undetermined  0 Unknown              1 New                      that of the policy
    waived        99 Other "Waived"      3 Suppressed               that of the policy

A waiver is no pass, and the accepted finding may have been a failure or undetermined, so its status is the only one
left. "Pass" is what the check says about the resource, not that a requirement is met.

`finding_info.uid` is the fingerprint of the assessment: the same in every run, and in SARIF and gate-result.json.
`metadata.uid` names the event, so it is another one in every run with another result. Times are milliseconds since
1970 in UTC; 0 when the report has no time.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from compliance.control_report import ControlReport, component_type
from compliance.oscal.names import identifier
from compliance.requirements import STANDARD, VERSION
from compliance.visible import observed_text
from policies.model import Assessment, Outcome, Severity
from policies.visible import visible

OCSF_VERSION = "1.6.0"
PRODUCT = {"name": "Control report", "vendor_name": "Compliance-first infrastructure"}
LABEL = f"{STANDARD} v{VERSION}"  # as AWS Security Hub writes it, so that both can be joined
CLASS_UID = 2003
ACTIVITY_CREATE = 1

# compliance.status_id and its caption; the caption of 99 is the source's own word.
COMPLIANCE_STATUS: dict[Outcome, tuple[int, str]] = {
    "pass": (1, "Pass"),
    "fail": (3, "Fail"),
    "undetermined": (0, "Unknown"),
    "waived": (99, "Waived"),
}
NEW = (1, "New")
SUPPRESSED = (3, "Suppressed")
INFORMATIONAL = (1, "Informational")
SEVERITIES: dict[Severity, tuple[int, str]] = {
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
RULE = 1  # the kind of analytic
NO_STACK = "(no stack)"


def render_ocsf(report: ControlReport) -> str:
    """All events as a JSON array in ASCII, with a line break at the end."""
    encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
    lines = ",\n".join(encoder.encode(event) for event in _events(report))
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _events(report: ControlReport) -> Iterator[dict[str, Any]]:
    time = _milliseconds(report.provenance.time)
    seen: Counter[str] = Counter()
    for row in report.result.assessments:
        if row.outcome != "not-applicable":
            seen[row.fingerprint] += 1
            times = seen[row.fingerprint]
            yield _event(report, row, time, row.fingerprint if times == 1 else f"{row.fingerprint}-{times}")


def _event(report: ControlReport, row: Assessment, time: int, uid: str) -> dict[str, Any]:
    evidence = report.evidence[row.policy]
    title = visible(evidence.title or _checkov_title(row) or row.policy)
    severity_id, severity = INFORMATIONAL if row.outcome == "pass" else SEVERITIES[row.severity]
    status_id, status = SUPPRESSED if row.outcome == "waived" else NEW
    version = evidence.digest or report.result.tools.get(row.engine, "")
    analytic = {"uid": visible(row.policy), "name": title, "type_id": RULE, "type": "Rule"}
    event: dict[str, Any] = {
        "activity_id": ACTIVITY_CREATE,
        "activity_name": "Create",
        "category_uid": CLASS_UID // 1000,
        "category_name": "Findings",
        "class_uid": CLASS_UID,
        "class_name": "Compliance Finding",
        "type_uid": CLASS_UID * 100 + ACTIVITY_CREATE,
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": visible(f"{row.stack}: {row.place}: {row.outcome}: {row.message}"),
        "metadata": {
            "version": OCSF_VERSION,
            "product": PRODUCT | {"feature": {"name": row.engine}},
            "uid": identifier("ocsf-event", report.result.sha256, str(time), uid),
        },
        "finding_info": {
            "uid": uid,
            "title": title,
            "analytic": analytic | ({"version": visible(version)} if version else {}),
        },
        "compliance": _compliance(report, row),
        "resources": [_resource(report, row)],
        "unmapped": _unmapped(row),
    }
    if row.outcome != "pass" and row.remediation:
        event["remediation"] = {"desc": visible(row.remediation)}
    return event


def _checkov_title(row: Assessment) -> str:
    """Checkov's message is the name of its check; we keep titles of our own only for checks that are mapped."""
    return row.message if row.engine == "checkov" else ""


def _compliance(report: ControlReport, row: Assessment) -> dict[str, Any]:
    status_id, status = COMPLIANCE_STATUS[row.outcome]
    compliance: dict[str, Any] = {
        "control": visible(row.policy),
        "status_id": status_id,
        "status": status,
        "status_code": row.outcome,
    }
    if requirements := report.requirements_by_evidence.get(row.policy):
        compliance["standards"] = [LABEL]
        compliance["requirements"] = [f"{LABEL}/{id_}" for id_ in requirements]
    if row.waiver:
        waiver = row.waiver
        compliance["status_details"] = [
            visible(f"Accepted by {waiver.owner} until {waiver.expires}: {waiver.reason}"),
            "A waiver is not a pass, and not a compensating control.",
        ]
    return compliance


def _resource(report: ControlReport, row: Assessment) -> dict[str, Any]:
    """What was judged: a Terraform resource, the stack as a whole, or, by the engine itself, a file or a module."""
    stack = visible(row.stack) or NO_STACK
    if not row.address:
        return {"uid": stack, "name": stack, "type": "stack"}
    resource = {"uid": visible(f"{row.stack}:{row.address}"), "name": visible(row.address), "namespace": stack}
    if row.policy not in _of_the_engine(report):
        resource["type"] = visible(component_type(row.address))
    return resource


def _of_the_engine(report: ControlReport) -> set[str]:
    return {row.evidence.id for row in report.unclaimed if row.unclaimed.engine_level}


def _unmapped(row: Assessment) -> dict[str, str]:
    """What OCSF has no attribute for: where it is written, what was seen, and whose ticket it is."""
    fields = {
        "attribute": row.attribute,
        "observed": "" if row.observed is None or row.outcome == "pass" else observed_text(row.observed),
        "construct_path": row.construct_path or "",
        "source": f"{row.source.file}:{row.source.line}" if row.source else "",
        "ticket": row.waiver.ticket if row.waiver else "",
    }
    return {name: visible(value) for name, value in fields.items() if value}


def _milliseconds(time: str | None) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000) if time else 0
