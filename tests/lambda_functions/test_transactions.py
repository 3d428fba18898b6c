"""The transaction API: what its clients see, on real servers."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from serve_transactions import ledger

from tests.lambda_functions.transaction_api import CLIENT, ORDER, Api, event, new_key, order_event

INSTANCES = 8


def test_an_order_is_recorded_and_told_back(api: Api) -> None:
    created = api.order()
    assert created.status == 201
    document = created.document
    assert UUID(document["id"]).version == 4
    told = {name: value for name, value in ORDER.items() if name != "payment_token"}
    assert {name: document[name] for name in told} == told
    assert created.headers["Location"] == f"/transactions/{document['id']}"
    assert created.headers["Cache-Control"] == "no-store"
    assert api.get(created.headers["Location"]).document == document
    api.restart()
    assert api.get(created.headers["Location"]).document == document


def test_the_same_request_again_gives_the_same_transaction(api: Api) -> None:
    first = api.order(key="the-same-key")
    for amount in ("12.50", "12.5"):
        again = api.order(key="the-same-key", amount=amount)
        assert (first.status, again.status) == (201, 200)
        assert again.text == first.text
    assert len(api.rows()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "12.51"},
        {"currency": "EUR"},
        {"merchant": "Another"},
        {"payment_token": "tok_another"},
        {"reference": "2"},
    ],
)
def test_a_key_is_good_for_one_order(api: Api, changes: dict[str, str]) -> None:
    first = api.order(key="the-same-key")
    assert api.order(key="the-same-key", **changes).status == 409
    assert api.order(key="the-same-key").text == first.text
    assert len(api.rows()) == 1


def test_two_clients_may_use_the_same_key(api: Api) -> None:
    replies = [api.order(key="the-same-key", client=client) for client in ("a", "b")]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].document["id"] != replies[1].document["id"]


def test_of_many_requests_at_once_with_one_key_exactly_one_is_recorded(api: Api) -> None:
    """On eight instances, none of which has connected before: the first thing they race for is the table itself."""
    barrier = Barrier(INSTANCES)

    def send(_: int) -> list[tuple[int, str]]:
        replies = []
        for key in ("first-key", "second-key", "third-key"):
            barrier.wait()
            replies.append(api.order(key=key))
        return [(reply.status, reply.text) for reply in replies]

    with ThreadPoolExecutor(INSTANCES) as pool:
        rounds = list(zip(*pool.map(send, range(INSTANCES)), strict=True))
    for replies in rounds:
        assert sorted(status for status, _ in replies) == [200] * (INSTANCES - 1) + [201]
        assert len({text for _, text in replies}) == 1
    assert len(api.rows()) == len(rounds)


def test_an_instance_that_finds_another_one_making_the_table_waits_for_it(api: Api) -> None:
    rights = f"{api.secret.username}_rights"
    with api.superuser() as other, ThreadPoolExecutor(1) as pool:
        for statement in ("BEGIN", f"SET LOCAL ROLE {rights}", f"SET LOCAL search_path TO {rights}"):
            other.run(statement)
        other.run(ledger._LOCK)
        other.run(ledger._TABLE)
        reply = pool.submit(api.order)
        while not api.secret.server.execute("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not reply.done()
        other.run("COMMIT")
        assert reply.result().status == 201


def test_nobody_gets_anothers_transaction(api: Api) -> None:
    path = api.order(client="owner").headers["Location"]
    for asked in (path, f"{path}/receipt"):
        assert api.get(asked, client="owner").status == 200
        assert api.get(asked, client="stranger").status == 404
        assert api.get(asked, client="stranger").text == api.get(f"/transactions/{uuid4()}", client="stranger").text


@pytest.mark.parametrize("client", ["", "two words", "ü", "x" * 129])
def test_a_request_without_a_client_is_refused(api: Api, client: str) -> None:
    for reply in (
        api.order(client=client),
        api.get(f"/transactions/{uuid4()}", client=client),
        api.get(f"/transactions/{uuid4()}/receipt", client=client),
    ):
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space", "schlüssel"])
def test_a_key_that_cannot_be_used_is_refused(api: Api, key: str) -> None:
    assert api.send(order_event(CLIENT, key, json.dumps(ORDER))).status == 400


@pytest.mark.parametrize(
    "path",
    ["/", "/transactions/", "/transactions/1", "/transactions/{id}/receipts", "/transactions/../etc/passwd", "/Health"],
)
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    reply = api.get(path.format(id=uuid4()))
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.document) == {"title", "status", "detail"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/transactions", "POST"),
        ("DELETE", "/transactions/x", "GET"),
        ("POST", "/transactions/x/receipt", "GET"),
        ("HEAD", "/health", "GET"),
    ],
)
def test_another_method_is_told_which_is_allowed(api: Api, method: str, path: str, allowed: str) -> None:
    reply = api.send(event(method, path, {"x-client-id": CLIENT}, ""))
    assert (reply.status, reply.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": "-1"},
        {"amount": "1e3"},
        {"amount": "1."},
        {"amount": "01"},
        {"amount": "1.001"},
        {"amount": "٣"},
        {"amount": "1000000000000"},
        {"amount": "1.5", "currency": "JPY"},
        {"currency": "usd"},
        {"currency": "XXX"},
        {"merchant": ""},
        {"merchant": " x"},
        {"merchant": "x" * 101},
        {"merchant": "a\x00b"},
        {"merchant": "a\ud800b"},
        {"reference": "a\nb"},
        {"payment_token": "short"},
        {"payment_token": "a token with spaces"},
    ],
)
def test_an_order_that_cannot_be_recorded_is_refused(api: Api, changes: dict[str, str]) -> None:
    reply = api.order(**changes)
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [("5", "JPY", "5"), ("5", "USD", "5.00"), ("1.234", "KWD", "1.234"), ("999999999999.99", "EUR", "999999999999.99")],
)
def test_amounts_have_the_digits_of_their_currency(api: Api, amount: str, currency: str, told: str) -> None:
    created = api.order(amount=amount, currency=currency)
    assert created.document["amount"] == told
    api.cache.administrator().flushall()
    assert api.get(created.headers["Location"]).document["amount"] == told


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "NaN",
        "[" * 4000,
        json.dumps(ORDER)[:-1] + ', "amount": "1"}',
        json.dumps({**ORDER, "more": "x"}),
        json.dumps({name: value for name, value in ORDER.items() if name != "reference"}),
        json.dumps({**ORDER, "amount": 12.5}),
        json.dumps({**ORDER, "amount": float("nan")}),
        json.dumps({**ORDER, "reference": None}),
        json.dumps({**ORDER, "reference": ["x"]}),
    ],
)
def test_a_body_that_is_no_order_is_refused(api: Api, body: str) -> None:
    assert api.order(body=body).status == 400


def test_a_body_that_is_too_long_is_refused_before_it_is_parsed(api: Api) -> None:
    assert api.order(body="[" * 4097).status == 413
    assert api.order(body=json.dumps(ORDER) + " " * 4096).status == 413


def test_the_body_may_come_in_base64_and_has_to_be_json(api: Api) -> None:
    headers = {"x-client-id": CLIENT, "idempotency-key": new_key(), "content-type": "application/json; charset=utf-8"}
    encoded = event("POST", "/transactions", headers, "eyJ9", is_base64=True)
    assert api.send(encoded).status == 400
    assert api.send({**encoded, "body": "no base64!"}).status == 400
    assert api.send({**encoded, "body": "/w=="}).status == 400  # no UTF-8
    text = event("POST", "/transactions", {**headers, "content-type": "text/plain"}, json.dumps(ORDER))
    assert api.send(text).status == 415


def test_a_receipt_is_written_for_its_group_only_and_told(api: Api) -> None:
    created = api.order()
    file = api.receipt_file(created.document["id"])
    assert oct(file.stat().st_mode) == oct(0o100640)
    assert json.loads(file.read_text())["receipt"] == created.document
    assert api.get(f"{created.headers['Location']}/receipt").text == file.read_text()
    assert [path for path in api.files.rglob("*") if path.is_file()] == [file]


def test_nothing_that_a_client_sends_becomes_part_of_a_path(api: Api) -> None:
    created = api.order(key="-_-_-_-_", client="..", merchant="../../etc/passwd", reference="/etc/passwd")
    assert created.status == 201
    folder = api.files / created.document["id"][:2]
    assert [*api.files.iterdir()] == [folder]
    assert [*folder.iterdir()] == [api.receipt_file(created.document["id"])]


@pytest.mark.parametrize("content", [None, "", "changed"])
def test_a_receipt_that_is_missing_or_changed_is_made_again(api: Api, content: str | None) -> None:
    created = api.order()
    file = api.receipt_file(created.document["id"])
    text = file.read_text()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert api.get(f"{created.headers['Location']}/receipt").text == text
    assert file.read_text() == text


def test_payment_tokens_stay_in_the_database(api: Api) -> None:
    created = api.order(payment_token="tok_not_to_be_told")
    told = [api.get(created.headers["Location"]).text, api.get(f"{created.headers['Location']}/receipt").text]
    kept = [api.cache.administrator().get(key) for key in api.cache.stored_keys()]
    everything = [*told, *map(repr, kept), api.log.getvalue(), repr(api.service())]
    assert kept
    assert not [text for text in everything if "tok_not_to_be_told" in text]
    assert any("tok_not_to_be_told" in row for row in api.rows())


def test_a_healthy_service_says_so(api: Api) -> None:
    reply = api.health()
    assert reply.status == 200
    assert reply.document == {"status": "ok", "database": "ok", "files": "ok", "cache": "ok"}
    assert not [*api.files.iterdir()]


def test_every_request_is_one_line_that_tells_no_secret(api: Api) -> None:
    created = api.order(key="a-telling-key", merchant="A telling name")
    id_ = created.document["id"]
    api.get(f"/transactions/{id_}")
    api.get(f"/transactions/{id_}/receipt")
    api.get("/4111111111111111")
    api.send(event("TELLING", "/transactions", {}, "telling body"))
    api.health()
    output, lines = api.log.getvalue(), api.logged()
    assert [(line["level"], line["method"], line["route"], line["status"]) for line in lines] == [
        ("INFO", "POST", "/transactions", 201),
        ("INFO", "GET", "/transactions/{id}", 200),
        ("INFO", "GET", "/transactions/{id}/receipt", 200),
        ("INFO", "GET", "unknown", 404),
        ("INFO", "other", "/transactions", 405),
        ("INFO", "GET", "/health", 200),
    ]
    assert all(line["duration_ms"] >= 0 and line["request_id"] for line in lines)
    assert [line.get("cache") for line in lines] == ["ok", "hit", "hit", None, None, "ok"]
    secrets = ["telling", "4111", id_, CLIENT, "amz", api.secret.document()["password"]]
    assert not [secret for secret in secrets if secret.lower() in output.lower()]
