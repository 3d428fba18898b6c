"""Three failures in a row mean down, three successes up again: the rules against a definition in one line each."""

from collections.abc import Sequence

import pytest
from check_region_health.errors import MonitorError
from check_region_health.health import Outcome, ProbeHealth, ProbeResult, Status, Thresholds, region_status
from check_region_health.monitor_state import MonitorState, claim, observe, settle
from hypothesis import given
from hypothesis import strategies as st

from tests.lambda_functions.region_health_monitor import OWN_REGION, PERIOD, START, settings_with

OUTCOMES = {"S": Outcome.OK, "F": Outcome.FAILED, "U": Outcome.UNDETERMINED}

histories = st.text("SFU", max_size=40)
thresholds = st.builds(Thresholds, st.integers(1, 5), st.integers(1, 5))


def is_down(history: str, failures: int, successes: int) -> bool:
    """Some run of failures was long enough, and no run of successes after it was."""
    return any(
        history[:end].endswith("F" * failures) and "S" * successes not in history[end:]
        for end in range(len(history) + 1)
    )


def status_by_definition(history: str, limits: Thresholds) -> Status:
    seen = history.replace("U", "")
    if is_down(seen, limits.failures_until_down, limits.successes_until_up):
        return Status.DOWN
    return Status.UP if "S" in seen else Status.UNKNOWN


def statuses(history: str, limits: Thresholds) -> list[Status]:
    health, found = ProbeHealth(), []
    for outcome in history:
        health = health.after(OUTCOMES[outcome], limits)
        found.append(health.status)
    return found


@given(histories, thresholds)
def test_a_status_is_what_the_definition_says_after_every_outcome(history: str, limits: Thresholds) -> None:
    expected = [status_by_definition(history[: end + 1], limits) for end in range(len(history))]
    assert statuses(history, limits) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("SFFF", "UUUD"),
        ("SFFSFFSF", "UUUUUUUU"),  # flapping below three is no news
        ("FFF", "??D"),
        ("F", "?"),
        ("U", "?"),
        ("FFUF", "???D"),
        ("FFFSSS", "??DDDU"),
        ("FFFSSFSSS", "??DDDDDDU"),
        ("FFFSUSS", "??DDDDU"),
    ],
)
def test_the_rules_by_example(history: str, expected: str) -> None:
    letters = {Status.UP: "U", Status.DOWN: "D", Status.UNKNOWN: "?"}
    assert "".join(letters[status] for status in statuses(history, Thresholds())) == expected


@given(st.lists(st.tuples(st.sampled_from("SFU"), st.sampled_from("SFU"), st.sampled_from("SFU")), max_size=25))
def test_announced_is_every_change_of_status_once_and_nothing_else(rows: list[tuple[str, str, str]]) -> None:
    """Of two required probes and one that is not, and of the region."""
    settings = settings_with("first", "second", optional=("third",))
    state, announced = MonitorState(), []
    for number, row in enumerate(rows):
        results = results_of(row)
        state = observe(state, results, START + number * PERIOD, f"run-{number}", settings)
        state = claim(state, f"run-{number}", number, number + 1)
        mine = [announcement for announcement in state.outbox if announcement.claimed_by == f"run-{number}"]
        announced += [(number, announcement.detail) for announcement in mine]
        deliveries = {(announcement.id, channel) for announcement in mine for channel in announcement.channels}
        state = settle(state, f"run-{number}", deliveries)
        assert state.outbox == ()
        assert MonitorState.from_json(state.to_json()) == state

    expected = []
    columns = ["".join(column) for column in zip(*rows, strict=True)] if rows else []
    before = dict.fromkeys(["first", "second", "third", OWN_REGION], Status.UNKNOWN)
    for number in range(len(rows)):
        now = {
            name: status_by_definition(column[: number + 1], Thresholds())
            for name, column in zip(before, columns, strict=False)
        }
        required = {now["first"], now["second"]}
        now[OWN_REGION] = (
            Status.DOWN if Status.DOWN in required else Status.UP if required == {Status.UP} else before[OWN_REGION]
        )
        expected += [(number, name, before[name], now[name]) for name in now if now[name] is not before[name]]
        before = now
    found = [(number, detail["subject"], detail["previous_status"], detail["status"]) for number, detail in announced]
    assert found == expected
    assert len({detail["id"] for _, detail in announced}) == len(announced)


def results_of(row: Sequence[str]) -> list[ProbeResult]:
    names = ("first", "second", "third")
    return [
        ProbeResult(name, name != "third", OUTCOMES[letter], 1, "as told")
        for name, letter in zip(names, row, strict=False)
    ]


def test_a_region_with_an_unknown_probe_stays_what_it_was() -> None:
    for previous in Status:
        assert region_status(previous, [Status.UP, Status.UNKNOWN]) is previous
        assert region_status(previous, [Status.DOWN, Status.UNKNOWN]) is Status.DOWN


def first_look() -> MonitorState:
    return observe(MonitorState(), results_of("S"), START, "one", settings_with("first"))


def test_what_is_claimed_is_left_alone_until_the_claim_runs_out() -> None:
    claimed = claim(first_look(), "one", now=0, until=60)
    assert {announcement.claimed_by for announcement in claimed.outbox} == {"one"}
    assert claim(claimed, "two", now=59, until=120) == claimed
    taken_over = claim(claimed, "two", now=60, until=120)
    assert {announcement.claimed_by for announcement in taken_over.outbox} == {"two"}
    assert settle(taken_over, "one", set()) == taken_over


def test_what_one_channel_did_not_take_is_kept_for_that_channel() -> None:
    state = claim(first_look(), "one", now=0, until=60)
    left = settle(state, "one", {(announcement.id, "sns") for announcement in state.outbox}).outbox
    assert [announcement.channels for announcement in left] == [("eventbridge",), ("eventbridge",)]
    assert {(announcement.claimed_by, announcement.claimed_until) for announcement in left} == {("", 0.0)}
    assert [announcement.detail for announcement in left] == [announcement.detail for announcement in state.outbox]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"format": 2}',
        first_look().to_json().replace('"UP"', '"FINE"'),
        first_look().to_json()[:-9],
    ],
)
def test_a_state_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(MonitorError, match="state"):
        MonitorState.from_json(text)
