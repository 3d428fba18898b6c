"""The page is printed whole, dated and always in the same bytes, or there is no PDF and one line says why."""

import hashlib
import json
import os
import re
import select
from pathlib import Path

import pytest

from compliance.__main__ import main
from compliance.pdf import NotPrintedError, dated, find_browser, print_page
from policies.errors import InputError
from tests.compliance import gate_results, reports
from tests.compliance.browser.chromium import chromium

TIME = "2026-11-22T06:00:00Z"
TIMEOUT_SECONDS = 2
PAGE = "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Doors</title><h1>Doors</h1><p>All are locked."


def browser_that(folder: Path, script: str) -> str:
    """A program that stands for Chromium and does what the shell lines `script` say; $PDF is where to print."""
    program = folder / "chromium"
    find = 'for a in "$@"; do case "$a" in --print-to-pdf=*) PDF="${a#--print-to-pdf=}";; esac; done'
    program.write_text(f"#!/bin/sh\n{find}\n{script}\n", "utf-8")
    program.chmod(0o755)
    return str(program)


def has_ended(process: int) -> bool:
    """Whether a process that is nobody's child any more ends, now or within seconds."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], TIMEOUT_SECONDS)[0])
    finally:
        os.close(handle)


def test_two_prints_of_one_page_are_the_same_bytes_and_bear_the_time_of_the_report() -> None:
    browser = chromium()
    once, again = (print_page(PAGE, TIME, browser=browser) for _ in range(2))
    assert once == again
    assert once.startswith(b"%PDF-")
    assert set(re.findall(rb"/(?:CreationDate|ModDate) \((.*?)\)", once)) == {b"D:20261122060000+00'00'"}


def test_the_moment_of_printing_is_blanked_where_the_report_has_no_time() -> None:
    content = b"<</Title (x)\n/CreationDate (D:20260102030405+00'00')\n/ModDate (D:20260102030405-05'00')>>"
    without = dated(content, None)
    assert len(without) == len(content)
    assert without.split() == [b"<</Title", b"(x)", b">>"]


def test_a_time_keeps_every_other_byte_where_it_was() -> None:
    content = b"<</CreationDate (D:20260102030405+00'00')\n/ModDate (D:20260102030405+00'00')>> rest"
    assert dated(content, TIME) == content.replace(b"20260102030405", b"20261122060000")


def test_the_browser_asks_nobody_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    log = tmp_path / "arguments"
    browser = browser_that(tmp_path, f'printf "%s\\n" "$@" > {log}; printf "%%PDF-1.4\\n%%%%EOF\\n" > "$PDF"')
    assert print_page(PAGE, TIME, browser=browser) == b"%PDF-1.4\n%%EOF\n"
    arguments = log.read_text("utf-8").splitlines()
    assert {"--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"} <= set(arguments)
    profile = next(one for one in arguments if one.startswith("--user-data-dir="))
    assert str(scratch) in profile
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 0", "printed nothing"),
        ("echo 'no usable sandbox!' >&2; exit 1", "ended with code 1: no usable sandbox!"),
        ("kill -SEGV $$", "ended with code -11"),
        ('printf "%%PDF-1.4\\nhalf" > "$PDF"', "printed nothing"),
        ('printf "an error page" > "$PDF"', "printed nothing"),
        ('printf "%%PDF-1.4\\n%%%%EOF\\n" > "$PDF"; exit 3', "ended with code 3"),
        ("printf 'a\\033[31mb\\n'; exit 1", r"code 1: a\x1b[31mb"),
    ],
)
def test_a_browser_that_fails_gives_no_pdf_and_says_so_in_one_line(tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(NotPrintedError) as refusal:
        print_page(PAGE, TIME, browser=browser_that(tmp_path, script))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_browser_that_hangs_is_ended_with_all_its_processes(tmp_path: Path) -> None:
    child = tmp_path / "child"
    browser = browser_that(tmp_path, f"tail -f /dev/null & echo $! > {child}; wait")
    with pytest.raises(NotPrintedError, match="had not finished after 2 seconds and was ended"):
        print_page(PAGE, TIME, browser=browser, timeout_seconds=TIMEOUT_SECONDS)
    assert has_ended(int(child.read_text("utf-8")))


def test_a_program_that_cannot_be_started_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_bytes(b"\x7fELF not really")
    broken.chmod(0o755)
    with pytest.raises(NotPrintedError, match="cannot be started"):
        print_page(PAGE, TIME, browser=str(broken))


def test_no_browser_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.pdf.BROWSERS", ("no-such-browser",))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(NotPrintedError, match="install it, or set CHROMIUM"):
        print_page(PAGE, TIME)


def test_the_variable_chromium_names_the_browser_or_is_refused(tmp_path: Path) -> None:
    program = browser_that(tmp_path, "exit 0")
    assert find_browser({"CHROMIUM": program}) == program
    with pytest.raises(InputError, match="CHROMIUM is '/no/such', which is no program"):
        find_browser({"CHROMIUM": "/no/such"})


# --- The command ----------------------------------------------------------------------------------------------------

PRINTED = 'printf "%%PDF-1.4\\n%%%%EOF\\n" > "$PDF"'


def make_report(folder: Path, *options: str) -> int:
    """Run `compliance report` on the sample, into the folder's report/."""
    return main(["report", str(gate_results.SAMPLE), "--output", str(folder / "report"), "--time", TIME, *options])


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.pdf.BROWSERS", ())
    monkeypatch.delenv("CHROMIUM", raising=False)


