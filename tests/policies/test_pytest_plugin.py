"""The pytest plugin as its user meets it: pytest in a process of its own, on real stacks and on broken copies."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.policies.conftest import ROOT, write

TEMPLATE = "aws_launch_template.compute_template"
TEST = f"portal::imdsv2-required::{TEMPLATE}"
OK, FAILED, USAGE, NONE = 0, 1, 4, 5  # pytest's exit codes
HOSTILE_KEY = 'a]\n::()\x1b[2J\u202e"'


@dataclass(frozen=True)
class Run:
    """One run of pytest."""

    code: int
    out: str

    def counts(self) -> dict[str, int]:
        """What pytest's last line says."""
        last = next(line for line in reversed(self.out.splitlines()) if re.search(r"\d+ \w+", line))
        return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last.partition(" in ")[0])}


class Project:
    """A repository of somebody else, with synthesized stacks in it; it has the plugin by `-p`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> Run:
        command = [sys.executable, "-m", "pytest", "-p", "policies.pytest_plugin", "-p", "no:cacheprovider", *arguments]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True)
        return Run(done.returncode, done.stdout + done.stderr)

    def change(self, change: Callable[[dict[str, Any]], object]) -> None:
        file = self.folder / "cdktf.out" / "stacks" / "portal" / "cdk.tf.json"
        document = json.loads(file.read_text())
        change(document["resource"])
        file.write_text(json.dumps(document))


@pytest.fixture
def project(tmp_path: Path, stacks: Path) -> Project:
    """The project with the portal, and the waivers it lives with."""
    shutil.copytree(stacks / "portal", tmp_path / "cdktf.out" / "stacks" / "portal")
    shutil.copy(ROOT / "waivers.yaml", tmp_path)
    return Project(tmp_path)


def answer_old_requests(resources: dict[str, Any]) -> None:
    resources["aws_launch_template"]["compute_template"]["metadata_options"]["http_tokens"] = "optional"


def test_every_assessment_of_the_gate_is_a_test_with_the_same_outcome(project: Project) -> None:
    command = [sys.executable, "-m", "policies", "check", "--format", "json"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    checked = subprocess.run(command, cwd=project.folder, env=variables, capture_output=True, text=True)
    summary = json.loads(checked.stdout)["summary"]
    run = project.run("--stack", "portal", "-q")
    assert run.code == OK
    assert run.counts() == {
        "passed": summary["pass"],
        "deselected": summary["not-applicable"],
        "xfailed": summary["waived"],
    }
    assert summary["waived"] > 0


def test_tests_have_readable_ids_that_select_them_again(project: Project) -> None:
    listed = project.run("--stack", "portal", "--collect-only", "-q", "-k", "imdsv2")
    assert [line for line in listed.out.splitlines() if "::" in line] == [TEST]
    for named in (TEST, TEST.rpartition("::")[0]):
        run = project.run("--stack", "portal", named, "-v")
        assert run.code == OK
        assert f"{TEST} PASSED" in run.out
        assert run.counts()["passed"] == 1


def test_a_failure_shows_the_finding_as_the_gate_does_on_the_line_of_the_program(project: Project) -> None:
    project.change(answer_old_requests)
    run = project.run("--stack", "portal", "-k", "imdsv2", "--junitxml=out.xml", "-o", "junit_family=xunit1")
    assert (run.code, run.counts()["failed"]) == (FAILED, 1)
    [line] = {
        str(place["line"])
        for path, place in json.loads(
            (project.folder / "cdktf.out" / "stacks" / "portal" / "sources.json").read_text()
        ).items()
        if path.endswith("compute/template")
    }
    assert f"FAIL  imdsv2-required  (high)  portal: {TEMPLATE}" in run.out
    assert f'infra/compute.py:{line}  metadata_options.http_tokens = "optional"' in run.out
    assert "Why: With IMDSv1" in run.out
    assert "Fix: Set metadata_options" in run.out
    assert f"\ninfra/compute.py:{line}: IMDSv1 is answered" in run.out
    assert f"FAILED {TEST} - IMDSv1 is answered" in run.out
    [case] = ElementTree.parse(project.folder / "out.xml").iter("testcase")
    assert case.attrib["file"] == "infra/compute.py"
    assert int(case.attrib["line"]) + 1 == int(line)  # pytest counts from 0 there


def test_what_nobody_knows_fails(project: Project) -> None:
    def leave_open(resources: dict[str, Any]) -> None:
        options = resources["aws_launch_template"]["compute_template"]["metadata_options"]
        options["http_tokens"] = "${data.aws_region.here.name}"

    project.change(leave_open)
    run = project.run("--stack", "portal", "-k", "imdsv2")
    assert (run.code, run.counts()["failed"]) == (FAILED, 1)
    assert "UNDETERMINED  imdsv2-required" in run.out


def test_what_is_waived_is_an_expected_failure_with_its_reason_and_never_passes(project: Project) -> None:
    waived = "portal::encrypted-with-kms::aws_s3_bucket.storage_access_logs_bucket"
    run = project.run("--stack", "portal", waived, "-rx")
    assert run.code == OK
    assert {"xfailed": 1}.items() <= run.counts().items()
    assert f"XFAIL {waived} - waived until 2027-05-20 by platform-team (PORTAL-101): Load balancers" in run.out
    for option in ("--no-waivers", "--runxfail"):
        bare = project.run("--stack", "portal", waived, option)
        assert (bare.code, bare.counts()["failed"]) == (FAILED, 1)


def test_a_waiver_that_covers_nothing_fails_on_its_line(project: Project) -> None:
    waivers = project.folder / "waivers.yaml"
    waivers.write_text(waivers.read_text().replace("storage_access_logs_bucket]", "no_such_bucket]"))
    run = project.run("--stack", "portal", "-k", "waiver")
    assert (run.code, run.counts()["failed"]) == (FAILED, 1)
    assert re.search(r"FAILED portal::waiver-is-valid::waivers.yaml:\d+ - .* covers nothing", run.out)


def test_markers_select_by_requirement_and_by_any_above_it(project: Project) -> None:
    def selected(marker: str) -> set[str]:
        run = project.run("--stack", "portal", "--collect-only", "-q", "-m", marker, "-W", "error", "--strict-markers")
        assert run.code == OK
        return {line for line in run.out.splitlines() if line.startswith("portal::")}

    exact, chapter = selected("requirement_10_5_1"), selected("requirement_10")
    assert exact < chapter
    assert all("logs" in test for test in exact)
    assert TEST not in chapter


def test_a_specification_asks_for_what_is_missing(project: Project) -> None:
    project.change(lambda resources: resources.pop("aws_autoscaling_group"))
    run = project.run("--stack", "portal", "-k", "group-spans-private-zones")
    assert (run.code, run.counts()["failed"]) == (FAILED, 1)
    assert "FAILED portal::group-spans-private-zones::(stack) - no aws_autoscaling_group in the stack" in run.out


def test_parameters_come_from_the_specification(project: Project) -> None:
    def shorten(resources: dict[str, Any]) -> None:
        resources["aws_vpc"]["network_vpc"]["cidr_block"] = "10.1.0.0/16"

    project.change(shorten)
    run = project.run("--stack", "portal", "-k", "vpc-has-planned-range")
    assert (run.code, run.counts()["failed"]) == (FAILED, 1)


@pytest.mark.parametrize("selection", [["-k", "no-such-policy"], ["-m", "requirement_99"], ["-k", "bucket-replicates"]])
def test_a_selection_in_which_nothing_is_judged_is_no_success(project: Project, selection: list[str]) -> None:
    assert project.run("--stack", "portal", *selection).code == NONE


def test_a_stack_in_which_nothing_is_judged_ends_the_run(project: Project) -> None:
    write(project.folder / "empty.tf.json", {"output": {"x": {"value": 1}}})
    run = project.run("--stack", "portal", "--stack", "empty.tf.json")
    assert run.code == USAGE
    assert "ERROR: --stack empty.tf.json: no resource in it was judged\n" in run.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--stack", "portl"], "portl: no such stack or path; did you mean portal?"),
        (["--stack", "elsewhere"], "elsewhere: no such stack or path; cdktf.out holds portal"),
        (["--stack", ""], "an empty name of a stack"),
        (["--stack", "n" * 300], "File name too long"),
        (["--stack", "x\x1b[2J\u2028y"], r"x\x1b[2J\u2028y: no such stack or path"),
        (["--stack", "broken.json"], "broken.json:1"),
        (["--stack", "portal", "--stack", "cdktf.out/stacks/portal"], "2 inputs show a stack named portal"),
        (["--stack", "portal", "--waivers", "none.yaml"], "none.yaml: no such file"),
        (["--stack", "portal", "portal::imdsv2-required::none"], "not found: portal::imdsv2-required::none"),
    ],
)
def test_bad_input_is_wrong_usage_in_one_line(project: Project, arguments: list[str], says: str) -> None:
    write(project.folder / "broken.json", "{")
    run = project.run(*arguments)
    [error] = [line for line in run.out.split("\n") if line.startswith("ERROR: ")]
    assert says in error
    assert error.isprintable()
    assert run.code == USAGE
    assert "Traceback" not in run.out


def test_without_synthesis_the_error_says_so(tmp_path: Path) -> None:
    run = Project(tmp_path).run("--stack", "portal")
    assert run.code == USAGE
    assert "ERROR: portal: no such path, and nothing is synthesized in cdktf.out/stacks" in run.out


def test_hostile_names_stay_in_their_line(tmp_path: Path) -> None:
    keys = {HOSTILE_KEY: {}, "a]\\n": {}, "::()": {}}
    template = {"for_each": keys, "metadata_options": {"http_tokens": "${each.key}\x1b[31m"}}
    write(tmp_path / "x.tf.json", {"resource": {"aws_launch_template": {"web": template}}})
    run = Project(tmp_path).run("--stack", "x.tf.json", "-k", "imdsv2", "-v")
    assert (run.code, run.counts()["failed"]) == (FAILED, len(keys))
    assert all(character.isprintable() or character == "\n" for character in run.out)


def test_a_run_without_stack_collects_no_policy(project: Project) -> None:
    write(project.folder / "test_mine.py", "def test_mine():\n    pass\n")
    run = project.run("-q")
    assert (run.code, run.counts()) == (OK, {"passed": 1})
    assert "portal" not in run.out


def test_other_tests_run_beside_policies_only_where_they_are_named(project: Project) -> None:
    write(project.folder / "test_mine.py", "def test_mine():\n    pass\n")
    write(project.folder / "pytest.ini", "[pytest]\ntestpaths = .\n")
    alone = project.run("--stack", "portal", "-v", "-k", "imdsv2 or mine")
    both = project.run("--stack", "portal", "-v", "-k", "imdsv2 or mine", "test_mine.py")
    assert (alone.counts()["passed"], both.counts()["passed"]) == (1, 2)


def test_this_repository_loads_the_plugin_itself(stacks: Path) -> None:
    command = [sys.executable, "-m", "pytest", f"--stack={stacks / 'portal'}", "-k", "imdsv2", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == OK, done.stdout
    assert "1 passed" in done.stdout


# --- Fixtures -----------------------------------------------------------------------------------------------------


def outcomes(project: Project, *arguments: str) -> tuple[dict[str, str], Run]:
    """Test name -> the outcome in pytest's verbose list, for the tests in test_mine.py."""
    run = project.run("test_mine.py", "-v", "-rA", *arguments)
    return dict(re.findall(r"^test_mine.py::(\w+) (\w+)", run.out, re.MULTILINE)), run


