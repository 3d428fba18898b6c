"""The Chromium that is installed, for tests that need a real one."""

import os

import pytest

from compliance.pdf import find_browser

MESSAGE = "no Chromium is installed: apt-get install --no-install-recommends chromium"


def chromium() -> str:
    """The path of the browser; skips the test where there is none, or fails it in CI."""
    program = find_browser()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MESSAGE)
        pytest.skip(MESSAGE)
    return program