def test_report_prints_the_page_and_the_manifest_names_the_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, PRINTED))
    assert make_report(tmp_path) == 0
    printed = (tmp_path / "report" / "report.pdf").read_bytes()
    assert printed == b"%PDF-1.4\n%%EOF\n"
    statement = json.loads((tmp_path / "report" / "manifest.json").read_text("utf-8"))
    digests = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    assert digests["report.pdf"] == hashlib.sha256(printed).hexdigest()


@pytest.mark.usefixtures("no_browser")
def test_without_a_browser_the_report_lacks_the_pdf_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_report(tmp_path) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "compliance: no report.pdf: no Chromium found: install it, or set CHROMIUM to the program"
    assert len(told) == 2
    assert (tmp_path / "report" / "index.html").exists()
    assert not (tmp_path / "report" / "report.pdf").exists()


@pytest.mark.usefixtures("no_browser")
def test_a_pdf_that_is_required_and_cannot_be_had_is_an_error_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_report(tmp_path, "--pdf=require") == 3
    assert capsys.readouterr().err.splitlines() == [
        "compliance: no report.pdf: no Chromium found: install it, or set CHROMIUM to the program"
    ]
    assert not (tmp_path / "report").exists()


def test_the_pdf_of_an_earlier_report_does_not_outlive_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, PRINTED))
    assert make_report(tmp_path) == 0
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, "exit 1"))
    assert make_report(tmp_path) == 0
    assert not (tmp_path / "report" / "report.pdf").exists()


def test_verify_finds_a_changed_print_and_says_what_it_can_of_one_it_cannot_make_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = reports.project(tmp_path / "project")
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, PRINTED))
    project.report("--pdf=require")
    ran = project.verify()
    assert (ran.code, "report.pdf" in ran.out) == (0, False)
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, "exit 1"))
    ran = project.verify()
    assert ran.code == 0
    assert "note: report.pdf: its digest is the manifest's; it could not be printed again" in ran.out
    monkeypatch.setenv("CHROMIUM", browser_that(tmp_path, 'printf "%%PDF-1.7\\n%%%%EOF\\n" > "$PDF"'))
    assert "printed again here it is other bytes" in project.verify().out
    pdf = project.folder / "report.pdf"
    pdf.write_bytes(pdf.read_bytes().replace(b"1.4", b"1.5"))
    ran = project.verify()
    assert ran.code == 1
    assert any(line.startswith("report.pdf: expected") for line in ran.out.splitlines())
    pdf.unlink()
    ran = project.verify()
    assert ran.code == 1
    assert next(line for line in ran.out.splitlines() if "report.pdf" in line).startswith("report.pdf: expected")
