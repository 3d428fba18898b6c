"""What goes wrong on the way to the database, in it, and in Secrets Manager, at every step; and what is left then.

After each fault the application can still log in with AWSCURRENT, and the next rotation succeeds.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.secretsmanager.exceptions import ResourceExistsException
from moto.secretsmanager.models import SecretsManagerBackend
from rotate_database_secret import mysql, postgresql
from rotate_database_secret.errors import RotationError

from tests.lambda_functions.fault_cases import FaultCases
from tests.lambda_functions.outside_calls import watched
from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import STEPS, STRATEGIES, NewSecret, RotatingSecret
from tests.lambda_functions.servers import Authority, DatabaseServer
from tests.lambda_functions.wire import Wire, wire_to

Server = DatabaseServer | PostgreSqlServer

# Steps that talk to the database; the faults strike before them, or before the first one of all.
WITH_DATABASE = STEPS[1:]


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """The only way to the database."""
    with wire_to(server.port) as wire:
        yield wire


@pytest.fixture(params=STRATEGIES)
def secret(request: pytest.FixtureRequest, new_secret: NewSecret, server: Server, wire: Wire) -> RotatingSecret:
    """A secret after its first rotation, whose database lies at the other end of the wire."""
    return new_secret(server, request.param, port=wire.port).rotated_once()


@contextmanager
def wire_in_state(wire: Wire, state: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    wire.put(state)
    try:
        with monkeypatch.context() as patience:
            if state == "silent":
                patience.setattr(mysql, "READ_TIMEOUT_SECONDS", 0.1)
                patience.setattr(postgresql, "SOCKET_TIMEOUT_SECONDS", 0.1)
            yield
    finally:
        wire.put("up")


@pytest.mark.parametrize("state", ["down", "silent", "garbled"])
def test_a_wire_that_fails_leaves_the_application_its_login(
    secret: RotatingSecret, wire: Wire, state: str, monkeypatch: pytest.MonkeyPatch, fault_cases: FaultCases
) -> None:
    strike_before_each_step(secret, lambda: wire_in_state(wire, state, monkeypatch), fault_cases)


def test_another_authority_leaves_the_application_its_login(
    secret: RotatingSecret, other_authority: Authority, monkeypatch: pytest.MonkeyPatch, fault_cases: FaultCases
) -> None:
    @contextmanager
    def other_authority_trusted() -> Iterator[None]:
        with monkeypatch.context() as environment:
            environment.setenv("CA_BUNDLE", str(other_authority.bundle))
            yield

    strike_before_each_step(secret, other_authority_trusted, fault_cases, match="CERTIFICATE_VERIFY_FAILED")


def test_another_host_name_leaves_the_application_its_login(
    secret: RotatingSecret, authority: Authority, server: Server, fault_cases: FaultCases
) -> None:
    # The certificate is for localhost, which is where this address leads.
    good = secret.document()["host"]
    secret.update(host="127.0.0.1")
    with pytest.raises(RotationError, match=r"certificate is not valid for '127\.0\.0\.1'"):
        secret.rotate()
    secret.update(host=good)
    recovered(secret)
    fault_cases.passed("faults")


def test_a_refused_password_never_becomes_current(
    secret: RotatingSecret, server: Server, fault_cases: FaultCases
) -> None:
    before = secret.document()
    token = secret.start_rotation()
    secret.invoke("createSecret", token)
    with server.refusing_passwords():
        # MySQL says 1819, the policy's own error; MariaDB that the operation failed; PostgreSQL that it only reads.
        with pytest.raises(RotationError, match=r"the database refuses \w+ with (error (1396|1819)|SQLSTATE 25006)"):
            secret.invoke("setSecret", token)
        for step in ("testSecret", "finishSecret"):
            with pytest.raises(RotationError, match="cannot log in"):
                secret.invoke(step, token)
    assert secret.document() == before
    assert secret.current_logs_in()
    recovered(secret)
    fault_cases.passed("faults")


def test_a_deleted_secret_ends_the_rotation_until_it_is_restored(
    secret: RotatingSecret, fault_cases: FaultCases
) -> None:
    @contextmanager
    def deleted() -> Iterator[None]:
        secret.client.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=7)
        try:
            yield
        finally:
            secret.client.restore_secret(SecretId=secret.arn)

    strike_before_each_step(secret, deleted, fault_cases, match="is scheduled for deletion", steps=STEPS)


def test_a_secret_that_is_gone_is_reported_as_secrets_manager_does(secret: RotatingSecret) -> None:
    token = secret.start_rotation()
    secret.client.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secret.invoke("createSecret", token)


@pytest.mark.filterwarnings("ignore:Dimension 'step' has already been added")
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize(
    ("strategy", "rival"),
    [
        ("alternating-users", "another rotation"),
        ("alternating-users", "the same rotation"),
        # Nothing that a master sets can lock it out; a user that only knows its own passwords is another matter.
        ("single-user", "another rotation"),
    ],
)
def test_two_rotations_at_once_leave_a_login_that_works(
    new_secret: NewSecret,
    server: Server,
    strategy: str,
    rival: str,
    secrets_manager: Any,
    monkeypatch: pytest.MonkeyPatch,
    fault_cases: FaultCases,
) -> None:
    """At every call of one rotation a second one runs from beginning to end, as far as it is let."""
    secret = new_secret(server, strategy).rotated_once()
    secret.rotate()
    calls = watched(monkeypatch, secrets_manager)
    monkeypatch.setattr(SecretsManagerBackend, "put_secret_value", refusing_a_second_text)
    monkeypatch.setattr(mysql, "CLAIM_TIMEOUT_SECONDS", 0)
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT_MILLISECONDS", 5)
    calls.watch()
    secret.rotate()
    for number, name in enumerate(list(calls.names)):
        token = secret.start_rotation()
        second = token if rival == "the same rotation" else None
        calls.watch((number, "before"), lambda second=second: as_far_as_it_is_let(secret, second))
        as_far_as_it_is_let(secret, token)
        calls.watch()
        if strategy == "alternating-users":
            assert secret.current_logs_in(), f"{rival} before call {number}, {name}"
        else:
            recovered(secret)
        fault_cases.passed("rivals")
    recovered(secret)


def refusing_a_second_text(
    backend: SecretsManagerBackend,
    secret_id: str,
    secret_string: str,
    secret_binary: str,
    client_request_token: str,
    version_stages: list[str],
    put: Callable[..., str] = SecretsManagerBackend.put_secret_value,
) -> str:
    """As AWS has it and moto does not: a pending version that has a text never gets another one."""
    version = backend.secrets[secret_id].versions.get(client_request_token, {})
    if version.get("secret_string") not in (None, secret_string):
        raise ResourceExistsException(f"{client_request_token} is already in use")
    return put(backend, secret_id, secret_string, secret_binary, client_request_token, version_stages)


def as_far_as_it_is_let(secret: RotatingSecret, token: str | None) -> None:
    with suppress(RotationError, ClientError):
        secret.finish(token or secret.start_rotation())


def strike_before_each_step(
    secret: RotatingSecret,
    fault: Callable[[], AbstractContextManager[None]],
    fault_cases: FaultCases,
    *,
    match: str = "cannot log in",
    steps: tuple[str, ...] = WITH_DATABASE,
) -> None:
    for struck in steps:
        token = secret.start_rotation()
        for step in STEPS[: STEPS.index(struck)]:
            secret.invoke(step, token)
        before = secret.document()
        with fault(), pytest.raises(RotationError, match=match):
            secret.invoke(struck, token)
        assert secret.document() == before
        if struck == "setSecret" or secret.strategy == "alternating-users":
            assert secret.current_logs_in()
        secret.finish(token)
        assert secret.current_logs_in()
        recovered(secret)
        fault_cases.passed("faults")


def recovered(secret: RotatingSecret) -> None:
    """The next rotation succeeds."""
    token = secret.rotate()
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.current_logs_in()
