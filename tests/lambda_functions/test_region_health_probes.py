"""The probes against a real HTTPS server that misbehaves, and against moto's tables and buckets."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import moto.settings
import pytest
from check_region_health import clients, probing
from check_region_health.health import Outcome, ProbeResult
from check_region_health.settings import Settings

from tests.lambda_functions.region_health_monitor import OTHER_REGION, OWN_REGION, Region, environment, new_region
from tests.lambda_functions.region_health_servers import HttpsServer, https_server
from tests.lambda_functions.servers import START_TIMEOUT_SECONDS, Authority, free_port, silent_listener


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[HttpsServer]:
    with https_server(authority.issue("localhost")) as running:
        yield running


@pytest.fixture(scope="module")
def one_region(aws_url: str) -> Iterator[Region]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield new_region(aws_url, monkeypatch)


@pytest.fixture
def region(one_region: Region, monkeypatch: pytest.MonkeyPatch) -> Region:
    one_region.monkeypatch = monkeypatch
    one_region.set_environment()
    return one_region


@pytest.fixture
def fresh_clients() -> Iterator[None]:
    """For tests that change what a client is made from, or what it says."""
    clients.probing_client.cache_clear()
    yield
    clients.probing_client.cache_clear()


def endpoint(url: str, name: str = "api", **fields: Any) -> dict[str, Any]:
    return {"kind": "endpoint", "name": name, "url": url, "timeout_seconds": 1, **fields}


def probe(authority: Authority, *probes: dict[str, Any], **changes: str) -> list[ProbeResult]:
    return list(
        probing.probe_all(Settings.from_environment(environment(probes, CA_BUNDLE=str(authority.bundle), **changes)))
    )


def probe_one(authority: Authority, document: dict[str, Any], **changes: str) -> tuple[Outcome, str]:
    (result,) = probe(authority, document, **changes)
    return result.outcome, result.reason


@pytest.mark.parametrize("path", ["healthy", "chunked"])
def test_an_endpoint_that_answers_as_expected_succeeds(server: HttpsServer, authority: Authority, path: str) -> None:
    assert probe_one(authority, endpoint(server.url(path))) == (Outcome.OK, "status 200")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("error", "status 500 instead of 200"),
        ("redirect", "status 302 instead of 200"),
        ("short-body", "the connection was closed in the middle of the answer"),
        ("short-chunk", "IncompleteRead: "),
        ("not-http", "BadStatusLine: SSH-2.0-OpenSSH_9.9"),
        ("closed", "RemoteDisconnected: "),
        ("reset", ""),  # how the loss shows depends on the version of OpenSSL
    ],
)
def test_an_endpoint_that_misbehaves_fails(server: HttpsServer, authority: Authority, path: str, reason: str) -> None:
    outcome, found = probe_one(authority, endpoint(server.url(path)))
    assert outcome is Outcome.FAILED
    assert found.startswith(reason)


def test_another_status_can_be_the_expected_one_and_no_redirect_is_followed(
    server: HttpsServer, authority: Authority
) -> None:
    server.requests.clear()
    result = probe_one(authority, endpoint(server.url("redirect"), expected_status=302))
    assert result == (Outcome.OK, "status 302")
    assert server.requests == ["redirect"]


def test_endpoints_that_keep_one_waiting_fail_when_their_time_is_over_all_at_once(
    server: HttpsServer, authority: Authority
) -> None:
    others = set(threading.enumerate())
    with silent_listener() as before_tls:
        results = probe(
            authority,
            endpoint(server.url("hang"), "hang"),
            endpoint(server.url("drip-head"), "drip-head"),
            endpoint(f"https://localhost:{before_tls}/", "before-tls"),
            endpoint(server.url("healthy"), "healthy"),
        )
    waiting, healthy = results[:3], results[3]
    assert [(result.outcome, result.reason) for result in waiting] == [(Outcome.FAILED, "no answer within 1 s")] * 3
    assert healthy.outcome is Outcome.OK
    for thread in set(threading.enumerate()) - others:
        if thread.name.startswith("probe"):
            thread.join(START_TIMEOUT_SECONDS)
            assert not thread.is_alive()  # although the server is still dripping


def test_a_name_that_does_not_resolve_in_time_does_not_keep_the_others_waiting(
    server: HttpsServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, over, given_up = socket.getaddrinfo, threading.Event(), threading.Event()

    def slow(host: str, *arguments: Any, **named: Any) -> Any:
        if host == "slow.example.test":  # a resolver has no time-out that could be set
            over.wait(START_TIMEOUT_SECONDS)
            given_up.set()
        return resolve("localhost", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    results = probe(
        authority, endpoint("https://slow.example.test/", "slow"), endpoint(server.url("healthy"), "healthy")
    )
    assert not given_up.is_set()
    over.set()
    assert [result.reason for result in results] == ["no answer within 1 s", "status 200"]


def test_an_endless_answer_is_read_to_some_length_only(server: HttpsServer, authority: Authority) -> None:
    assert probe_one(authority, endpoint(server.url("endless"))) == (Outcome.OK, "status 200")


def test_a_certificate_of_another_authority_is_refused(authority: Authority, other_authority: Authority) -> None:
    with https_server(other_authority.issue("localhost")) as impostor:
        outcome, reason = probe_one(authority, endpoint(impostor.url("healthy")))
        assert (outcome, impostor.requests) == (Outcome.FAILED, [])
    assert reason.startswith("certificate refused: unable to get local issuer certificate")


def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    with https_server(authority.issue("other.example.test")) as other:
        outcome, reason = probe_one(authority, endpoint(other.url("healthy")))
        assert (outcome, other.requests) == (Outcome.FAILED, [])
    assert reason.startswith("certificate refused: Hostname mismatch")


def test_without_a_bundle_the_authorities_of_the_runtime_decide(server: HttpsServer, authority: Authority) -> None:
    settings = Settings.from_environment(environment([endpoint(server.url("healthy"))]))
    (result,) = probing.probe_all(settings)
    assert (result.outcome, result.reason.split(":")[0]) == (Outcome.FAILED, "certificate refused")


def test_a_load_balancer_is_probed_under_the_name_its_certificate_is_for(authority: Authority) -> None:
    with https_server(authority.issue("app.example.test")) as balancer:
        address = endpoint(balancer.url("healthy", "app.example.test"), connect_to="localhost")
        assert probe_one(authority, address) == (Outcome.OK, "status 200")
        assert f"Host: app.example.test:{balancer.port}\r\n" in balancer.heads[0]


def test_nobody_listening_is_a_failure(authority: Authority) -> None:
    outcome, reason = probe_one(authority, endpoint(f"https://localhost:{free_port()}/"))
    assert (outcome, reason.split(":")[0]) == (Outcome.FAILED, "ConnectionRefusedError")


def test_a_host_that_does_not_exist_is_a_failure(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # the machine's resolver may take its time, or make names up
    outcome, reason = probe_one(authority, endpoint("https://no-such-host.example.test/"))
    assert (outcome, reason) == (Outcome.FAILED, "gaierror: [Errno -2] Name or service not known")


def table(region: Region, **fields: Any) -> dict[str, Any]:
    return {"kind": "table", "name": "orders", "table": region.table, **fields}


def test_a_table_succeeds_when_it_is_active_and_its_canary_key_can_be_read(
    region: Region, authority: Authority
) -> None:
    assert probe_one(authority, table(region)) == (Outcome.OK, "table is ACTIVE")
    with_canary = table(region, canary_key={"id": "canary"})
    assert probe_one(authority, with_canary) == (Outcome.OK, "table is ACTIVE, canary key is READ")


def test_a_table_that_is_not_there_is_a_failure(region: Region, authority: Authority) -> None:
    found = probe_one(authority, table(region, table="no-such-table"))
    assert found == (Outcome.FAILED, "DescribeTable answers ResourceNotFoundException")


def test_a_key_that_is_none_of_the_tables_is_the_monitors_fault(region: Region, authority: Authority) -> None:
    outcome, reason = probe_one(authority, table(region, canary_key={"other": "canary"}))
    assert outcome is Outcome.UNDETERMINED
    assert "ValidationException" in reason


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [
        ([{"RegionName": OTHER_REGION, "ReplicaStatus": "ACTIVE"}], Outcome.OK),
        ([{"RegionName": OTHER_REGION, "ReplicaStatus": "UPDATING"}], Outcome.OK),
        ([{"RegionName": OTHER_REGION, "ReplicaStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"}], Outcome.FAILED),
        ([{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}], Outcome.FAILED),
        ([], Outcome.FAILED),
    ],
)
def test_a_replica_that_is_missing_or_broken_is_a_failure(
    region: Region, authority: Authority, fresh_clients: None, replicas: list[dict[str, str]], expected: Outcome
) -> None:
    """Moto knows no replicas, so they are put into its answer on the way."""
    client = clients.probing_client("dynamodb", OWN_REGION, 5)

    def with_replicas(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Table"]["Replicas"] = replicas

    client.meta.events.register("after-call.dynamodb.DescribeTable", with_replicas)
    outcome, reason = probe_one(authority, table(region, replicas=[OTHER_REGION]))
    assert outcome is expected
    assert f"replica in {OTHER_REGION} is " in reason


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "ARCHIVED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"])
def test_a_table_in_another_status_is_a_failure(
    region: Region, authority: Authority, fresh_clients: None, status: str
) -> None:
    client = clients.probing_client("dynamodb", OWN_REGION, 5)

    def in_status(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Table"]["TableStatus"] = status

    client.meta.events.register("after-call.dynamodb.DescribeTable", in_status)
    found = probe_one(authority, table(region))
    assert found == (Outcome.FAILED, f"table is {status}")


def test_the_tables_of_the_monitored_region_are_meant(region: Region, authority: Authority) -> None:
    region.create_table(f"{region.name}-west", OTHER_REGION)
    west = table(region, table=f"{region.name}-west")
    assert probe_one(authority, west)[0] is Outcome.FAILED
    assert probe_one(authority, west, MONITORED_REGION=OTHER_REGION)[0] is Outcome.OK


def test_a_bucket_succeeds_while_it_is_there(region: Region, authority: Authority) -> None:
    bucket = {"kind": "bucket", "name": "files", "bucket": region.bucket}
    assert probe_one(authority, bucket) == (Outcome.OK, "bucket answers")
    region.delete_bucket()
    assert probe_one(authority, bucket) == (Outcome.FAILED, "HeadBucket answers 404")
    region.create_bucket()


def test_a_service_that_cannot_be_reached_is_a_failure(
    authority: Authority, fresh_clients: None, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    results = probe(authority, table(region), {"kind": "bucket", "name": "files", "bucket": region.bucket})
    assert [(result.outcome, result.reason.split(":")[0]) for result in results] == [
        (Outcome.FAILED, "EndpointConnectionError")
    ] * 2


def test_a_service_that_never_answers_is_a_failure(
    authority: Authority, fresh_clients: None, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_listener() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        found = probe_one(authority, table(region, timeout_seconds=1))
        assert found[0] is Outcome.FAILED


@pytest.mark.parametrize("kind", ["table", "bucket"])
def test_a_function_that_may_not_ask_finds_out_nothing(
    authority: Authority, region: Region, fresh_clients: None, kind: str
) -> None:
    """Moto looks at permissions here, and the function's user has none."""
    iam, user = region.client("iam"), f"{region.name}-{kind}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    region.monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    region.monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    region.monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    outcome, reason = probe_one(authority, {"kind": kind, "name": "probed", kind: region.name})
    assert outcome is Outcome.UNDETERMINED
    assert "AccessDenied" in reason or "403" in reason
