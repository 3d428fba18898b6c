"""Every form of the report in one place: what `report` writes is what `verify` makes again and compares.

A form is a function from the report to files: name (a POSIX path inside the report's folder) -> bytes. It has to be a
function of the report alone, without clock, environment or chance, since `verify` compares byte by byte. A new form
is one more entry of FORMS.
"""

from collections.abc import Callable, Mapping

from compliance.control_report import ControlReport
from compliance.render_html import render_html
from compliance.render_json import render_json
from compliance.render_markdown import render_markdown

RESULT = "gate-result.json"  # a copy of what the report was made from, so that the folder is complete by itself
PAGE = "index.html"
MARKDOWN = "report.md"
JSON = "report.json"

Form = Callable[[ControlReport], Mapping[str, bytes]]

FORMS: tuple[Form, ...] = (
    lambda report: {JSON: render_json(report).encode()},
    lambda report: {MARKDOWN: render_markdown(report).encode()},
    lambda report: {PAGE: render_html(report).encode()},
)


def report_files(report: ControlReport) -> dict[str, bytes]:
    """All files of the report, the gate's result first: name -> bytes."""
    files = {RESULT: report.result.content}
    for form in FORMS:
        made = form(report)
        if twice := files.keys() & made.keys():
            raise ValueError(f"two forms write {min(twice)}")
        files |= made
    return files
