"""The component definition: what each tool checks for each requirement, and which of it each stack was judged by.

Rules are properties in the form that compliance-trestle reads: Rule_Id and Rule_Description of a component, tied
together by their remarks; an implemented requirement names its rules by Rule_Id.
"""

from collections.abc import Iterable
from typing import Any

from compliance.control_report import ControlReport, EdgeReport, Evidence, RequirementReport
from compliance.oscal.engines import DESCRIPTIONS, ENGINES, TITLES, mapped_evidence, version_of
from compliance.oscal.metadata import metadata
from compliance.oscal.names import PROFILE, control_id, identifier, revision
from compliance.oscal.scope import stacks
from compliance.oscal.text import clipped, markup, prop
from policies.model import Engine

TRESTLE_NAMESPACE = "https://oscal-compass.github.io/compliance-trestle/schemas/oscal/cd"


def component_definition(report: ControlReport) -> dict[str, Any]:
    """The document."""
    body = {
        "metadata": metadata(report, "tools, stacks and the requirements they bear on"),
        "components": [
            *(_engine(report, engine) for engine in ENGINES),
            *(_stack(report, stack) for stack in stacks(report)),
        ],
    }
    return {"component-definition": {"uuid": revision(body), **body}}


def _engine(report: ControlReport, engine: Engine) -> dict[str, Any]:
    rules = mapped_evidence(report, engine)
    requirements = [
        _edge(engine, edge, mine)
        for row in report.requirements
        for edge in row.edges
        if (mine := [evidence for evidence in edge.evidence if evidence.engine == engine])
    ]
    component = {
        "uuid": identifier("defined-component", "engine", engine),
        "type": "validation",
        "title": TITLES[engine],
        "description": markup(DESCRIPTIONS[engine]),
        "props": [prop("tool-version", version_of(report, engine)), *_rules(rules)],
    }
    description = "What this tool checks is evidence for these requirements, one entry for each edge of the mapping."
    return component | _implementation(requirements, description, "engine", engine)


def _rules(rules: Iterable[Evidence]) -> Iterable[dict[str, Any]]:
    for rule in rules:
        yield _rule("Rule_Id", rule.id, rule)
        yield _rule("Rule_Description", rule.title or rule.id, rule)
        if rule.digest:
            yield prop("source-sha256", rule.digest) | {"remarks": rule.id}


def _rule(name: str, value: str, rule: Evidence) -> dict[str, Any]:
    return prop(name, value, ns=TRESTLE_NAMESPACE) | {"remarks": rule.id}


def _edge(engine: Engine, row: EdgeReport, evidence: list[Evidence]) -> dict[str, Any]:
    edge = row.edge
    props = [prop("extent", edge.extent), prop("source", edge.source)]
    if edge.note:
        props.append(prop("note", edge.note))
    return {
        "uuid": identifier("implemented-requirement", "engine", engine, edge.requirement, *edge.ids),
        "control-id": control_id(edge.requirement),
        "description": markup(f"Evidence of {edge.extent} extent. {edge.note}".rstrip()),
        "props": [*props, *(prop("Rule_Id", one.id, ns=TRESTLE_NAMESPACE) for one in evidence)],
    }


def _stack(report: ControlReport, stack: str) -> dict[str, Any]:
    requirements = [made for row in report.requirements if (made := _judged_in(stack, row))]
    component = {
        "uuid": identifier("defined-component", "stack", stack),
        "type": "software",
        "title": f"Stack {clipped(stack)}",
        "description": "A stack: resources that Terraform deploys together, described in code.",
        "props": [prop("stack", stack)],
    }
    description = "Resources of this stack were judged by these rules; the assessment results say with what outcome."
    return component | _implementation(requirements, description, "stack", stack)


def _judged_in(stack: str, row: RequirementReport) -> dict[str, Any] | None:
    rules = {one.id for edge in row.edges for one in edge.evidence if any(at.stack == stack for at in one.judged)}
    if not rules:
        return None
    resources = {at.address for at in row.judged if at.stack == stack}
    return {
        "uuid": identifier("implemented-requirement", "stack", stack, row.requirement.id),
        "control-id": control_id(row.requirement.id),
        "description": f"{len(resources)} resource{'' if len(resources) == 1 else 's'} judged.",
        "props": [prop("Rule_Id", id_, ns=TRESTLE_NAMESPACE) for id_ in sorted(rules)],
    }


def _implementation(requirements: list[dict[str, Any]], description: str, kind: str, name: str) -> dict[str, Any]:
    if not requirements:
        return {}
    implementation = {
        "uuid": identifier("control-implementation", kind, name),
        "source": PROFILE,
        "description": description,
        "implemented-requirements": requirements,
    }
    return {"control-implementations": [implementation]}
