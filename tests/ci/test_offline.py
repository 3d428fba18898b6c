"""Gate and tests need no network: what a namespace without routes shows, and, where there is none, an audit hook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT

OFFLINE = [sys.executable, "-m", "tests.offline"]
ASKS = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
for ask in (lambda: socket.create_connection(("192.0.2.1", 443), 5), lambda: socket.getaddrinfo("example.org", 443)):
    try:
        ask()
    except OSError as error:
        print(error.strerror)
"""
# Python runs this at its start, in every child as well: it notes whoever asks for a name, or for an address.
HOOK = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        said = f"{event} {arguments[1]!r}"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"):
        said = f"{event} {arguments[0]!r}"
    else:
        return
    with open(os.environ["ASKED"], "a") as file:
        file.write(said + "\\n")
    raise OSError(f"the test forbids it: {said}")

sys.addaudithook(note)
"""


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(list(map(str, command)), cwd=ROOT, env=whole, capture_output=True, text=True)


@pytest.fixture(scope="module")
def namespace() -> None:
    """Skips where the system gives no namespaces to whoever runs the tests."""
    done = run(*OFFLINE, "true")
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())


def test_loopback_is_all_that_is_left(namespace: None) -> None:
    done = run(*OFFLINE, sys.executable, "-c", ASKS)
    assert done.stdout.splitlines() == ["Network is unreachable", "Temporary failure in name resolution"], done.stderr


@pytest.mark.parametrize("code", [0, 1, 42])
def test_exit_code_is_that_of_the_command(code: int, namespace: None) -> None:
    assert run(*OFFLINE, sys.executable, "-c", f"raise SystemExit({code})").returncode == code


def test_command_that_is_none_is_said_in_one_line(namespace: None) -> None:
    done = run(*OFFLINE, "no-such-command")
    assert (done.returncode, done.stderr) == (127, "offline: no-such-command: No such file or directory\n")


def test_no_command_is_no_success() -> None:
    assert run(*OFFLINE).returncode == 3


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """What asked for the network; empty at first. Whoever runs with `hooked` is watched."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
    (tmp_path / "asked").touch()
    return tmp_path / "asked"


def hooked(asked: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(asked.parent / "hook"), str(ROOT)])
    return run(sys.executable, *command, PYTHONPATH=path, ASKED=str(asked), ENVIRONMENT_SUFFIX="test")


def test_hook_sees_who_asks_in_a_child_as_well(asked: Path) -> None:
    inner = "import socket; socket.create_connection(('192.0.2.1', 443), 1)"
    hooked(asked, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])")
    assert asked.read_text().splitlines() == ["socket.getaddrinfo '192.0.2.1'"]


def test_gate_asks_nobody(asked: Path, tmp_path: Path) -> None:
    """Synthesis, our policies, Checkov and the report: no name is resolved, no connection opened, loopback included."""
    out, result = tmp_path / "out", tmp_path / "gate-result.json"
    steps = [
        ("infra.main", "--output", out),
        ("policies", "check", out / "stacks" / "recovery-global", "--checkov", "--format", f"json={result}"),
        ("compliance", "report", result, "--output", tmp_path / "report", "--pdf=no"),
    ]
    for module, *arguments in steps:
        done = hooked(asked, "-m", module, *arguments)
        assert done.returncode in (0, 1, 2), done.stderr
    assert asked.read_text() == ""
    assert {"policies", "checkov"} <= {row["engine"] for row in json.loads(result.read_text())["assessments"]}
