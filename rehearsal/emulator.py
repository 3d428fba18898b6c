"""The server that plays AWS, as the rehearsal sees it: started, asked, stopped."""

import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rehearsal.errors import NotRehearsedError
from rehearsal.loopback import FAKE_KEY, NO_FILES
from rehearsal.moto_server import HELD, HOST

_ROOT = Path(__file__).resolve().parents[1]
_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # or else attaching one of AWS's own policies ends in a 404
    "MOTO_ACM_VALIDATION_WAIT": "1",  # seconds until a certificate counts as validated
    **NO_FILES,
}
_ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Emulator:
    """A running server."""

    port: int

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{HOST}:{self.port}"

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A boto3 client that knows this server only, whatever the environment says."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            service,
            region_name=region,
            aws_access_key_id=FAKE_KEY,
            aws_secret_access_key=FAKE_KEY,
            endpoint_url=f"http://{self.address}",
            config=Config(proxies={}, retries={"max_attempts": 0}),
        )

    def held(self) -> list[str]:
        """What the account has that a fresh one has not, one text for each object."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", HELD)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise NotRehearsedError(f"moto's server does not say what it holds: {answer.status} {answer.reason}")
        held: list[str] = json.loads(body)
        return held


@contextmanager
def running(log: Path) -> Iterator[Emulator]:
    """A fresh server for the time of the block; what it prints goes to `log`.

    Raises NotRehearsedError when it cannot be started.
    """
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise NotRehearsedError("moto's server is not installed: `make .venv/dev` installs it")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.moto_server"],
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), **_SETTINGS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
        try:
            yield Emulator(_port(process, log))
        finally:
            process.kill()
            process.communicate()


def moto_version() -> str:
    """The version of moto that plays AWS."""
    return version("moto")


def _port(process: subprocess.Popen[str], log: Path) -> int:
    """The port the server says it listens on. Raises NotRehearsedError when it ends without having said so."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.isdecimal():
        last = (log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise NotRehearsedError(f"moto's server did not start: {last}")
    return int(line)
