"""Where Lambda enters: one invocation is one look at the region.

EventBridge calls it every two minutes. All probes run at once; three failures in a row (a setting) mean down, three
successes in a row (a setting) mean up again. A probe's change of status is announced, and so is the region's: it is
down while any required probe is down. Nothing is announced while nothing changes.

The event needs `time`, the scheduled time in ISO 8601 with its zone, as an EventBridge rule sends it; a schedule of
EventBridge Scheduler gets the input `{"time": "<aws.scheduler.scheduled-time>"}`. What has the time of a run that
was counted, or an earlier one, is that run again and does not count.

## Environment

| variable | meaning | default |
|---|---|---|
| PROBES | JSON array of 1 to 20 probes, see below | (required) |
| STATE_TABLE | DynamoDB table of the function's region with the partition key `id` (text) | (required) |
| SNS_TOPIC_ARN | topic of the function's region for announcements | (required) |
| EVENT_BUS_NAME | name or ARN of the bus for announcements | default |
| MONITORED_REGION | region of the probed tables and buckets, and the one spoken of | AWS_REGION |
| FAILURES_UNTIL_DOWN | failures in a row that mean down, 1 to 10 | 3 |
| SUCCESSES_UNTIL_UP | successes in a row that end being down, 1 to 10 | 3 |
| METRICS_NAMESPACE | namespace of the metrics | RegionHealth |
| CA_BUNDLE | file of PEM certificates that endpoints are verified against | the runtime's |

AWS_REGION and AWS_LAMBDA_FUNCTION_NAME are set by Lambda, which limits all variables together to 4 KiB. A
MONITORED_REGION that is not the function's own lets one region watch another, whose own monitor may be down with it.

A probe is an object with these fields:

| kind | field | meaning | default |
|---|---|---|---|
| all | kind | endpoint, table or bucket | (required) |
| all | name | a-z, 0-9 and -, at most 63; of no other probe | (required) |
| all | required | whether the region is down while this probe is | true |
| all | timeout_seconds | 1 to 15, for the whole probe | 5 |
| endpoint | url | https://host[:port]/path[?query] | (required) |
| endpoint | expected_status | 200 to 599 | 200 |
| endpoint | connect_to | host to connect to, such as a load balancer's own name | the URL's host |
| table | table | name of the table | (required) |
| table | canary_key | object: one or two key attributes, texts or whole numbers | none |
| table | replicas | array of other regions | none |
| bucket | bucket | name of the bucket | (required) |

An endpoint succeeds when its certificate is good for the URL's host and the status is the expected one; redirects
are not followed. A table succeeds when it and its replicas in those regions are ACTIVE or UPDATING, and a
consistent read of the key is answered, with an item or without. A replica that is broken is not this region's
fault: give `replicas` to a probe with `"required": false`. A bucket succeeds when HeadBucket is answered.

## IAM actions

| action | resource | condition |
|---|---|---|
| dynamodb:GetItem, dynamodb:PutItem | state table | dynamodb:LeadingKeys: the state's id (below) |
| dynamodb:DescribeTable | probed tables | |
| dynamodb:GetItem | probed tables with a canary_key | dynamodb:LeadingKeys: its partition key |
| s3:ListBucket (for HeadBucket) | probed buckets | |
| sns:Publish | topic | |
| events:PutEvents | event bus | events:source, events:detail-type: as announced (below) |
| kms:Decrypt | keys of state table, probed tables with a canary_key | kms:ViaService: dynamodb |
| kms:Decrypt, kms:GenerateDataKey | key of the topic | kms:ViaService: sns |
| logs:CreateLogStream, logs:PutLogEvents | log group of the function | |

The state's id is `<own region>/<function name>/<monitored region>`. CloudWatch needs none: metrics travel in the log.

## Function

60 s of time-out are enough with probes of up to 15 s (CALL_SECONDS_MAX of `clients` says why); 512 MB, because the
share of a processor grows with the memory, and 20 TLS handshakes on a small share look like a slow region. It needs
no VPC; in one, it needs ways to DynamoDB, S3, SNS, EventBridge and the endpoints.

## Announcements

Through EventBridge with source `region-health` and detail-type `Region Status Change` or `Probe Status Change`, and
through SNS with the same detail as the message and `id`, `scope`, `subject`, `region`, `status` and
`previous_status` as message attributes to filter by. Each gets to each channel at least once: receivers drop those
whose `id` they have seen, and order them by `observed_at`, since SNS and EventBridge keep no order. The detail:

| field | meaning |
|---|---|
| schema | `region-health/1` |
| id | the same in every repetition of the announcement |
| monitor | region and name of the function |
| region | the monitored region |
| scope, subject | `probe` and the probe's name, or `region` and the region |
| status, previous_status | UP, DOWN; before the first of these: UNKNOWN |
| observed_at | scheduled time of the run that saw the change, ISO 8601 in UTC |
| probes | of the probe, or of all: name, required, status, outcome, latency_ms, reason |

An outcome is OK, FAILED or UNDETERMINED.

## Metrics

By Region and Probe, and by Region: `Healthy` (1 up, 0 down; missing while unknown), `ProbeErrors` (1 for each probe
that did not succeed in this run), `Latency` (milliseconds, of successes). By Region: `MonitorErrors` (1 when the
monitor itself failed, 0 otherwise). Alarms on Healthy treat missing data as breaching, over periods of two minutes
or more: a monitor that cannot read its state, or does not run, says nothing.

## When the monitor itself fails

Then it logs why, counts MonitorErrors, and ends in an error, which Lambda counts as well: settings that cannot be
used, a state that cannot be read or written, an announcement that did not get through (the next run repeats it),
a probe that the function may not ask. The last is neither a success nor a failure of what is probed.
"""

