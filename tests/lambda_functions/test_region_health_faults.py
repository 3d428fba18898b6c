"""A monitor that dies, or is told off, before and after every one of its calls; and two that run at once.

Whatever happens, every change of status is announced, under one id, through both channels. What the function sees
of a fault: `killed` ends it at once, `failed` is a call that comes to nothing, or whose answer is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from check_region_health import clients
from check_region_health.errors import MonitorError
from check_region_health.monitor_state import MonitorState

from tests.lambda_functions.region_health_monitor import OWN_REGION, Region, change, new_region


class Killed(BaseException):
    """The function is gone; no `except Exception` of its own may notice."""


def kill() -> None:
    raise Killed


def fail() -> None:
    raise EndpointConnectionError(endpoint_url="https://service.example.test")


class OutsideCalls:
    """Counts the function's calls of AWS, and does something before or after one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._at: tuple[str, int] | None = None
        self._action: Callable[[], Any] = kill

    def watch(self, events: Any) -> None:
        events.register("before-call", self._before)
        events.register("after-call", self._after)

    def expect(self, at: tuple[str, int] | None, action: Callable[[], Any] = kill) -> None:
        """Count from zero again, and do `action` (`before` or `after`, number)."""
        self.names, self._at, self._action = [], at, action

    def _before(self, model: Any, **_: Any) -> None:
        self.names.append(model.name)
        self._act("before")

    def _after(self, **_: Any) -> None:
        self._act("after")

    def _act(self, moment: str) -> None:
        if self._at == (moment, len(self.names) - 1):
            self._at = None  # an action may make calls of its own
            self._action()


@pytest.fixture(scope="module")
def watched() -> Iterator[OutsideCalls]:
    """Sees what the function's clients do; it makes them anew for that, and once."""
    calls, before = OutsideCalls(), boto3.DEFAULT_SESSION
    boto3.setup_default_session()
    calls.watch(boto3.DEFAULT_SESSION.events)
    for make in (clients.own_client, clients.probing_client):
        make.cache_clear()
    yield calls
    boto3.DEFAULT_SESSION = before
    for make in (clients.own_client, clients.probing_client):
        make.cache_clear()


@pytest.fixture
def calls(watched: OutsideCalls) -> OutsideCalls:
    watched.expect(None)
    return watched


