"""`watch`, as a real process read through a pipe: each test waits for the line it is about, never for a time."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.policies.conftest import ROOT, Run, write

GIVE_UP_SECONDS = 120
GOOD = {"resource": {"aws_launch_template": {"web": {"metadata_options": {"http_tokens": "required"}}}}}
BAD: dict[str, Any] = {"resource": {"aws_launch_template": {"web": {}}}}


class Watcher:
    """The process, and its output line by line."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "policies", "watch", *options, "--policy", "imdsv2-required"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # a shell that runs the tests in the background has Ctrl-C ignored by them, and by what they start
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, part: str) -> list[str]:
        """The lines up to the one that holds `part`, it included."""
        lines: list[str] = []
        while True:
            line = self._lines.get(timeout=GIVE_UP_SECONDS)
            assert line is not None, f"{part!r} never came: {''.join(lines)}"
            lines.append(line)
            if part in line:
                return lines

    def stop(self) -> tuple[int, list[str]]:
        """Ctrl-C; the exit code, and what was said since."""
        self.process.send_signal(signal.SIGINT)
        lines = self.until("stopped")
        return self.process.wait(GIVE_UP_SECONDS), lines


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name in ("east", "west"):
        write(tmp_path / "cdktf.out" / "stacks" / name / "cdk.tf.json", GOOD)
    return tmp_path


@pytest.fixture
def watch(app: Path) -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(*options: str) -> Watcher:
        started.append(Watcher(app, *options))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def test_only_the_stack_that_changed_is_judged_and_only_what_changed_is_shown(
    app: Path, watch: Callable[..., Watcher]
) -> None:
    watcher = watch()
    [first] = watcher.until("judged in")
    assert "east, west judged in" in first
    assert "0 fail, 0 undetermined, 2 pass, 0 waived" in first
    stack = app / "cdktf.out" / "stacks" / "east" / "cdk.tf.json"
    write(stack, BAD)
    lines = watcher.until("judged in")
    assert lines[0] == "newly failing (1)\n"
    assert "imdsv2-required  (high)  east: aws_launch_template.web" in lines[1]
    assert "west" not in "".join(lines)
    assert "1 fail, 0 undetermined, 1 pass" in lines[-1]
    write(stack, GOOD)
    assert watcher.until("judged in")[0] == "fixed (1)\n"
    code, lines = watcher.stop()
    assert (code, len(lines)) == (0, 1)
    assert "Traceback" not in lines[0]


def test_what_cannot_be_read_is_said_and_judged_once_it_can_be(app: Path, watch: Callable[..., Watcher]) -> None:
    watcher = watch()
    watcher.until("judged in")
    stack = app / "cdktf.out" / "stacks" / "east" / "cdk.tf.json"
    stack.write_text("{")
    [line] = watcher.until("cannot be judged")
    assert "so its verdict is of before: cdktf.out/stacks/east/cdk.tf.json:1:2: not valid JSON" in line
    write(stack, BAD)
    assert watcher.until("judged in")[0] == "newly failing (1)\n"


def test_waivers_and_stacks_that_come_and_go_count(app: Path, watch: Callable[..., Watcher]) -> None:
    shutil.rmtree(app / "cdktf.out" / "stacks" / "west")
    write(app / "cdktf.out" / "stacks" / "east" / "cdk.tf.json", BAD)
    watcher = watch()
    assert watcher.until("judged in")[0] == "new, and failing (1)\n"
    write(
        app / "waivers.yaml",
        "waivers: [{policy: imdsv2-required, stack: east, addresses: [aws_launch_template.web], owner: o, ticket: t, "
        "reason: A reason that is long enough., created: 2026-11-01, expires: 2026-11-02}]\n",
    )
    lines = "".join(watcher.until("judged in"))
    assert "waivers.yaml:1" in lines
    assert "expired on 2026-11-02" in lines
    write(app / "cdktf.out" / "stacks" / "west" / "cdk.tf.json", GOOD)
    assert "west judged in" in watcher.until("judged in")[-1]
    shutil.rmtree(app / "cdktf.out" / "stacks" / "west")
    lines = watcher.until("west gone")
    assert "not judged any more: west: the stack as a whole" in "".join(lines)


def test_wrong_arguments_end_it_with_exit_code_3(policies: Callable[..., Run], app: Path) -> None:
    for arguments, message in (
        (("nowhere",), "nowhere: no such file or folder"),
        (("--policy", "imdsv2"), "did you mean imdsv2-required?"),
    ):
        run = policies("watch", *arguments)
        assert run.code == 3
        assert message in run.err
        assert len(run.err.splitlines()) == 1
