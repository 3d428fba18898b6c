"""Whole rotations through the handler, on real servers: what they leave behind, and what they refuse."""

from typing import Any

import pytest
from rotate_database_secret import mysql, postgresql
from rotate_database_secret.errors import RotationError
from rotate_database_secret.handler import handler

from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import STEPS, LambdaContext, NewSecret, RotatingSecret
from tests.lambda_functions.servers import (
    MASTER,
    Authority,
    DatabaseServer,
    free_port,
    silent_listener,
)

Server = DatabaseServer | PostgreSqlServer

OF_THE_MASTER = ("alternating-users", "by-master")


@pytest.mark.parametrize("strategy", OF_THE_MASTER)
def test_the_first_rotation_creates_the_user_and_its_password(
    new_secret: NewSecret, server: Server, strategy: str
) -> None:
    secret = new_secret(server, strategy)
    assert "password" not in secret.document()
    token = secret.rotate()
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.document()["username"] == secret.username
    assert secret.current_logs_in()


def test_the_second_rotation_replaces_the_password(rotated: RotatingSecret) -> None:
    old = rotated.document()
    token = rotated.rotate()
    assert "AWSCURRENT" in rotated.stages()[token]
    assert rotated.document()["password"] != old["password"]
    assert rotated.current_logs_in()
    assert rotated.document("AWSPREVIOUS") == old


@pytest.mark.parametrize("strategy", ["by-master", "single-user"])
def test_the_old_password_of_one_user_stops_working(new_secret: NewSecret, server: Server, strategy: str) -> None:
    secret = new_secret(server, strategy).rotated_once()
    old = secret.document()
    secret.rotate()
    assert secret.document()["username"] == old["username"]
    assert not secret.logs_in(old)


def test_of_two_users_the_old_one_works_until_the_next_rotation(new_secret: NewSecret, server: Server) -> None:
    secret = new_secret(server).rotated_once()
    first = secret.document()
    secret.rotate()
    second = secret.document()
    assert (first["username"], second["username"]) == (secret.username, f"{secret.username}_clone")
    assert secret.logs_in(first)
    assert secret.logs_in(second)
    secret.rotate()
    assert secret.document()["username"] == first["username"]
    assert not secret.logs_in(first)
    assert secret.logs_in(second)


def test_everything_but_the_login_stays_in_the_secret(rotated: RotatingSecret) -> None:
    rotated.update(readerhost="reader.example.com")
    before = rotated.document()
    rotated.rotate()
    after = rotated.document()
    for document in (before, after):
        assert document.pop("password")
        assert document.pop("username")
    assert after == before


