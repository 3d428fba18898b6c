"""JUnit XML, checked against the elements and attributes that Jenkins, GitLab and the GitHub actions read.

There is no one schema, and none is published as a package; what is checked here is stricter than any: which element may
hold which, which attributes each has and must have, and that the counts are those of the cases.
"""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.result import Validation
from tests.policies.conftest import Run, write
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

COUNTS = {"tests", "failures", "errors", "skipped"}
# element -> (elements it may hold, attributes it must have, attributes it may have)
GRAMMAR: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, {"name", *COUNTS}, set()),
    "testsuite": ({"testcase"}, {"name", *COUNTS}, set()),
    "testcase": ({"failure", "error", "skipped"}, {"classname", "name"}, {"file", "line"}),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message"}, set()),
}


def parsed(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        inside, required, optional = GRAMMAR[element.tag]
        assert {child.tag for child in element} <= inside
        assert required <= set(element.attrib) <= required | optional
        if element.tag == "testcase":
            assert len(element) <= 1
            assert int(element.get("line", "1")) >= 1
        if "tests" in element.attrib:
            cases = list(element.iter("testcase"))
            found = Counter(case[0].tag for case in cases if len(case))
            counted = {name: int(element.attrib[name]) for name in COUNTS}
            assert counted == {
                "tests": len(cases),
                "failures": found["failure"],
                "errors": found["error"],
                "skipped": found["skipped"],
            }
    return root


def only_case(text: str) -> ElementTree.Element:
    [case] = parsed(text).iter("testcase")
    return case


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_make_a_well_formed_file(name: str, tmp_path: Path) -> None:
    assert len(list(parsed(written("junit", hostile_result(tmp_path, HOSTILE[name]))).iter("testcase"))) == 7


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        ("pass", None),
        ("fail", "failure"),
        ("undetermined", "error"),
        ("waived", "skipped"),
        ("not-applicable", "skipped"),
    ],
)
def test_only_a_pass_passes(outcome: str, tag: str | None, tmp_path: Path) -> None:
    accepted = waiver() if outcome == "waived" else None
    rows = (assessment(outcome=outcome, waiver=accepted), assessment(outcome="pass", address="judged.too"))
    case, judged = parsed(written("junit", result(tmp_path, *rows))).iter("testcase")
    assert [child.tag for child in case] == ([tag] if tag else [])
    assert len(judged) == 0


def test_a_failure_shows_finding_line_remedy_and_requirements(tmp_path: Path) -> None:
    case = only_case(written("junit", result(tmp_path, assessment())))
    assert (case.get("classname"), case.get("name")) == ("portal.imdsv2-required", "aws_launch_template.web")
    assert (case.get("file"), case.get("line")) == ("infra/compute.py", "41")
    [failure] = case
    assert (failure.get("type"), failure.get("message")) == ("high", "IMDSv1 is answered")
    for part in ("at infra/compute.py:41", "attribute metadata_options.http_tokens", "fix: Require tokens.", "2.2.6"):
        assert part in (failure.text or "")


def test_a_waiver_is_skipped_with_who_accepted_it_why_and_until_when(tmp_path: Path) -> None:
    case = only_case(written("junit", result(tmp_path, assessment(outcome="waived", waiver=waiver()))))
    message = case[0].get("message") or ""
    for part in ("waived until 2026-12-10", "platform-team", "PORTAL-1", "An appliance that knows IMDSv1 only."):
        assert part in message


@pytest.mark.parametrize(("outcome", "tag"), [("pass", None), ("fail", "failure"), ("not-run", "skipped")])
def test_terraforms_verdict_is_a_case_of_its_stack(outcome: str, tag: str | None, tmp_path: Path) -> None:
    validation = Validation("portal", outcome, None, "what it said")  # type: ignore[arg-type]
    root = parsed(written("junit", result(tmp_path, assessment(outcome="pass"), validation=(validation,))))
    [case] = [one for one in root.iter("testcase") if one.get("classname") == "portal.terraform-validate"]
    assert [child.tag for child in case] == ([tag] if tag else [])


def test_a_stack_in_which_nothing_was_judged_is_an_error(tmp_path: Path) -> None:
    case = only_case(written("junit", result(tmp_path), 3))
    assert (case[0].tag, case[0].get("message")) == ("error", "no resource of the stack was judged")


def test_each_stack_is_a_suite_and_each_policy_and_resource_a_case(gate: Callable[..., Run], tmp_path: Path) -> None:
    for stack, names in (("one", ("a", "b")), ("two", ("c",))):
        content = {"resource": {"aws_launch_template": {name: {} for name in names}}}
        write(tmp_path / "cdktf.out" / "stacks" / stack / "cdk.tf.json", content)
    root = parsed(gate("--policy", "imdsv2-required", "--format", "junit").out)
    cases = {suite.get("name"): [case.get("name") for case in suite] for suite in root}
    assert cases == {"one": ["aws_launch_template.a", "aws_launch_template.b"], "two": ["aws_launch_template.c"]}
