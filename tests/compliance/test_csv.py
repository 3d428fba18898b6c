"""The tables open in a spreadsheet as what they are: whole, with the assessor's columns empty, and harmless."""

import csv
import io
import re
from pathlib import Path

import pytest

from compliance.control_report import ControlReport, control_report
from compliance.lint import requirement_numbers
from compliance.render_csv import cell, render_csv
from compliance.requirements import VERSION, load
from policies.recorded_result import read_gate_result
from tests.compliance import gate_results as make
from tests.compliance.hostile import HOSTILE, hostile_report

FRAMEWORK = load()
FORMULA = "=HYPERLINK(\"http://example.test\", 'x')"
RECORD = re.compile(r'(?:"(?:[^"]|"")*"|-?[0-9]+(?:\.[0-9]+)?)(?:,(?:"(?:[^"]|"")*"|-?[0-9]+(?:\.[0-9]+)?))*\r\n')


@pytest.fixture(scope="module")
def sample() -> ControlReport:
    return control_report(read_gate_result(make.SAMPLE), FRAMEWORK, [make.policy("imdsv2-required")], make.ORIGIN)


@pytest.fixture(scope="module")
def tables(sample: ControlReport) -> dict[str, list[dict[str, str]]]:
    return rows_of(sample)


def rows_of(report: ControlReport) -> dict[str, list[dict[str, str]]]:
    """Each table as its reader gets it; a row with more or fewer cells than the head fails."""
    found = {}
    for name, text in render_csv(report).items():
        head, *rows = csv.reader(io.StringIO(text.encode().decode("utf-8-sig"), newline=""), strict=True)
        assert len(set(head)) == len(head)
        found[name.removeprefix("csv/").removesuffix(".csv")] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


def test_the_tables_are_six_and_each_record_is_a_line_as_rfc_4180_has_it(sample: ControlReport) -> None:
    files = render_csv(sample)
    names = ("assessments", "evidence", "inputs", "population", "requirements", "waivers")
    assert sorted(files) == [f"csv/{name}.csv" for name in names]
    for text in files.values():
        assert text.startswith("\ufeff")
        assert RECORD.sub("", text[1:]) == ""


def test_requirements_lists_all_of_them_with_columns_for_the_assessor_to_fill(
    tables: dict[str, list[dict[str, str]]], sample: ControlReport
) -> None:
    rows = tables["requirements"]
    assert [row["requirement"] for row in rows] == [
        f"PCI DSS v4.0.1/{one.requirement.id}" for one in sample.requirements
    ]
    assert {row["assessor_finding"] + row["assessor_comment"] for row in rows} == {""}
    contradicted = next(row for row in rows if row["requirement"].endswith("/12.5.1"))
    assert (contradicted["verdict"], contradicted["failed"]) == ("contradicts", "1")


def test_evidence_population_and_assessments_hold_the_same_resources(
    tables: dict[str, list[dict[str, str]]], sample: ControlReport
) -> None:
    assert len(tables["assessments"]) == len(sample.result.assessments)
    judged = {(row["policy"], row["stack"], row["address"]): row["outcome"] for row in tables["assessments"]}
    policies = {row["evidence_id"]: row["policy"] for row in tables["evidence"]}
    populations: dict[str, int] = {}
    for row in tables["population"]:
        assert judged[policies[row["evidence_id"]], row["stack"], row["address"]] == row["outcome"]
        populations[row["evidence_id"]] = populations.get(row["evidence_id"], 0) + 1
    assert populations == {row["evidence_id"]: n for row in tables["evidence"] if (n := int(row["population"]))}
    assert len(populations) > 5


def test_waivers_say_who_accepted_what_and_until_when(
    tables: dict[str, list[dict[str, str]]], sample: ControlReport
) -> None:
    told = {(row["policy"], row["address"], row["owner"], row["reason"], row["expires"]) for row in tables["waivers"]}
    assert told == {
        (row.policy, row.address, row.waiver.owner, row.waiver.reason, row.waiver.expires)
        for row in sample.waived
        if row.waiver
    }
    assert told


def test_inputs_names_every_document_and_the_result_with_its_digest(
    tables: dict[str, list[dict[str, str]]], sample: ControlReport
) -> None:
    digests = {row["path"]: row["sha256"] for row in tables["inputs"]}
    assert digests == {
        **{row.path: row.sha256 for row in sample.result.inputs},
        sample.provenance.result_path: sample.result.sha256,
    }


def test_every_number_printed_is_one_of_the_351(sample: ControlReport) -> None:
    text = " ".join(render_csv(sample).values())
    versions = {VERSION, *sample.result.tools.values()}
    assert set(requirement_numbers(text)) - versions <= set(FRAMEWORK.identifiers)
    assert "in place" not in text.lower()


def test_the_order_of_rows_in_the_result_does_not_matter(tmp_path: Path) -> None:
    rows = [make.row("imdsv2-required", "pass", f"aws_instance.{name}") for name in "cab"]
    files = []
    for order in (rows, rows[::-1]):
        result = make.read(tmp_path, make.document(*order))
        made = render_csv(control_report(result, FRAMEWORK, [], make.ORIGIN))
        files.append({name: text.replace(result.sha256, "") for name, text in made.items()})
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\"'=1", "'\"'=1"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ('a; "=1', "a;' \"=1"),
        ("a = b - c", "a = b - c"),
        ("a@b", "a@b"),
        ("{}", "{}"),
        (-1, -1),
        (0.5, 0.5),
        ("\u202eabc", "\\u202eabc"),
        ("a\nb", "a\\nb"),
    ],
)
def test_no_text_is_a_formula_and_numbers_stay_numbers(value: str | int, safe: str | int) -> None:
    assert cell(value) == safe


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    cut = str(cell("A" * 40_000))
    assert len(cut) < 32_767
    assert cut.endswith("(40000 characters, whole in report.json)")


def test_what_was_observed_as_a_number_is_a_number(tmp_path: Path) -> None:
    rows = [make.row("door-is-locked", "fail", f"aws_door.d{n}", observed=value) for n, value in enumerate((-1, "-1"))]
    text = render_csv(make.report(tmp_path, make.framework(make.edge("door-is-locked")), *rows))["csv/assessments.csv"]
    assert ',"lock",-1,"the lock"' in text
    assert ',"lock","\'-1","the lock"' in text


@pytest.mark.parametrize(
    "value",
    [HOSTILE, FORMULA, "+" + HOSTILE, " \t-2+3", "\r\n=cmd", "x;@a", '",=1,"'],
    ids=["everything", "formula", "plus everything", "blanks", "line", "semicolon", "quotes"],
)
def test_hostile_strings_stay_one_cell_without_formula(value: str, tmp_path: Path) -> None:
    report = hostile_report(tmp_path, value)
    for name, text in render_csv(report).items():
        assert RECORD.sub("", text[1:]) == "", name
        assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069]", text[1:])
    for separator in ",;":
        for text in render_csv(report).values():
            for row in csv.reader(io.StringIO(text[1:], newline=""), delimiter=separator):
                assert not [one for one in row if re.match(r"[\s\"'`]*[=+@]", one) and not one.startswith("'")]
