"""What holds for every format: hostile strings do nothing, nothing hides, and the same input gives the same bytes."""

import json
import os
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from policies.formats import FORMATS
from tests.policies.conftest import ROOT, Run, write
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

Gate = Callable[..., Run]
BAD = {"resource": {"aws_launch_template": {"web": {"name": "web"}}}}
IMDS = ("--policy", "imdsv2-required")
PARSED = {"json": json.loads, "sarif": json.loads, "gitlab": json.loads, "junit": ElementTree.fromstring}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_strings_are_shown_and_obeyed_by_nobody(kind: str, name: str, tmp_path: Path) -> None:
    text = written(kind, hostile_result(tmp_path, HOSTILE[name]))
    text.encode("utf-8")
    PARSED.get(kind, str)(text)
    hidden = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cn", "Cs", "Zl")}
    assert hidden <= {"\n"}


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {"json", "text"}))
def test_a_string_without_end_is_cut_and_its_length_said(kind: str, tmp_path: Path) -> None:
    long = "x" * 100_000
    told = dict.fromkeys(("address", "attribute", "observed", "message", "remediation", "construct_path"), long)
    accepted = assessment(outcome="waived", waiver=waiver(reason=long, owner=long, ticket=long), **told)
    text = written(kind, result(tmp_path, assessment(**told), accepted))
    assert len(text) < 100_000
    assert re.search(r"x\.\.\. \(10000\d characters, whole in --format json\)", text)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_input_gives_the_same_bytes(kind: str, gate: Gate, tmp_path: Path) -> None:
    stack = {"resource": {"aws_launch_template": {"web": {}, "api": {}}, "aws_instance": {"x": {"ami": "${var.x}"}}}}
    path = write(tmp_path / "x.tf.json", stack)
    runs = {gate(path, "--format", kind, "--today", "2026-11-22").out for _ in range(2)}
    assert len(runs) == 1
    assert runs.pop()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_waived_finding_never_reads_as_passed_or_failed(kind: str, tmp_path: Path) -> None:
    accepted = result(tmp_path, assessment(outcome="waived", waiver=waiver()))
    texts = {written(kind, accepted, 0)}
    for outcome in ("pass", "fail"):
        texts.add(written(kind, replace(accepted, assessments=(assessment(outcome=outcome),)), 0))
    # annotations tell findings only, and an accepted one is none
    assert len(texts) == (2 if kind == "github" else 3)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_undetermined_finding_never_reads_as_passed_or_failed(kind: str, tmp_path: Path) -> None:
    open_ = result(tmp_path, assessment(outcome="undetermined"))
    texts = {written(kind, open_, 2)}
    for outcome in ("pass", "fail"):
        texts.add(written(kind, replace(open_, assessments=(assessment(outcome=outcome),)), 2))
    assert len(texts) == 3


def test_one_run_writes_every_format_to_its_file(gate: Gate, tmp_path: Path) -> None:
    path = write(tmp_path / "x.tf.json", BAD)
    pairs = [part for kind in FORMATS for part in ("--format", f"{kind}=out/{kind}")]
    run = gate(path, *IMDS, *pairs)
    assert (run.code, run.out, run.err) == (1, "", "")
    assert {one.name for one in (tmp_path / "out").iterdir()} == set(FORMATS)
    assert all("imdsv2-required" in one.read_text() for one in (tmp_path / "out").iterdir())


def test_help_and_error_name_every_format(gate: Gate) -> None:
    help_, error = gate("--help").out, gate("--format", "xml").err
    for kind, one in FORMATS.items():
        assert f"{kind} " in help_.partition("formats (")[2]
        assert one.purpose in help_
        assert kind in error.partition("not one of")[2]


def test_text_imports_no_other_format() -> None:
    """The fast path: what a developer runs on every save pays for text alone."""
    probe = (
        "import sys; from policies.formats import FORMATS; from policies.registry import catalogue; catalogue();"
        "print([name for name in sys.modules if name.startswith('policies.formats.')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_colour_comes_from_us_and_never_from_a_value(gate: Gate, tmp_path: Path) -> None:
    tokens = "\0" + "31mPASS\0m\0" + "2J"
    body = {"metadata_options": {"http_tokens": tokens}}
    run = gate(write(tmp_path / "x.tf.json", {"resource": {"aws_launch_template": {"web": body}}}), *IMDS)
    assert run.code == 1
    assert "\x1b" not in run.out
    assert "\\x0031mPASS" in run.out