import os
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from check_region_health.announcing import Announcer
from check_region_health.clients import CALL_SECONDS_MAX, own_client
from check_region_health.errors import MonitorError
from check_region_health.health import Outcome, ProbeResult
from check_region_health.log import LOG
from check_region_health.measurements import publish_monitor_errors, publish_observation
from check_region_health.monitor_state import MonitorState, claim, observe, settle
from check_region_health.probing import probe_all
from check_region_health.settings import Settings, usable_namespace
from check_region_health.state_store import StateError, StateStore, StoredState

# A time from the future would make every run until then look counted already.
CLOCK_TOLERANCE = timedelta(minutes=5)

# Besides the probes: read the state, write it, announce, note that it is announced.
_CALLS_MIN = 4

current_time = time.time


class LambdaContext(Protocol):
    """What the function reads of the context that Lambda passes."""

    def get_remaining_time_in_millis(self) -> int:
        """The milliseconds until Lambda ends the function."""


@LOG.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Look at the region once, and return what was found: `region`, `status`, `counted` and `probes`.

    Raises MonitorError, or what was not foreseen, when the monitor itself failed.
    """
    namespace = usable_namespace(os.environ)
    region = os.environ.get("MONITORED_REGION") or os.environ.get("AWS_REGION") or "unknown"
    try:
        report = _look(event, lambda: context.get_remaining_time_in_millis() / 1000)
    except Exception:
        LOG.exception("the monitor failed")
        publish_monitor_errors(namespace, region, 1)
        raise
    publish_monitor_errors(namespace, region, 0)
    return report


def _look(event: Mapping[str, Any], remaining_seconds: Callable[[], float]) -> dict[str, Any]:
    settings = Settings.from_environment(os.environ)
    scheduled_at = _scheduled_at(event)
    _refuse_too_little_time(settings, remaining_seconds())
    run = uuid.uuid4().hex
    store = StateStore(
        own_client("dynamodb", settings.own_region), settings.state_table, f"{settings.monitor}/{settings.region}"
    )
    results: tuple[ProbeResult, ...] | None = None

    def after_this_run(state: MonitorState) -> MonitorState:
        if results is not None and not state.has_counted(scheduled_at):
            state = observe(state, results, scheduled_at, run, settings)
        now = current_time()
        return claim(state, run, now, until=now + remaining_seconds())

    try:
        stored = store.read()
        if not stored.state.has_counted(scheduled_at):
            results = probe_all(settings)
        stored = store.update(stored, after_this_run)
    except StateError:
        results = results or probe_all(settings)
        publish_observation(settings, results, None)
        LOG.error("region undetermined", extra={"report": _report(settings, results, None)})
        raise
    counted = stored.state.observed_by == run
    report = _report(settings, results or (), stored.state if counted else None)
    if counted:
        publish_observation(settings, results or (), stored.state)
    LOG.info("region observed" if counted else "not counted: this run was counted before", extra={"report": report})
    _announce(settings, store, stored, run, remaining_seconds)
    _refuse_undetermined(results or ())
    return report


def _scheduled_at(event: Mapping[str, Any]) -> datetime:
    try:
        scheduled_at = datetime.fromisoformat(event["time"])
    except (KeyError, TypeError, ValueError):
        raise MonitorError("the event has no time: this function is for EventBridge to call") from None
    if scheduled_at.tzinfo is None:
        raise MonitorError("the time of the event has no zone")
    if scheduled_at > datetime.fromtimestamp(current_time(), UTC) + CLOCK_TOLERANCE:
        raise MonitorError(f"the time of the event, {scheduled_at.isoformat()}, is in the future")
    return scheduled_at


def _refuse_too_little_time(settings: Settings, remaining_seconds: float) -> None:
    """Probes that are cut short would find failures where there are none."""
    needed = max(probe.timeout_seconds for probe in settings.probes) + _CALLS_MIN * CALL_SECONDS_MAX
    if remaining_seconds < needed:
        raise MonitorError(
            f"{remaining_seconds:.0f} s are left, {needed} s are needed: raise the function's time-out,"
            " or shorten the probes'"
        )


def _refuse_undetermined(results: tuple[ProbeResult, ...]) -> None:
    undetermined = [result for result in results if result.outcome is Outcome.UNDETERMINED]
    if undetermined:
        raise MonitorError(
            "; ".join(f"probe {result.name} is undetermined: {result.reason}" for result in undetermined)
        )


def _announce(
    settings: Settings, store: StateStore, stored: StoredState, run: str, remaining_seconds: Callable[[], float]
) -> None:
    """Deliver what this run has claimed of the outbox; raises MonitorError when not all of it got through."""
    claimed = [announcement for announcement in stored.state.outbox if announcement.claimed_by == run]
    if not claimed:
        return
    announcer = Announcer(
        own_client("sns", settings.own_region),
        own_client("events", settings.own_region),
        settings.topic_arn,
        settings.event_bus,
    )
    delivered, problems = announcer.deliver(claimed, remaining_seconds)
    for announcement_id, channel in sorted(delivered):
        LOG.info("announced", extra={"announcement": announcement_id, "channel": channel})
    store.update(stored, lambda state: settle(state, run, delivered))
    if problems:
        raise MonitorError("not announced, to be repeated by the next run: " + "; ".join(problems))


def _report(settings: Settings, results: tuple[ProbeResult, ...], state: MonitorState | None) -> dict[str, Any]:
    """What was found, for people who read the log; without a status where there is no state to tell it from."""
    return {
        "region": settings.region,
        "status": state.region if state else None,
        "counted": state is not None,
        "probes": [
            {
                "name": result.name,
                "required": result.required,
                "outcome": result.outcome,
                "latency_ms": result.latency_ms,
                "reason": result.reason,
                **({"health": vars(state.probes[result.name])} if state else {}),
            }
            for result in results
        ],
    }
