"""The control report as tables for a spreadsheet: RFC 4180, one file a table, columns for the assessor left empty.

These files are for people who open them in Excel or LibreOffice; programs read report.json. Hence:

- UTF-8 with a byte order mark. Without one, Excel takes UTF-8 for the code page of the machine and garbles names.
- A text is quoted, a number is not, so that numbers stay numbers.
- A text that a spreadsheet could take for a formula gets an apostrophe before the sign: at the start of a cell,
  also after spaces and quotes, and after a semicolon, which is where another country's Excel starts a new cell.
- A requirement is written "PCI DSS v4.0.1/8.6.3", as AWS Security Hub writes it; the bare number would become a date.
- Control and formatting characters are written as escapes, so that a record is a line. A text too long for a cell
  is cut, with its length; the whole of it stands in report.json.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from compliance.control_report import METHOD, ControlReport, EvidenceItem, component_type
from compliance.entity import FILE
from compliance.overview import waivers
from compliance.requirements import STANDARD, VERSION, group_of, section_of
from compliance.visible import observed_text
from policies.model import Assessment
from policies.visible import visible

FOLDER = "csv"
BYTE_ORDER_MARK = "\ufeff"
CELL_CHARACTERS = 32_000  # Excel holds 32 767

Cell = str | int | float
Row = tuple[Cell, ...]
Table = tuple[Iterable[str], Iterable[Row]]

# = + - @ and their full-width forms start a formula; the rest is what a spreadsheet may skip before it looks.
_FORMULA = re.compile(r"(^|;)([\s\"'`]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

_EVIDENCE_HEAD = (
    *("evidence_id", "requirement", "title", "engine", "policy", "version", "method", "extent", "mapped_by"),
    *("population", "component_types", "population_made", "tested", "passed", "failed", "undetermined", "waived"),
    *("not_concerned", "inputs", "state_kinds", "input_sha256", "git_commit", "collected_at", "limits"),
    *("assessor_finding", "assessor_comment"),
)


def render_csv(report: ControlReport) -> dict[str, str]:
    """The tables: path of the file inside the report's folder -> its text, byte order mark included."""
    tables = {
        "requirements": _requirements(report),
        "evidence": _evidence(report),
        "population": _population(report),
        "assessments": _assessments(report),
        "waivers": _waivers(report),
        "inputs": _inputs(report),
        **{f"inventory-{one.id}": (one.columns, one.rows) for one in report.landscape.inventories},
    }
    return {f"{FOLDER}/{name}.csv": _csv(head, rows) for name, (head, rows) in tables.items()}


