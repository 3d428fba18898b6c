"""The assessment plan: what is checked, by which tool, and how: by examining configuration."""

from typing import Any

from compliance.control_report import LIMITS, ControlReport, Evidence
from compliance.oscal.engines import DESCRIPTIONS, ENGINES, TITLES, mapped_evidence, version_of
from compliance.oscal.metadata import metadata
from compliance.oscal.names import activity_id, engine_id, identifier, revision, stack_id, task_id
from compliance.oscal.scope import reviewed_controls, stacks
from compliance.oscal.text import clipped, markup, prop
from policies.model import Engine

METHOD = "EXAMINE"
NO_SSP = (
    "A placeholder: OSCAL demands that a plan imports a system security plan, and none exists in OSCAL form. The"
    " stacks are described in this plan, the resources in the assessment results."
)


def assessment_plan(report: ControlReport) -> dict[str, Any]:
    """The document."""
    placeholder = identifier("resource", "system-security-plan")
    mapped = [row.requirement.id for row in report.requirements if row.evidence_items]
    components = [_stack(stack) for stack in stacks(report)]
    body = {
        "metadata": metadata(report, "what is checked, and how"),
        "import-ssp": {"href": f"#{placeholder}"},
        "local-definitions": {
            **({"components": components} if components else {}),
            "activities": [_activity(report, engine) for engine in ENGINES],
        },
        "terms-and-conditions": {
            "parts": [{"name": "disclosures", "title": "Limits", "prose": markup(sentence)} for sentence in LIMITS]
        },
        "reviewed-controls": reviewed_controls(
            report, mapped, "Requirements that at least one policy or check is mapped to."
        ),
        "assessment-subjects": [
            {"type": "component", "description": "Every stack of the run.", "include-all": {}},
            {
                "type": "inventory-item",
                "description": "Every resource of these stacks; nothing is sampled.",
                "include-all": {},
            },
        ],
        "assessment-assets": {
            "components": [_engine(report, engine) for engine in ENGINES],
            "assessment-platforms": [
                {
                    "uuid": identifier("assessment-platform"),
                    "title": "The gate",
                    "uses-components": [{"component-uuid": engine_id(engine)} for engine in ENGINES],
                }
            ],
        },
        "tasks": [_task(engine) for engine in ENGINES],
        "back-matter": {
            "resources": [{"uuid": placeholder, "title": "System security plan", "description": markup(NO_SSP)}]
        },
    }
    return {"assessment-plan": {"uuid": revision(body), **body}}


def _stack(stack: str) -> dict[str, Any]:
    return {
        "uuid": stack_id(stack),
        "type": "software",
        "title": f"Stack {clipped(stack)}",
        "description": "A stack: resources that Terraform deploys together, described in code.",
        "props": [
            prop("stack", stack),
            prop("defined-component-uuid", identifier("defined-component", "stack", stack)),
        ],
        "status": {"state": "other", "remarks": "Configuration is examined; whether it is deployed is not shown."},
    }


def _engine(report: ControlReport, engine: Engine) -> dict[str, Any]:
    return {
        "uuid": engine_id(engine),
        "type": "software",
        "title": TITLES[engine],
        "description": markup(DESCRIPTIONS[engine]),
        "props": [
            prop("tool-version", version_of(report, engine)),
            prop("defined-component-uuid", identifier("defined-component", "engine", engine)),
        ],
        "status": {"state": "operational"},
    }


def _activity(report: ControlReport, engine: Engine) -> dict[str, Any]:
    steps = [_step(evidence) for evidence in mapped_evidence(report, engine)]
    return {
        "uuid": activity_id(engine),
        "title": f"{TITLES[engine]}: examine the configuration",
        "description": markup(DESCRIPTIONS[engine]),
        "props": [{"name": "method", "value": METHOD}],
        **({"steps": steps} if steps else {}),
    }


def _step(evidence: Evidence) -> dict[str, Any]:
    return {
        "uuid": identifier("step", evidence.engine, evidence.id),
        "title": markup(evidence.title or evidence.id),
        "description": markup(evidence.rationale or evidence.title or evidence.id),
        "props": [prop("rule-id", evidence.id)],
    }


def _task(engine: Engine) -> dict[str, Any]:
    return {
        "uuid": task_id(engine),
        "type": "action",
        "title": f"Run of {TITLES[engine]}",
        "associated-activities": [
            {
                "activity-uuid": activity_id(engine),
                "subjects": [{"type": "inventory-item", "include-all": {}}],
            }
        ],
    }