def test_fixtures_find_stacks_and_resources_and_refuse_to_find_nothing(project: Project) -> None:
    write(
        project.folder / "test_mine.py",
        """
def test_by_name(stack):
    assert stack("portal").stack == "portal"
    assert stack("portal") is stack("cdktf.out/stacks/portal")

def test_resources(resources):
    [balancer] = resources("aws_lb", stack="portal")
    assert balancer.attribute("drop_invalid_header_fields").is_true

def test_none(resources):
    resources("aws_ln", stack="portal")

def test_none_is_what_is_wanted(resources):
    assert resources("aws_instance", stack="portal", at_least=0) == ()

def test_unknown_value(resources):
    resources("aws_lb", stack="portal")[0].attribute("arn_suffix").value
    resources("aws_lb_listener", stack="portal")[0].attribute("load_balancer_arn").value

def test_no_such_stack(stack):
    stack("portl")

def test_which_stack(resources):
    resources("aws_lb")
""",
    )
    found, run = outcomes(project)
    assert found == {
        "test_by_name": "PASSED",
        "test_resources": "PASSED",
        "test_none": "FAILED",
        "test_none_is_what_is_wanted": "PASSED",
        "test_unknown_value": "FAILED",
        "test_no_such_stack": "FAILED",
        "test_which_stack": "FAILED",
    }
    assert "portal has 0 of aws_ln, expected at least 1; did you mean aws_lb?" in run.out
    assert "portl: no such stack or path; did you mean portal?" in run.out
    assert "say which stack is meant: --stack names none" in run.out
    with_stack, _ = outcomes(project, "--stack", "portal", "-k", "test_which_stack")
    assert with_stack == {"test_which_stack": "PASSED"}


