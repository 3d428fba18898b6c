"""Settings that cannot be used are refused with one line that names the place."""

import contextlib
from typing import Any

import pytest
from check_region_health.errors import MonitorError
from check_region_health.settings import PROBES_MAX, Endpoint, Settings, Table, usable_namespace
from hypothesis import given
from hypothesis import strategies as st

from tests.lambda_functions.region_health_monitor import OTHER_REGION, OWN_REGION, environment

BUCKET = {"kind": "bucket", "name": "files", "bucket": "files-bucket"}
ENDPOINT = {"kind": "endpoint", "name": "api", "url": "https://api.example.test/health"}
TABLE = {"kind": "table", "name": "orders", "table": "orders"}


def test_defaults_are_those_of_the_reference() -> None:
    settings = Settings.from_environment(environment([ENDPOINT, TABLE]))
    assert settings.probes == (
        Endpoint("api", True, 5, "api.example.test", 443, "/health", 200, "api.example.test"),
        Table("orders", True, 5, "orders", {}, ()),
    )
    assert (settings.thresholds.failures_until_down, settings.thresholds.successes_until_up) == (3, 3)
    assert (settings.region, settings.event_bus, settings.namespace) == (OWN_REGION, "default", "RegionHealth")
    assert settings.ca_bundle is None


def test_everything_can_be_set() -> None:
    endpoint = {
        **ENDPOINT,
        "url": "https://API.example.test:8443/health?deep=1",
        "connect_to": "lb.example.test",
        "expected_status": 204,
        "timeout_seconds": 15,
        "required": False,
    }
    table = {**TABLE, "canary_key": {"id": "canary", "sort": 7}, "replicas": [OTHER_REGION]}
    settings = Settings.from_environment(
        environment(
            [endpoint, table],
            MONITORED_REGION=OTHER_REGION,
            FAILURES_UNTIL_DOWN="2",
            SUCCESSES_UNTIL_UP="10",
            METRICS_NAMESPACE="financial/dev",
            EVENT_BUS_NAME="arn:aws:events:us-east-2:123456789012:event-bus/alerts",
        )
    )
    assert settings.probes == (
        Endpoint("api", False, 15, "api.example.test", 8443, "/health?deep=1", 204, "lb.example.test"),
        Table("orders", True, 5, "orders", {"id": "canary", "sort": 7}, (OTHER_REGION,)),
    )
    assert settings.region == OTHER_REGION
    assert (settings.thresholds.failures_until_down, settings.thresholds.successes_until_up) == (2, 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"PROBES": ""}, "PROBES is not set"),
        ({"PROBES": "{"}, "PROBES is not JSON"),
        ({"PROBES": "[" * 100_000}, "PROBES is not JSON"),
        ({"PROBES": '[{"kind": "bucket", "kind": "table"}]'}, "same key twice"),
        ({"PROBES": "{}"}, "array of 1 to 20"),
        ({"PROBES": "[]"}, "array of 1 to 20"),
        ({"STATE_TABLE": ""}, "STATE_TABLE is not set"),
        ({"STATE_TABLE": "a table"}, "STATE_TABLE is 'a table'"),
        ({"SNS_TOPIC_ARN": "alerts"}, "SNS_TOPIC_ARN is 'alerts'"),
        ({"SNS_TOPIC_ARN": f"arn:aws:sns:{OTHER_REGION}:123456789012:alerts"}, "SNS_TOPIC_ARN"),
        ({"AWS_REGION": ""}, "AWS_REGION is not set"),
        ({"MONITORED_REGION": "elsewhere"}, "MONITORED_REGION is 'elsewhere'"),
        ({"FAILURES_UNTIL_DOWN": "0"}, "FAILURES_UNTIL_DOWN is '0'"),
        ({"FAILURES_UNTIL_DOWN": "11"}, "from 1 to 10"),
        ({"SUCCESSES_UNTIL_UP": "²"}, "SUCCESSES_UNTIL_UP"),
        ({"METRICS_NAMESPACE": "AWS/Lambda"}, "METRICS_NAMESPACE"),
        ({"EVENT_BUS_NAME": "a bus"}, "EVENT_BUS_NAME"),
        ({"CA_BUNDLE": "no-such.pem"}, "CA_BUNDLE: there is no file no-such.pem"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(MonitorError, match=message) as error:
        Settings.from_environment({**environment([BUCKET]), **change})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("files", r"PROBES\[1\]: expected is an object"),
        ({**BUCKET, "kind": "queue"}, r"PROBES\[1\].kind is 'queue': known are endpoint, table, bucket"),
        ({"kind": "bucket", "name": "b"}, r"PROBES\[1\].bucket is missing"),
        ({**BUCKET, "bucket": None}, r"PROBES\[1\].bucket is missing"),
        ({**BUCKET, "name": "files"}, "the name 'files' is given twice"),
        ({**BUCKET, "name": "The files"}, r"PROBES\[1\].name"),
        ({**BUCKET, "bukkit": 1}, r"PROBES\[1\]: unknown field 'bukkit'"),
        ({**BUCKET, "url": "https://host/"}, r"PROBES\[1\]: unknown field 'url'"),
        ({**BUCKET, "required": 1}, r"PROBES\[1\].required is 1: expected is a true or false"),
        ({**BUCKET, "timeout_seconds": True}, r"PROBES\[1\].timeout_seconds is True"),
        ({**BUCKET, "timeout_seconds": 0}, "from 1 to 15"),
        ({**BUCKET, "timeout_seconds": 16}, "from 1 to 15"),
        ({**BUCKET, "timeout_seconds": 1.5}, "whole number"),
        ({**TABLE, "canary_key": {"id": 1.5}}, "canary_key"),
        ({**TABLE, "canary_key": {"id": ""}}, "canary_key"),
        ({**TABLE, "canary_key": {"a": 1, "b": 2, "c": 3}}, "canary_key"),
        ({**TABLE, "replicas": ["Oregon"]}, "replicas"),
        ({**TABLE, "replicas": OTHER_REGION}, "expected is a list"),
        ({**ENDPOINT, "expected_status": 100}, "from 200 to 599"),
        ({**ENDPOINT, "connect_to": "host/path"}, "connect_to"),
    ],
)
def test_a_probe_that_cannot_be_used_is_named(probe: Any, message: str) -> None:
    if isinstance(probe, dict) and message != "the name 'files' is given twice":
        probe = {**probe, "name": probe["name"] if probe["name"] != "files" else "other"}
    with pytest.raises(MonitorError, match=message):
        Settings.from_environment(environment([BUCKET, probe]))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.test/",
        "https://",
        "https:///health",
        "https://user@api.example.test/",
        "https://user:word@api.example.test/",
        "https://api.example.test/#part",
        "https://api.example.test/a b",
        "https://api.example.test/a\r\nX-Injected: 1",
        "https://api.example.test/\t",
        "https://api.example.test:99999/",
        "https://api.example.test:0/",
        "https://api.example.test:port/",
        "https://[::1/",
        "https://-api.example.test/",
        "https://api.example.test/ü",
        "https://api..example.test/",
        " https://api.example.test/",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(MonitorError, match=r"PROBES\[0\].url"):
        Settings.from_environment(environment([{**ENDPOINT, "url": url}]))