def cell(value: Cell) -> Cell:
    """A value that shows what it is and does nothing: a text without formula, control character or undue length."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    if len(text) > CELL_CHARACTERS:
        text = f"{text[:CELL_CHARACTERS]}... ({len(value)} characters, whole in report.json)"
    return _FORMULA.sub(r"\1'\2", text)


def _csv(head: Iterable[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return BYTE_ORDER_MARK + text.getvalue()


def _requirements(report: ControlReport) -> Table:
    head = (
        *("requirement", "section", "principal_requirement", "paraphrase", "service_providers_only", "verdict"),
        *("reason", "extent", "owner", "manual", "evidence_items", "passed", "failed", "undetermined", "waived"),
        *("assessor_finding", "assessor_comment"),
    )
    titles = {group.group.id: group.group.title for group in report.groups}
    sections = {section.id: section.title for group in report.groups for section in group.sections}

    def rows() -> Iterator[Row]:
        for row in report.requirements:
            requirement = row.requirement
            section, group = section_of(requirement.id), group_of(requirement.id)
            yield (
                _number(requirement.id),
                f"{_number(section)} {sections[section]}",
                f"{_number(group)} {titles[group]}",
                requirement.paraphrase,
                "yes" if requirement.service_provider_only else "no",
                row.verdict,
                row.reason,
                requirement.extent,
                requirement.owner,
                requirement.manual,
                len(row.evidence_items),
                *(row.counts[outcome] for outcome in ("pass", "fail", "undetermined", "waived")),
                *("", ""),
            )

    return head, rows()


def _evidence(report: ControlReport) -> Table:
    return _EVIDENCE_HEAD, (_item(report, item) for item in report.evidence_items)


def _item(report: ControlReport, item: EvidenceItem) -> Row:
    evidence = item.evidence
    return (
        item.id,
        _number(item.requirement),
        evidence.title,
        evidence.engine,
        evidence.id,
        item.version,
        METHOD,
        item.extent,
        "; ".join(dict.fromkeys(edge.source for edge in item.edges)),
        item.population_count,
        ", ".join(f"{component.count} {component.type}" for component in item.population),
        item.population_made,
        len(item.tested),
        *(evidence.counts[outcome] for outcome in ("pass", "fail", "undetermined", "waived")),
        sum(row.outcome == "not-applicable" for row in item.exclusions),
        ", ".join(one.path for one in item.inputs),
        ", ".join(dict.fromkeys(one.kind for one in item.inputs)),
        ", ".join(one.sha256 for one in item.inputs),
        report.provenance.commit or "",
        report.provenance.time or "",
        " ".join(item.limits),
        *("", ""),
    )


def _population(report: ControlReport) -> Table:
    head = (
        *("evidence_id", "requirement", "component_type", "stack", "address", "outcome", "message"),
        *("waiver_reason", "waiver_owner", "waiver_expires", "assessor_finding", "assessor_comment"),
    )

    def rows() -> Iterator[Row]:
        for item in report.evidence_items:
            for row in sorted((*item.tested, *item.exclusions), key=lambda row: (row.stack, row.address)):
                waiver = row.waiver
                yield (
                    *(item.id, _number(item.requirement), component_type(row.address), row.stack, row.address),
                    *(row.outcome, row.message),
                    *((waiver.reason, waiver.owner, waiver.expires) if waiver else ("", "", "")),
                    *("", ""),
                )

    return head, rows()


def _assessments(report: ControlReport) -> Table:
    head = (
        *("policy", "engine", "stack", "address", "outcome", "severity", "attribute", "observed", "message"),
        *("remediation", "construct_path", "source_file", "source_line", "fingerprint", "requirements"),
    )
    claimed: dict[str, list[str]] = {}
    for item in report.evidence_items:
        claimed.setdefault(item.evidence.id, []).append(_number(item.requirement))
    return head, (_assessment(row, claimed.get(row.policy, ())) for row in report.result.assessments)


def _assessment(row: Assessment, requirements: Iterable[str]) -> Row:
    return (
        *(row.policy, row.engine, row.stack, row.address, row.outcome, row.severity, row.attribute),
        _observed(row.observed),
        row.message,
        row.remediation,
        row.construct_path or "",
        *((row.source.file, row.source.line) if row.source else ("", "")),
        row.fingerprint,
        ", ".join(dict.fromkeys(requirements)),
    )


def _observed(value: Any) -> Cell:
    """A number as a number, anything else as text; empty when nothing was there."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return observed_text(value)


def _waivers(report: ControlReport) -> Table:
    head = (
        *("expires", "policy", "stack", "address", "message", "reason", "owner", "ticket", "created", "entry"),
        *("assessor_finding", "assessor_comment"),
    )

    def rows() -> Iterator[Row]:
        for waiver, accepted in waivers(report):
            entry = f"{waiver.place.file}:{waiver.place.line}" if waiver.place.file else ""
            for row in accepted:
                yield (
                    *(waiver.expires, row.policy, row.stack, row.address, row.message),
                    *(waiver.reason, waiver.owner, waiver.ticket, waiver.created, entry, "", ""),
                )

    return head, rows()


def _inputs(report: ControlReport) -> Table:
    rows = [(row.stack, row.path, row.kind, row.sha256) for row in report.result.inputs]
    result = ("", report.provenance.result_path, "gate-result", report.result.sha256)
    declared = [("", FILE.name, "entity", report.entity.digest)] if report.entity.digest else []
    return ("stack", "path", "kind", "sha256"), (*rows, *declared, result)


def _number(id_: str) -> str:
    """The form in which Security Hub names a requirement, which no spreadsheet takes for a date."""
    return f"{STANDARD} v{VERSION}/{id_}"
