"""The control report as Markdown that reads well on GitHub and as plain text."""

from collections.abc import Iterable, Iterator, Mapping

from compliance.control_report import (
    LIMITS,
    ControlReport,
    EdgeReport,
    Evidence,
    EvidenceItem,
    GroupReport,
    RequirementReport,
    SectionReport,
    count,
)
from compliance.landscape import Landscape
from compliance.landscape.inventories import LONGEST as LONGEST_INVENTORY
from compliance.markdown import code, table, text
from compliance.overview import claims, systems, waiver_ends, waivers
from compliance.requirements import STANDARD, VERSION
from compliance.verdict import MEANINGS, VERDICTS
from compliance.visible import OUTCOME_WORDS, observed_text
from policies.model import Assessment, Outcome

# A version in a table: enough to tell two apart, the whole of it stands in report.json.
VERSION_CHARACTERS = len("sha256:") + 12


def render_markdown(report: ControlReport) -> str:
    """The report as Markdown, with a line break at the end."""
    return "\n".join(_lines(report)).rstrip("\n") + "\n"


def _lines(report: ControlReport) -> Iterator[str]:
    yield f"# Control report: {STANDARD} {VERSION}"
    yield ""
    yield "What the Terraform configuration shows about each requirement, and what it cannot show."
    yield ""
    yield from _scope(report)
    yield from _claims(report)
    yield from _verdicts(report)
    yield from _attention(report)
    yield from _entity(report)
    yield from _systems(report)
    yield from _landscape(report.landscape)
    yield "## Requirements"
    yield ""
    yield (
        "Counts are assessments: one policy or check on one resource. The last two columns are the"
        " assessor's. Evidence follows below each table."
    )
    yield ""
    for group in report.groups:
        yield from _group(group)
    yield from _waivers(report)
    yield from _other_results(report)


def _landscape(drawn: Landscape) -> Iterator[str]:
    """Diagrams and inventories; an inventory that is too long for a page stands in its CSV file only."""
    for one in drawn.stacks:
        for diagram in one.diagrams:
            yield f"### {diagram.requirement} {text(diagram.title)}"
            yield ""
            yield from ("```mermaid", diagram.mermaid, "```", "")
            for note in diagram.notes:
                yield from (text(note), "")
    for inventory in drawn.inventories:
        yield f"### {inventory.requirement} {inventory.title}"
        yield ""
        if len(inventory.rows) > LONGEST_INVENTORY:
            yield f"{inventory.note} The {len(inventory.rows)} rows are in `csv/inventory-{inventory.id}.csv`."
            yield ""
        else:
            yield from (inventory.note, "")
            yield from table(inventory.columns, [tuple(map(text, row)) for row in inventory.rows])
    for unseen in drawn.unseen:
        yield from (f"{text(unseen.stack)} is neither drawn nor listed: {text(unseen.reason)}", "")


def _scope(report: ControlReport) -> Iterator[str]:
    origin = report.provenance
    yield "## What was judged"
    yield ""
    yield from table(
        ("System (stack)", "Document", "Kind", "SHA-256"),
        [(text(row.stack), code(row.path), text(row.kind), code(row.sha256)) for row in report.result.inputs],
    )
    sections = sum(len(group.sections) for group in report.groups)
    commit = code(origin.commit) if origin.commit else "not under version control"
    if origin.is_dirty:
        commit += " **with uncommitted changes**"
    source = {"argument": " (given)", "commit": " (of the commit)", None: ""}[origin.time_source]
    yield from table(
        ("What", "Value"),
        [
            (
                "Standard",
                f"{STANDARD} {VERSION}: {len(report.requirements)} requirements under {sections} headings",
            ),
            ("Time", f"{origin.time or 'not recorded'}{source}"),
            ("Commit", commit),
            ("Result", f"{code(origin.result_path)}, SHA-256 {code(report.result.sha256)}"),
            ("Assessments", _counts(report.outcomes)),
            *_conditions(report),
            *((f"Tool: {text(name)}", text(version)) for name, version in report.result.tools.items()),
        ],
    )


