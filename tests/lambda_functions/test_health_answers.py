"""The function behind the health checks, asked as a load balancer asks it, with a table that is there or is not."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from answer_health_check import handler as answering

TABLE = "transactions"
REQUEST = {"httpMethod": "GET", "path": "/health", "headers": {"user-agent": "Amazon-Route53-Health-Check-Service"}}


@pytest.fixture(autouse=True)
def _region(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TABLE", TABLE)
    monkeypatch.setenv("CANARY_KEY", '{"transaction_id": "health-canary"}')
    answering._dynamodb.cache_clear()
    yield
    answering._dynamodb.cache_clear()


@pytest.fixture
def table(_region: None) -> Iterator[Any]:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "transaction_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "transaction_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield dynamodb
    dynamodb.delete_table(TableName=TABLE)


def test_a_region_that_reads_its_table_is_healthy(table: Any, environment: dict[str, str]) -> None:
    answer = answering.handler(REQUEST, None)
    assert answer["statusCode"] == 200
    assert answer["statusDescription"] == "200 OK"
    assert json.loads(answer["body"]) == {"status": "ok", "region": environment["AWS_REGION"]}


def test_the_item_is_neither_needed_nor_told(table: Any) -> None:
    without = answering.handler(REQUEST, None)
    table.put_item(TableName=TABLE, Item={"transaction_id": {"S": "health-canary"}, "amount": {"N": "12"}})
    assert answering.handler(REQUEST, None) == without


def test_a_region_that_cannot_read_its_table_is_not_healthy_and_says_why_in_its_log_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = answering.handler(REQUEST, None)
    assert answer["statusCode"] == 503
    assert answer["statusDescription"] == "503 Service Unavailable"
    assert json.loads(answer["body"])["status"] == "unavailable"
    assert "ResourceNotFound" not in answer["body"]
    (line,) = capsys.readouterr().out.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["status"]) == ("ERROR", 503)
    assert "ResourceNotFoundException" in entry["message"]


def test_a_key_that_the_table_does_not_have_is_not_healthy(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", '{"id": "health-canary"}')
    assert answering.handler(REQUEST, None)["statusCode"] == 503


def test_a_database_that_nobody_can_reach_is_answered_before_route_53_gives_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert answering.handler(REQUEST, None)["statusCode"] == 503
    assert answering.CONNECT_TIMEOUT_SECONDS + answering.READ_TIMEOUT_SECONDS < 2
    assert "Could not connect" in capsys.readouterr().out


def test_an_answer_is_logged_with_what_the_metrics_are_counted_from(
    table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answering.handler(REQUEST, None)
    entry = json.loads(capsys.readouterr().out)
    assert (entry["level"], entry["status"]) == ("INFO", 200)
    assert entry["duration_ms"] >= 0
