"""No form of the report on our own stacks prints a number of the standard that the standard does not have."""

import json
import re
from pathlib import Path

import pytest

from compliance.control_report import ControlReport, control_report
from compliance.landscape import landscape
from compliance.lint import requirement_numbers
from compliance.ocsf import OCSF_VERSION
from compliance.report_files import FORMS, PAGE
from compliance.requirements import VERSION, load
from policies.__main__ import main
from policies.recorded_result import read_gate_result
from policies.registry import catalogue
from tests.compliance import gate_results as make

FRAMEWORK = load()
OSCAL_VERSION = "1.2.1"
# Style, script and tags: lengths and coordinates, which nobody reads as numbers of the standard.
_MARKUP = re.compile(r"<style.*?</style>|<script.*?</script>|<[^>]*>", re.DOTALL)


@pytest.fixture(scope="module")
def report(stacks: Path, tmp_path_factory: pytest.TempPathFactory) -> ControlReport:
    result = tmp_path_factory.mktemp("result") / "gate-result.json"
    main(["check", str(stacks.parent), "--format", f"json={result}"])
    read = read_gate_result(result)
    return control_report(read, FRAMEWORK, catalogue(), make.ORIGIN, drawn=landscape(read))


@pytest.fixture(scope="module")
def judged(report: ControlReport) -> set[str]:
    """What reads like a number of the standard in the documents, such as an address or the version of an engine."""
    written = [path.read_text() for one in report.result.inputs for path in Path(one.path).glob("*.tf.json")]
    return set(requirement_numbers(" ".join([*written, report.result.content.decode()])))


@pytest.mark.parametrize("form", FORMS)
def test_every_number_is_one_of_the_standard_or_of_what_was_judged(
    form: object, report: ControlReport, judged: set[str]
) -> None:
    assert callable(form)
    known = {*FRAMEWORK.identifiers, VERSION, OCSF_VERSION, OSCAL_VERSION, *judged}
    for name, content in form(report).items():
        printed = set(requirement_numbers(_MARKUP.sub(" ", content.decode()) if name == PAGE else content.decode()))
        assert printed - known == set(), name


def test_every_requirement_is_in_every_form_that_lists_them(report: ControlReport) -> None:
    leaves = {one.requirement.id for one in report.requirements}
    assert len(FRAMEWORK.identifiers) == 351
    files = {name: content.decode() for form in FORMS for name, content in form(report).items()}
    assert {row["id"] for row in json.loads(files["report.json"])["requirements"]} == leaves
    for name in ("index.html", "report.md", "csv/requirements.csv", "oscal/catalog.json"):
        assert leaves <= set(requirement_numbers(files[name])), name