def test_too_many_probes_and_none_that_decides_are_refused() -> None:
    many = [{**BUCKET, "name": f"files-{number}"} for number in range(PROBES_MAX + 1)]
    with pytest.raises(MonitorError, match="array of 1 to 20"):
        Settings.from_environment(environment(many))
    assert len(Settings.from_environment(environment(many[1:])).probes) == PROBES_MAX
    with pytest.raises(MonitorError, match="none is required"):
        Settings.from_environment(environment([{**BUCKET, "required": False}]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(sorted({*BUCKET, *ENDPOINT, *TABLE, "canary_key", "replicas", "required", "timeout_seconds"}))


@given(st.sampled_from([BUCKET, ENDPOINT, TABLE]), st.dictionaries(fields, json_values, max_size=3))
def test_any_other_json_is_read_or_refused_and_never_crashes(probe: dict[str, Any], changes: dict[str, Any]) -> None:
    with contextlib.suppress(MonitorError):
        settings = Settings.from_environment(environment([{**probe, **changes}]))
        assert len(settings.probes) == 1


def test_the_namespace_is_usable_even_where_the_settings_are_not() -> None:
    assert usable_namespace({"METRICS_NAMESPACE": "financial/dev"}) == "financial/dev"
    assert usable_namespace({"METRICS_NAMESPACE": "AWS/Lambda"}) == "RegionHealth"
    assert usable_namespace({}) == "RegionHealth"
