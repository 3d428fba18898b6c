"""Specifications: what they may say, what is refused with its line, and what asking does to a verdict."""

import textwrap
from pathlib import Path

import pytest

from policies import specifications
from policies.errors import InputError
from policies.model import Asked
from policies.registry import catalogue
from tests.policies.conftest import Run, write

HEAD = "system: Test\nstacks: [one, two]\nrequirements:\n"
QUEUE = {"resource": {"aws_sqs_queue": {"jobs": {"name": "jobs", "kms_master_key_id": "alias/jobs"}}}}


def read(folder: Path, requirements: str) -> specifications.Specification:
    write(folder / "test.yaml", HEAD + textwrap.indent(textwrap.dedent(requirements), "  "))
    return specifications.read_all(catalogue(), folder)["one"]


def test_every_stack_named_has_the_specification(tmp_path: Path) -> None:
    read(tmp_path, "R-1: {asks: Tags., policies: {required-tags: {}}}")
    assert sorted(specifications.read_all(catalogue(), tmp_path)) == ["one", "two"]


def test_what_several_requirements_ask_of_one_policy_is_joined(tmp_path: Path) -> None:
    specification = read(
        tmp_path,
        """
        R-1: {asks: A range., policies: {vpc-has-planned-range: {cidr_block: 10.0.0.0/8}}}
        R-2: {asks: The same., policies: {vpc-has-planned-range: {}}}
        """,
    )
    assert specification.asked == {"vpc-has-planned-range": Asked({"cidr_block": "10.0.0.0/8"}, ("R-1", "R-2"))}


@pytest.mark.parametrize(
    ("requirements", "message"),
    [
        ("R-1: {asks: Tags., policies: {required-tag: {}}}", ":4: R-1: no such policy: required-tag"),
        ("R-1: {asks: Tags.}", ":4: R-1: nothing holds it"),
        ("R-1: {policies: {required-tags: {}}}", ":4: R-1: expected asks"),
        ("R-1: {asks: Tags., policies: {required-tags: {days: 3}}}", ":4: R-1: required-tags has no parameter days"),
        (
            "R-1: {asks: A range., policies: {vpc-has-planned-range: {cidr_block: 10}}}",
            ":4: R-1: vpc-has-planned-range",
        ),
        ("R-1: {asks: A range., policies: {vpc-has-planned-range: {}}}", "no requirement says which cidr_block"),
        (
            """
            R-1: {asks: A range., policies: {vpc-has-planned-range: {cidr_block: 10.0.0.0/8}}}
            R-2: {asks: Another., policies: {vpc-has-planned-range: {cidr_block: 10.0.0.0/9}}}
            """,
            ":6: R-2: vpc-has-planned-range is asked for another cidr_block above",
        ),
        ("R-1: {asks: Tags., policies: {required-tags: {}}}\nR-1: {asks: Tags., tests: [a]}", "not valid YAML"),
    ],
)
def test_what_a_specification_may_not_say_is_refused_with_its_line(
    tmp_path: Path, requirements: str, message: str
) -> None:
    with pytest.raises(InputError, match=r"test\.yaml") as refused:
        read(tmp_path, requirements)
    assert message in str(refused.value)


def test_two_specifications_of_one_stack_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", HEAD + "  R-1: {asks: Tags., policies: {required-tags: {}}}\n")
    write(tmp_path / "b.yaml", HEAD + "  R-1: {asks: Tags., policies: {required-tags: {}}}\n")
    with pytest.raises(InputError, match="a second specification of the stack 'one'"):
        specifications.read_all(catalogue(), tmp_path)


def test_the_stack_of_a_specification_fails_for_what_it_does_not_have(gate: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "queue.tf.json", QUEUE)
    nobody_asks = gate(path, "--policy", "imdsv2-required", "--policy", "encrypted-with-kms", "--format", "json")
    assert (nobody_asks.code, nobody_asks.json["summary"]["fail"]) == (0, 0)
    asked = gate(
        path, "--policy", "imdsv2-required", "--policy", "encrypted-with-kms", "--format", "json", "--stack", "portal"
    )
    [failed] = [one for one in asked.json["assessments"] if one["outcome"] == "fail" and one["policy"][0] == "i"]
    assert (asked.code, failed["address"], failed["stack"]) == (1, "", "portal")
    assert "P-CMP-4 asks for one" in failed["message"]


def test_what_is_missing_may_be_in_a_module(gate: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "queue.tf.json", {**QUEUE, "module": {"compute": {"source": "./compute"}}})
    run = gate(path, "--policy", "imdsv2-required", "--format", "json", "--stack", "portal")
    [missing] = [one for one in run.json["assessments"] if one["policy"] == "imdsv2-required"]
    assert (missing["address"], missing["outcome"]) == ("", "undetermined")