def _conditions(report: ControlReport) -> Iterator[tuple[str, str]]:
    conditions = report.result.conditions
    if conditions is None:
        return
    yield "Environment", text(conditions.environment)
    waivers = conditions.waivers
    judged = f"{code(waivers.path)}, SHA-256 {code(waivers.sha256)}, as of" if waivers else "none taken into account;"
    yield "Waivers", f"{judged} {conditions.today}"
    if conditions.policies is not None:
        yield "Limited to", ", ".join(map(code, conditions.policies))


def _claims(report: ControlReport) -> Iterator[str]:
    yield "## What is claimed, and what is not"
    yield ""
    for word, sentences in (("Claimed", claims(report)), ("Not claimed", LIMITS)):
        yield f"{word}:"
        yield ""
        yield from (f"- {sentence}" for sentence in sentences)
        yield ""


def _entity(report: ControlReport) -> Iterator[str]:
    yield "## What the entity declares"
    yield ""
    yield "What is declared can take a requirement out or contradict it, never support it."
    yield ""
    yield from table(
        ("Question", "Answer", "Key"),
        [(text(question), text(answer), code(key)) for key, answer, question in report.entity.as_rows()],
    )


def _verdicts(report: ControlReport) -> Iterator[str]:
    yield "## Verdicts"
    yield ""
    yield from table(
        ("Verdict", "Requirements", "Meaning"),
        [(f"**{word}**", str(number), MEANINGS[word]) for word, number in report.verdicts.items()],
    )
    yield from table(
        ("Requirement", *VERDICTS),
        [
            *(
                (f"{group.group.id} {group.group.title}", *(_number(group.verdicts[word]) for word in VERDICTS))
                for group in report.groups
            ),
            ("**All**", *(f"**{report.verdicts[word]}**" for word in VERDICTS)),
        ],
    )


def _attention(report: ControlReport) -> Iterator[str]:
    yield "## Needs attention"
    yield ""
    contradicted = [row for row in report.requirements if row.verdict == "contradicts"]
    if contradicted:
        yield "**Evidence contradicts:** " + ", ".join(row.requirement.id for row in contradicted) + "."
    else:
        yield "No evidence contradicts a requirement."
    yield ""
    if report.population_gaps:
        yield "**Some resources could not be seen**, so no requirement is reported as supported:"
        yield ""
        yield from table(
            ("Stack", "Resource", "Finding"),
            [(text(row.stack), code(row.place), text(row.message)) for row in report.population_gaps],
        )
    yield f"Findings that were waived: {len(report.waived)}."
    yield ""
    yield from table(
        ("Ends on", "Waivers", "Findings", "Requirements they bear on"),
        [
            (text(end.expires), str(end.waivers), str(end.findings), ", ".join(end.requirements))
            for end in waiver_ends(report)
        ],
    )


def _systems(report: ControlReport) -> Iterator[str]:
    yield "## Systems"
    yield ""
    yield from table(
        ("System (stack)", "Resources judged", "Component types", "Assessments", "terraform validate"),
        [
            (
                text(system.stack),
                str(system.resources),
                str(len(system.components)),
                _counts(system.outcomes),
                "; ".join(
                    f"{row.outcome} ({text(row.terraform or '')}) {text(row.message)}" for row in system.validation
                ),
            )
            for system in systems(report)
        ],
    )


def _group(group: GroupReport) -> Iterator[str]:
    yield f"### {group.group.id} {group.group.title}"
    yield ""
    if group.group.note:
        yield group.group.note
        yield ""
    yield from table(
        ("Requirement", "In our words", "Verdict", "Extent", "Owner", "Assessments", "Finding", "Comment"),
        [cells for section in group.sections for cells in _section(section)],
    )
    for row in group.requirements:
        if row.edges:
            yield from _evidence_of(row)


def _section(section: SectionReport) -> Iterator[tuple[str, ...]]:
    yield f"**{section.id}**", f"**{section.title}**", "", "", "", "", "", ""
    for row in section.requirements:
        requirement = row.requirement
        words = requirement.paraphrase or "Configuration says nothing about this one."
        yield (
            requirement.id,
            words + (" *Service providers only.*" if requirement.service_provider_only else ""),
            f"**{row.verdict}**" if row.edges else row.verdict,
            requirement.extent,
            requirement.owner,
            tally(row.judged),
            "",
            "",
        )


