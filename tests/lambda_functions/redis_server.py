"""A real Redis over TLS, in place of ElastiCache's, that lets one user in by the tokens that a replication group takes.

ElastiCache verifies a token's signature with IAM. Here the passwords of the user are the tokens of every second of a
window, signed anew by this module's own Signature Version 4, so that what the function presents has to be right to
the last character, and of the present. What that does not show: whether IAM allows the role to connect, and that
ElastiCache reads the request as we do; its documentation says so.
"""

import hashlib
import hmac
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import redis

from tests.lambda_functions.servers import Authority, free_port, missing, stop, wait_until_ready

GROUP = "financial-transactions-cache-test"
USER = "financial-transactions"
RIGHTS = "~transactions:* -@all +get +set +ping"
TOKEN_SECONDS = 900

_ADMINISTRATOR = "administrator"


@dataclass
class RedisServer:
    """A running Redis: its port on loopback, and the password of its administrator."""

    port: int
    authority: Authority
    process: "subprocess.Popen[str]" = field(repr=False)
    password: str = field(repr=False)

    def administrator(self) -> redis.Redis:
        """A client that may do everything."""
        return redis.Redis(
            host="localhost",
            port=self.port,
            username=_ADMINISTRATOR,
            password=self.password,
            ssl=True,
            ssl_ca_certs=str(self.authority.bundle),
        )

    def accept(self, tokens: list[str]) -> None:
        """Let the function's user in by these tokens and no others, as the gateway of ElastiCache does."""
        passwords = [f">{token}" for token in tokens]
        with self.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", USER, "reset", "on", *RIGHTS.split(), *passwords)

    def stored_keys(self) -> list[str]:
        """The names of everything in it."""
        with self.administrator() as administrator:
            return sorted(key.decode() for key in administrator.scan_iter())

    def kill(self) -> None:
        """End the server without a word."""
        self.process.kill()
        self.process.wait()


def tokens_around(now: datetime, environment: Mapping[str, str], user: str = USER, group: str = GROUP) -> list[str]:
    """The tokens that are made from a few seconds before `now` until two minutes later."""
    return [token(now + timedelta(seconds=second), environment, user, group) for second in range(-5, 120)]


def token(at: datetime, environment: Mapping[str, str], user: str, group: str) -> str:
    """A signed request to connect, with the credentials and the region in `environment` (Signature Version 4)."""
    time = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/{environment['AWS_REGION']}/elasticache/aws4_request"
    members = {
        "Action": "connect",
        "User": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{environment['AWS_ACCESS_KEY_ID']}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(TOKEN_SECONDS),
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Security-Token": environment["AWS_SESSION_TOKEN"],
    }
    encoded = {name: quote(value, safe="") for name, value in members.items()}
    sorted_query = "&".join(f"{name}={encoded[name]}" for name in sorted(encoded))
    nothing = hashlib.sha256(b"").hexdigest()
    request = "\n".join(("GET", "/", sorted_query, f"host:{group}", "", "host", nothing))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{environment['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    query = "&".join(f"{name}={value}" for name, value in encoded.items())
    return f"{group}/?{query}&X-Amz-Signature={signature}"


@contextmanager
def redis_server(folder: Path, authority: Authority, host: str = "localhost") -> Iterator[RedisServer]:
    """Start Redis in `folder` with a certificate for `host`, and stop it at the end."""
    program = shutil.which("redis-server") or missing("redis-server", "redis-server")
    folder.mkdir()
    certificate, key = authority.issue(host)
    password, port = os.urandom(16).hex(), free_port()
    configuration = folder / "redis.conf"
    configuration.write_text(
        f"""
bind 127.0.0.1
port 0
tls-port {port}
tls-cert-file {certificate}
tls-key-file {key}
tls-ca-cert-file {authority.bundle}
tls-auth-clients no
dir {folder}
save ""
logfile /dev/stderr
user default off -@all
user {_ADMINISTRATOR} on >{password} ~* +@all
"""
    )
    process = subprocess.Popen([program, str(configuration)], stderr=subprocess.PIPE, text=True)
    try:
        wait_until_ready(process, "Ready to accept connections")
        yield RedisServer(port, authority, process, password)
    finally:
        stop(process, signal.SIGTERM)
