"""The PDF of the control report: its HTML page, printed by a Chromium that happens to be there.

Chromium writes the moment of printing into the file and nothing else that changes from run to run; that moment is
replaced by the report's own time, so that the same page gives the same bytes with the same Chromium.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess  # only to start Chromium, with a fixed list of arguments
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from policies.errors import InputError
from policies.visible import visible

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PRINT_TIMEOUT_SECONDS = 120
SAID_CHARACTERS = 200
PAGE = "page.html"
PDF = "page.pdf"

# Nothing is fetched: the page's own policy forbids it, and the browser may not look up a name.
_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_MOMENT = re.compile(rb"/(?:CreationDate|ModDate) \((D:\d{14}[+-]\d\d'\d\d')\)")


class NotPrintedError(Exception):
    """There is no PDF; the message is one line and says why."""


def find_browser(environment: Mapping[str, str] = os.environ) -> str | None:
    """The Chromium to print with: the variable CHROMIUM, or the first that is installed, or None.

    InputError when CHROMIUM names something that cannot be run: whoever sets it wants that one.
    """
    named = environment.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise InputError(f"CHROMIUM is {named!r}, which is no program that can be run")
        return found
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_page(
    page: str, time: str | None, *, browser: str | None = None, timeout_seconds: float = PRINT_TIMEOUT_SECONDS
) -> bytes:
    """The HTML `page` as a PDF, dated `time` (ISO 8601 in UTC; None: not dated), printed by `browser` (a program).

    Without `browser` the one of `find_browser`. NotPrintedError when there is none, or when it fails or hangs.
    """
    program = browser or find_browser()
    if program is None:
        raise NotPrintedError("no Chromium found: install it, or set CHROMIUM to the program")
    with tempfile.TemporaryDirectory(prefix="control-report-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / PAGE).write_text(page, "utf-8")
        said = _run(program, folder, timeout_seconds)
        printed = folder / PDF
        content = printed.read_bytes() if printed.is_file() else b""
    if not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        raise NotPrintedError(f"{program} printed nothing{said}")
    return dated(content, time)


def dated(content: bytes, time: str | None) -> bytes:
    """The PDF with `time` for the moment it was printed at, or none; no other byte moves, so its index stays right."""

    def replace(match: re.Match[bytes]) -> bytes:
        if time is None:
            return b" " * len(match.group())
        moment = datetime.fromisoformat(time).strftime("D:%Y%m%d%H%M%S+00'00'").encode("ascii")
        return match.group().replace(match.group(1), moment)

    return _MOMENT.sub(replace, content)


def _run(program: str, folder: Path, timeout_seconds: float) -> str:
    """Print PAGE of `folder` to PDF there; gives what the browser said last, as a part of a sentence."""
    places = (f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={folder / PDF}", (folder / PAGE).as_uri())
    try:
        # A session of its own, so that the whole of it can be ended: a browser is many processes.
        process = subprocess.Popen(
            [program, *_ARGUMENTS, *_sandbox(), *places],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise NotPrintedError(f"{program} cannot be started ({error.strerror or error})") from error
    try:
        output, _ = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        raise NotPrintedError(f"{program} had not finished after {timeout_seconds:g} seconds and was ended") from None
    finally:
        _end(process)
    said = _last_line(output)
    if process.returncode != 0:
        raise NotPrintedError(f"{program} ended with code {process.returncode}{said}")
    return said


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of the browser, and wait for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout:
        process.stdout.close()
    process.wait()


def _sandbox() -> tuple[str, ...]:
    """Chromium refuses to run its sandbox as root, which is what a container often is."""
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {visible(lines[-1][:SAID_CHARACTERS])}" if lines else ""