def _evidence_of(row: RequirementReport) -> Iterator[str]:
    yield f"#### Evidence for {row.requirement.id}: {row.verdict}"
    yield ""
    yield f"{row.reason} Remains manual: {row.requirement.manual}"
    yield ""
    yield from table(
        ("Item", "Claim", "Version", "Population", "Excluded", "Result", "Extent", "Mapping from", "Limits"),
        [
            (
                code(item.id),
                text(item.evidence.title),
                code(item.version[:VERSION_CHARACTERS]),
                _population_of(item),
                tally(item.exclusions),
                _result_of(item.evidence),
                item.extent,
                text("; ".join(dict.fromkeys(edge.source for edge in item.edges))),
                text(" ".join(item.limits)),
            )
            for item in row.evidence_items
        ],
    )
    yield from table(
        ("Shown in this report", "Extent", "Mapping from", "Limits"),
        [
            (
                ", ".join(map(code, edge.artefacts)) or "nothing",
                edge.edge.extent,
                text(edge.edge.source),
                text(edge.edge.note),
            )
            for edge in row.edges
            if edge.edge.artefacts
        ],
    )
    yield from _findings(row.findings)
    yield from _population(row, row.edges)


def _population_of(item: EvidenceItem) -> str:
    """How many resources of which component types: "3: 2 aws_lb, 1 aws_vpc"."""
    kinds = ", ".join(f"{component.count} {text(component.type)}" for component in item.population)
    return f"{item.population_count}: {kinds}" if kinds else "0"


def _findings(findings: Iterable[Assessment]) -> Iterator[str]:
    yield from table(
        ("Outcome", "Severity", "Policy or check", "Stack", "Resource", "What was seen"),
        [
            (
                OUTCOME_WORDS[row.outcome],
                row.severity,
                code(row.policy),
                text(row.stack),
                code(row.place) + (f" ({code(f'{row.source.file}:{row.source.line}')})" if row.source else ""),
                _seen(row),
            )
            for row in findings
        ],
    )


def _seen(row: Assessment) -> str:
    seen = text(row.message)
    if row.attribute:
        seen += f" {code(row.attribute)} is {code(observed_text(row.observed))}."
    if row.waiver:
        seen += f" Waived until {text(row.waiver.expires)} by {text(row.waiver.owner)}."
    return seen


def _population(row: RequirementReport, edges: Iterable[EdgeReport]) -> Iterator[str]:
    if not row.population:
        return
    sizes = ", ".join(f"{text(stack)} {len(addresses)}" for stack, addresses in row.population.items())
    yield f"<details><summary>Population: resources judged ({sizes})</summary>"
    yield ""
    yield from table(
        ("Stack", "Resources"),
        [
            (text(stack), "<br>".join(code(address) for address in addresses))
            for stack, addresses in row.population.items()
        ],
    )
    yield "</details>"
    yield ""


def _waivers(report: ControlReport) -> Iterator[str]:
    yield "## Waivers"
    yield ""
    if not report.waived:
        yield "None."
        yield ""
    yield from table(
        ("Ends on", "Policy or check", "Resources", "Reason", "Accepted by", "Ticket"),
        [
            (
                text(waiver.expires),
                code(rows[0].policy),
                "<br>".join(f"{code(row.place)} in {text(row.stack)}" for row in rows),
                text(waiver.reason),
                text(waiver.owner),
                text(waiver.ticket),
            )
            for waiver, rows in waivers(report)
        ],
    )


def _other_results(report: ControlReport) -> Iterator[str]:
    yield "## Results that are evidence for no requirement"
    yield ""
    yield from table(
        ("Policy or check", "Assessments", "Why no requirement claims it"),
        [
            *(
                (code(row.evidence.id), _result_of(row.evidence), text(row.unclaimed.reason))
                for row in report.unclaimed
            ),
            *((code(row.id), _result_of(row), "not mapped") for row in report.unmapped),
        ],
    )


def _result_of(evidence: Evidence) -> str:
    if evidence.judged:
        return tally(evidence.judged)
    return "no resource to judge" if evidence.found_none else "no result"


def tally(assessments: Iterable[Assessment]) -> str:
    """Assessments by outcome as words: "12 passed, 1 failed"; empty when there are none."""
    return _counts(count(assessments))


def _counts(counts: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in OUTCOME_WORDS.items() if counts[outcome])


def _number(value: int) -> str:
    return str(value) if value else "·"
