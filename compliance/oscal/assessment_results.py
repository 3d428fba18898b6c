"""The assessment results: what was judged, what was seen, and what follows from it.

Items of evidence are observations; resources are inventory items, defined once and referred to by UUID. A finding
of OSCAL is either satisfied or not-satisfied, so only a requirement that the evidence supports or contradicts has
one. Every other verdict is a property of the result, as are these, so that no requirement is missing. A waived
finding is a risk that the entity accepted until a day: its status is deviation-approved, and no requirement is
satisfied by it.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from compliance.control_report import ControlReport, EvidenceItem, RequirementReport, component_type
from compliance.entity import FILE
from compliance.oscal.assessment_plan import METHOD
from compliance.oscal.metadata import metadata, time_of
from compliance.oscal.names import (
    ASSESSMENT_PLAN,
    control_id,
    engine_id,
    identifier,
    objective_id,
    observation_id,
    resource_id,
    revision,
    stack_id,
    task_id,
)
from compliance.oscal.scope import reviewed_controls
from compliance.oscal.text import clipped, markup, prop, string
from compliance.verdict import Verdict
from compliance.visible import OUTCOME_WORDS
from policies.model import Assessment, Engine, Waiver
from policies.recorded_result import Input

STATES: dict[Verdict, str] = {"supports": "satisfied", "contradicts": "not-satisfied"}
WAIVED = "deviation-approved"
NOT_THE_ASSESSORS = "Whether a requirement is met is the assessor's finding; nothing here states it."

_SHA256 = re.compile(r"[0-9a-f]{64}")


def assessment_results(report: ControlReport) -> dict[str, Any]:
    """The document."""
    body = {
        "metadata": metadata(report, "what the evidence says"),
        "import-ap": {"href": ASSESSMENT_PLAN},
        "results": [_result(report)],
        "back-matter": {"resources": [_gate_result(report), *_input_resources(report), *_declarations(report)]},
    }
    return {"assessment-results": {"uuid": revision(body), **body}}


def _result(report: ControlReport) -> dict[str, Any]:
    time = time_of(report)
    judged = [row.requirement.id for row in report.requirements if row.judged]
    lists = {
        "observations": [
            _observation(report, item)
            for row in report.requirements
            for item in row.evidence_items
            if item.evidence.assessments
        ],
        "risks": [_risk(report, waiver, rows) for waiver, rows in _waivers(report).items()],
        "findings": [_finding(row) for row in report.requirements if row.verdict in STATES],
    }
    items = list(_inventory(report))
    return {
        "uuid": identifier("result", report.result.sha256, time),
        "title": "What the Terraform configuration shows",
        "description": markup(NOT_THE_ASSESSORS),
        "start": time,
        "end": time,
        "props": [*_provenance(report), *(_verdict(row) for row in report.requirements)],
        **({"local-definitions": {"inventory-items": items}} if items else {}),
        "reviewed-controls": reviewed_controls(
            report, judged, "Requirements that at least one resource was judged against."
        ),
        **{name: rows for name, rows in lists.items() if rows},
    }


def _provenance(report: ControlReport) -> Iterator[dict[str, Any]]:
    origin = report.provenance
    yield prop("gate-result-sha256", report.result.sha256)
    if origin.commit:
        yield prop("commit", origin.commit)
        yield prop("uncommitted-changes", "yes" if origin.is_dirty else "no")
    for declaration, (name, answer, question) in zip(report.entity.declarations, report.entity.as_rows(), strict=True):
        if declaration.value is not None:
            yield prop("declared-by-the-entity", answer, class_=name, remarks=question)
    for row in report.result.validation:
        yield prop("terraform-validate", row.outcome, remarks=f"Stack {row.stack}: {row.message}")


def _verdict(row: RequirementReport) -> dict[str, Any]:
    return prop("verdict", row.verdict, class_=control_id(row.requirement.id), remarks=row.reason)


def _inventory(report: ControlReport) -> Iterator[dict[str, Any]]:
    """Every resource that an item of evidence is about, once."""
    rows = (row for item in report.evidence_items for row in item.evidence.assessments if row.address)
    resources = {(row.stack, row.address): row for row in rows}
    for (stack, address), row in sorted(resources.items()):
        props = [prop("address", address), prop("resource-type", component_type(address))]
        if row.construct_path:
            props.append(prop("construct-path", row.construct_path))
        if row.source:
            props.append(prop("written-at", f"{row.source.file}:{row.source.line}"))
        yield {
            "uuid": resource_id(stack, address),
            "description": f"Terraform resource {clipped(address)}",
            "props": props,
            "implemented-components": [{"component-uuid": stack_id(stack)}],
        }


def _observation(report: ControlReport, item: EvidenceItem) -> dict[str, Any]:
    evidence = item.evidence
    tally = ", ".join(f"{number} {OUTCOME_WORDS[outcome]}" for outcome, number in item.counts.items() if number)
    return {
        "uuid": observation_id(item.id),
        "title": markup(f"{evidence.id} for {item.requirement}"),
        "description": markup(f"{evidence.title or evidence.id}: {tally}."),
        "props": [
            prop("evidence-id", item.id),
            prop("control-id", control_id(item.requirement)),
            prop("extent", item.extent),
            prop("rule-id", evidence.id),
            prop("rule-version", item.version),
            prop("population", str(item.population_count), remarks=item.population_made),
        ],
        "methods": [METHOD],
        "types": ["control-objective"],
        "origins": [_origin(evidence.engine)],
        "subjects": [_subject(row) for row in evidence.assessments],
        "relevant-evidence": [_gate_result_evidence(report), *_input_evidence(report, item)],
        "collected": time_of(report),
        "remarks": markup(" ".join(item.limits)),
    }


def _origin(engine: Engine) -> dict[str, Any]:
    return {
        "actors": [{"type": "tool", "actor-uuid": engine_id(engine)}],
        "related-tasks": [{"task-uuid": task_id(engine)}],
    }


def _subject(row: Assessment) -> dict[str, Any]:
    """What one assessment is about: a resource, or the stack where there was none."""
    subject: dict[str, Any] = {
        "subject-uuid": resource_id(row.stack, row.address) if row.address else stack_id(row.stack),
        "type": "inventory-item" if row.address else "component",
        "props": [prop("outcome", row.outcome)],
    }
    if row.outcome not in ("pass", "not-applicable"):
        subject["remarks"] = f"Seen: {clipped(row.message)}"
    return subject


def _gate_result_evidence(report: ControlReport) -> dict[str, Any]:
    return {
        "href": f"#{_gate_result_id()}",
        "description": "Every assessment, as the gate wrote it.",
        "props": [prop("sha256", report.result.sha256)],
    }


def _input_evidence(report: ControlReport, item: EvidenceItem) -> Iterator[dict[str, Any]]:
    """The inputs of the stacks that the observation speaks of."""
    spoken_of = {row.stack for row in item.evidence.assessments}
    for row in _inputs(report):
        if row.stack in spoken_of:
            yield {
                "href": f"#{_input_id(row)}",
                "description": f"The configuration of stack {clipped(row.stack)}, which was examined.",
                "props": [prop("sha256", row.sha256), prop("kind", row.kind)],
            }


def _finding(row: RequirementReport) -> dict[str, Any]:
    """What follows for one requirement; one that is contradicted without any evidence has no observation."""
    number = row.requirement.id
    state = STATES[row.verdict]
    observations = [item for item in row.evidence_items if item.evidence.assessments]
    risks = dict.fromkeys(_risk_id(one.waiver) for one in row.judged if one.waiver)
    related = {
        "related-observations": [{"observation-uuid": observation_id(item.id)} for item in observations],
        "related-risks": [{"risk-uuid": id_} for id_ in risks],
    }
    return {
        "uuid": identifier("finding", number),
        "title": f"Requirement {number}: {row.verdict}",
        "description": markup(f"{row.reason} {NOT_THE_ASSESSORS}"),
        "target": {
            "type": "objective-id",
            "target-id": objective_id(number),
            "status": {"state": state, "reason": "pass" if state == "satisfied" else "fail"},
        },
        **{name: rows for name, rows in related.items() if rows},
    }


def _waivers(report: ControlReport) -> dict[Waiver, list[Assessment]]:
    """Every waiver that took effect, with what it covers; two entries of the same words are one."""
    found: dict[str, tuple[Waiver, list[Assessment]]] = {}
    for row in report.waived:
        if row.waiver:
            found.setdefault(_risk_id(row.waiver), (row.waiver, []))[1].append(row)
    return dict(found[id_] for id_ in sorted(found))


def _risk_id(waiver: Waiver) -> str:
    words = (waiver.policy, waiver.stack, *waiver.addresses, waiver.reason, waiver.owner, waiver.ticket)
    return identifier("risk", *words, waiver.created, waiver.expires)


def _risk(report: ControlReport, waiver: Waiver, rows: list[Assessment]) -> dict[str, Any]:
    policies = {row.policy for row in rows}
    observations = [
        observation_id(item.id)
        for row in report.requirements
        for item in row.evidence_items
        if item.evidence.id in policies and any(one in item.evidence.assessments for one in rows)
    ]
    fields = ("policy", "stack", "owner", "ticket", "created", "expires")
    risk: dict[str, Any] = {
        "uuid": _risk_id(waiver),
        "title": f"Accepted finding of {markup(', '.join(sorted(policies)))}",
        "description": f"A waiver covers {', '.join(clipped(f'{row.stack}: {row.place}') for row in rows)}.",
        "statement": f"Reason given: {markup(waiver.reason)}",
        "props": [prop(name, value) for name in fields if (value := getattr(waiver, name))],
        "status": WAIVED,
        "origins": [_origin(engine) for engine in sorted({row.engine for row in rows})],
    }
    if deadline := _end_of_day(waiver.expires):
        risk["deadline"] = deadline
    if observations:
        risk["related-observations"] = [{"observation-uuid": id_} for id_ in observations]
    return risk


def _end_of_day(day: str) -> str | None:
    """The last second of an ISO date, up to which a waiver holds; None when it is no date."""
    try:
        return f"{date.fromisoformat(day).isoformat()}T23:59:59Z"
    except ValueError:
        return None


def _gate_result(report: ControlReport) -> dict[str, Any]:
    description = "The gate's result: every assessment."
    return _file(_gate_result_id(), description, report.provenance.result_path, report.result.sha256)


def _input_resources(report: ControlReport) -> Iterator[dict[str, Any]]:
    for row in _inputs(report):
        description = f"Input of stack {clipped(row.stack)} ({clipped(row.kind)})."
        yield _file(_input_id(row), description, row.path, row.sha256)


def _declarations(report: ControlReport) -> Iterator[dict[str, Any]]:
    if report.entity.digest:
        description = "What the entity declares about itself."
        yield _file(identifier("resource", "entity"), description, FILE.name, report.entity.digest)


def _inputs(report: ControlReport) -> tuple[Input, ...]:
    return tuple({_input_id(row): row for row in report.result.inputs}.values())


def _gate_result_id() -> str:
    return identifier("resource", "gate-result")


def _input_id(row: Input) -> str:
    return identifier("resource", "input", row.stack, row.path)


def _file(uuid: str, description: str, path: str, sha256: str) -> dict[str, Any]:
    """A resource of the back matter; a digest that is none is kept as text only."""
    link: dict[str, Any] = {"href": quote(string(path), safe="/")}
    if _SHA256.fullmatch(sha256):
        link["hashes"] = [{"algorithm": "SHA-256", "value": sha256}]
    return {"uuid": uuid, "description": description, "props": [prop("sha256", sha256)], "rlinks": [link]}