def test_passwords_have_the_length_and_the_characters_that_are_set(
    rotated: RotatingSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    excluded = "!#$%&()*+,-.:;<=>?[]^_{|}~ABCDEFGHIJKLM"
    monkeypatch.setenv("PASSWORD_LENGTH", "80")
    monkeypatch.setenv("EXCLUDE_CHARACTERS", excluded)
    rotated.rotate()
    password = rotated.document()["password"]
    assert len(password) == 80
    assert not set(password) & set(excluded)


def test_every_printable_character_may_be_in_a_password(
    rotated: RotatingSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCLUDE_CHARACTERS", "")
    monkeypatch.setenv("PASSWORD_LENGTH", "128")
    rotated.rotate()
    assert set(rotated.document()["password"]) & set("\"'\\%`")
    assert rotated.current_logs_in()


@pytest.mark.parametrize("repeated", STEPS)
def test_a_step_may_run_again(rotated: RotatingSecret, repeated: str) -> None:
    token = rotated.start_rotation()
    for step in STEPS:
        rotated.invoke(step, token)
        if step == repeated:
            before = rotated.document("AWSPENDING")
            rotated.invoke(step, token)
            assert rotated.document("AWSPENDING") == before
    assert "AWSCURRENT" in rotated.stages()[token]
    assert rotated.current_logs_in()


def test_a_finished_rotation_that_is_called_again_changes_nothing(rotated: RotatingSecret) -> None:
    token = rotated.rotate()
    before = rotated.document()
    rotated.finish(token)
    assert rotated.document() == before
    assert rotated.current_logs_in()


def test_a_version_that_is_current_and_no_longer_pending_is_finished(secret: RotatingSecret) -> None:
    token = secret.rotate()
    secret.client.update_secret_version_stage(SecretId=secret.arn, VersionStage="AWSPENDING", RemoveFromVersionId=token)
    secret.invoke("finishSecret", token)
    assert "AWSCURRENT" in secret.stages()[token]


@pytest.mark.parametrize("last", STEPS[:-1])
def test_the_next_rotation_heals_one_that_was_given_up(rotated: RotatingSecret, last: str) -> None:
    given_up = rotated.start_rotation()
    for step in STEPS[: STEPS.index(last) + 1]:
        rotated.invoke(step, given_up)
    token = rotated.rotate()
    assert "AWSCURRENT" in rotated.stages()[token]
    assert rotated.current_logs_in()
    with pytest.raises(RotationError, match="given up"):
        rotated.invoke("finishSecret", given_up)


@pytest.mark.parametrize("strategy", OF_THE_MASTER)
def test_a_current_version_that_lost_its_password_is_healed(
    new_secret: NewSecret, server: Server, strategy: str
) -> None:
    secret = new_secret(server, strategy).rotated_once()
    secret.update(password=None)  # what Terraform does when it makes its first version again
    secret.rotate()
    assert secret.current_logs_in()


@pytest.mark.parametrize("strategy", OF_THE_MASTER)
def test_a_password_changed_behind_the_rotation_is_healed(new_secret: NewSecret, server: Server, strategy: str) -> None:
    secret = new_secret(server, strategy).rotated_once()
    server.set_password(secret.username, "somebody else was here")
    secret.rotate()
    assert secret.current_logs_in()


def test_a_single_user_that_knows_no_password_says_so(new_secret: NewSecret, server: Server) -> None:
    secret = new_secret(server, "single-user")
    with pytest.raises(RotationError, match="a user cannot rotate itself without one"):
        secret.rotate()
    secret.rotated_once()
    server.set_password(secret.username, "somebody else was here")
    with pytest.raises(RotationError, match="cannot log in with its current password, and no rotation has changed it"):
        secret.rotate()


def test_a_single_user_needs_no_master(new_secret: NewSecret, server: Server) -> None:
    secret = new_secret(server, "single-user").rotated_once()
    secret.update(masterarn=None)
    secret.rotate()
    assert secret.current_logs_in()


def test_a_password_changed_behind_the_rotation_never_becomes_current(rotated: RotatingSecret) -> None:
    token = rotated.start_rotation()
    for step in STEPS[:-1]:
        rotated.invoke(step, token)
    rotated.server.set_password(rotated.document("AWSPENDING")["username"], "somebody else was here")
    with pytest.raises(RotationError, match="cannot log in"):
        rotated.invoke("finishSecret", token)
    assert "AWSCURRENT" not in rotated.stages()[token]


def test_a_server_with_a_certificate_for_another_host_name_is_refused(new_secret: NewSecret, server: Server) -> None:
    # The certificate is for localhost, which is where this address leads.
    secret = new_secret(server, host="127.0.0.1")
    with pytest.raises(RotationError, match=r"certificate is not valid for '127\.0\.0\.1'"):
        secret.rotate()
    assert "password" not in secret.document()


def test_a_server_with_a_certificate_of_another_authority_is_refused(
    new_secret: NewSecret, server: Server, other_authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret(server)
    monkeypatch.setenv("CA_BUNDLE", str(other_authority.bundle))
    with pytest.raises(RotationError, match="CERTIFICATE_VERIFY_FAILED"):
        secret.rotate()
    assert "password" not in secret.document()


def test_a_mysql_server_that_only_speaks_in_the_clear_is_refused(
    new_secret: NewSecret, plaintext_database: DatabaseServer
) -> None:
    secret = new_secret(plaintext_database)
    with pytest.raises(RotationError, match="SSL is required but the server doesn't support it"):
        secret.rotate()
    assert "password" not in secret.document()


def test_a_postgresql_server_that_only_speaks_in_the_clear_is_refused(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database)
    postgresql_database.execute("ALTER SYSTEM SET ssl = off")
    postgresql_database.reload()
    try:
        with pytest.raises(RotationError, match="Server refuses SSL"):
            secret.rotate()
    finally:
        postgresql_database.execute("ALTER SYSTEM RESET ssl")
        postgresql_database.reload()
    assert "password" not in secret.document()


def test_a_server_that_is_down_is_named(new_secret: NewSecret, server: Server) -> None:
    port = free_port()
    secret = new_secret(server, port=port)
    with pytest.raises(RotationError, match=f"'{MASTER}' cannot log in at localhost:{port}"):
        secret.rotate()


def test_a_server_that_never_answers_ends_the_step(
    new_secret: NewSecret, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql, "READ_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(postgresql, "SOCKET_TIMEOUT_SECONDS", 0.1)
    with silent_listener() as port:
        secret = new_secret(server, port=port)
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


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_before_its_predecessor_is_refused(secret: RotatingSecret, step: str) -> None:
    token = secret.start_rotation()
    with pytest.raises(RotationError, match="createSecret has to come first"):
        secret.invoke(step, token)


@pytest.mark.parametrize(
    "planted",
    [
        {"host": "elsewhere.example.com"},  # the master's password would be sent there
        {"port": 1},
        {"username": "somebody_else"},  # and their password would be changed
        {"dbname": "mysql"},
        {"masterarn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:another"},
    ],
)
def test_a_pending_version_that_names_something_else_is_refused(
    rotated: RotatingSecret, planted: dict[str, Any]
) -> None:
    token = rotated.start_rotation()
    rotated.plant(token, **planted)
    rotated.invoke("createSecret", token)
    with pytest.raises(RotationError, match="differs from the current one in more than its login"):
        rotated.invoke("setSecret", token)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "oracle"}, "engine 'oracle' is not supported; supported are: mysql, aurora-mysql, postgres"),
        ({"username": MASTER}, "'master' is the master user"),
        ({"username": "o'hara"}, "the user name has to be"),
        ({"username": "portal" * 12}, "the user name has to be"),
        ({"dbname": "not_there"}, "Access denied|Unknown database|does not exist"),
        ({"host": ""}, "the secret has no 'host'"),
        ({"masterarn": None}, "the secret has no 'masterarn'"),
        ({"masterarn": 7}, "the secret's 'masterarn' is not a text"),
        ({"port": "70000"}, "the secret has no 'port' from 1 to 65535"),
        ({"port": True}, "the secret has no 'port' from 1 to 65535"),
        ({"password": 7}, "the secret's 'password' is not a text"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named(
    new_secret: NewSecret, server: Server, changes: dict[str, Any], message: str
) -> None:
    secret = new_secret(server, **changes)
    before = secret.document()
    with pytest.raises(RotationError, match=message):
        secret.rotate()
    assert secret.document() == before


def test_the_masters_own_user_is_never_one_of_two(new_secret: NewSecret, server: Server) -> None:
    secret = new_secret(server, username=f"{MASTER}_clone", password="a password")
    with pytest.raises(RotationError, match="'master' is the master user"):
        secret.rotate()


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


def test_an_unknown_strategy_is_named(new_secret: NewSecret, database: DatabaseServer) -> None:
    with pytest.raises(RotationError, match="ROTATION_STRATEGY is 'dice'; known are: alternating-users, by-master"):
        new_secret(database, "dice").rotate()


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
