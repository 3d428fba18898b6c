"""The portal application as an instance runs it: the zip, on the instance's Python, asked over HTTPS."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_functions.servers import aws_sdk, free_port, interpreter

START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.05
ANSWER_TIMEOUT_SECONDS = 20

# What Amazon Linux 2023 ships as python3.
PYTHON = "3.9"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, and the body."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Service:
    """A running portal: its port, the authority of its certificate, and what it wrote to standard output."""

    port: int
    authority: Path
    process: "subprocess.Popen[str]"
    lines: list[str]
    reader: threading.Thread

    def ask(self, path: str, method: str = "GET") -> Answer:
        """Send one request over a connection of its own."""
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=context, timeout=ANSWER_TIMEOUT_SECONDS
        )
        try:
            connection.request(method, path)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read().decode())
        finally:
            connection.close()

    def stop(self) -> int:
        """Tell it to end, as systemd does; returns its exit code, and then `lines` is complete."""
        self.process.terminate()
        self.reader.join(STOP_TIMEOUT_SECONDS)
        return self.process.wait(STOP_TIMEOUT_SECONDS)


def command(zip_file: Path, sdk: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The arguments of subprocess for a portal with boto3 and nothing else beside it."""
    return {
        "args": [interpreter(PYTHON), "-s", "-S", str(zip_file)],
        "env": {"PATH": os.environ["PATH"], "PYTHONPATH": str(sdk), **environment},
        "text": True,
    }


def system_sdk(folder: Path) -> Path:
    """A folder with boto3 as the system has it: with an urllib3 for that Python, which comes with its pip."""
    aws_sdk(folder)
    python = interpreter(PYTHON)
    ask = "import sys, pip._vendor.urllib3 as found; print(sys.version_info < (3, 10), found.__path__[0])"
    older, path = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    if older == "True":
        (folder / "urllib3").unlink()
        (folder / "urllib3").symlink_to(path)
    return folder


def _wait_until_listening(service: Service) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            service.process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("localhost", service.port)).close()
                return
        else:
            break
    pytest.fail("the portal did not start:\n" + "".join(service.lines))


@contextmanager
def running(zip_file: Path, sdk: Path, authority: Path, environment: dict[str, str]) -> Iterator[Service]:
    """Start the portal on a free port, and stop it at the end."""
    port = free_port()
    environment = {"PORTAL_PORT": str(port), **environment}
    process = subprocess.Popen(**command(zip_file, sdk, environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lines.extend, args=(process.stdout,))
    reader.start()
    service = Service(port, authority, process, lines, reader)
    try:
        _wait_until_listening(service)
        yield service
    finally:
        process.kill()
        process.wait()
        reader.join()
