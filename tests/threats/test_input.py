"""Whoever writes the input tries to talk the gate round; docs/threat-model.md tells of each way."""

import copy
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies import engine, specifications, terraform_json
from policies.graph import ResourceGraph
from policies.model import Finding, Policy
from policies.registry import catalogue
from policies.resources import Resource
from tests.infra.test_synthesis import STACKS
from tests.policies.conftest import write
from tests.threats.runs import WEAK, check, verdicts

SKIPS: dict[str, dict[str, Any]] = {
    "a skip where cdktf metadata stands": {"//": {"checkov": {"skip": [{"id": "CKV_AWS_24", "comment": "no"}]}}},
    "a comment that Checkov knows": {"//": "checkov:skip=CKV_AWS_24:no need"},
    "a comment of ours": {"//": {"policies": {"skip": ["no-open-ingress"]}, "metadata": {"waived": True}}},
    "a comment of others": {"//": ["tfsec:ignore:*", "trivy:ignore:*", "nosec", "kics-scan ignore"]},
    "a skip as an attribute": {"checkov": {"skip": [{"id": "CKV_AWS_24", "comment": "no"}]}},
    "a skip in a description": {"description": "checkov:skip=CKV_AWS_24:no need"},
    "a skip in a tag": {"tags": {"checkov:skip": "CKV_AWS_24", "nosec": "true"}},
}


