"""Workflow commands, read back as the runner of GitHub Actions reads them."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies.model import Assessment
from policies.result import Validation
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

_COMMAND = re.compile(r"::(?P<kind>[a-z]+) (?P<properties>[^:]*)::(?P<data>.*)")


@dataclass(frozen=True)
class Annotation:
    kind: str
    properties: dict[str, str]
    data: str


def annotations(text: str) -> list[Annotation]:
    """Every line, as the runner splits it: properties at commas, name and value at the first equals sign."""
    found = []
    for line in text.splitlines():
        match = _COMMAND.fullmatch(line)
        assert match, line
        pairs = [pair.split("=", 1) for pair in match["properties"].split(",")]
        properties = {name: _unescaped(value, {"%3A": ":", "%2C": ","}) for name, value in pairs}
        assert set(properties) <= {"file", "line", "title"}
        found.append(Annotation(match["kind"], properties, _unescaped(match["data"], {})))
    return found


def _unescaped(text: str, more: dict[str, str]) -> str:
    codes = {"%0D": "\r", "%0A": "\n", "%25": "%", **more}
    assert not re.search("%(?!" + "|".join(code[1:] for code in codes) + ")", text)
    return re.sub("|".join(codes), lambda match: codes[match[0]], text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_stay_inside_their_annotation(name: str, tmp_path: Path) -> None:
    found = annotations(written("github", hostile_result(tmp_path, HOSTILE[name])))
    assert [one.kind for one in found] == ["error", "error", "error"]  # terraform's, the failed, the undetermined
    assert found[1].properties["line"] == "3"


def test_an_annotation_names_line_policy_finding_and_remedy(tmp_path: Path) -> None:
    [found] = annotations(written("github", result(tmp_path, assessment(message="100% open: a, b"))))
    assert found.kind == "error"
    assert found.properties == {"file": "infra/compute.py", "line": "41", "title": "imdsv2-required (high)"}
    assert found.data == "portal: aws_launch_template.web: 100% open: a, b\nRequire tokens."


def test_a_file_with_commas_and_colons_is_one_property(tmp_path: Path) -> None:
    text = written("github", result(tmp_path, assessment(policy="a,line=1::b:%")))
    assert annotations(text)[0].properties["title"] == "a,line=1::b:% (high)"


def findings(severity: str, count: int, outcome: str = "fail") -> list[Assessment]:
    return [assessment(severity=severity, outcome=outcome, address=f"a.{severity}{n:02}") for n in range(count)]


def test_the_worst_come_first_and_of_one_severity_what_failed(tmp_path: Path) -> None:
    rows = [*findings("low", 1), *findings("high", 1, "undetermined"), *findings("high", 1), *findings("critical", 1)]
    found = annotations(written("github", result(tmp_path, *rows)))
    assert [one.properties["title"].split("(")[1] for one in found] == ["critical)", "high)", "high)", "low)"]
    assert ["Undetermined" in one.data for one in found] == [False, False, True, False]


def test_no_kind_exceeds_what_github_shows_and_the_rest_is_counted(tmp_path: Path) -> None:
    rows = [*findings("critical", 3), *findings("high", 12), *findings("medium", 11), *findings("low", 10)]
    found = annotations(written("github", result(tmp_path, *rows)))
    kinds = [one.kind for one in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {"error": 10, "warning": 10, "notice": 10}
    assert [one.properties["title"] for one in found[:3]] == ["imdsv2-required (critical)"] * 3
    assert found[-1].data.startswith("5 more of kind error, 1 more of kind warning, 1 more of kind notice")


def test_ten_of_each_kind_need_no_closing_line(tmp_path: Path) -> None:
    rows = [*findings("high", 10), *findings("medium", 10), *findings("low", 10)]
    assert len(annotations(written("github", result(tmp_path, *rows)))) == 30


def test_all_well_is_silence(tmp_path: Path) -> None:
    rows = (assessment(outcome="pass"), assessment(outcome="waived", waiver=waiver(), address="a.b"))
    assert written("github", result(tmp_path, *rows), 0) == ""


def test_what_terraform_refuses_and_what_nobody_judged_are_errors(tmp_path: Path) -> None:
    made = result(tmp_path, validation=(Validation("portal", "fail", "1.11.4", "Unsupported argument"),))
    found = annotations(written("github", made, 3))
    assert [(one.kind, one.data) for one in found] == [
        ("error", "portal: Unsupported argument"),
        ("error", "portal: no resource was judged"),
    ]
