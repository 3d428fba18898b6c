"""The scaffold of policies as its user meets it, in a copy of the project: from nothing to green."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT

NAME = "widget-is-locked"
EDGES = "compliance/pci_dss_4_0_1/edges.toml"
CASES = ("pass-as-claimed", "fail-another-value", "fail-attribute-missing", "undetermined-input")
OK, PROBLEMS, BAD_INPUT = 0, 1, 3
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".mypy_cache", ".venv")


class Project:
    """A copy of the project, as far as a policy concerns it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("policies", "compliance", "docs"):
            shutil.copytree(ROOT / part, folder / part, ignore=LEFT_OUT)
        (folder / "tests" / "policies" / "alb").mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "policies" / "test_policies.py", folder / "tests" / "policies")
        shutil.copy(ROOT / "pyproject.toml", folder)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        variables = {**os.environ, "PYTHONPATH": str(self.folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        line = [sys.executable, "-m", *command]
        return subprocess.run(line, cwd=self.folder, env=variables, capture_output=True, text=True)

    def scaffold(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run("policies.scaffold", *arguments)

    def fixtures_pass(self, name: str = NAME) -> str:
        """The last line of the policy's own tests."""
        chosen = f"{name.replace('-', '_')} or {name}"
        done = self.run("pytest", "-q", "-p", "no:cacheprovider", "tests/policies/test_policies.py", "-k", chosen)
        return done.stdout.splitlines()[-1].partition(" in ")[0]

    def files(self) -> dict[Path, bytes]:
        every = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(self.folder): path.read_bytes() for path in every}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def arguments(name: str = NAME, **options: str) -> list[str]:
    given = {"folder": "alb", "type": "aws_lb", "attribute": "options.locked", **options}
    return [name, *(part for option, value in given.items() for part in (f"--{option}", value))]


def test_what_is_written_works_and_is_refused_until_its_texts_are_written(project: Project) -> None:
    before = set(project.files())
    done = project.scaffold(*arguments())
    assert (done.returncode, done.stderr) == (OK, "")
    fixtures = [f"tests/policies/alb/widget_is_locked/{one}.tf.json" for one in CASES]
    assert set(map(str, set(project.files()) - before)) == {"policies/alb/widget_is_locked.py", *fixtures}
    assert project.fixtures_pass().startswith("1 failed, 5 passed")
    policy, edges = project.folder / "policies/alb/widget_is_locked.py", project.folder / EDGES
    marked = [f"policies/alb/widget_is_locked.py:{line}" for line in marked_lines(policy)]
    marked += [f"{EDGES}:{line}" for line in marked_lines(edges)]
    assert len(marked) == 5
    for command in ("lint", "catalogue"):
        refused = project.run("compliance", command)
        assert refused.returncode == PROBLEMS
        assert refused.stdout.splitlines() == [f"{place}: a text is still to be written" for place in marked]

    policy.write_text(policy.read_text().replace("TO BE WRITTEN: ", "").replace("the claim as", "The claim as"))
    edges.write_text(edges.read_text().replace("TO BE WRITTEN: ", ""))
    assert project.fixtures_pass().startswith("6 passed")
    assert project.run("compliance", "lint").returncode == OK
    assert project.run("compliance", "catalogue").returncode == OK
    assert "### widget-is-locked" in (project.folder / "docs" / "catalogue.md").read_text()
    for command in (["check", "policies", "tests"], ["format", "--check", "policies"]):
        tidy = project.run("ruff", *command)
        assert tidy.returncode == OK, tidy.stdout


def marked_lines(file: Path) -> list[int]:
    return [number for number, line in enumerate(file.read_text().splitlines(), 1) if "TO BE WRITTEN" in line]


@pytest.mark.parametrize("value", ["false", "7", "0.5", "required", "-1", '"7"', "a'b\"c", "Straße"])
def test_every_kind_of_value_has_fixtures_that_hold(project: Project, value: str) -> None:
    done = project.scaffold(*arguments(value=value, attribute="locked"), "--type", "data.aws_widget")
    assert done.returncode == OK, done.stderr
    assert project.fixtures_pass().startswith("1 failed, 5 passed")  # the texts are not written
    assert project.run("ruff", "check", "policies").returncode == OK


def test_fixtures_fail_when_the_policy_is_broken(project: Project) -> None:
    project.scaffold(*arguments())
    policy = project.folder / "policies/alb/widget_is_locked.py"
    policy.write_text(policy.read_text().replace("setting.is_true", "not setting.is_false"))
    assert project.fixtures_pass().startswith("2 failed")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (arguments("imdsv2-required"), "there is one already: policies/compute/imdsv2_required.py"),
        (arguments("security-group-rules"), "there is one already: policies/network/security_group_rules.py"),
        (arguments("waiver-is-valid"), "edges.toml knows the name already"),
        (arguments("Widget-is-locked"), "a name is a claim in kebab-case"),
        (arguments("locked"), "a name is a claim in kebab-case"),
        (arguments("../../x-y"), "a name is a claim in kebab-case"),
        (arguments("x-y\n"), "a name is a claim in kebab-case"),
        (arguments(folder="ald"), "--folder ald: no folder of policies; did you mean alb?"),
        (arguments(folder="formats"), "--folder formats: no folder of policies"),
        (arguments(folder="../alb"), "no folder of policies"),
        (arguments(type="aws-lb"), "--type aws-lb: not a resource type"),
        (arguments(attribute="rule[0].x"), "not a path such as"),
        (arguments(attribute='x"; import os'), "not a path such as"),
        (arguments(value="[1]"), "expected true, false, a number or a word"),
        (arguments(value="NaN"), "expected true, false, a number or a word"),
        (arguments(value="${var.x}"), "expected true, false, a number or a word"),
        (arguments(value=""), "expected true, false, a number or a word"),
        (arguments(severity="huge"), "invalid choice"),
        ([NAME], "the following arguments are required: --folder, --type, --attribute"),
        ([*arguments(), "--type", "aws_lb"], "--type: one is given twice"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    untouched: Project, given: list[str], says: str
) -> None:
    before = untouched.files()
    done = untouched.scaffold(*given)
    assert done.returncode == BAD_INPUT
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert untouched.files() == before


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for all that writes nothing."""
    return Project(tmp_path_factory.mktemp("untouched"))
