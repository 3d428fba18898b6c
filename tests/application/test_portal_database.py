"""The portal's questions to its database: verified, cached, and answered again after a rotation."""

import dataclasses
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from portal import health
from portal.database import Database, DatabaseUnavailableError, verifying_context
from portal.health import Health
from portal.structured_log import LOG

from tests.lambda_functions.rotating_secret import RotatingSecret
from tests.lambda_functions.servers import Authority, DatabaseServer, mariadb


def database_of(secret: RotatingSecret) -> Database:
    tls = verifying_context(secret.authority.bundle.read_text())
    return Database(secret.arn, secret.client, tls)


def test_the_database_answers_before_and_after_a_rotation(secret: RotatingSecret) -> None:
    secret.rotate()
    portal_database = database_of(secret)
    portal_database.verify()
    secret.rotate()
    portal_database.verify()


def test_the_secret_is_read_again_only_when_the_database_refuses_it(secret: RotatingSecret) -> None:
    secret.rotate()
    portal_database = database_of(secret)
    portal_database.verify()
    secret.update(host="elsewhere.example.com")
    portal_database.verify()
    secret.server.execute(f"ALTER USER {secret.username}@'%' IDENTIFIED BY 'another password'")
    with pytest.raises(DatabaseUnavailableError) as error:
        portal_database.verify()
    assert "elsewhere.example.com" in error.value.detail


def test_a_database_that_goes_away_and_comes_back_is_noticed(
    secrets_manager: Any, authority: Authority, tmp_path: Path
) -> None:
    certificate = authority.issue("localhost")
    with mariadb(tmp_path / "short-lived", certificate) as server:
        secret = RotatingSecret.create(secrets_manager, server, authority)
        secret.rotate()
        portal_database = database_of(secret)
        portal_database.verify()
    with pytest.raises(DatabaseUnavailableError) as error:
        portal_database.verify()
    assert error.value.reason == "database-unreachable"


def test_a_server_with_a_certificate_for_another_host_name_is_refused(secret: RotatingSecret) -> None:
    secret.rotate()
    secret.update(host="127.0.0.1")  # the certificate is for localhost
    with pytest.raises(DatabaseUnavailableError, match="certificate is not valid for") as error:
        database_of(secret).verify()
    assert error.value.reason == "tls-refused"


def test_a_server_that_only_speaks_in_the_clear_is_refused(
    secret: RotatingSecret, plaintext_database: DatabaseServer
) -> None:
    secret.rotate()
    secret.update(port=plaintext_database.port)
    with pytest.raises(DatabaseUnavailableError) as error:
        database_of(secret).verify()
    assert error.value.reason == "tls-refused"


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON", '{"host": "localhost", "port": "many"}'])
def test_a_secret_that_is_not_complete_is_no_login(secret: RotatingSecret, text: str) -> None:
    secret.client.put_secret_value(SecretId=secret.arn, SecretString=text)
    with pytest.raises(DatabaseUnavailableError, match="the secret is not complete") as error:
        database_of(secret).verify()
    assert error.value.reason == "credentials-unavailable"


def test_before_the_first_rotation_there_is_no_login(secret: RotatingSecret) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"not complete \(KeyError\)"):
        database_of(secret).verify()


def test_a_secret_that_does_not_exist_is_no_login(secret: RotatingSecret) -> None:
    missing = dataclasses.replace(secret, arn="no-such-secret")
    with pytest.raises(DatabaseUnavailableError, match="ResourceNotFoundException") as error:
        database_of(missing).verify()
    assert error.value.reason == "credentials-unavailable"


class Questions:
    """Stands where the database is asked, counts, and holds everyone up until it is released."""

    def __init__(self) -> None:
        self.count = 0
        self.released = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.released.wait()


def test_many_health_checks_at_once_are_one_question_to_the_database() -> None:
    questions = Questions()
    checks = Health(questions)
    threads = [threading.Thread(target=checks.reason_against) for _ in range(20)]
    for thread in threads:
        thread.start()
    questions.released.set()
    for thread in threads:
        thread.join()
    assert questions.count == 1


def test_an_answer_that_is_too_old_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LIFETIME_SECONDS", 0)
    questions = Questions()
    questions.released.set()
    checks = Health(questions)
    assert [checks.reason_against(), checks.reason_against()] == [None, None]
    assert questions.count == 2


def test_an_unforeseen_error_is_unhealthy_and_logged_by_its_place_only(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOG, "propagate", True)

    error = ValueError("a password may be in here")

    def fail() -> None:
        raise error

    with caplog.at_level(logging.INFO):
        assert Health(fail).reason_against() == "internal-error"
    [record] = caplog.records
    assert record.fields["error"] == "ValueError"
    assert "raise error" in record.fields["traceback"][-1]
    assert "a password may be in here" not in json.dumps(record.fields)
