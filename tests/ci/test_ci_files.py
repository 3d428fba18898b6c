"""The files that run the gate elsewhere: valid by the linters of their systems, and every command in them exists."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import compliance.__main__
from policies.commands import parse
from policies.formats import FORMATS

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "gate.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
CONFIG = ROOT / ".pre-commit-config.yaml"
ATLANTIS = ROOT / "docs" / "ci" / "atlantis.yaml"
ATLANTIS_SERVER = ROOT / "docs" / "ci" / "atlantis-server.yaml"
PAGE = ROOT / "docs" / "ci.md"
STACKS = {"portal", "recovery-global", "recovery-primary", "recovery-secondary", "transactions"}


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def program(name: str) -> str:
    """A program of the environment; its absence skips the test, except in CI."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        message = f"{name} is not installed: it is among the dev-packages"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path", "options"),
    [
        ("vendor.github-workflows", WORKFLOW, ()),
        ("custom.github-workflows-require-timeout", WORKFLOW, ()),
        ("vendor.gitlab-ci", GITLAB, ("--data-transform", "gitlab-ci")),
    ],
)
def test_a_pipeline_is_valid_by_its_schema(schema: str, path: Path, options: tuple[str, ...]) -> None:
    run(program("check-jsonschema"), "--builtin-schema", schema, *options, path)


def test_zizmor_finds_no_weakness_in_workflow_and_hooks() -> None:
    """Permissions, pins, injections, credentials left behind; what does not parse fails, too."""
    files = (WORKFLOW.parent, CONFIG, HOOKS)
    run(program("zizmor"), "--offline", "--no-progress", "--collect=all", "--strict-collection", *files)


def test_actions_are_pinned_by_commit_and_name_their_version() -> None:
    lines = [line for line in WORKFLOW.read_text().splitlines() if "uses:" in line]
    assert len(lines) >= 8
    for line in lines:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_an_action_has_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for name, pin in re.findall(r"uses: ([\w./-]+)@(\w+)", WORKFLOW.read_text()):
        pins.setdefault(name, set()).add(pin)
    assert all(len(versions) == 1 for versions in pins.values())


def test_the_workflow_may_do_no_more_than_it_needs() -> None:
    workflow = read(WORKFLOW)
    assert workflow["permissions"] == {}
    allowed = {"gate": {"contents": "read", "security-events": "write"}, "tests": {"contents": "read"}}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == allowed
    assert "secrets." not in WORKFLOW.read_text()
    assert "pull_request_target" not in WORKFLOW.read_text()


