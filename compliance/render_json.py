"""The control report as JSON, for programs.

Schema control-report/1. Keys of the top level:

schema          "control-report/1"
standard        {name, version, identifiers, sections, requirements}: what is reported on, how many of each
limits          sentences a reader has to know
provenance      {time, time_source, commit, dirty, result: {path, sha256}, inputs, validation, tools, conditions};
                conditions are the day that waivers were judged on, the environment, the waivers file, what the run
                was limited to, and a plan's configuration (gate-result/1), or null where the result does not say
entity          {sha256, facts: [{id, answer, asks}]}: what the entity declares about itself; the digest is that of
                entity.yaml, null where there is none
summary         {verdicts: {verdict: requirements}, outcomes: {outcome: assessments}}
requirements    one entry for each requirement of the standard, in its order:
                {id, section, group, paraphrase, verdict, reason, extent, owner, service_provider_only,
                 manual, counts: {outcome: assessments}, population: {stack: [address]},
                 edges: [{extent, source, note, evidence: [id], artefacts: [name]}], evidence_items: [item],
                 assessor: {finding: "", comment: ""}}
groups          {id: title} of the principal requirements; sections likewise of the headings below them
evidence        {id: {engine, title, rationale, digest, claimed, counts, population, assessments}} of every
                policy and Checkov check that an edge names or the result holds; assessments as in
                gate-result/1
unclaimed       [{id, reason}]: policies that are evidence for no requirement
population_gaps assessments that say that some resources could not be seen
landscape       {inventories: [{id, requirement, title, note, columns, rows}], diagrams: [{stack, id, requirement,
                 title, nodes: [{id, heading, detail, kind}], arrows: [{source, target, label}], notes}],
                 unseen: [{stack, path, reason}]}: what the judged documents look like, and the inputs that had
                changed when the report was made

An item of evidence is what one policy or Checkov check shows for one requirement:
{id               "E-<requirement>-<policy>": the same in every run, unique in the report
 evidence         key of `evidence`, where title, rationale and the assessments stand
 engine, version  "policies" and the SHA-256 of the policy's source, or "checkov" and its release
 method           "examine": configuration was read; nobody was interviewed, nothing that runs was observed
 extent, sources  how far it reaches, and on whose word it is mapped
 population       {count, made: how it came about, components: [{type, count, addresses: {stack: [address]}}]}, complete
 tested           number of resources that passed or failed
 exclusions       [{stack, address, outcome, message, waiver}]: the rest of the population; waiver is null or
                  {reason, owner, ticket, created, expires}
 absences         [{stack, outcome, message}]: stacks without a resource to judge; one that a specification asks
                  for has failed
 counts           {outcome: assessments}
 inputs           [{path, kind: synth, plan or state, stack, sha256}]
 limits           sentences: what it does not show}

Verdicts are the words of compliance.verdict; `extent` is none, supporting, partial or full. A `null` time
means that none was given and there was no commit to take it from.
"""

import json
from dataclasses import asdict
from typing import Any

from compliance.control_report import LIMITS, METHOD, ControlReport, Evidence, EvidenceItem, RequirementReport
from compliance.landscape import Landscape
from compliance.requirements import STANDARD, VERSION, group_of, section_of
from policies.model import Assessment

SCHEMA = "control-report/1"


