"""The catalog: every requirement by its number and in our own words, never in the standard's."""

from typing import Any

from compliance.control_report import LIMITS, ControlReport, GroupReport, SectionReport
from compliance.entity import Fact, as_written
from compliance.oscal.metadata import metadata
from compliance.oscal.names import control_id, objective_id, revision, statement_id
from compliance.oscal.text import label, markup, prop
from compliance.requirements import Requirement
from compliance.verdict import Extent

NOT_DESCRIBED = (
    "Not described here: configuration says nothing about this requirement. Its text stands in the standard."
)
DECIDES: dict[Extent, str] = {
    "full": "Configuration decides the technical condition, for every resource concerned.",
    "partial": "Configuration decides some of the conditions.",
    "supporting": "Configuration helps; people, processes or the running system decide.",
    "none": "Configuration does not answer this requirement.",
}


def catalog(report: ControlReport) -> dict[str, Any]:
    """The document. What only the entity can say about itself is a parameter: the profile holds the answers."""
    parameters = [_parameter(one.fact) for one in report.entity.declarations]
    body = {
        "metadata": metadata(report, "numbers and paraphrases of the requirements", LIMITS[-1]),
        **({"params": parameters} if parameters else {}),
        "groups": [_group(group) for group in report.groups],
    }
    return {"catalog": {"uuid": revision(body), **body}}


def _parameter(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "label": markup(fact.asks),
        "select": {"how-many": "one", "choice": [as_written(value) for value in fact.values]},
    }


def _group(group: GroupReport) -> dict[str, Any]:
    return {
        "id": control_id(group.group.id),
        "class": "principal-requirement",
        "title": markup(group.group.title),
        "props": [label(group.group.id)],
        "groups": [_section(section) for section in group.sections],
    }


def _section(section: SectionReport) -> dict[str, Any]:
    return {
        "id": control_id(section.id),
        "class": "section",
        "title": markup(section.title),
        "props": [label(section.id)],
        "controls": [_control(row.requirement) for row in section.requirements],
    }


def _control(requirement: Requirement) -> dict[str, Any]:
    props = [label(requirement.id), prop("extent", requirement.extent), prop("owner", requirement.owner)]
    if requirement.service_provider_only:
        props.append(prop("service-provider-only", "yes"))
    if requirement.candidate_not_applicable:
        props.append(prop("candidate-not-applicable", "yes", remarks=requirement.candidate_not_applicable))
    statement = requirement.paraphrase or NOT_DESCRIBED
    parts = [
        {"id": statement_id(requirement.id), "name": "statement", "prose": markup(statement)},
        {
            "id": objective_id(requirement.id),
            "name": "assessment-objective",
            "prose": markup(DECIDES[requirement.extent]),
        },
    ]
    if requirement.manual:
        by_other_means = f"To be shown by other means: {requirement.manual}"
        parts.append({"id": f"{control_id(requirement.id)}_gdn", "name": "guidance", "prose": markup(by_other_means)})
    return {
        "id": control_id(requirement.id),
        "class": "requirement",
        "title": f"Requirement {requirement.id}",
        "props": props,
        "parts": parts,
    }
