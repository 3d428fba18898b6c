"""What the function's environment decides; the docstring of `handler` is its reference."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from check_region_health.errors import MonitorError
from check_region_health.health import Thresholds

PROBES_MAX = 20
THRESHOLD_MAX = 10
TIMEOUT_SECONDS_DEFAULT = 5
TIMEOUT_SECONDS_MAX = 15
HTTPS_PORT = 443
NAMESPACE_DEFAULT = "RegionHealth"

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_PROBE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_TARGET = re.compile(r"/[!-\"$-~]*")  # what ASCII prints, without spaces and fragments
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EVENT_BUS = re.compile(r"(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/)?[A-Za-z0-9/._-]{1,256}")
_NAMESPACE = re.compile(r"(?!AWS/)[A-Za-z0-9._/#-]{1,255}")


@dataclass(frozen=True)
class Endpoint:
    """An HTTPS address. `connect_to` is the host to connect to where it is not the one the certificate is for."""

    name: str
    required: bool
    timeout_seconds: int
    host: str
    port: int
    target: str
    expected_status: int
    connect_to: str


@dataclass(frozen=True)
class Table:
    """A DynamoDB table, a key of it to read, and the other regions that have to hold a working replica."""

    name: str
    required: bool
    timeout_seconds: int
    table: str
    canary_key: Mapping[str, str | int]
    replicas: tuple[str, ...]


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket."""

    name: str
    required: bool
    timeout_seconds: int
    bucket: str


Probe = Endpoint | Table | Bucket