def test_policies_are_asserted_on_stacks_and_resources(project: Project) -> None:
    write(
        project.folder / "test_mine.py",
        """
import pytest

@pytest.mark.requirement_2_2_6
def test_stack(assert_policy):
    assert_policy("imdsv2-required", "portal")

def test_resource(assert_policy, resources):
    assert_policy("imdsv2-required", resources("aws_launch_template", stack="portal")[0])

def test_resources(assert_policy, resources):
    assert_policy("imdsv2-required", resources("aws_launch_template", stack="portal"))

def test_waived(assert_policy):
    assert_policy("encrypted-with-kms", "portal")

def test_not_applicable(assert_policy):
    assert_policy("bucket-replicates", "portal")

def test_not_judged(assert_policy, resources):
    assert_policy("imdsv2-required", resources("aws_lb", stack="portal"))

def test_nothing(assert_policy):
    assert_policy("imdsv2-required", [])

def test_no_such_policy(assert_policy):
    assert_policy("imdsv2-requird", "portal")

def test_parameters(assert_policy):
    assert_policy("vpc-has-planned-range", "portal", cidr_block="10.0.0.0/16")

def test_other_parameters(assert_policy):
    assert_policy("vpc-has-planned-range", "portal", cidr_block="10.9.0.0/16")

def test_wrong_parameter(assert_policy):
    assert_policy("vpc-has-planned-range", "portal", cidr=1)
""",
    )
    found, run = outcomes(project, "--strict-markers")
    assert {name for name, outcome in found.items() if outcome == "PASSED"} == {
        "test_stack",
        "test_resource",
        "test_resources",
        "test_parameters",
    }
    assert found["test_waived"] == "XFAIL"
    assert "did you mean imdsv2-required?" in run.out
    assert "imdsv2-required does not judge aws_lb." in run.out
    assert "vpc-has-planned-range has no parameter cidr" in run.out
    project.change(answer_old_requests)
    broken, run = outcomes(project, "--no-waivers")
    assert {name for name, outcome in broken.items() if outcome == "PASSED"} == {"test_parameters"}
    assert "XFAIL" not in broken.values()
    assert re.search(r"E +Failed: FAIL  imdsv2-required .*\n(E .*\n)?E .*http_tokens = \"optional\"", run.out)


# --- The page -----------------------------------------------------------------------------------------------------


PAGE = (ROOT / "docs" / "testing-infrastructure.md").read_text()


@pytest.mark.parametrize("command", re.findall(r"^\$ pytest (.+)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_run(project: Project, command: str) -> None:
    for number, example in enumerate(re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)):
        write(project.folder / "tests" / f"test_example_{number}.py", example)
    assert project.run(*command.partition("  #")[0].split()).code == OK


def test_the_examples_of_the_page_hold_and_fail_on_a_broken_stack(project: Project) -> None:
    examples = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    for number, example in enumerate(examples):
        write(project.folder / f"test_example_{number}.py", example)
    whole = project.run()
    assert (whole.code, len(examples)) == (OK, 4), whole.out
    project.change(answer_old_requests)
    project.change(lambda resources: resources["aws_lb"]["alb_balancer"].pop("drop_invalid_header_fields"))
    broken = project.run()
    assert broken.code == FAILED
    assert broken.counts()["failed"] >= 2
