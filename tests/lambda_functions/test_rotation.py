"""Whole rotations through the handler, on a real server: what they leave behind, and what they refuse."""

import json
from typing import Any

import pymysql
import pytest
from rotate_database_secret import mysql
from rotate_database_secret.errors import RotationError
from rotate_database_secret.handler import handler

from tests.lambda_functions.rotating_secret import STEPS, LambdaContext, RotatingSecret
from tests.lambda_functions.servers import (
    MASTER,
    Authority,
    DatabaseServer,
    free_port,
    silent_listener,
)


def test_the_first_rotation_creates_the_user_and_its_password(secret: RotatingSecret) -> None:
    assert "password" not in secret.document()
    token = secret.rotate()
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.accepts(secret.document()["password"])


def test_the_second_rotation_replaces_the_password(secret: RotatingSecret) -> None:
    secret.rotate()
    old = secret.document()["password"]
    secret.rotate()
    assert secret.accepts(secret.document()["password"])
    assert not secret.accepts(old)
    assert secret.document("AWSPREVIOUS")["password"] == old


def test_everything_but_the_password_stays_in_the_secret(secret: RotatingSecret) -> None:
    secret.update(readerhost="reader.example.com")
    before = secret.document()
    secret.rotate()
    after = secret.document()
    assert after.pop("password")
    assert after == before


def test_the_user_may_use_its_own_database_and_no_other(secret: RotatingSecret) -> None:
    secret.rotate()
    password = secret.document()["password"]
    [usage, *grants] = [row[0] for row in secret.server.execute(f"SHOW GRANTS FOR {secret.username}@'%'")]
    assert usage.startswith("GRANT USAGE ON *.*")
    assert "REQUIRE SSL" in usage
    assert [grant.split(" TO ")[0] for grant in grants] == [
        r"GRANT SELECT, INSERT, UPDATE, DELETE ON `financial\_db`.*"
    ]
    with secret.connect(password) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts VALUES (1)")
        cursor.execute("DELETE FROM accounts")
        with pytest.raises(pymysql.OperationalError, match="DROP command denied"):
            cursor.execute("DROP TABLE accounts")
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        secret.connect(password, database="financialxdb")  # an underscore that is not escaped would match


def test_the_user_cannot_log_in_without_tls(secret: RotatingSecret) -> None:
    secret.rotate()
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        secret.connect(secret.document()["password"], ssl=None, ssl_disabled=True)


