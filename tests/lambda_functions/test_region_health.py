"""The function as Lambda calls it: what it announces, counts and measures, and how its own failure shows."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from check_region_health import clients
from check_region_health.errors import MonitorError
from check_region_health.health import Status
from check_region_health.state_store import StateError

from tests.lambda_functions.region_health_monitor import (
    FUNCTION_NAME,
    OTHER_REGION,
    OWN_REGION,
    LambdaContext,
    Metric,
    Region,
    metrics,
    new_region,
)
from tests.lambda_functions.region_health_servers import HttpsServer, https_server
from tests.lambda_functions.servers import Authority


@pytest.fixture
def region(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Region:
    return new_region(aws_url, monkeypatch)


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[HttpsServer]:
    with https_server(authority.issue("localhost")) as running:
        yield running


@pytest.fixture
def up(region: Region) -> Region:
    """A region whose first look is over and announced."""
    region.look()
    region.received()
    return region


def test_the_first_look_announces_what_it_finds(region: Region) -> None:
    report = region.look()
    assert (report["region"], report["status"], report["counted"]) == (OWN_REGION, "UP", True)
    assert [(probe["name"], probe["outcome"], probe["reason"]) for probe in report["probes"]] == [
        ("files", "OK", "bucket answers"),
        ("orders", "OK", "table is ACTIVE, canary key is READ"),
    ]
    assert region.changes() == Counter(
        {("files", "UNKNOWN", "UP"): 1, ("orders", "UNKNOWN", "UP"): 1, (OWN_REGION, "UNKNOWN", "UP"): 1}
    )


def test_while_nothing_changes_nothing_is_announced(up: Region) -> None:
    for _ in range(4):
        up.look()
    assert up.changes() == Counter()


def test_the_third_failure_in_a_row_is_announced_and_no_other(up: Region) -> None:
    up.delete_bucket()
    announced = []
    for _ in range(5):
        up.look()
        announced.append(up.changes())
    down = Counter({("files", "UP", "DOWN"): 1, (OWN_REGION, "UP", "DOWN"): 1})
    assert announced == [Counter(), Counter(), down, Counter(), Counter()]


def test_an_announcement_says_what_is_down_and_why(up: Region) -> None:
    up.delete_bucket()
    for _ in range(3):
        up.look()
    time = up.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    received = up.received()
    assert received["sns"] == received["eventbridge"]
    probe, region = received["eventbridge"]
    monitor = f"{OWN_REGION}/{FUNCTION_NAME}"
    (about,) = probe.pop("probes")
    assert isinstance(about.pop("latency_ms"), int)
    assert about == {
        "name": "files",
        "required": True,
        "status": "DOWN",
        "outcome": "FAILED",
        "reason": "HeadBucket answers 404",
    }
    assert probe == {
        "schema": "region-health/1",
        "id": f"{monitor}/{OWN_REGION}/probe/files/DOWN/{time}",
        "monitor": monitor,
        "region": OWN_REGION,
        "scope": "probe",
        "subject": "files",
        "status": "DOWN",
        "previous_status": "UP",
        "observed_at": time,
    }
    assert (region["scope"], region["subject"], region["status"]) == ("region", OWN_REGION, "DOWN")
    assert [(about["name"], about["status"]) for about in region["probes"]] == [("files", "DOWN"), ("orders", "UP")]


def test_an_event_and_a_message_can_be_filtered_by_what_they_are_about(region: Region) -> None:
    region.look()
    events, messages = list(region.bodies("eventbridge")), list(region.bodies("sns"))
    assert {(event["source"], event["detail-type"]) for event in events} == {
        ("region-health", "Probe Status Change"),
        ("region-health", "Region Status Change"),
    }
    assert messages[-1]["Subject"] == f"UP: region {OWN_REGION} ({OWN_REGION})"
    attributes = {name: value["Value"] for name, value in messages[-1]["MessageAttributes"].items()}
    detail = json.loads(messages[-1]["Message"])
    assert attributes == {name: detail[name] for name in attributes}
    assert sorted(attributes) == ["id", "previous_status", "region", "scope", "status", "subject"]


def test_what_is_down_has_to_succeed_three_times_and_flapping_is_no_news(
    up: Region, server: HttpsServer, authority: Authority
) -> None:
    up.probes = [{"kind": "endpoint", "name": "api", "url": server.url("told"), "timeout_seconds": 1}]
    up.set_environment(CA_BUNDLE=str(authority.bundle))
    statuses = ""
    announced: Counter[tuple[str, str, str]] = Counter()
    behaviours = {"F": "error", "S": "healthy"}
    for outcome in "SFFSFFFSFSSFSSS":
        server.behaviour = behaviours[outcome]
        status = up.look()["status"]
        statuses += status[0]
        announced += up.changes()
    assert statuses == "UUUUUUDDDDDDDDU"
    assert announced == Counter(
        {
            ("api", "UNKNOWN", "UP"): 1,
            ("api", "UP", "DOWN"): 1,
            ("api", "DOWN", "UP"): 1,
            (OWN_REGION, "UP", "DOWN"): 1,
            (OWN_REGION, "DOWN", "UP"): 1,
        }
    )


def test_the_same_run_again_is_not_counted_and_nor_is_an_earlier_one(up: Region) -> None:
    earlier = up.event()
    up.delete_bucket()
    event = up.next_event()
    for again in (event, event, event, earlier, event):
        up.invoke(again)
    assert up.state().probes["files"].failures == 1
    assert up.invoke(event)["counted"] is False
    assert up.changes() == Counter()


def test_a_probe_that_is_not_required_is_announced_but_does_not_take_the_region_down(up: Region) -> None:
    up.probes[0]["required"] = False
    up.set_environment()
    up.delete_bucket()
    reports = [up.look() for _ in range(3)]
    assert [report["status"] for report in reports] == ["UP", "UP", "UP"]
    assert up.changes() == Counter({("files", "UP", "DOWN"): 1})


def test_a_probe_that_is_no_longer_watched_is_forgotten(up: Region) -> None:
    up.delete_bucket()
    for _ in range(3):
        up.look()
    up.probes = up.probes[1:]
    up.set_environment()
    assert up.look()["status"] == "UP"
    assert set(up.state().probes) == {"orders"}


def test_one_region_can_watch_another(region: Region) -> None:
    region.create_table(region.table + "-west", OTHER_REGION)
    region.probes = [{"kind": "table", "name": "orders", "table": region.table + "-west"}]
    region.set_environment(MONITORED_REGION=OTHER_REGION)
    assert region.look()["region"] == OTHER_REGION
    assert region.changes() == Counter({("orders", "UNKNOWN", "UP"): 1, (OTHER_REGION, "UNKNOWN", "UP"): 1})


# Metrics


def named(found: list[Metric], name: str, **dimensions: str) -> list[float]:
    wanted = frozenset({"Region": OWN_REGION, **dimensions}.items())
    return [value for metric in found if (metric.name, metric.dimensions) == (name, wanted) for value in metric.values]


def test_every_run_is_measured_by_probe_and_by_region(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    up.delete_bucket()
    measured = []
    for _ in range(3):
        up.look()
        measured.append(metrics(capsys.readouterr().out))
    first, last = measured[0], measured[-1]
    assert {metric.namespace for metric in last} == {"RegionHealth"}
    assert {(metric.name, metric.unit) for metric in last} == {
        ("Healthy", "Count"),
        ("ProbeErrors", "Count"),
        ("Latency", "Milliseconds"),
        ("MonitorErrors", "Count"),
    }
    assert named(first, "Healthy", Probe="files") == [1]  # one failure is not yet down
    assert named(last, "Healthy", Probe="files") == [0]
    assert named(last, "Healthy", Probe="orders") == [1]
    assert (named(first, "Healthy"), named(last, "Healthy")) == ([1], [0])
    assert named(last, "ProbeErrors", Probe="files") == [1]
    assert named(last, "ProbeErrors", Probe="orders") == [0]
    assert sum(named(last, "ProbeErrors")) == 1
    assert named(last, "Latency", Probe="files") == []
    assert len(named(last, "Latency", Probe="orders")) == len(named(last, "Latency")) == 1
    assert named(last, "MonitorErrors") == [0]


def test_a_run_that_does_not_count_is_not_measured_again(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    up.invoke(up.event())
    assert {metric.name for metric in metrics(capsys.readouterr().out)} == {"MonitorErrors"}


def test_a_new_probe_that_fails_leaves_health_unsaid(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    up.probes.append({"kind": "table", "name": "new", "table": "no-such-table"})
    up.set_environment()
    capsys.readouterr()
    assert up.look()["status"] == "UP"
    found = metrics(capsys.readouterr().out)
    assert named(found, "Healthy", Probe="new") == named(found, "Healthy") == []
    assert named(found, "Healthy", Probe="files") == [1]


def test_the_services_name_of_powertools_does_not_become_a_dimension(
    region: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    region.monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "other")
    region.set_environment(METRICS_NAMESPACE="financial/dev")
    region.look()
    found = metrics(capsys.readouterr().out)
    assert {name for metric in found for name, _ in metric.dimensions} == {"Region", "Probe"}
    assert {metric.namespace for metric in found} == {"financial/dev"}


def test_every_line_of_the_log_is_json_and_one_tells_it_all(region: Region, capsys: pytest.CaptureFixture[str]) -> None:
    (output,) = logging.getLogger("check_region_health").handlers
    assert isinstance(output, logging.StreamHandler)
    lines: list[str] = []
    region.monkeypatch.setattr(output, "emit", lambda record: lines.append(output.format(record)))
    region.look()
    observed = [line for line in map(json.loads, lines) if line["message"] == "region observed"]
    (line,) = observed
    assert line["function_name"] == FUNCTION_NAME
    assert line["report"]["probes"][0]["health"] == {"status": "UP", "failures": 0, "successes": 1}


# The monitor's own failure


def failure(region: Region, event: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> tuple[str, list[Metric]]:
    """How an invocation ends in an error, and what it measured; it must have said so itself, too."""
    capsys.readouterr()
    with pytest.raises(MonitorError) as error:
        region.invoke(event)
    found = metrics(capsys.readouterr().out)
    errors = [metric.values for metric in found if metric.name == "MonitorErrors"]
    assert errors == [(1.0,)]
    return str(error.value), found


def test_settings_that_cannot_be_used_end_in_an_error(region: Region, capsys: pytest.CaptureFixture[str]) -> None:
    region.set_environment(PROBES="[]")
    message, found = failure(region, region.event(), capsys)
    assert message == "PROBES: expected is an array of 1 to 20 objects"
    assert named(found, "MonitorErrors") == [1]
    region.set_environment(AWS_REGION="")
    message, _ = failure(region, region.event(), capsys)
    assert message == "AWS_REGION is not set"


def test_a_state_that_cannot_be_read_is_undetermined_not_healthy(
    up: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    up.dynamodb.delete_table(TableName=up.state_table)
    message, found = failure(up, up.next_event(), capsys)
    assert "the state cannot be read" in message
    assert "Healthy" not in {metric.name for metric in found}
    assert named(found, "ProbeErrors", Probe="orders") == [0]  # what was seen is told all the same
    assert up.changes() == Counter()


def test_a_state_that_makes_no_sense_is_undetermined_and_left_as_it_is(
    up: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {**up.item(), "state": {"S": "{}"}}
    up.restore(item)
    message, found = failure(up, up.next_event(), capsys)
    assert "the state cannot be read" in message
    assert "Healthy" not in {metric.name for metric in found}
    assert up.item() == item


def test_a_state_that_others_keep_changing_is_given_up(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    def somebody_writes(**_: Any) -> None:
        item = up.item()
        up.restore({**item, "version": {"N": str(int(item["version"]["N"]) + 1)}})

    client = clients.own_client("dynamodb", OWN_REGION)
    client.meta.events.register("before-call.dynamodb.PutItem", somebody_writes)
    event = up.next_event()
    with pytest.raises(StateError, match="other runs changed the state"):
        up.invoke(event)
    client.meta.events.unregister("before-call.dynamodb.PutItem", somebody_writes)
    assert "Healthy" not in {metric.name for metric in metrics(capsys.readouterr().out) if "files" in metric.dimensions}
    assert up.invoke(event)["counted"] is True


def test_a_probe_that_may_not_be_asked_is_neither_up_nor_down(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    up.probes[1]["canary_key"] = {"no such key": "canary"}
    up.set_environment()
    for _ in range(4):
        message, found = failure(up, up.next_event(), capsys)
        assert message.startswith("probe orders is undetermined: ClientError")
        assert named(found, "Healthy", Probe="orders") == named(found, "Healthy") == []
        assert named(found, "ProbeErrors", Probe="orders") == [1]
    assert up.state().probes["orders"].status is Status.UP
    assert up.changes() == Counter()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": None}, "the event has no time"),
        ({"time": "yesterday"}, "the event has no time"),
        ({"time": "2026-01-01T00:00:00"}, "has no zone"),
        ({"time": "2999-01-01T00:00:00Z"}, "is in the future"),
    ],
)
def test_an_event_without_a_usable_time_is_refused(
    up: Region, capsys: pytest.CaptureFixture[str], change: dict[str, Any], message: str
) -> None:
    said, _ = failure(up, {**up.next_event(), **change}, capsys)
    assert message in said
    assert up.look()["counted"] is True


def test_clocks_may_differ_a_little(up: Region) -> None:
    event = up.next_event()
    up.now -= timedelta(minutes=4)
    assert up.invoke(event)["counted"] is True


def test_a_function_with_too_little_time_does_not_begin(up: Region, capsys: pytest.CaptureFixture[str]) -> None:
    needed = 5 + 4 * clients.CALL_SECONDS_MAX
    capsys.readouterr()
    event = up.next_event()
    with pytest.raises(MonitorError, match=f"{needed} s are needed: raise the function's time-out"):
        up.invoke(event, remaining_ms=needed * 1000 - 1)
    assert up.invoke(event, remaining_ms=needed * 1000)["counted"] is True


def test_what_there_is_no_time_left_to_announce_is_announced_by_the_next_run(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    remaining_ms = iter([60_000, 60_000, 2 * clients.CALL_SECONDS_MAX * 1000 - 1])
    with monkeypatch.context() as shortage:
        shortage.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: next(remaining_ms))
        with pytest.raises(MonitorError, match="no time left"):
            region.look()
    assert region.received() == {"sns": [], "eventbridge": []}
    region.look()
    assert [len(details) for details in region.received().values()] == [3, 3]


def test_an_announcement_that_one_channel_does_not_take_is_repeated_there_only(
    region: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    region.sns.delete_topic(TopicArn=region.topic_arn)
    message, _ = failure(region, region.next_event(), capsys)
    assert "not announced, to be repeated by the next run" in message
    first = region.received()
    assert (len(first["sns"]), len(first["eventbridge"])) == (0, 3)
    failure(region, region.event(), capsys)  # Lambda tries again, in vain
    assert region.received() == {"sns": [], "eventbridge": []}
    region.create_topic()
    region.look()
    assert region.received() == {"sns": first["eventbridge"], "eventbridge": []}
    assert region.state().outbox == ()


def test_an_event_that_the_bus_refuses_is_repeated(region: Region, capsys: pytest.CaptureFixture[str]) -> None:
    """Moto refuses nothing, so its answer is changed on the way; the bus has the event, which comes twice therefore."""

    def refuse(parsed: dict[str, Any], **_: Any) -> None:
        parsed |= {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}]}

    client = clients.own_client("events", OWN_REGION)
    client.meta.events.register("after-call.events.PutEvents", refuse)
    message, _ = failure(region, region.next_event(), capsys)
    assert "by eventbridge: InternalFailure: try again" in message
    client.meta.events.unregister("after-call.events.PutEvents", refuse)
    region.look()
    received = region.received()
    assert received["eventbridge"] == [received["sns"][0], *received["sns"]]


def test_a_region_that_announces_late_still_announces_in_order(
    region: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    region.sns.delete_topic(TopicArn=region.topic_arn)
    failure(region, region.next_event(), capsys)
    region.delete_bucket()
    for _ in range(3):
        failure(region, region.next_event(), capsys)
    region.create_topic()
    region.look()
    said = [detail["status"] for detail in region.received()["sns"] if detail["subject"] == "files"]
    assert said == ["UP", "DOWN"]