@pytest.fixture
def region(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Region:
    """With one probe, so that the calls come in one order."""
    region = new_region(aws_url, monkeypatch)
    region.probes = region.probes[:1]
    region.set_environment()
    return region


def about_to_come_up(region: Region) -> str:
    return "UNKNOWN UP"


def about_to_go_down(region: Region) -> str:
    region.look()
    region.delete_bucket()
    region.look()
    region.look()
    return "UP DOWN"


def about_to_come_back(region: Region) -> str:
    about_to_go_down(region)
    region.look()
    region.create_bucket()
    region.look()
    region.look()
    return "DOWN UP"


@pytest.mark.parametrize(
    ("prepare", "fault"),
    [
        (about_to_come_up, kill),
        (about_to_go_down, kill),
        (about_to_go_down, fail),
        (about_to_come_back, fail),
    ],
)
def test_no_change_is_lost_or_announced_under_two_ids_by_a_fault_before_or_after_any_call(
    region: Region,
    calls: OutsideCalls,
    prepare: Callable[[Region], str],
    fault: Callable[[], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, after = prepare(region).split(" ")
    item, now = region.item(), region.now
    region.received()
    expected = [("files", before, after), (OWN_REGION, before, after)]

    calls.expect(None)
    region.look()
    undisturbed = calls.names
    assert undisturbed.count("Publish") == undisturbed.count("PutEvents") == 2
    assert undisturbed.count("PutItem") == 2
    for details in region.received().values():
        assert list(map(change, details)) == expected

    cases = [(moment, number) for number in range(len(undisturbed)) for moment in ("before", "after")]
    for case in cases:
        region.restore(item)
        region.now = now
        event = region.next_event()

        calls.expect(case, fault)
        end_badly(region, event)
        assert calls.names, case
        calls.expect(None)
        invoke_until_settled(region, event, after)

        for channel, details in region.received().items():
            by_id = {detail["id"]: change(detail) for detail in details}  # what is left without doubles, in order
            assert list(by_id.values()) == expected, (case, channel)
    with capsys.disabled():
        print(f" region health, {prepare.__name__}, {fault.__name__}: {len(cases)} cases ")


def end_badly(region: Region, event: dict[str, Any]) -> None:
    """Invoke, whatever comes of it: a fault in a probe is its failure, any other ends the invocation."""
    try:
        region.invoke(event)
    except (Killed, MonitorError):
        return


def invoke_until_settled(region: Region, event: dict[str, Any], status: str) -> None:
    """Lambda tries again at once, and the schedule goes on; a failure that was counted delays things by two runs."""
    region.invoke(event)
    for _ in range(4):
        region.look()
        state = region.state()
        if state.region == status and not state.outbox:
            return
    pytest.fail(f"not settled: {state}")


@pytest.mark.parametrize("prepare", [about_to_come_up, about_to_go_down])
def test_the_same_run_twice_at_once_counts_once_and_announces_once(
    region: Region, calls: OutsideCalls, prepare: Callable[[Region], str]
) -> None:
    """The second comes and goes between any two calls of the first."""
    before, after = prepare(region).split(" ")
    item, now = region.item(), region.now
    region.received()
    calls.expect(None)
    region.look()
    total = len(calls.names)
    (counted,) = region.state().probes.values()
    region.received()

    for number in range(total):
        region.restore(item)
        region.now = now
        event = region.next_event()
        calls.expect(("before", number), lambda event=event: region.invoke(event))
        region.invoke(event)
        assert region.state().probes == {"files": counted}, number
        assert region.state().outbox == ()
        for channel, details in region.received().items():
            found = [change(detail) for detail in details]
            assert sorted(found) == sorted([("files", before, after), (OWN_REGION, before, after)]), (number, channel)


def test_a_slow_run_overtaken_by_the_next_one_neither_loses_nor_doubles_an_announcement(
    region: Region, calls: OutsideCalls
) -> None:
    """Two failures were seen; the third is seen by the slow run, by the one that overtakes it, or by both."""
    about_to_go_down(region)
    item, now = region.item(), region.now
    region.received()
    calls.expect(None)
    region.look()
    total = len(calls.names)
    region.received()
    for number in range(total):
        region.restore(item)
        region.now = now
        event = region.next_event()
        overtaking = region.next_event()
        calls.expect(("before", number), lambda event=overtaking: region.invoke(event))
        region.invoke(event)
        assert region.state().has_counted(datetime.fromisoformat(overtaking["time"]))
        region.look()
        for details in region.received().values():
            assert sorted(map(change, details)) == [("files", "UP", "DOWN"), (OWN_REGION, "UP", "DOWN")], number
        assert region.state().outbox == ()


def test_a_write_whose_answer_is_lost_is_recognised_as_ones_own(region: Region, calls: OutsideCalls) -> None:
    """The SDK repeats the call then, and finds the condition no longer true: done here as the call is repeated."""
    about_to_go_down(region)
    region.received()
    client = clients.own_client("dynamodb", OWN_REGION)
    repeated: list[bytes] = []

    def send_twice(request: Any, **_: Any) -> None:
        if not repeated:
            repeated.append(request.body)
            URLLib3Session().send(request)

    client.meta.events.register("before-send.dynamodb.PutItem", send_twice)
    assert region.look()["counted"] is True
    client.meta.events.unregister("before-send.dynamodb.PutItem", send_twice)
    assert repeated
    assert region.changes() == Counter({("files", "UP", "DOWN"): 1, (OWN_REGION, "UP", "DOWN"): 1})
    assert region.state().outbox == ()


def test_what_a_dead_run_had_claimed_is_left_alone_until_that_run_must_be_over(
    region: Region, calls: OutsideCalls
) -> None:
    event = region.next_event()
    calls.expect(("before", 3), kill)  # the first announcement
    with pytest.raises(Killed):
        region.invoke(event)
    calls.expect(None)
    region.invoke(event)
    assert region.received() == {"sns": [], "eventbridge": []}
    claimed: MonitorState = region.state()
    assert {announcement.claimed_until for announcement in claimed.outbox} == {region.now.timestamp() + 60}
    region.look()
    assert [len(details) for details in region.received().values()] == [2, 2]
