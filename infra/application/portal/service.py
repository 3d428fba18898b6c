"""The HTTPS service: `/health`, `/live` and the page."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import ssl
import sys
import time
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config

from portal.database import Database, verifying_context
from portal.health import Health
from portal.settings import Settings, SettingsError
from portal.structured_log import LOG, log_to

# Longer than the load balancer keeps an idle connection (60 s), so that it is the one to close.
CLIENT_TIMEOUT_SECONDS = 65

SECRETS_CONNECT_TIMEOUT_SECONDS = 2
SECRETS_READ_TIMEOUT_SECONDS = 3

JSON = "application/json"
HTML = "text/html; charset=utf-8"

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Customer portal</title></head>
<body><h1>Customer portal</h1><p>The service is running.</p></body>
</html>
"""


class PortalServer(ThreadingHTTPServer):
    """Serves each connection in a thread of its own, which also does its TLS handshake."""

    request_queue_size = 128

    def __init__(self, port: int, tls: ssl.SSLContext, health: Health) -> None:
        self.tls = tls
        self.health = health
        super().__init__(("", port), PortalRequestHandler)

    def server_bind(self) -> None:
        """Bind without the parent's look-up of this host's name, which waits for DNS and is never used."""
        socketserver.TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; a handshake here would let one slow client stop all others."""
        connection, address = super().get_request()
        connection.settimeout(CLIENT_TIMEOUT_SECONDS)
        wrapped = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what ended a connection."""
        error = sys.exc_info()[1]
        fields: dict[str, object] = {"client": client_address[0], "error": type(error).__name__}
        if isinstance(error, OSError):
            # The client went away, fell silent, or does not speak TLS: no error of ours.
            LOG.info("connection ended", extra={"fields": fields})
        else:
            places = traceback.format_tb(error.__traceback__) if error else []
            LOG.error("connection failed", extra={"fields": {**fields, "traceback": places}})


class PortalRequestHandler(BaseHTTPRequestHandler):
    """Answers one connection's requests; nothing it sends tells what is inside."""

    protocol_version = "HTTP/1.1"
    server: PortalServer
    received_at: float | None = None

    def parse_request(self) -> bool:
        """Note when the request came in, then parse it."""
        self.received_at = time.monotonic()
        return super().parse_request()

    def do_GET(self) -> None:
        """Answer the three routes."""
        path = self.path.partition("?")[0]
        if path == "/health":
            self._answer_health()
        elif path == "/live":
            self._answer(HTTPStatus.OK, JSON, json.dumps({"status": "live"}))
        elif path == "/":
            self._answer(HTTPStatus.OK, HTML, PAGE)
        else:
            self._answer(HTTPStatus.NOT_FOUND, JSON, json.dumps({"status": "not-found"}))

    do_HEAD = do_GET  # noqa: N815 - the name is given by the parent

    def _answer_health(self) -> None:
        reason = self.server.health.reason_against()
        if reason is None:
            self._answer(HTTPStatus.OK, JSON, json.dumps({"status": "healthy"}))
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, JSON, json.dumps({"status": "unhealthy", "reason": reason}))

    def _answer(self, status: HTTPStatus, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self._log_answer(status)

    def _log_answer(self, status: HTTPStatus) -> None:
        now = time.monotonic()
        fields = {
            # The query is left out: it may carry what a log must not.
            "path": getattr(self, "path", "").partition("?")[0],
            "status": status.value,
            "duration_ms": round((now - (self.received_at or now)) * 1000, 1),
        }
        log = LOG.error if status >= HTTPStatus.INTERNAL_SERVER_ERROR else LOG.info
        log("request", extra={"fields": fields})

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is not HTTP as we speak it, without the parent's page that quotes it."""
        status = HTTPStatus(code)
        self.close_connection = True
        self._answer(status, JSON, json.dumps({"status": status.phrase.lower().replace(" ", "-")}))

    def version_string(self) -> str:
        """The Server header: no versions."""
        return "portal"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nothing: `_log_answer` logs each request once, with its duration."""

    def log_message(self, format: str, *args: Any) -> None:
        """Send the parent's remarks to our log."""
        LOG.info(format % args)


def serve(settings: Settings) -> None:
    """Serve until the process is told to end; raises OSError (ssl.SSLError included) when it cannot start."""
    log_to(settings.log_file)
    config = Config(
        connect_timeout=SECRETS_CONNECT_TIMEOUT_SECONDS,
        read_timeout=SECRETS_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},  # the next health check is the next attempt
    )
    secrets_manager = boto3.client("secretsmanager", region_name=settings.region, config=config)
    database = Database(settings.secret_arn, secrets_manager, verifying_context(settings.certificate_authorities))
    with PortalServer(settings.port, _server_context(settings), Health(database.verify)) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        LOG.info("listening", extra={"fields": {"port": settings.port}})
        server.serve_forever()


def _server_context(settings: Settings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # its text names no file
        files = f"{settings.tls_certificate}, {settings.tls_key}"
        raise SettingsError(f"no certificate and key from {files}: {error}") from error
    return context


def main() -> int:
    """Run the service as the environment says; exit code 3 and one line on stderr when it cannot start."""
    try:
        serve(Settings.from_environment(os.environ))
    except (SettingsError, OSError) as error:
        print(f"portal cannot start: {error}", file=sys.stderr)
        return 3
    return 0
