"""No password gets into a log or an exception, whatever happens."""

import io
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from rotate_database_secret import mysql
from rotate_database_secret.database_secret import DatabaseSecret, MasterLogin
from rotate_database_secret.errors import RotationError
from rotate_database_secret.tls import verifying_context

from tests.lambda_functions.rotating_secret import STEPS, RotatingSecret
from tests.lambda_functions.servers import Authority, DatabaseServer


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, by anyone and at any level, while the root logger is as talkative as can be."""
    text = io.StringIO()
    root, everything = logging.getLogger(), logging.StreamHandler(text)
    monkeypatch.setattr(logging.getLogger("rotate_database_secret").handlers[0], "stream", text)
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


def test_a_rotation_and_its_failures_log_no_password(
    secret: RotatingSecret,
    other_authority: Authority,
    output: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures: list[RotationError] = []
    secret.rotate()
    token = secret.start_rotation()
    secret.invoke("createSecret", token)
    with pytest.raises(RotationError) as refused:
        secret.invoke("testSecret", token)  # the database does not know the password yet
    failures.append(refused.value)
    with monkeypatch.context() as environment:
        environment.setenv("CA_BUNDLE", str(other_authority.bundle))
        for step in STEPS[1:]:
            with pytest.raises(RotationError) as untrusted:
                secret.invoke(step, token)
            failures.append(untrusted.value)
    for step in STEPS[1:]:
        secret.invoke(step, token)

    passwords = passwords_of(secret)
    assert len(passwords) == 3
    written = output.getvalue() + "".join("".join(traceback.format_exception(error)) for error in failures)
    assert written.count("rotation step finished") == 8
    assert written.count("rotation step failed") == 4
    assert not [password for password in passwords if password in written]


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


def test_a_statement_the_database_cannot_read_is_not_quoted(database: DatabaseServer, authority: Authority) -> None:
    login = DatabaseSecret("mysql", "localhost", database.port, "financial_db", "app", "arn", "S3cret-in-SQL")
    tls = verifying_context(authority.bundle)
    with (
        mysql._connection(login, "master", database.master_password, tls, database=None) as connection,
        pytest.raises(RotationError) as error,
    ):
        mysql._execute(connection, "ALTER %s IDENTIFIED", login.password)
    assert "error 1064" in str(error.value)
    assert "S3cret-in-SQL" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    "login",
    [
        DatabaseSecret("mysql", "host", 3306, "db", "app", "arn", "a-password"),
        MasterLogin("master", "a-password"),
    ],
)
def test_a_login_does_not_show_its_password(login: Any) -> None:
    assert "a-password" not in repr(login)
