"""A function that dies in the middle of a rotation: before and after every one of its calls to the outside.

After each death the application can log in, as far as the strategy promises; and the rotation is completed by its
next attempt, or by the next rotation if it is given up. A death before a call is followed by the one, a death after
it by the other: as nothing happens between two calls, every state a dead function can leave goes through both.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.lambda_functions.fault_cases import FaultCases
from tests.lambda_functions.outside_calls import Killed, OutsideCalls, watched
from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import STEPS, NewSecret, RotatingSecret
from tests.lambda_functions.servers import DatabaseServer

Server = DatabaseServer | PostgreSqlServer


# What powertools says when a function dies without a metric.
pytestmark = [
    pytest.mark.filterwarnings("ignore:No application metrics to publish"),
    pytest.mark.filterwarnings("ignore:Dimension 'step' has already been added"),
]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, secrets_manager: Any) -> OutsideCalls:
    return watched(monkeypatch, secrets_manager)


@pytest.mark.parametrize("strategy", ["alternating-users", "by-master", "single-user"])
def test_a_rotation_that_is_killed_is_completed_by_its_next_attempt_or_by_the_next_rotation(
    calls: OutsideCalls, new_secret: NewSecret, server: Server, strategy: str, fault_cases: FaultCases
) -> None:
    secret = new_secret(server, strategy).rotated_once()
    secret.rotate()  # from now on all users exist
    for number, when in places(calls, secret):
        secret_dies(secret, calls, (number, when))
        if when == "before":
            retry(secret)
        else:
            give_up(secret)
        fault_cases.passed("crashes")


@pytest.mark.parametrize("earlier_rotations", [0, 1], ids=["first user", "second user"])
def test_a_rotation_that_is_killed_while_it_creates_a_user_is_completed(
    calls: OutsideCalls, new_secret: NewSecret, server: Server, earlier_rotations: int, fault_cases: FaultCases
) -> None:
    def fresh() -> RotatingSecret:
        secret = new_secret(server)
        for _ in range(earlier_rotations):
            secret.rotate()
        return secret

    for number, when in places(calls, fresh()):
        if when == "before":  # leaves what the death after the call before it leaves
            continue
        secret = fresh()
        secret_dies(secret, calls, (number, when))
        retry(secret)
        fault_cases.passed("crashes")


def places(calls: OutsideCalls, secret: RotatingSecret) -> list[tuple[int, str]]:
    """Before and after each call of an undisturbed rotation."""
    calls.watch()
    secret.rotate()
    names = list(calls.names)
    assert names.count("connect") >= 3
    assert "update_secret_version_stage" in names
    assert len(names) > 5 * len(STEPS)
    return [(number, when) for number in range(len(names)) for when in ("before", "after")]


def secret_dies(secret: RotatingSecret, calls: OutsideCalls, place: tuple[int, str]) -> None:
    def die() -> None:
        raise Killed

    token = secret.start_rotation()
    calls.watch(place, die)
    with pytest.raises(Killed):
        secret.finish(token)
    calls.watch()
    holds = promise_of(secret.strategy)
    assert holds(secret), f"{secret.strategy}, dead {place[1]} call {place[0]}: the application cannot log in"


def promise_of(strategy: str) -> Callable[[RotatingSecret], bool]:
    """What the application can rely on between any two calls."""
    return current_works if strategy == "alternating-users" else current_or_pending_works


def current_works(secret: RotatingSecret) -> bool:
    return secret.current_logs_in() or "password" not in secret.document()


def current_or_pending_works(secret: RotatingSecret) -> bool:
    return current_works(secret) or secret.logs_in(secret.document("AWSPENDING"))


def retry(secret: RotatingSecret) -> None:
    [token] = [version for version, stages in secret.stages().items() if "AWSPENDING" in stages]
    secret.finish(token)
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.current_logs_in()


def give_up(secret: RotatingSecret) -> None:
    token = secret.rotate()
    assert "AWSCURRENT" in secret.stages()[token]
    assert secret.current_logs_in()
