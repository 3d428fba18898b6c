"""Reports that the tests of the OSCAL documents are made from."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from compliance.control_report import ControlReport, SectionReport, control_report
from compliance.entity import read
from compliance.oscal import MAKERS
from compliance.requirements import Edge, load
from compliance.verdict import Verdict
from policies.recorded_result import read_gate_result
from tests.compliance import gate_results as make

FRAMEWORK = load()
SUPPORTED, CONTRADICTED, PARTIAL, FOUND_NONE, UNANSWERED = "7.3.3", "10.5.1", "1.3.1", "4.2.1", "12.6.1"


def sample(**changes: Any) -> ControlReport:
    """The sample result against the whole standard: waivers, a failure, an unknown, many passes."""
    origin = replace(make.ORIGIN, **changes)
    return control_report(read_gate_result(make.SAMPLE), load(), [make.policy("imdsv2-required")], origin)


def every_verdict(folder: Path) -> ControlReport:
    """A requirement that the evidence supports, one that it contradicts, and others that it says less about."""
    rows = [
        make.row("imdsv2-required", "pass", "aws_instance.one"),
        make.row("imdsv2-required", "not-applicable", stack="without-instances"),
        make.row("logs-kept-90-days", "fail", "aws_cloudwatch_log_group.short", message="kept 7 days, not 99.9.9"),
        make.row("logs-kept-90-days", "waived", "aws_cloudwatch_log_group.other"),
        make.row("aurora-requires-tls", "not-applicable"),
        make.row("alb-only-through-cloudfront", "pass", "aws_lb.one"),
        make.row("alb-only-through-cloudfront", "waived", "aws_lb.two"),
    ]
    edges = (
        Edge(SUPPORTED, ("imdsv2-required",), (), "full", "own rationale", ""),
        Edge(CONTRADICTED, ("logs-kept-90-days",), (), "full", "own rationale", ""),
        Edge(FOUND_NONE, ("aurora-requires-tls",), (), "full", "own rationale", ""),
        Edge(PARTIAL, ("alb-only-through-cloudfront",), (), "partial", "AWS Security Hub ELB.1", "Only some doors."),
    )
    policies = [make.policy(edge.ids[0]) for edge in edges]
    return control_report(
        make.read(folder, make.document(*rows)), replace(FRAMEWORK, edges=edges), policies, make.ORIGIN
    )


def declared(folder: Path) -> ControlReport:
    """An empty result of a merchant who stores account numbers that only the encryption of storage protects."""
    file = folder / "entity.yaml"
    file.write_text("entity_type: merchant\npan_storage: cleartext_on_encrypted_disk\n", "utf-8")
    facts = read(file, FRAMEWORK.facts)
    return control_report(make.read(folder, make.document()), FRAMEWORK, [], make.ORIGIN, facts)


def with_verdict(report: ControlReport, number: str, verdict: Verdict) -> ControlReport:
    """The same report with another verdict on one requirement, as if something besides the evidence decided it."""

    def changed(section: SectionReport) -> SectionReport:
        rows = section.requirements
        return replace(
            section,
            requirements=tuple(replace(row, verdict=verdict) if row.requirement.id == number else row for row in rows),
        )

    groups = (replace(group, sections=tuple(map(changed, group.sections))) for group in report.groups)
    return replace(report, groups=tuple(groups))


def document(report: ControlReport, name: str) -> dict[str, Any]:
    """One document, without the key on top of it."""
    made: dict[str, dict[str, Any]] = json.loads(json.dumps(MAKERS[f"{name}.json"](report)))
    return made[name]


def result_of(report: ControlReport) -> dict[str, Any]:
    """The one result in the assessment results."""
    result: dict[str, Any] = document(report, "assessment-results")["results"][0]
    return result


def properties(fields: dict[str, Any]) -> dict[str, str]:
    """Property values by name; the last one where a name is repeated."""
    return {row["name"]: row["value"] for row in fields.get("props", [])}
