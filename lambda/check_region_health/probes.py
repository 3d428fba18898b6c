"""The three kinds of probes. Each says in a few words what it found, or raises ProbeError.

Any other error means that the probe could not find out: that the function may not ask, for one.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from check_region_health.clients import probing_client
from check_region_health.settings import Bucket, Endpoint, Probe, Settings, Table

BODY_BYTES_MAX = 4096

# The function's fault, not the service's: announcing a region as down for a lost permission would move its traffic.
_NOT_ALLOWED_TO_ASK = {
    "403",  # all that HEAD can say
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "ValidationException",
}

_SERVING = {"ACTIVE", "UPDATING"}


class ProbeError(Exception):
    """What was probed does not do its work; the message says why."""


def prepare(probe: Probe, settings: Settings) -> Callable[[], str]:
    """What carries `probe` out, safe to call in a thread of its own."""
    if isinstance(probe, Endpoint):
        tls = ssl.create_default_context(cafile=str(settings.ca_bundle) if settings.ca_bundle else None)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return partial(_ask_endpoint, probe, tls)
    if isinstance(probe, Table):
        return partial(_ask_table, probe, probing_client("dynamodb", settings.region, probe.timeout_seconds))
    return partial(_ask_bucket, probe, probing_client("s3", settings.region, probe.timeout_seconds))


def no_answer_within(probe: Probe) -> str:
    """The reason of a probe whose time is over."""
    return f"no answer within {probe.timeout_seconds} s"


def _ask_endpoint(endpoint: Endpoint, tls: ssl.SSLContext) -> str:
    """GET the endpoint's address once. Redirects are not followed: they are an answer like any other."""
    deadline = time.monotonic() + endpoint.timeout_seconds
    host = endpoint.host if endpoint.port == 443 else f"{endpoint.host}:{endpoint.port}"
    request = (
        f"GET {endpoint.target} HTTP/1.1\r\nHost: {host}\r\n"
        "User-Agent: check-region-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    try:
        with (
            socket.create_connection((endpoint.connect_to, endpoint.port), endpoint.timeout_seconds) as connection,
            tls.wrap_socket(connection, server_hostname=endpoint.host) as stream,
        ):
            stream.sendall(request.encode("ascii"))
            answer = _BoundedStream(stream, deadline)
            response = http.client.HTTPResponse(cast(socket.socket, answer), method="GET")
            response.begin()
            body = response.read(BODY_BYTES_MAX)
    except TimeoutError:
        raise ProbeError(no_answer_within(endpoint)) from None
    except ssl.SSLCertVerificationError as error:
        raise ProbeError(f"certificate refused: {error.verify_message}") from None
    except (OSError, http.client.HTTPException) as error:
        raise ProbeError(f"{type(error).__name__}: {error}") from None
    if response.status != endpoint.expected_status:
        raise ProbeError(f"status {response.status} instead of {endpoint.expected_status}")
    if response.length and len(body) < BODY_BYTES_MAX:
        raise ProbeError("the connection was closed in the middle of the answer")
    return f"status {response.status}"


class _BoundedStream(io.RawIOBase):
    """What HTTPResponse reads from. A socket's own time-out starts anew with every byte; this one ends."""

    def __init__(self, stream: ssl.SSLSocket, deadline: float) -> None:
        super().__init__()
        self._stream = stream
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)
        return self._stream.recv_into(buffer)


def _ask_table(table: Table, dynamodb: Any) -> str:
    """Ask for the table's status and its replicas', then read the canary key (there need be no such item)."""
    with _refusals_told_apart():
        description = dynamodb.describe_table(TableName=table.table)["Table"]
        found = {"table": description["TableStatus"]}
        statuses = {replica["RegionName"]: replica["ReplicaStatus"] for replica in description.get("Replicas", [])}
        found |= {f"replica in {region}": statuses.get(region, "MISSING") for region in table.replicas}
        if broken := [f"{what} is {status}" for what, status in found.items() if status not in _SERVING]:
            raise ProbeError(", ".join(broken))
        if table.canary_key:
            key = {
                name: {"S": value} if isinstance(value, str) else {"N": str(value)}
                for name, value in table.canary_key.items()
            }
            dynamodb.get_item(TableName=table.table, Key=key, ConsistentRead=True)
            found["canary key"] = "READ"
    return ", ".join(f"{what} is {status}" for what, status in found.items())


def _ask_bucket(bucket: Bucket, s3: Any) -> str:
    with _refusals_told_apart():
        s3.head_bucket(Bucket=bucket.bucket)
    return "bucket answers"


@contextmanager
def _refusals_told_apart() -> Iterator[None]:
    """Turn what AWS says against the service into ProbeError; what it says against the function stays as it is."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _NOT_ALLOWED_TO_ASK:
            raise
        raise ProbeError(f"{error.operation_name} answers {code}") from None
    except (ConnectionError, HTTPClientError) as error:
        raise ProbeError(f"{type(error).__name__}: {error}") from None