@pytest.fixture(scope="module")
def plainly(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What the gate says of the weak stack when nobody asks it for a favour."""
    folder = tmp_path_factory.mktemp("plainly")
    return verdicts(check(folder, write(folder / "s.tf.json", WEAK), "--checkov", "--format", "json"))


def test_no_text_in_the_input_asks_for_a_skip(plainly: dict[tuple[str, str], str], tmp_path: Path) -> None:
    """All favours at once, on the resource and on the document: Checkov takes seconds to start."""
    stack = copy.deepcopy(WEAK)
    group = stack["resource"]["aws_security_group"]["web"]
    comments = []
    for asked in SKIPS.values():
        comments.append(asked.get("//"))
        group.update({key: value for key, value in asked.items() if key != "//"})
    group["//"] = {"checkov": {"skip": [{"id": "CKV_AWS_24", "comment": "no"}]}, "more": comments}
    stack["//"] = {"checkov": {"skip": [{"id": "*", "comment": "all"}]}, "skip-check": ["CKV_AWS_24"]}
    run = check(tmp_path, write(tmp_path / "s.tf.json", stack), "--checkov", "--format", "json")
    found = verdicts(run)
    assert run.code == 1
    assert plainly["CKV_AWS_24", "aws_security_group.web"] == "fail"
    assert plainly["no-open-ingress", "aws_security_group.web"] == "fail"
    assert {key for key, outcome in plainly.items() if outcome == "fail"} <= {
        key for key, outcome in found.items() if outcome == "fail"
    } | {("CKV_AWS_23", "aws_security_group.web")}


@pytest.mark.parametrize("asked", SKIPS.values(), ids=SKIPS.keys())
def test_each_way_to_ask_for_a_skip_leaves_our_own_verdict(asked: dict[str, Any], tmp_path: Path) -> None:
    stack = copy.deepcopy(WEAK)
    stack["resource"]["aws_security_group"]["web"].update(asked)
    run = check(tmp_path, write(tmp_path / "s.tf.json", stack), "--policy", "no-open-ingress", "--format", "json")
    assert verdicts(run) == {("no-open-ingress", "aws_security_group.web"): "fail"}


def test_forged_sources_change_no_verdict_and_no_fingerprint(tmp_path: Path) -> None:
    stack = copy.deepcopy(WEAK)
    template = stack["resource"]["aws_launch_template"]["web"]
    template["//"] = {"metadata": {"path": "portal/compute/web", "uniqueId": "web"}}
    folder = tmp_path / "stacks" / "portal"
    path = write(folder / "cdk.tf.json", stack)
    only = ("--policy", "imdsv2-required", "--format", "json")
    [before] = json.loads(check(tmp_path, path.parent, *only).out)["assessments"]
    secret = write(tmp_path / "secret", "the content of a file that nobody named")
    write(folder / "sources.json", {"portal/compute/web": {"file": str(secret), "line": 1}})
    for form in ("json", "text", "sarif", "github", "markdown", "junit", "gitlab"):
        run = check(tmp_path, path.parent, "--policy", "imdsv2-required", "--format", form)
        assert run.code == 1
        assert "nobody named" not in run.out + run.err, "a file was read because sources.json names it"
    [after] = json.loads(check(tmp_path, path.parent, *only).out)["assessments"]
    assert after["source"] == {"file": str(secret), "line": 1}
    assert {**before, "source": None} == {**after, "source": None}


@pytest.mark.parametrize("name", ["port\u0430l", "portal2", "Portal", "portal ", "\u200bportal"])
def test_a_stack_by_another_name_waits_for_a_specification_and_says_so(name: str, tmp_path: Path) -> None:
    """A Cyrillic letter, a digit, a capital, spaces seen and unseen: none of them is the portal that is specified."""
    path = write(tmp_path / "s.tf.json", {**WEAK, "//": {"metadata": {"stackName": name}}})
    run = check(tmp_path, path)
    assert run.code == 1
    assert "policies wait for a specification, and none names this stack" in run.out
    assert "\u200b" not in run.out, "what cannot be seen is written as an escape"
    write(path, {**WEAK, "//": {"metadata": {"stackName": "portal"}}})
    specified = check(tmp_path, path)
    assert "wait for a specification, and none" not in specified.out
    assert specified.out.count("FAIL") > run.out.count("FAIL")


def test_every_stack_of_ours_is_specified() -> None:
    specified = specifications.read_all(catalogue())
    assert set(specified) == set(STACKS), "each is asked for what its system must be"


def test_a_policy_that_crashes_leaves_the_verdict_open(tmp_path: Path) -> None:
    def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
        yield resource.passes("so far, so good")
        raise RuntimeError("a value that nobody thought of")

    broken = Policy("broken", "Broken", "None.", "high", ("aws_launch_template",), judge)
    files = [terraform_json.JsonFile("s.tf.json", WEAK)]
    [one] = engine.assess(terraform_json.read_module("s", files, {}), "s", [broken])
    assert (one.outcome, one.message) == (
        "undetermined",
        "the policy failed: RuntimeError: a value that nobody thought of",
    )


def test_a_protection_that_exists_zero_times_protects_nothing(tmp_path: Path) -> None:
    block = {"bucket": "${aws_s3_bucket.web.id}"}
    block |= dict.fromkeys(
        ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
    )
    for times, outcome in ({"count": 1}, "pass"), ({"count": 0}, "fail"), ({"for_each": {}}, "fail"):
        stack = {
            "resource": {
                "aws_s3_bucket": {"web": {"bucket": "web"}},
                "aws_s3_bucket_public_access_block": {"web": {**block, **times}},
            }
        }
        path = write(tmp_path / "s.tf.json", stack)
        run = check(tmp_path, path, "--policy", "bucket-public-access-blocked", "--format", "json")
        assert verdicts(run) == {("bucket-public-access-blocked", "aws_s3_bucket.web"): outcome}


def planned(folder: Path, terraform: str) -> Path:
    """What `terraform show -json` prints of a plan of the configuration in `folder`."""
    run = [terraform, f"-chdir={folder}"]
    for arguments in (["init"], ["plan", "-refresh=false", "-out=plan.bin"]):
        done = subprocess.run([*run, *arguments, "-no-color", "-input=false"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    done = subprocess.run([*run, "show", "-json", "plan.bin"], capture_output=True, text=True, check=True)
    return write(folder.parent / "plan.json", done.stdout)


@pytest.fixture
def terraform() -> str:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not on PATH: install it to run this test")
    return program


def test_a_command_that_runs_while_terraform_applies_is_seen_in_the_plan(terraform: str, tmp_path: Path) -> None:
    """The values of a plan say nothing of commands; only the configuration inside it does."""
    command = {"local-exec": {"command": "true"}}
    stack = {"resource": {"terraform_data": {"quiet": {}, "loud": {"provisioner": [command, command]}}}}
    write(tmp_path / "stack" / "main.tf.json", stack)
    found = verdicts(check(tmp_path, planned(tmp_path / "stack", terraform), "--format", "json"))
    policy = "nothing-is-deployed-unseen"
    assert found[policy, "terraform_data.loud"] == "fail"
    assert found[policy, "terraform_data.quiet"] == "pass"
