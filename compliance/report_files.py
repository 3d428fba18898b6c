"""Every form of the report in one place: what `report` writes is what `verify` makes again and compares.

A form is a function from the report to files: name (a POSIX path inside the report's folder) -> bytes. It has to be a
function of the report alone, without clock, environment or chance, since `verify` compares byte by byte. A new form
is one more entry of FORMS.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor

from compliance import entity
from compliance.control_report import ControlReport
from compliance.ocsf import render_ocsf
from compliance.oscal import documents
from compliance.render_csv import render_csv
from compliance.render_html import render_html
from compliance.render_json import render_json
from compliance.render_markdown import render_markdown

RESULT = "gate-result.json"  # a copy of what the report was made from, so that the folder is complete by itself
ENTITY = entity.FILE.name  # likewise, where the entity declares something
PAGE = "index.html"
MARKDOWN = "report.md"
JSON = "report.json"
OCSF = "ocsf.json"
PDF = "report.pdf"  # no form: its bytes hang on the Chromium and the fonts that are there

Form = Callable[[ControlReport], Mapping[str, bytes]]

FORMS: tuple[Form, ...] = (
    lambda report: {JSON: render_json(report).encode()},
    lambda report: {MARKDOWN: render_markdown(report).encode()},
    lambda report: {PAGE: render_html(report).encode()},
    lambda report: _encoded(render_csv(report)),
    lambda report: _encoded(documents(report)),
    lambda report: {OCSF: render_ocsf(report).encode()},
)


def _encoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}


def report_files(report: ControlReport) -> dict[str, bytes]:
    """All files of the report, what it was made from first: name -> bytes."""
    files = {RESULT: report.result.content}
    if report.entity.content is not None:
        files[ENTITY] = report.entity.content
    for made in _made(report):
        if twice := files.keys() & made.keys():
            raise ValueError(f"two forms write {min(twice)}")
        files |= made
    return files


def _made(report: ControlReport) -> list[Mapping[str, bytes]]:
    """Every form, on two cores where the system lets a process split: the report is there in both, and not copied."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return [form(report) for form in FORMS]
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork"), _reports.append, (report,)) as beside:
        others = {number: beside.submit(_form_beside, number) for number in range(1, len(FORMS), 2)}
        ours = {number: FORMS[number](report) for number in range(0, len(FORMS), 2)}
        return [others[number].result() if number in others else ours[number] for number in range(len(FORMS))]


_reports: list[ControlReport] = []  # of the process beside, which makes the forms of one


def _form_beside(number: int) -> Mapping[str, bytes]:
    return FORMS[number](_reports[0])