def test_passwords_have_the_length_and_the_characters_that_are_set(
    secret: RotatingSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    excluded = "!#$%&()*+,-.:;<=>?[]^_{|}~ABCDEFGHIJKLM"
    monkeypatch.setenv("PASSWORD_LENGTH", "80")
    monkeypatch.setenv("EXCLUDE_CHARACTERS", excluded)
    secret.rotate()
    password = secret.document()["password"]
    assert len(password) == 80
    assert not set(password) & set(excluded)


def test_every_printable_character_may_be_in_a_password(
    secret: RotatingSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCLUDE_CHARACTERS", "")
    monkeypatch.setenv("PASSWORD_LENGTH", "128")
    secret.rotate()
    password = secret.document()["password"]
    assert set(password) & set("\"'\\%`")
    assert secret.accepts(password)


@pytest.mark.parametrize("repeated", STEPS)
def test_a_step_may_run_again(secret: RotatingSecret, repeated: str) -> None:
    secret.rotate()
    token = secret.start_rotation()
    for step in STEPS:
        secret.invoke(step, token)
        if step == repeated:
            before = secret.document("AWSPENDING")
            secret.invoke(step, token)
            assert secret.document("AWSPENDING") == before
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.accepts(secret.document()["password"])


def test_a_finished_rotation_that_is_called_again_changes_nothing(secret: RotatingSecret) -> None:
    token = secret.rotate()
    before = secret.document()
    for step in STEPS:
        secret.invoke(step, token)
    assert secret.document() == before
    assert secret.accepts(before["password"])


def test_a_version_that_is_current_and_no_longer_pending_is_finished(secret: RotatingSecret) -> None:
    token = secret.rotate()
    secret.client.update_secret_version_stage(SecretId=secret.arn, VersionStage="AWSPENDING", RemoveFromVersionId=token)
    secret.invoke("finishSecret", token)
    assert "AWSCURRENT" in secret.stages()[token]


@pytest.mark.parametrize("last", STEPS[:-1])
def test_the_next_rotation_heals_one_that_was_given_up(secret: RotatingSecret, last: str) -> None:
    secret.rotate()
    given_up = secret.start_rotation()
    for step in STEPS[: STEPS.index(last) + 1]:
        secret.invoke(step, given_up)
    token = secret.rotate()
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.accepts(secret.document()["password"])
    with pytest.raises(RotationError, match="given up"):
        secret.invoke("finishSecret", given_up)


def test_a_current_version_that_lost_its_password_is_healed(secret: RotatingSecret) -> None:
    secret.rotate()
    secret.update(password=None)  # what Terraform does when it makes its first version again
    secret.rotate()
    assert secret.accepts(secret.document()["password"])


def test_a_password_the_database_refuses_never_becomes_current(secret: RotatingSecret) -> None:
    secret.rotate()
    before = secret.document()
    secret.server.execute("INSTALL SONAME 'simple_password_check'")
    try:
        secret.server.execute("SET GLOBAL simple_password_check_minimal_length = 100")
        token = secret.start_rotation()
        secret.invoke("createSecret", token)
        # MySQL says 1819, the policy's own error; MariaDB says that the operation failed.
        with pytest.raises(RotationError, match=r"the database refuses ALTER with error (1396|1819)"):
            secret.invoke("setSecret", token)
        for step in ("testSecret", "finishSecret"):
            with pytest.raises(RotationError, match="Access denied"):
                secret.invoke(step, token)
    finally:
        secret.server.execute("UNINSTALL SONAME 'simple_password_check'")
    assert secret.document() == before
    assert secret.accepts(before["password"])
    secret.rotate()
    assert secret.accepts(secret.document()["password"])


def test_a_password_changed_behind_the_rotation_never_becomes_current(secret: RotatingSecret) -> None:
    secret.rotate()
    token = secret.start_rotation()
    for step in STEPS[:-1]:
        secret.invoke(step, token)
    secret.server.execute(f"ALTER USER {secret.username}@'%' IDENTIFIED BY 'somebody else was here'")
    with pytest.raises(RotationError, match="Access denied"):
        secret.invoke("finishSecret", token)
    assert "AWSCURRENT" not in secret.stages()[token]


def test_a_server_with_a_certificate_of_another_authority_is_refused(
    secret: RotatingSecret, other_authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.rotate()
    before = secret.document()
    with monkeypatch.context() as environment:
        environment.setenv("CA_BUNDLE", str(other_authority.bundle))
        token = secret.start_rotation()
        secret.invoke("createSecret", token)
        for step in STEPS[1:]:
            with pytest.raises(RotationError, match="CERTIFICATE_VERIFY_FAILED"):
                secret.invoke(step, token)
    assert secret.document() == before
    assert secret.accepts(before["password"])


def test_a_server_with_a_certificate_for_another_host_name_is_refused(
    secrets_manager: Any, database: DatabaseServer, authority: Authority
) -> None:
    # The certificate is for localhost, which is where this address leads.
    secret = RotatingSecret.create(secrets_manager, database, authority, host="127.0.0.1")
    with pytest.raises(RotationError, match=r"certificate is not valid for '127\.0\.0\.1'"):
        secret.rotate()
    assert "password" not in secret.document()


def test_a_server_that_only_speaks_in_the_clear_is_refused(
    secrets_manager: Any, plaintext_database: DatabaseServer, authority: Authority
) -> None:
    secret = RotatingSecret.create(secrets_manager, plaintext_database, authority)
    with pytest.raises(RotationError, match="SSL is required but the server doesn't support it"):
        secret.rotate()
    assert "password" not in secret.document()


def test_a_server_that_is_down_is_named(secrets_manager: Any, database: DatabaseServer, authority: Authority) -> None:
    port = free_port()
    secret = RotatingSecret.create(secrets_manager, database, authority, port=port)
    with pytest.raises(RotationError, match=f"'{MASTER}' cannot log in at localhost:{port}"):
        secret.rotate()


def test_a_server_that_never_answers_ends_the_step(
    secrets_manager: Any, database: DatabaseServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql, "READ_TIMEOUT_SECONDS", 0.1)
    with silent_listener() as port:
        secret = RotatingSecret.create(secrets_manager, database, authority, port=port)
        with pytest.raises(RotationError, match="timed out"):
            secret.rotate()


def test_a_secret_that_does_not_rotate_is_refused(secret: RotatingSecret) -> None:
    [version] = secret.stages()
    with pytest.raises(RotationError, match="rotation is not enabled"):
        secret.invoke("createSecret", version)


def test_a_version_that_is_not_the_secrets_is_refused(secret: RotatingSecret) -> None:
    secret.rotate()
    with pytest.raises(RotationError, match="is no version of the secret"):
        secret.invoke("createSecret", "9d4e4e6b-3b3a-4a5e-9d8c-2f6f0a7c1b11")


def test_a_step_before_its_predecessor_is_refused(secret: RotatingSecret) -> None:
    token = secret.start_rotation()
    with pytest.raises(RotationError, match="createSecret has to come first"):
        secret.invoke("setSecret", token)


def test_a_pending_version_that_names_another_server_is_refused(secret: RotatingSecret) -> None:
    """Otherwise whoever may write pending versions could send the master's password to their own server."""
    token = secret.start_rotation()
    planted = {**secret.document(), "password": "planted", "host": "elsewhere.example.com"}
    secret.client.put_secret_value(
        SecretId=secret.arn,
        ClientRequestToken=token,
        SecretString=json.dumps(planted),
        VersionStages=["AWSPENDING"],
    )
    secret.invoke("createSecret", token)
    with pytest.raises(RotationError, match="differs from the current one in more than its password"):
        secret.invoke("setSecret", token)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "oracle"}, "engine 'oracle' is not supported; supported are: mysql"),
        ({"username": MASTER}, "'master' is the master user"),
        ({"username": "o'hara"}, "the user name has to be"),
        ({"dbname": "x`.* TO y; --"}, "the database name has to be"),
        ({"dbname": "not_there"}, "Access denied|Unknown database"),
        ({"host": ""}, "the secret has no 'host'"),
        ({"masterarn": None}, "the secret has no 'masterarn'"),
        ({"port": "70000"}, "the secret has no 'port' from 1 to 65535"),
        ({"port": True}, "the secret has no 'port' from 1 to 65535"),
        ({"password": 7}, "the secret's 'password' is not a text"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named(
    secrets_manager: Any,
    database: DatabaseServer,
    authority: Authority,
    changes: dict[str, Any],
    message: str,
) -> None:
    secret = RotatingSecret.create(secrets_manager, database, authority, **changes)
    before = secret.document()
    with pytest.raises(RotationError, match=message):
        secret.rotate()
    assert secret.document() == before


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"SecretString": "not JSON"}, "the secret is not JSON"),
        ({"SecretString": "[]"}, "the secret is not a JSON object"),
        ({"SecretBinary": b"\x00"}, "the secret is binary, not text"),
        ({"SecretString": '{"username": "master"}'}, "the master secret has no username and password"),
    ],
)
def test_a_master_secret_that_cannot_be_used_is_named(
    secret: RotatingSecret, value: dict[str, Any], message: str
) -> None:
    master = secret.client.create_secret(Name=f"{secret.username}-bad-master", **value)["ARN"]
    secret.update(masterarn=master)
    with pytest.raises(RotationError, match=message):
        secret.rotate()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PASSWORD_LENGTH", "8", "PASSWORD_LENGTH is '8': expected is a whole number from 16 to 128"),
        ("PASSWORD_LENGTH", "many", "PASSWORD_LENGTH is 'many'"),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("CA_BUNDLE", "/nowhere/ca.pem", "no certificate authorities for us-east-1: ca.pem is missing"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    secret: RotatingSecret, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(RotationError, match=message):
        secret.rotate()


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "the event has no Step"),
        ({"Step": "createSecret", "SecretId": "x"}, "the event has no ClientRequestToken"),
        ({"Step": "deleteSecret", "SecretId": "x", "ClientRequestToken": "y"}, "unknown step 'deleteSecret'"),
    ],
)
def test_an_event_that_is_not_a_step_is_refused(event: dict[str, str], message: str) -> None:
    with pytest.raises(RotationError, match=message):
        handler(event, LambdaContext())
