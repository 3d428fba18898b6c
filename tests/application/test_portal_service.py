"""The portal's zip, run as a process and asked over HTTPS, with a real database behind it."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.application.conftest import StartPortal
from tests.application.service import Service, command
from tests.lambda_functions.rotating_secret import RotatingSecret
from tests.lambda_functions.servers import Authority, free_port, silent_listener


def test_health_is_200_while_the_database_answers(portal: Service) -> None:
    answer = portal.ask("/health")
    assert (answer.status, answer.json()) == (200, {"status": "healthy"})


def test_health_is_503_when_the_database_is_down(start_portal: StartPortal, secret: RotatingSecret) -> None:
    secret.update(port=free_port())
    answer = start_portal().ask("/health")
    assert (answer.status, answer.json()) == (
        503,
        {"status": "unhealthy", "reason": "database-unreachable"},
    )


def test_health_is_503_when_the_database_has_a_certificate_of_another_authority(
    start_portal: StartPortal, other_authority: Authority
) -> None:
    answer = start_portal(PORTAL_CA_BUNDLE=str(other_authority.bundle)).ask("/health")
    assert (answer.status, answer.json()) == (503, {"status": "unhealthy", "reason": "tls-refused"})


def test_without_a_bundle_of_its_own_the_portal_trusts_the_authorities_of_rds_only(
    start_portal: StartPortal,
) -> None:
    portal = start_portal(PORTAL_CA_BUNDLE="")
    assert portal.ask("/health").json()["reason"] == "tls-refused"
    portal.stop()
    assert "CERTIFICATE_VERIFY_FAILED" in "".join(portal.lines)


def test_live_is_200_whatever_the_database_does(start_portal: StartPortal, secret: RotatingSecret) -> None:
    secret.update(port=free_port())
    answer = start_portal().ask("/live?probe=1")
    assert (answer.status, answer.json()) == (200, {"status": "live"})


def test_the_page_is_html(portal: Service) -> None:
    answer = portal.ask("/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.body.startswith("<!doctype html>")


def test_every_other_path_is_404(portal: Service) -> None:
    for path in ("/healthz", "/health/", "/../etc/passwd", "/%2e", "/index.html"):
        answer = portal.ask(path)
        assert (path, answer.status, answer.json()) == (path, 404, {"status": "not-found"})


def test_head_has_the_headers_of_get_and_no_body(portal: Service) -> None:
    answer = portal.ask("/live", method="HEAD")
    assert (answer.status, answer.body) == (200, "")
    assert answer.headers["content-length"] == portal.ask("/live").headers["content-length"]


def test_a_request_of_another_kind_is_refused_without_quoting_it(portal: Service) -> None:
    answer = portal.ask("/<script>", method="DELETE")
    assert (answer.status, answer.json()) == (501, {"status": "not-implemented"})


def test_the_answers_do_not_tell_what_answers(portal: Service) -> None:
    for path in ("/", "/health", "/missing"):
        assert portal.ask(path).headers["server"] == "portal"


def test_requests_are_logged_as_json_without_their_query(portal: Service) -> None:
    portal.ask("/live?token=do-not-log-me")
    portal.ask("/missing")
    assert portal.stop() == 0
    assert "do-not-log-me" not in "".join(portal.lines)
    requests = [line for line in map(json.loads, portal.lines) if line["message"] == "request"]
    assert [(line["level"], line["path"], line["status"]) for line in requests] == [
        ("INFO", "/live", 200),
        ("INFO", "/missing", 404),
    ]
    assert all(line["duration_ms"] >= 0 for line in requests)


def test_what_makes_it_unhealthy_is_logged_as_an_error_without_the_password(
    start_portal: StartPortal, secret: RotatingSecret
) -> None:
    secret.update(password="not-the-users-password")
    portal = start_portal()
    assert portal.ask("/health").json()["reason"] == "credentials-refused"
    portal.stop()
    written = "".join(portal.lines)
    errors = [line for line in map(json.loads, portal.lines) if line["level"] == "ERROR"]
    assert [(line["message"], line.get("reason"), line.get("status")) for line in errors] == [
        ("the database cannot be used", "credentials-refused", None),
        ("request", None, 503),
    ]
    assert "not-the-users-password" not in written


def test_the_log_goes_to_the_file_that_is_set_even_after_it_is_rotated(
    start_portal: StartPortal, tmp_path: Path
) -> None:
    log, rotated = tmp_path / "portal.log", tmp_path / "portal.log.1"
    portal = start_portal(PORTAL_LOG_FILE=str(log))
    portal.ask("/live")
    log.rename(rotated)
    portal.ask("/missing")
    assert portal.stop() == 0
    assert '"path": "/live"' in rotated.read_text()
    assert '"path": "/missing"' in log.read_text()
    assert '"path": "/missing"' not in rotated.read_text()


def test_a_client_that_says_nothing_does_not_keep_others_waiting(portal: Service) -> None:
    with socket.create_connection(("localhost", portal.port)):
        assert portal.ask("/live").status == 200


def test_a_client_that_does_not_speak_tls_is_let_go(portal: Service) -> None:
    with socket.create_connection(("localhost", portal.port)) as client:
        client.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while client.recv(1024):
            pass
    assert portal.ask("/live").status == 200
    portal.stop()
    assert '"level": "ERROR"' not in "".join(portal.lines)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"PORTAL_SECRET_ARN": ""}, "PORTAL_SECRET_ARN is not set"),
        ({"PORTAL_PORT": "https"}, "PORTAL_PORT is 'https': a port number is expected"),
        ({"PORTAL_CA_BUNDLE": "/nowhere.pem"}, "no certificate authorities from PORTAL_CA_BUNDLE /nowhere.pem"),
        ({"PORTAL_CA_BUNDLE": "", "AWS_REGION": "mars-1"}, "no certificate authorities from region mars-1"),
        ({"PORTAL_TLS_KEY": "/nowhere.key"}, "/nowhere.key: [Errno 2] No such file or directory"),
        ({"PORTAL_LOG_FILE": "/nowhere/portal.log"}, "No such file or directory: '/nowhere/portal.log'"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_it_with_one_line(
    zip_file: Path, sdk: Path, settings: dict[str, str], changes: dict[str, str], message: str
) -> None:
    arguments: dict[str, Any] = command(zip_file, sdk, {**settings, **changes})
    ended = subprocess.run(**arguments, capture_output=True, check=False)
    assert ended.returncode == 3
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_port_that_is_taken_ends_it_with_one_line(zip_file: Path, sdk: Path, settings: dict[str, str]) -> None:
    with silent_listener() as port:
        arguments: dict[str, Any] = command(zip_file, sdk, {**settings, "PORTAL_PORT": str(port)})
        ended = subprocess.run(**arguments, capture_output=True, check=False)
    assert ended.returncode == 3
    assert "Address already in use" in ended.stderr
    assert ended.stderr.count("\n") == 1
