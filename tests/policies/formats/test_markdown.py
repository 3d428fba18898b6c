"""The page for a job's summary, read back by a Markdown parser: what it shows, and that names do nothing in it."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from policies.model import Source
from policies.result import Validation
from tests.policies.formats.results import HOSTILE, assessment, hostile_result, result, waiver, written

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, as text; foreign HTML, links and images would be tokens, and there are none."""
    found: list[list[list[str]]] = []
    for token in PARSER.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and token.level > 2:
            found[-1][-1].append("".join(map(_text, token.children or [])))
    return found


def _text(token: Token) -> str:
    assert token.type not in ("link_open", "image", "html_block", "softbreak", "hardbreak")
    assert token.type != "html_inline" or token.content in ("<code>", "</code>")
    return "" if token.type == "html_inline" else token.content


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_stay_in_their_cells(name: str, tmp_path: Path) -> None:
    text = written("markdown", hostile_result(tmp_path, HOSTILE[name]))
    stacks, findings, validations, waivers = tables(text)
    assert [len(stacks), len(findings), len(validations), len(waivers)] == [2, 3, 3, 2]
    for table in (stacks, findings, validations, waivers):
        assert len({len(row) for row in table}) == 1


def test_the_page_tells_verdict_counts_and_findings(tmp_path: Path) -> None:
    rows = (assessment(), assessment(outcome="pass", address="a.b"), assessment(outcome="undetermined", address="a.c"))
    text = written("markdown", result(tmp_path, *rows), 1)
    assert text.startswith("## Compliance gate: failed\n")
    stacks, findings = tables(text)
    assert dict(zip(*stacks, strict=True)) == {
        "stack": "portal",
        "judged": "synth, 1 resources",
        "pass": "1",
        "fail": "1",
        "undetermined": "1",
        "not-applicable": "0",
        "waived": "0",
    }
    assert [row[2] for row in findings[1:]] == ["infra/compute.py:41"] * 2
    assert findings[1][4] == "IMDSv1 is answered"
    assert findings[2][4].startswith("Undetermined: ")


@pytest.mark.parametrize(("code", "word"), [(0, "passed"), (1, "failed"), (2, "undetermined"), (3, "not judged")])
def test_the_verdict_is_that_of_the_exit_code(code: int, word: str, tmp_path: Path) -> None:
    assert written("markdown", result(tmp_path, assessment()), code).startswith(f"## Compliance gate: {word}\n")


def test_waivers_are_named_in_their_last_thirty_days(tmp_path: Path) -> None:
    # the result is of 2026-11-22
    rows = [
        assessment(address=f"a.{day}", outcome="waived", waiver=waiver(ticket=day, expires=day))
        for day in ("2026-12-23", "2026-12-22", "2026-11-22")
    ]
    found = tables(written("markdown", result(tmp_path, *rows), 0))
    assert [row[:2] for row in found[-1][1:]] == [["2026-11-22", "0"], ["2026-12-22", "30"]]
    assert found[-1][1][-1] == "waivers.yaml:4"


def test_one_waiver_for_several_stacks_is_a_row_for_each(tmp_path: Path) -> None:
    rows = [assessment(stack=name, outcome="waived", waiver=waiver(stack=name)) for name in ("west", "east")]
    found = tables(written("markdown", result(tmp_path, *rows), 0))
    assert [row[3] for row in found[-1][1:]] == ["east", "west"]


def test_what_terraform_did_not_accept_is_told(tmp_path: Path) -> None:
    validation = (Validation("portal", "pass", "1.11.4", "valid"), Validation("b", "not-run", None, "no terraform"))
    found = tables(written("markdown", result(tmp_path, assessment(outcome="pass"), validation=validation), 0))
    assert found[-1][1:] == [["b", "not-run", "no terraform"]]


def test_a_flood_of_findings_stays_below_what_github_takes(tmp_path: Path) -> None:
    rows = [assessment(address=f"a.b{n}", message="m" * 2000, source=Source("x.py", n)) for n in range(1, 1001)]
    text = written("markdown", result(tmp_path, *rows))
    assert len(text.encode()) < 1024 * 1024
    assert "700 more findings" in text