def scripts() -> Iterator[tuple[str, str]]:
    """Every piece of shell in the files, with where it stands."""
    for job in read(WORKFLOW)["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield f"{WORKFLOW.name}: {step['name']}", step["run"]
    for name, job in read(GITLAB).items():
        for line in job.get("script", []) if isinstance(job, dict) else []:
            yield f"{GITLAB.name}: {name}", line
    for hook in read(CONFIG)["repos"][0]["hooks"]:
        yield f"{CONFIG.name}: {hook['id']}", hook["entry"]
    server = read(ATLANTIS_SERVER)
    for hook in server["repos"][0]["pre_workflow_hooks"]:
        yield f"{ATLANTIS_SERVER.name}: hook", hook["run"]
    for step in server["workflows"]["compliance"]["plan"]["steps"]:
        if isinstance(step, dict):
            yield (
                f"{ATLANTIS_SERVER.name}: step",
                step["run"] if isinstance(step["run"], str) else step["run"]["command"],
            )
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        if not language:
            yield PAGE.name, block
    for command in re.findall(r"`(make [^`]+|[^`]*python -m [^`]+)`", PAGE.read_text()):
        yield PAGE.name, command
    yield ".ci/judge", (ROOT / ".ci" / "judge").read_text()


def commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script as lists of words. Variables stay as they are."""
    joined = script.replace("\\\n", " ")
    for line in joined.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set("|&;<>()"):
                yield words
                words = []
            else:
                words.append(word)
        yield words


def calls(start: str) -> list[Any]:
    """Every command of the files that begins so, as words after it, named by where it stands."""
    found = []
    for where, script in scripts():
        for words in commands(script):
            text = " ".join(words)
            if start in text:
                after = shlex.split(text[text.index(start) + len(start) :])
                found.append(pytest.param(after, id=f"{where}: {text}"[:120]))
    return found


@pytest.mark.parametrize("arguments", calls("python -m policies"))
def test_every_call_of_the_gate_is_one_that_it_takes(arguments: list[str]) -> None:
    options = parse(arguments)
    for name in options.format or []:
        assert name.partition("=")[0] in FORMATS
        assert name == "text" or re.fullmatch(r"\w+=build/\S+", name)


@pytest.mark.parametrize("arguments", calls("python -m compliance"))
def test_every_call_of_the_report_is_one_that_it_takes(arguments: list[str]) -> None:
    compliance.__main__._parser().parse_args(arguments)


@pytest.mark.parametrize("arguments", calls("python -m infra.main"))
def test_every_call_of_the_synthesis_is_one_that_it_takes(arguments: list[str]) -> None:
    assert arguments == []
    assert importlib.util.find_spec("infra.main")


def test_no_other_module_is_called() -> None:
    modules = {words.split()[0] for _, script in scripts() for words in re.findall(r"python -m ([\w. -]+)", script)}
    assert modules == {"policies", "compliance", "infra.main", "pytest"}


@pytest.mark.parametrize("arguments", calls("make "))
def test_every_target_of_make_is_one_that_it_has(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^(\w+) \?=", makefile, re.MULTILINE))
    wanted = {word for word in arguments if not word.startswith(("-", "$"))}
    settings = {word for word in wanted if "=" in word}
    assert {word.partition("=")[0] for word in settings} <= variables
    assert wanted - settings
    assert wanted - settings <= targets


@pytest.mark.parametrize("path", [WORKFLOW, GITLAB])
def test_whatever_a_pipeline_collects_some_command_writes(path: Path) -> None:
    text = path.read_text()
    written = {one.partition("=")[2] for one in re.findall(r"--format (\S+=\S+)", text)}
    written |= set(re.findall(r"> (build/\S+)", text)) | set(re.findall(r"--junitxml=(\S+)", text))
    for name in re.findall(r"build/[\w./-]*", text):
        assert name in written or any(one.startswith(name.rstrip("/") + "/") for one in written), name


def test_a_pipeline_ends_with_the_code_of_the_gate() -> None:
    [judge] = [step["run"] for step in read(WORKFLOW)["jobs"]["gate"]["steps"] if step.get("id") == "judge"]
    for script in (judge, read(GITLAB)["gate"]["script"][-1]):
        stub = re.sub(r"\.venv/bin/python -m policies .*?(?= \|\|)", "(exit 2)", script, flags=re.DOTALL)
        stub = re.sub(r"\.venv/bin/python -m compliance .*", "echo reported", stub)
        assert stub.count(".venv") == 0
        environment = {**os.environ, "GITHUB_OUTPUT": os.devnull}
        done = subprocess.run(["bash", "-e", "-c", stub], env=environment, capture_output=True, text=True)
        assert done.returncode == 2


def test_every_stack_is_a_project_of_atlantis_and_judged_by_the_servers_workflow() -> None:
    projects = {one["name"]: one for one in read(ATLANTIS)["projects"]}
    server = read(ATLANTIS_SERVER)
    assert set(projects) == STACKS
    for name, project in projects.items():
        assert project["dir"] == f"cdktf.out/stacks/{name}"
        assert project["workflow"] in server["workflows"]
        for pattern in project["autoplan"]["when_modified"]:
            assert list(ROOT.glob(os.path.normpath(Path(project["dir"]) / pattern))), pattern
    assert server["repos"][0]["allow_custom_workflows"] is False


def test_the_atlantis_step_judges_from_the_root_and_stops_on_any_code(tmp_path: Path) -> None:
    stack = tmp_path / "cdktf.out" / "stacks" / "portal"
    fake = tmp_path / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    stack.mkdir(parents=True)
    fake.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\nexit 2\n')
    fake.chmod(0o755)
    step = read(ATLANTIS_SERVER)["workflows"]["compliance"]["plan"]["steps"][-1]["run"]
    names = {"DIR": str(stack), "REPO_REL_DIR": "cdktf.out/stacks/portal", "SHOWFILE": f"{stack}/portal.json"}
    done = subprocess.run(["sh", "-c", step], cwd=stack, env={**os.environ, **names}, capture_output=True, text=True)
    assert done.returncode == 2
    where, *arguments = done.stdout.splitlines()
    assert where == str(tmp_path.resolve())
    assert arguments[:5] == ["-m", "policies", "check", names["SHOWFILE"], "--configuration"]


def test_waived_findings_are_left_out_of_the_alerts_and_nothing_else(tmp_path: Path) -> None:
    steps = read(WORKFLOW)["jobs"]["gate"]["steps"]
    [step] = [step["run"] for step in steps if "alerts" in step.get("name", "")]
    program("jq")
    log = {"runs": [{"results": [{"ruleId": "a"}, {"ruleId": "b", "suppressions": [{}]}, {"ruleId": "c"}]}]}
    (tmp_path / "build" / "gate").mkdir(parents=True)
    (tmp_path / "build" / "gate" / "gate.sarif").write_text(json.dumps(log))
    subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, check=True)
    alerts = json.loads((tmp_path / "build" / "alerts.sarif").read_text())
    assert alerts == {"runs": [{"results": [{"ruleId": "a"}, {"ruleId": "c"}]}]}


def test_hooks_name_files_that_are_there() -> None:
    [hook] = read(HOOKS)
    assert os.access(ROOT / hook["entry"], os.X_OK)
    assert (hook["language"], hook["stages"]) == ("script", ["pre-push"])
    for one in read(CONFIG)["repos"][0]["hooks"]:
        assert one["language"] == "system"
        if "files" in one:
            tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
            for part in re.findall(r"[\w./\\]+(?=[|)])", one["files"]):
                prefix = part.replace("\\", "").rstrip("$")
                assert any(name.startswith(prefix) for name in tracked.stdout.splitlines()), prefix


def test_the_hook_for_others_judges_in_their_repository_with_our_code(tmp_path: Path) -> None:
    """Its own environment stands in for the one that its first run would set up."""
    clone, theirs = tmp_path / "clone", tmp_path / "theirs"
    (clone / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "judge", clone / ".ci" / "judge")
    for name in ("policies", "compliance"):
        (clone / name).symlink_to(ROOT / name)
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "run").touch()
    python = clone / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    stack = theirs / "cdktf.out" / "stacks" / "web" / "cdk.tf.json"
    stack.parent.mkdir(parents=True)
    stack.write_text(json.dumps({"resource": {"aws_launch_template": {"web": {}}}}))
    command = [str(clone / ".ci" / "judge"), "--policy", "imdsv2-required"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=theirs, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "aws_launch_template.web" in done.stdout


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target


def test_the_page_tells_of_every_format() -> None:
    table = PAGE.read_text().partition("## Formats")[2].partition("## GitHub")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(FORMATS) - {"text", "json"}
