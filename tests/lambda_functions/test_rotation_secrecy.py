"""No password gets into a log, a metric, an exception or the database's own log, whatever happens."""

import io
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from rotate_database_secret.database_secret import Credentials, DatabaseSecret
from rotate_database_secret.engines import engine_of
from rotate_database_secret.errors import RotationError
from rotate_database_secret.telemetry import LOGGER
from rotate_database_secret.tls import verifying_context

from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import STEPS, NewSecret, RotatingSecret
from tests.lambda_functions.servers import DATABASE, MASTER, Authority, DatabaseServer

Server = DatabaseServer | PostgreSqlServer


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[io.StringIO]:
    """All that is logged, by anyone and at any level, while the root logger is as talkative as can be."""
    text = io.StringIO()
    root, everything = logging.getLogger(), logging.StreamHandler(text)
    monkeypatch.setattr(LOGGER.registered_handler, "stream", text)
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(everything)
    yield text
    root.removeHandler(everything)
    root.setLevel(level)


def passwords_of(secret: RotatingSecret) -> set[str]:
    """Every password that any version of the secret holds, and the master's."""
    versions = [
        secret.client.get_secret_value(SecretId=secret.arn, VersionId=version)["SecretString"]
        for version in secret.stages()
    ]
    found = {DatabaseSecret.from_json(text).password for text in versions} | {secret.server.master_password}
    return {password for password in found if password}


def test_a_rotation_and_its_failures_write_no_password_anywhere(
    rotated: RotatingSecret,
    other_authority: Authority,
    output: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures: list[RotationError] = []
    token = rotated.start_rotation()
    rotated.invoke("createSecret", token)
    with pytest.raises(RotationError) as refused:
        rotated.invoke("testSecret", token)  # the database does not know the password yet
    failures.append(refused.value)
    with monkeypatch.context() as environment:
        environment.setenv("CA_BUNDLE", str(other_authority.bundle))
        for step in STEPS[1:]:
            with pytest.raises(RotationError) as untrusted:
                rotated.invoke(step, token)
            failures.append(untrusted.value)
    for step in STEPS[1:]:
        rotated.invoke(step, token)

    passwords = passwords_of(rotated)
    assert len(passwords) == 3
    printed = capsys.readouterr()
    written = output.getvalue() + "".join("".join(traceback.format_exception(error)) for error in failures)
    assert written.count('"message":"rotation step finished"') == 4
    assert written.count('"message":"rotation step failed"') == 4
    assert printed.out.count('"StepsFailed":[1.0]') == 4
    assert not [password for password in passwords if password in written + printed.out + printed.err]


def test_postgresql_itself_logs_statements_but_no_password(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database).rotated_once()
    secret.rotate()
    log = "".join(postgresql_database.log)
    assert f"ALTER ROLE {secret.username}_clone PASSWORD 'SCRAM-SHA-256$" in log
    own = passwords_of(secret) - {postgresql_database.master_password}  # which the test's own set-up had logged
    assert len(own) == 2
    assert not [password for password in own if password in log]


def test_an_unforeseen_error_is_reported_by_its_place_only(secret: RotatingSecret, output: io.StringIO) -> None:
    password = "\N{EURO SIGN}uro-in-a-password"  # PyMySQL cannot send it, and its error quotes it
    master = secret.client.create_secret(
        Name=f"{secret.username}-master-in-euro",
        SecretString=f'{{"username": "master", "password": "{password}"}}',
    )
    secret.update(masterarn=master["ARN"])
    with pytest.raises(RotationError, match="unexpected UnicodeEncodeError") as error:
        secret.rotate()
    written = output.getvalue() + "".join(traceback.format_exception(error.value))
    assert "mysql.py" in written
    assert "uro-in-a-password" not in written


def test_a_statement_the_database_refuses_is_not_quoted(server: Server, authority: Authority) -> None:
    """Both servers quote the place of a syntax error in their answers."""
    login = DatabaseSecret(server.engine, "localhost", server.port, DATABASE, "app", "arn", "S3cret-in-SQL")
    tls = verifying_context(authority.bundle)
    with (
        pytest.raises(RotationError) as error,
        engine_of(login).session(login, Credentials(MASTER, server.master_password), tls) as session,
    ):
        session._execute(f"ALTER {login.password} IDENTIFIED")  # type: ignore[attr-defined]
    assert str(error.value) in (
        "the database refuses ALTER with error 1064",
        "the database refuses ALTER with SQLSTATE 42601",
    )
    assert "S3cret-in-SQL" not in "".join(traceback.format_exception(error.value)).replace("{login.password}", "")


@pytest.mark.parametrize(
    "login",
    [
        DatabaseSecret("mysql", "host", 3306, "db", "app", "arn", "a-password"),
        Credentials("master", "a-password"),
    ],
)
def test_a_login_does_not_show_its_password(login: Any) -> None:
    assert "a-password" not in repr(login)
