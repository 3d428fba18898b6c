"""What becomes of requests to the transaction API while something is broken, on real servers."""

import gc
import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pg8000.native import Connection, InterfaceError
from serve_transactions import cache as caching
from serve_transactions.cache_token import CacheTokens
from serve_transactions.settings import Settings, SettingsError

from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.redis_server import (
    GROUP,
    TOKEN_SECONDS,
    USER,
    RedisServer,
    redis_server,
    tokens_around,
)
from tests.lambda_functions.rotating_secret import NewSecret
from tests.lambda_functions.servers import DATABASE, Authority, silent_listener
from tests.lambda_functions.transaction_api import Api
from tests.lambda_functions.wire import Wire, wire_to


@pytest.fixture
def own_cache(tmp_path: Path, authority: Authority) -> Iterator[RedisServer]:
    """A cache that a test may kill."""
    with redis_server(tmp_path / "redis", authority) as server:
        yield server


@pytest.fixture
def wire(postgresql_database: PostgreSqlServer) -> Iterator[Wire]:
    with wire_to(postgresql_database.port) as laid:
        yield laid


@pytest.fixture
def wired(api: Api, new_secret: NewSecret, wire: Wire) -> Api:
    """The API with a wire to its database, on which things go wrong."""
    secret = new_secret(api.secret.server, port=wire.port).rotated_once()
    return change(api, secret=secret, DATABASE_SECRET_ARN=secret.arn)


def change(api: Api, secret: Any = None, **variables: str) -> Api:
    """The same function, started again with other variables."""
    api.environment.update(variables)
    api.secret = secret or api.secret
    api.restart()
    return api


def backends(api: Api) -> list[int]:
    """The server processes that serve the function."""
    return connected(api.secret.server)


def connected(server: PostgreSqlServer) -> list[int]:
    rows = server.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'serve_transactions'")
    return [row[0] for row in rows]


def end_connections(server: PostgreSqlServer) -> None:
    """What the server does to its connections when it is shut down."""
    for pid in connected(server):
        server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")


@pytest.fixture(autouse=True)
def nobody_else_is_connected(postgresql_database: PostgreSqlServer) -> None:
    """Instances of earlier tests keep their connections until they are collected, and the gate turns that off."""
    end_connections(postgresql_database)


# --- The database -------------------------------------------------------------------------------------------------


def test_one_connection_is_kept_between_requests(api: Api) -> None:
    path = api.order().headers["Location"]
    [first] = backends(api)
    for _ in range(3):
        api.cache.administrator().flushall()
        assert (api.order().status, api.get(path).status, api.health().status) == (201, 200, 200)
    assert backends(api) == [first]


def test_a_connection_that_was_ended_between_requests_is_made_anew_and_no_client_notices(api: Api) -> None:
    path = api.order().headers["Location"]
    for request in (api.order, lambda: api.get(path), api.health):
        api.cache.administrator().flushall()
        end_connections(api.secret.server)
        assert request().status in (200, 201)
    assert all(line["level"] == "INFO" for line in api.logged())


def test_after_the_database_crashed_and_recovered_requests_are_served(api: Api) -> None:
    path = api.order().headers["Location"]
    [backend] = backends(api)
    api.secret.server.execute("CHECKPOINT")  # the server of the tests is in no hurry to write what was committed
    os.kill(backend, signal.SIGKILL)  # the server ends every connection, and starts from its log
    while not answers(api.secret.server):
        pass
    api.cache.administrator().flushall()
    assert api.get(path).status == 200
    assert api.order().status == 201


def answers(server: Any) -> bool:
    try:
        server.execute("SELECT 1")
    except Exception:
        return False
    return True


