"""The page is printed whole, dated and always in the same bytes, or there is no PDF and one line says why."""

import os
import re
import select
from pathlib import Path

import pytest

from compliance.pdf import NotPrintedError, dated, find_browser, print_page
from policies.errors import InputError
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
