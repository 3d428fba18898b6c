"""Explanations: of the form they should have, in use, and no wider than they say."""

from pathlib import Path

import pytest

from policies.errors import InputError
from tests.mutants import explanations
from tests.mutants.__main__ import complaints, main, run
from tests.mutants.operators import Mutant

ENTRY = """
not_mutated: []
survivors:
  - kind: gap
    types: [aws_lb]
    attributes: [idle_timeout]
    operators: [less]
    reason: How long a connection may be silent is asked for by nobody.
"""
LB = {"resource": {"aws_lb": {"a": {"idle_timeout": 60}}}}


def written(tmp_path: Path, text: str) -> explanations.Explanations:
    path = tmp_path / "explained.yaml"
    path.write_text(text)
    return explanations.read(path)


def mutant(operator: str = "less", attribute: str = "idle_timeout", type_: str = "aws_lb") -> Mutant:
    return Mutant("stack", f"{type_}.a", attribute, operator, "", {})


def test_entry_explains_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    read = written(tmp_path, ENTRY)
    assert read.of(mutant()) is not None
    assert read.of(mutant("more")) is None
    assert read.of(mutant(attribute="internal")) is None
    assert read.of(mutant(type_="aws_alb")) is None


def test_entry_that_nothing_needs_is_stale(tmp_path: Path) -> None:
    read = written(tmp_path, ENTRY.replace("[aws_lb]", "[aws_lb, aws_elb]"))
    read.of(mutant())
    assert read.stale() == ["explained.yaml:4: type 'aws_elb' matches no mutant that needs it"]


def test_survivor_without_explanation_is_complained_about(tmp_path: Path) -> None:
    read = written(tmp_path, ENTRY)
    fates = run({"stack": LB}, read, 1)
    told = complaints(fates, read, is_whole=True)
    assert "not noticed by any policy: stack: aws_lb.a: idle_timeout: more: 60 -> 61" in told
    assert not any("idle_timeout: less" in line for line in told)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("kind: gap", "kind: fine", "kind must be one of"),
        ("How long a connection may be silent is asked for by nobody.", "So.", "the reason must be a sentence"),
        ("operators: [less]", "operators: [fewer]", "no such operator: fewer"),
        ("types: [aws_lb]", "types: aws_lb", "types must be a list of words"),
        ("operators: [less]", "until: 2027", "expected attributes, reason, types"),
        ("not_mutated: []", "skipped: []", "expected the keys not_mutated and survivors"),
    ],
)
def test_entry_of_another_form_is_refused_with_its_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        written(tmp_path, ENTRY.replace(before, after))


def test_folder_without_stacks_cannot_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 3
    assert "no synthesized stack in it" in capsys.readouterr().err