def test_while_the_database_is_down_clients_are_told_to_come_back_and_then_it_goes_on(wired: Api, wire: Wire) -> None:
    key, path = "kept-for-later", wired.order().headers["Location"]
    wire.put("down")
    end_connections(wired.secret.server)
    replies = [wired.order(key=key), wired.order(key=key), wired.get("/transactions/" + "0" * 8 + path[-28:])]
    for reply in replies:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert not [word for word in ("localhost", str(wire.port), "portal") if word in reply.text]
    assert wired.get(path).status == 200  # from the cache
    assert wired.health().status == 503
    wire.put("up")
    assert wired.order(key=key).status == 201
    assert wired.health().status == 200
    reasons = [line.get("reason") for line in wired.logged() if line["level"] == "ERROR"]
    assert reasons == ["database-unreachable"] * 4


@pytest.mark.parametrize(("state", "reason"), [("silent", "database-unreachable"), ("garbled", "tls-refused")])
def test_a_database_that_says_nothing_or_nonsense_is_given_up(
    wired: Api, wire: Wire, state: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_transactions.database.SOCKET_TIMEOUT_SECONDS", 0.5)
    wire.put(state)
    assert wired.order().status == 503
    assert wired.logged()[-1]["reason"] == reason


def test_a_statement_that_takes_too_long_is_given_up_on_both_sides_and_not_repeated(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_transactions.database.LOCK_TIMEOUT_MILLISECONDS", 100)
    api.order(key="before-the-lock")
    api.restart()
    with api.superuser() as other:
        other.run("BEGIN")
        other.run(f"LOCK TABLE {api.table}")
        assert api.order().status == 503
        assert api.logged()[-1]["reason"] == "database-busy"
        other.run("ROLLBACK")
    assert api.order().status == 201
    assert len(api.rows()) == 2


def test_a_server_that_stops_answering_on_a_kept_connection_is_not_asked_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_transactions.database.SOCKET_TIMEOUT_SECONDS", 0.5)
    api.order()
    [backend] = backends(api)
    os.kill(backend, signal.SIGSTOP)
    try:
        assert api.order().status == 503
        assert api.logged()[-1]["reason"] == "database-unreachable"
        assert backends(api) == [backend]
    finally:
        os.kill(backend, signal.SIGCONT)
    assert api.order().status == 201


def test_an_order_whose_confirmation_was_lost_is_recorded_once_and_is_new_to_its_client(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server carries the statement out, and the connection breaks before it can say so."""
    api.order()
    carry_out = Connection.run

    def carry_out_and_break(connection: Connection, statement: str, **values: Any) -> Any:
        result = carry_out(connection, statement, **values)
        if breaks and breaks.pop() in statement:
            raise InterfaceError("network error")
        return result

    breaks = ["INSERT"]
    monkeypatch.setattr(Connection, "run", carry_out_and_break)
    assert api.order(key="the-same-key").status == 201
    assert not breaks
    assert api.order(key="the-same-key").status == 200
    assert len(api.rows()) == 2


def test_a_writer_that_became_a_reader_is_left_for_a_new_connection(api: Api) -> None:
    """What a failover looks like from a connection that survives it."""
    api.order()
    server, [before] = api.secret.server, backends(api)
    server.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
    try:
        end_connections(api.secret.server)
        assert api.order().status == 503  # connected anew, and still a reader
    finally:
        server.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only", database="postgres")
    assert api.order().status == 201
    assert before not in backends(api)


def test_both_alternating_users_make_and_use_the_same_table(api: Api) -> None:
    """Rotated between requests, on kept connections and new ones; the users' names change every time."""
    paths, users = [], []
    for _ in range(4):
        users.append(api.secret.document()["username"])
        paths.append(api.order().headers["Location"])
        api.cache.administrator().flushall()
        assert [api.get(path).status for path in paths] == [200] * len(paths)
        api.secret.rotate()
        assert api.order().status == 201  # on the connection of the user before
        api.restart()
    assert len(set(users)) == 2
    [[owner]] = api.secret.server.execute(
        f"SELECT relowner::regrole::text FROM pg_class WHERE oid = '{api.table}'::regclass"
    )
    assert owner == f"{api.secret.username}_rights"


def test_a_login_that_was_rotated_away_is_read_again_once(api: Api) -> None:
    api.order()
    for _ in range(2):  # the user that the instance knows has another password after its own next turn
        api.secret.rotate()
    end_connections(api.secret.server)
    assert api.order().status == 201
    end_connections(api.secret.server)
    api.secret.server.set_password(api.secret.document()["username"], "somebody changed it")
    assert api.order().status == 503
    assert api.logged()[-1]["reason"] == "credentials-refused"


def test_a_secret_before_its_first_rotation_cannot_be_used(api: Api, new_secret: NewSecret) -> None:
    change(api, DATABASE_SECRET_ARN=new_secret(api.secret.server).arn)
    assert (api.order().status, api.health().status) == (503, 503)
    assert {line["reason"] for line in api.logged()} == {"credentials-unavailable"}


def test_a_secret_that_is_not_there_is_told_in_the_log_only(api: Api) -> None:
    change(api, DATABASE_SECRET_ARN="arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-abcdef")
    reply = api.order()
    assert reply.status == 503
    assert "ecret" not in reply.text
    assert "ResourceNotFoundException" in api.logged()[-1]["detail"]


def test_a_database_with_another_hosts_certificate_is_refused(api: Api, new_secret: NewSecret) -> None:
    secret = api.secret
    secret.update(host="127.0.0.1")  # the certificate is for localhost
    change(api)
    assert api.order().status == 503
    line = api.logged()[-1]
    assert (line["reason"], "IP address mismatch" in line["detail"]) == ("tls-refused", True)


def test_a_database_with_another_authoritys_certificate_is_refused(api: Api, other_authority: Authority) -> None:
    change(api, CA_BUNDLE=str(other_authority.bundle))
    assert api.order().status == 503
    assert api.logged()[-1]["reason"] == "tls-refused"


def test_a_database_without_tls_is_refused(api: Api) -> None:
    server = api.secret.server
    assert isinstance(server, PostgreSqlServer)
    server.execute("ALTER SYSTEM SET ssl = off")
    try:
        server.reload()
        assert api.order().status == 503
        assert api.logged()[-1]["reason"] == "tls-refused"
    finally:
        server.execute("ALTER SYSTEM RESET ssl")
        server.reload()


def test_a_user_without_rights_is_an_error_of_ours_that_tells_nothing(api: Api) -> None:
    api.order()
    api.secret.server.execute(f"REVOKE ALL ON SCHEMA {api.secret.username}_rights FROM {api.secret.username}_rights")
    api.restart()
    reply = api.order()
    assert reply.status == 500
    assert not [word for word in ("SQLSTATE", "42501", "rights", "schema") if word in reply.text]
    assert "SQLSTATE" in api.logged()[-1]["detail"]


@pytest.mark.parametrize("name", ["DATABASE_SECRET_ARN", "CACHE_HOST", "CACHE_PORT", "CACHE_NAME", "FILES_PATH"])
def test_a_setting_that_is_missing_is_named(api: Api, name: str) -> None:
    change(api, **{name: ""})
    assert api.health().status == 500
    assert api.logged()[-1]["detail"] == f"{name} is not set"
    with pytest.raises(SettingsError, match="CACHE_PORT is '70000'"):
        Settings.from_environment({**api.environment, name: "x", "CACHE_PORT": "70000"})


# --- The cache ----------------------------------------------------------------------------------------------------


def test_a_transaction_is_read_from_the_cache_and_leaves_it_after_a_minute(api: Api) -> None:
    path = api.order().headers["Location"]
    api.secret.server.execute(f"DELETE FROM {api.table}")
    assert api.get(path).status == 200
    [key] = [key for key in api.cache.stored_keys() if key.endswith(path[-36:])]
    assert 0 < api.cache.administrator().ttl(key) <= 60
    api.cache.administrator().delete(key)
    assert api.get(path).status == 404


def test_an_expired_token_does_not_get_in_and_no_request_fails_for_it(api: Api) -> None:
    expired = datetime.now(UTC) - timedelta(seconds=TOKEN_SECONDS + 121)
    api.cache.accept(tokens_around(expired, api.environment))
    assert api.get(api.order().headers["Location"]).status == 200
    assert [line["cache"] for line in api.logged()] == ["AuthenticationError", "resting"]


@pytest.mark.parametrize(
    ("credentials", "group"),
    [
        ({}, "another"),
        ({"AWS_REGION": "us-west-2"}, GROUP),
        ({"AWS_SECRET_ACCESS_KEY": "another"}, GROUP),
        ({"AWS_SESSION_TOKEN": "another"}, GROUP),
    ],
)
def test_a_token_is_for_one_group_and_region_and_shows_whose_it_is(
    api: Api, credentials: dict[str, str], group: str
) -> None:
    api.cache.accept(tokens_around(datetime.now(UTC), {**api.environment, **credentials}, group=group))
    assert api.order().status == 201
    assert api.logged()[-1]["cache"] == "AuthenticationError"


def test_a_token_can_be_made_long_after_the_instance_was(api: Api) -> None:
    """What a signer of botocore needs it refers to weakly, so that it may be gone by then."""
    tokens = CacheTokens(GROUP, USER, api.environment["AWS_REGION"])
    gc.collect()
    user, token = tokens.get_credentials()
    assert user == USER
    assert token in tokens_around(datetime.now(UTC), api.environment)


def test_a_connection_that_the_cache_ends_is_made_anew_with_a_new_token(api: Api) -> None:
    """As after twelve hours."""
    path = api.order().headers["Location"]
    with api.cache.administrator() as administrator:
        administrator.execute_command("CLIENT", "KILL", "USER", USER)
    assert api.get(path).status == 200
    assert [line["cache"] for line in api.logged()] == ["ok", "hit"]


def test_a_cache_that_is_killed_between_requests_fails_none_of_them(
    api: Api, own_cache: RedisServer, tmp_path: Path
) -> None:
    own_cache.accept(tokens_around(datetime.now(UTC), api.environment))
    change(api, CACHE_PORT=str(own_cache.port))
    path = api.order().headers["Location"]
    assert api.get(path).status == 200
    own_cache.kill()
    assert [api.get(path).status, api.order().status, api.get(f"{path}/receipt").status] == [200, 201, 200]
    health = api.health()
    assert (health.status, health.document["cache"]) == (200, "unavailable")
    lines = api.logged()
    assert [line["cache"] for line in lines] == ["ok", "hit", "ConnectionError", "resting", "resting", "resting"]
    assert [line["level"] for line in lines] == ["INFO", "INFO", *["WARNING"] * 4]


def test_a_cache_that_failed_is_asked_again_after_a_rest(
    api: Api, own_cache: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(api, CACHE_PORT=str(own_cache.port))
    cache = api.service().cache
    now = 1000.0
    cache._clock = lambda: now
    assert api.order().status == 201  # the cache knows no such user yet
    own_cache.accept(tokens_around(datetime.now(UTC), api.environment))
    api.order()
    now += caching.REST_SECONDS
    api.order()
    assert [line["cache"] for line in api.logged()] == ["AuthenticationError", "resting", "ok"]


def test_a_cache_that_says_nothing_is_given_up(api: Api) -> None:
    with silent_listener() as port:
        change(api, CACHE_PORT=str(port))
        path = api.order().headers["Location"]
        assert api.get(path).status == 200
    assert [line["cache"] for line in api.logged()] == ["TimeoutError", "resting"]


def test_a_cache_with_another_hosts_or_authoritys_certificate_is_refused(
    api: Api, tmp_path: Path, authority: Authority, other_authority: Authority
) -> None:
    with redis_server(tmp_path / "elsewhere", authority, "elsewhere.test") as elsewhere:
        change(api, CACHE_PORT=str(elsewhere.port))
        assert api.order().status == 201
    change(api, CACHE_PORT=str(api.cache.port), CACHE_CA_BUNDLE=str(other_authority.bundle))
    assert api.order().status == 201
    assert [line["cache"] for line in api.logged()] == ["ConnectionError"] * 2


@pytest.mark.parametrize(
    "garbage",
    [
        lambda _: b"",
        lambda _: b"\xff\xfe",
        lambda _: b"null",
        lambda _: b"[" * 100_000,
        lambda _: b"{}",
        lambda text: text[:-1],
        lambda text: text + b" ",
        lambda text: text.replace(b"12.50", b"NaN"),
        lambda text: text.replace(b"12.50", b"[]"),
        lambda text: text.replace(b"client-1", b"client-2"),
        lambda text: text.replace(b'"12.50"', b"12.50"),
    ],
)
def test_what_the_cache_garbled_is_read_from_the_database_and_put_right(
    api: Api, garbage: Callable[[bytes], bytes]
) -> None:
    created = api.order()
    [key] = [key for key in api.cache.stored_keys() if created.document["id"] in key]
    administrator = api.cache.administrator()
    text = administrator.get(key)
    administrator.set(key, garbage(text))
    assert api.get(created.headers["Location"]).text == created.text
    assert administrator.get(key) == text
    assert api.logged()[-1]["cache"] == "invalid"


def test_a_cache_that_holds_anothers_transaction_under_a_clients_key_does_not_give_it_away(api: Api) -> None:
    own, other = api.order(), api.order(client="other", merchant="Not yours")
    administrator = api.cache.administrator()
    keys = {id_: key for key in api.cache.stored_keys() for id_ in [key[-36:]]}
    administrator.copy(keys[other.document["id"]], keys[own.document["id"]], replace=True)
    assert api.get(own.headers["Location"]).text == own.text
    administrator.copy(keys[other.document["id"]], f"transactions:client-1:{other.document['id']}", replace=True)
    assert api.get(other.headers["Location"]).status == 404


def test_a_full_cache_fails_no_request(api: Api, own_cache: RedisServer) -> None:
    own_cache.accept(tokens_around(datetime.now(UTC), api.environment))
    own_cache.administrator().config_set("maxmemory", "1")
    change(api, CACHE_PORT=str(own_cache.port))
    assert api.get(api.order().headers["Location"]).status == 200
    assert api.logged()[0]["cache"] == "OutOfMemoryError"


# --- The file system ----------------------------------------------------------------------------------------------


@contextmanager
def full(api: Api) -> Iterator[None]:
    """The kernel takes no byte more into any file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(api: Api) -> Iterator[None]:
    """The mount is /proc, which takes no files from anyone, root included."""
    path, api.environment["FILES_PATH"] = api.environment["FILES_PATH"], "/proc"
    api.restart()
    try:
        yield
    finally:
        api.environment["FILES_PATH"] = path
        api.restart()


@contextmanager
def gone(api: Api) -> Iterator[None]:
    """Nothing is mounted, and the folder is not there either."""
    api.files.rename(api.files.with_name("elsewhere"))
    try:
        yield
    finally:
        api.files.with_name("elsewhere").rename(api.files)


@pytest.mark.parametrize("broken", [full, read_only, gone])
def test_a_file_system_that_takes_no_files_fails_no_transaction_and_receipts_are_made_up_for(
    api: Api, broken: Callable[[Api], Any]
) -> None:
    with broken(api):
        created = api.order(key="the-same-key")
        assert created.status == 201
        receipt = api.get(f"{created.headers['Location']}/receipt")
        assert (receipt.status, receipt.document["receipt"]) == (200, created.document)
        health = api.health()
        assert (health.status, health.document["files"], health.document["database"]) == (503, "unavailable", "ok")
    file = api.receipt_file(created.document["id"])
    assert not file.exists()
    assert not [path for path in api.files.rglob("*") if path.is_file()]  # no part of one either
    assert [line["level"] for line in api.logged()] == ["WARNING", "WARNING", "ERROR"]
    assert api.get(f"{created.headers['Location']}/receipt").text == receipt.text == file.read_text()
    assert api.order(key="the-same-key").text == created.text
    assert api.health().status == 200
    assert len(api.rows()) == 1


def test_a_changed_receipt_is_worth_a_warning(api: Api) -> None:
    created = api.order()
    api.receipt_file(created.document["id"]).write_text(json.dumps({"receipt": "changed"}))
    api.get(f"{created.headers['Location']}/receipt")
    line = api.logged()[-1]
    assert (line["level"], line["receipt"]) == ("WARNING", "changed")