def render_json(report: ControlReport) -> str:
    """The report as JSON text in ASCII, with a line break at the end."""
    sections = {section.id: section.title for group in report.groups for section in group.sections}
    document = {
        "schema": SCHEMA,
        "standard": {
            "name": STANDARD,
            "version": VERSION,
            "identifiers": len(sections) + len(report.requirements),
            "sections": len(sections),
            "requirements": len(report.requirements),
        },
        "limits": list(LIMITS),
        "provenance": _provenance(report),
        "entity": {
            "sha256": report.entity.digest or None,
            "facts": [{"id": id_, "answer": answer, "asks": asks} for id_, answer, asks in report.entity.as_rows()],
        },
        "summary": {"verdicts": dict(report.verdicts), "outcomes": dict(report.outcomes)},
        "groups": {group.group.id: group.group.title for group in report.groups},
        "sections": sections,
        "requirements": [_requirement(row) for row in report.requirements],
        "evidence": {
            id_: _evidence(row, id_ in report.requirements_by_evidence) for id_, row in report.evidence.items()
        },
        "unclaimed": [{"id": row.evidence.id, "reason": row.unclaimed.reason} for row in report.unclaimed],
        "population_gaps": [_assessment(row) for row in report.population_gaps],
        "landscape": _landscape(report.landscape),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _provenance(report: ControlReport) -> dict[str, Any]:
    origin = report.provenance
    return {
        "time": origin.time,
        "time_source": origin.time_source,
        "commit": origin.commit,
        "dirty": origin.is_dirty,
        "result": {"path": origin.result_path, "sha256": report.result.sha256},
        "inputs": [asdict(row) for row in report.result.inputs],
        "validation": [asdict(row) for row in report.result.validation],
        "tools": dict(report.result.tools),
        "conditions": report.result.recorded_conditions,
    }


def _landscape(drawn: Landscape) -> dict[str, Any]:
    return {
        "inventories": [asdict(inventory) for inventory in drawn.inventories],
        "diagrams": [{"stack": one.stack, **asdict(diagram)} for one in drawn.stacks for diagram in one.diagrams],
        "unseen": [asdict(one) for one in drawn.unseen],
    }


def _requirement(row: RequirementReport) -> dict[str, Any]:
    requirement = row.requirement
    return {
        "id": requirement.id,
        "section": section_of(requirement.id),
        "group": group_of(requirement.id),
        "paraphrase": requirement.paraphrase,
        "verdict": row.verdict,
        "reason": row.reason,
        "extent": requirement.extent,
        "owner": requirement.owner,
        "service_provider_only": requirement.service_provider_only,
        "manual": requirement.manual,
        "counts": dict(row.counts),
        "population": row.population,
        "edges": [
            {
                "extent": edge.edge.extent,
                "source": edge.edge.source,
                "note": edge.edge.note,
                "evidence": [evidence.id for evidence in edge.evidence],
                "artefacts": list(edge.artefacts),
            }
            for edge in row.edges
        ],
        "evidence_items": [_evidence_item(item) for item in row.evidence_items],
        "assessor": {"finding": "", "comment": ""},
    }


def _evidence_item(item: EvidenceItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "evidence": item.evidence.id,
        "engine": item.evidence.engine,
        "version": item.version,
        "method": METHOD,
        "extent": item.extent,
        "sources": list(dict.fromkeys(edge.source for edge in item.edges)),
        "population": {
            "count": item.population_count,
            "made": item.population_made,
            "components": [
                {"type": component.type, "count": component.count, "addresses": component.addresses}
                for component in item.population
            ],
        },
        "tested": len(item.tested),
        "exclusions": [
            {
                "stack": row.stack,
                "address": row.address,
                "outcome": row.outcome,
                "message": row.message,
                "waiver": None
                if row.waiver is None
                else {key: getattr(row.waiver, key) for key in ("reason", "owner", "ticket", "created", "expires")},
            }
            for row in item.exclusions
        ],
        "absences": [{"stack": row.stack, "outcome": row.outcome, "message": row.message} for row in item.absences],
        "counts": dict(item.counts),
        "inputs": [asdict(row) for row in item.inputs],
        "limits": list(item.limits),
    }


def _evidence(evidence: Evidence, claimed: bool) -> dict[str, Any]:
    return {
        "engine": evidence.engine,
        "title": evidence.title,
        "rationale": evidence.rationale,
        "digest": evidence.digest or None,
        "claimed": claimed,
        "counts": dict(evidence.counts),
        "population": evidence.population,
        "assessments": [_assessment(row) for row in evidence.assessments],
    }


def _assessment(row: Assessment) -> dict[str, Any]:
    return {
        "policy": row.policy,
        "engine": row.engine,
        "stack": row.stack,
        "address": row.address,
        "outcome": row.outcome,
        "severity": row.severity,
        "attribute": row.attribute,
        "observed": row.observed,
        "message": row.message,
        "remediation": row.remediation,
        "construct_path": row.construct_path,
        "source": None if row.source is None else asdict(row.source),
        "waiver": None if row.waiver is None else asdict(row.waiver),
        "fingerprint": row.fingerprint,
    }