@dataclass(frozen=True)
class Settings:
    """What is probed, when it counts as down, and who is told."""

    monitor: str
    own_region: str
    region: str
    probes: tuple[Probe, ...]
    thresholds: Thresholds
    state_table: str
    topic_arn: str
    event_bus: str
    namespace: str
    ca_bundle: Path | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every variable; raises MonitorError naming the first that cannot be used, and where in it."""
        variable = _Variables(environment)
        own_region = variable.matching("AWS_REGION", _REGION)
        topic = re.compile(rf"arn:aws[a-z-]*:sns:{own_region}:\d{{12}}:[A-Za-z0-9_-]{{1,256}}")
        ca_bundle = environment.get("CA_BUNDLE")
        if ca_bundle and not Path(ca_bundle).is_file():
            raise MonitorError(f"CA_BUNDLE: there is no file {Path(ca_bundle).name}")
        return cls(
            monitor=f"{own_region}/{variable.matching('AWS_LAMBDA_FUNCTION_NAME', re.compile('[A-Za-z0-9_-]+'))}",
            own_region=own_region,
            region=variable.matching("MONITORED_REGION", _REGION, own_region),
            probes=_probes(variable.text("PROBES")),
            thresholds=Thresholds(
                variable.count("FAILURES_UNTIL_DOWN", Thresholds.failures_until_down),
                variable.count("SUCCESSES_UNTIL_UP", Thresholds.successes_until_up),
            ),
            state_table=variable.matching("STATE_TABLE", _TABLE),
            topic_arn=variable.matching("SNS_TOPIC_ARN", topic),
            event_bus=variable.matching("EVENT_BUS_NAME", _EVENT_BUS, "default"),
            namespace=variable.matching("METRICS_NAMESPACE", _NAMESPACE, NAMESPACE_DEFAULT),
            ca_bundle=Path(ca_bundle) if ca_bundle else None,
        )


def usable_namespace(environment: Mapping[str, str]) -> str:
    """Where the error about unusable settings is counted: the namespace meant, or the default one."""
    namespace = environment.get("METRICS_NAMESPACE", "")
    return namespace if _NAMESPACE.fullmatch(namespace) else NAMESPACE_DEFAULT


@dataclass(frozen=True)
class _Variables:
    environment: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        value = self.environment.get(name) or default
        if not value:
            raise MonitorError(f"{name} is not set")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], default: str = "") -> str:
        value = self.text(name, default)
        if not pattern.fullmatch(value):
            raise MonitorError(f"{name} is {value!r}: expected is a text like {pattern.pattern}")
        return value

    def count(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= THRESHOLD_MAX):
            raise MonitorError(f"{name} is {value!r}: expected is a whole number from 1 to {THRESHOLD_MAX}")
        return int(value)


def _probes(text: str) -> tuple[Probe, ...]:
    try:
        documents = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise MonitorError(f"PROBES is not JSON: {error}") from None
    if not isinstance(documents, list) or not 1 <= len(documents) <= PROBES_MAX:
        raise MonitorError(f"PROBES: expected is an array of 1 to {PROBES_MAX} objects")
    probes = tuple(_probe(document, f"PROBES[{index}]") for index, document in enumerate(documents))
    names = [probe.name for probe in probes]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MonitorError(f"PROBES: the name {twice[0]!r} is given twice")
    if not any(probe.required for probe in probes):
        raise MonitorError("PROBES: none is required, so nothing would decide about the region")
    return probes


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object has the same key twice")
    return document


def _probe(document: object, place: str) -> Probe:
    if not isinstance(document, dict):
        raise MonitorError(f"{place}: expected is an object")
    fields = _Fields(document, place)
    kind = fields.take("kind", str)
    read = _KINDS.get(kind)
    if read is None:
        raise MonitorError(f"{place}.kind is {kind!r}: known are {', '.join(_KINDS)}")
    probe = read(
        fields,
        {
            "name": fields.matching("name", _PROBE_NAME),
            "required": fields.take("required", bool, True),
            "timeout_seconds": fields.number("timeout_seconds", 1, TIMEOUT_SECONDS_MAX, TIMEOUT_SECONDS_DEFAULT),
        },
    )
    fields.refuse_others()
    return probe


def _endpoint(fields: "_Fields", common: dict[str, Any]) -> Endpoint:
    url = fields.take("url", str)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise fields.error("url", url, str(error)) from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname or ""
    # Compared with the whole text, because urlsplit drops what it does not like, such as a line break.
    plain = f"https://{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    if url != plain or "@" in parts.netloc or not _HOST.fullmatch(host) or not _TARGET.fullmatch(target) or port == 0:
        raise fields.error("url", url, "expected is https://host[:port]/path[?query]")
    return Endpoint(
        **common,
        host=host,
        port=port or HTTPS_PORT,
        target=target,
        expected_status=fields.number("expected_status", 200, 599, 200),
        connect_to=fields.matching("connect_to", _HOST, host),
    )


def _table(fields: "_Fields", common: dict[str, Any]) -> Table:
    canary_key = fields.take("canary_key", dict, {})
    for value in canary_key.values():
        if type(value) not in (str, int) or value == "":
            raise fields.error("canary_key", canary_key, "expected are texts and whole numbers")
    if len(canary_key) > 2:
        raise fields.error("canary_key", canary_key, "expected is a partition key, and a sort key if there is one")
    replicas = fields.take("replicas", list, [])
    for region in replicas:
        if not isinstance(region, str) or not _REGION.fullmatch(region):
            raise fields.error("replicas", replicas, "expected are names of regions")
    table = fields.matching("table", _TABLE)
    return Table(**common, table=table, canary_key=canary_key, replicas=tuple(replicas))


def _bucket(fields: "_Fields", common: dict[str, Any]) -> Bucket:
    return Bucket(**common, bucket=fields.matching("bucket", _BUCKET))


_KINDS: Mapping[str, Callable[["_Fields", dict[str, Any]], Probe]] = {
    "endpoint": _endpoint,
    "table": _table,
    "bucket": _bucket,
}


class _Fields:
    """The fields of one JSON object; each is taken once, and what nobody took is refused."""

    def __init__(self, document: dict[str, Any], place: str) -> None:
        self._left = dict(document)
        self._place = place

    def error(self, name: str, value: object, expected: str) -> MonitorError:
        return MonitorError(f"{self._place}.{name} is {value!r}: {expected}")

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        value = self._left.pop(name, default)
        if value is None:
            raise MonitorError(f"{self._place}.{name} is missing")
        if type(value) is not kind:  # not isinstance: JSON's true is no number
            raise self.error(name, value, f"expected is a {_JSON_NAMES[kind]}")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], default: str | None = None) -> str:
        value: str = self.take(name, str, default)
        if not pattern.fullmatch(value):
            raise self.error(name, value, f"expected is a text like {pattern.pattern}")
        return value

    def number(self, name: str, least: int, most: int, default: int) -> int:
        value: int = self.take(name, int, default)
        if not least <= value <= most:
            raise self.error(name, value, f"expected is a number from {least} to {most}")
        return value

    def refuse_others(self) -> None:
        if self._left:
            raise MonitorError(f"{self._place}: unknown field {min(self._left)!r}")


_JSON_NAMES = {str: "text", int: "whole number", bool: "true or false", dict: "object", list: "list"}
