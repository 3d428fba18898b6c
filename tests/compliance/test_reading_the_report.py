"""The page for assessors says what the report says: its words, its files, its commands."""

import re
from pathlib import Path

import pytest

from compliance.__main__ import main
from compliance.control_report import control_report
from compliance.landscape.inventories import inventories
from compliance.lint import requirement_numbers
from compliance.manifest import ENVELOPE, MANIFEST
from compliance.report_files import ENTITY, PDF, report_files
from compliance.requirements import VERSION, load
from compliance.verdict import MEANINGS
from policies.recorded_result import read_gate_result
from tests.compliance import gate_results as make

PAGE = (Path(__file__).parents[2] / "docs" / "reading-the-report.md").read_text(encoding="utf-8")
REPORT = control_report(read_gate_result(make.SAMPLE), load(), [], make.ORIGIN)


def test_every_verdict_is_explained_in_the_words_of_the_report() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", PAGE, flags=re.MULTILINE))
    assert {word: rows[word] for word in MEANINGS} == MEANINGS


def test_every_file_of_the_report_is_listed_and_no_other() -> None:
    table = PAGE[PAGE.index("## The files") : PAGE.index("The CSV files")]
    listed = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, flags=re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }
    lists = {f"csv/inventory-{one.id}.csv" for one in inventories(())}
    assert {*report_files(REPORT), *lists, ENTITY, PDF, MANIFEST, ENVELOPE} == listed


def test_the_counts_and_the_example_are_true() -> None:
    assert f"All {len(REPORT.requirements)} requirements ({len(load().identifiers)} identifiers" in PAGE
    assert set(requirement_numbers(PAGE)) - {VERSION} <= set(load().identifiers)
    assert set(re.findall(r"`(E-[^`]+)`", PAGE)) <= {item.id for item in REPORT.evidence_items}


@pytest.mark.parametrize("command", re.findall(r"-m compliance (\w+)", PAGE))
def test_every_command_of_the_page_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"compliance {command}" in capsys.readouterr().out
