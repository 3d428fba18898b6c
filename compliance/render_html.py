"""The control report as one HTML page that asks nothing of the network and opens from disk."""

import base64
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from compliance.control_report import LIMITS, ControlReport, EdgeReport, EvidenceItem, RequirementReport, count
from compliance.landscape.inventories import LONGEST
from compliance.overview import claims, systems, waiver_ends, waivers
from compliance.requirements import OWNERS, STANDARD, VERSION
from compliance.verdict import MEANINGS, VERDICTS, Verdict
from compliance.visible import OUTCOME_WORDS, observed_text, shown

TEMPLATES = Path(__file__).parent / "templates"
BAR_UNITS = 1000
DIGEST_CHARACTERS = 16


def render_html(report: ControlReport) -> str:
    """The whole page; style and script are inside it, and its policy allows nothing else to load or run."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8") + _running_heads(report)
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return page_template().render(
        report=report,
        standard=STANDARD,
        version=VERSION,
        claims=claims(report),
        limits=LIMITS,
        verdicts=VERDICTS,
        meanings=MEANINGS,
        owners=OWNERS,
        outcome_words=OUTCOME_WORDS,
        systems=systems(report),
        diagrams={one.stack: one.diagrams for one in report.landscape.stacks},
        longest_inventory=LONGEST,
        stack_numbers={stack: number for number, stack in enumerate(report.stacks)},
        waivers=waivers(report),
        waiver_ends=waiver_ends(report),
        by_edge=lambda row: list(_by_edge(row)),
        outcome_counts=count,
        bar=_bar(report),
        style=Markup(style),  # noqa: S704 - our own file and digests; the page names its digest
        script=Markup(script),  # noqa: S704 - likewise
        style_digest=_digest(style),
        script_digest=_digest(script),
    )


@functools.cache
def page_template() -> Template:
    """The page's template, which takes a while to compile."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(observed=observed_text, slug=lambda word: word.replace(" ", "-"))
    return environment.get_template("report.html.j2")


def _finalize(value: Any) -> Any:
    """Every string of the report passes here before it is escaped, attributes included."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value)


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _running_heads(report: ControlReport) -> str:
    """What stands on every printed page. Nothing in it comes from an input but digits, letters and a time."""
    origin = report.provenance
    heads = {
        "top-left": f'"Control report: {STANDARD} {VERSION}"',
        "top-right": f'"Result SHA-256 {report.result.sha256[:DIGEST_CHARACTERS]}\\2026"',
        "bottom-left": f'"{origin.time or "time not recorded"}"',
        "bottom-right": '"Page " counter(page) " of " counter(pages)',
    }
    boxes = " ".join(f"@{box} {{ content: {content}; }}" for box, content in heads.items())
    return f"@page {{ {boxes} }}\n"


def _by_edge(row: RequirementReport) -> Iterator[tuple[EdgeReport, list[EvidenceItem]]]:
    """The items under the edge that maps them; one that several edges map stands under the first."""
    for edge in row.edges:
        items = [item for item in row.evidence_items if item.edges[0] == edge.edge]
        yield edge, items


def _bar(report: ControlReport) -> list[tuple[Verdict, int, int]]:
    """Segments (verdict, start, width) of the bar that shows the share of each verdict, in BAR_UNITS."""
    total = max(len(report.requirements), 1)
    segments = []
    passed = 0
    for verdict, number in report.verdicts.items():
        start = passed * BAR_UNITS // total
        passed += number
        segments.append((verdict, start, passed * BAR_UNITS // total - start))
    return segments
