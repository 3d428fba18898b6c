"""compliance-trestle accepts every document, whatever the judged configuration holds, and would refuse a wrong one."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.catalog import Catalog
from trestle.oscal.component import ComponentDefinition
from trestle.oscal.profile import Profile

from compliance.control_report import ControlReport, control_report
from compliance.oscal import documents
from tests.compliance import gate_results as make
from tests.compliance.oscal import reports
from tests.compliance.test_rendering import hostile as hostile

MODELS = {
    "catalog": Catalog,
    "profile": Profile,
    "component-definition": ComponentDefinition,
    "assessment-plan": AssessmentPlan,
    "assessment-results": AssessmentResults,
}
FOLDERS = {name: "assessment-results" if name == "assessment-results" else f"{name}s" for name in MODELS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, hostile: ControlReport) -> dict[str, dict[str, str]]:
    """Documents of every kind of report, by its name."""
    folder = tmp_path_factory.mktemp("results")
    empty = control_report(make.read(folder, make.document(inputs=[])), reports.FRAMEWORK, [], make.ORIGIN)
    return {
        "sample": documents(reports.sample()),
        "timeless": documents(reports.sample(time=None, time_source=None, commit=None, is_dirty=None)),
        "verdicts": documents(reports.every_verdict(folder)),
        "declared": documents(reports.declared(folder)),
        "hostile": documents(hostile),
        "empty": documents(empty),
    }


def _validate(workspace: Path, made: Mapping[str, Mapping[str, str]]) -> subprocess.CompletedProcess[str]:
    """What `trestle validate --all` says of the documents in a workspace of its own."""
    trestle = str(Path(sys.executable).with_name("trestle"))
    subprocess.run([trestle, "init", "--local"], cwd=workspace, check=True, capture_output=True, timeout=120)
    for report, texts in made.items():
        for name, folder in FOLDERS.items():
            place = workspace / folder / report
            place.mkdir(parents=True)
            (place / f"{name}.json").write_text(texts[f"oscal/{name}.json"], "utf-8")
    return subprocess.run([trestle, "validate", "--all"], cwd=workspace, capture_output=True, text=True, timeout=300)


def test_trestle_validates_every_document(tmp_path: Path, made: dict[str, dict[str, str]]) -> None:
    done = _validate(tmp_path, made)
    assert done.returncode == 0, done.stdout[-3000:]
    valid = [line for line in done.stdout.splitlines() if line.startswith("VALID: ")]
    assert len(valid) == len(made) * len(MODELS)


def test_trestle_refuses_a_wrong_document(tmp_path: Path, made: dict[str, dict[str, str]]) -> None:
    body = json.loads(made["verdicts"]["oscal/assessment-results.json"])
    result = body["assessment-results"]["results"][0]
    result["observations"][1]["uuid"] = result["observations"][0]["uuid"]
    wrong = made["verdicts"] | {"oscal/assessment-results.json": json.dumps(body)}
    assert _validate(tmp_path, {"wrong": wrong}).returncode != 0


@pytest.mark.parametrize("report", ["sample", "timeless", "verdicts", "declared", "hostile", "empty"])
@pytest.mark.parametrize("name", MODELS)
def test_the_models_of_oscal_read_every_document(made: dict[str, dict[str, str]], report: str, name: str) -> None:
    body = json.loads(made[report][f"oscal/{name}.json"])
    assert list(body) == [name]
    MODELS[name].model_validate(body[name])


def test_the_models_refuse_a_third_state_of_a_finding(made: dict[str, dict[str, str]]) -> None:
    body = json.loads(made["verdicts"]["oscal/assessment-results.json"])["assessment-results"]
    body["results"][0]["findings"][0]["target"]["status"]["state"] = "partly-satisfied"
    with pytest.raises(ValidationError):
        AssessmentResults.model_validate(body)


def test_the_documents_are_small(made: dict[str, dict[str, str]]) -> None:
    for name, text in made["sample"].items():
        assert len(text) < 5_000_000, name
