"""No policy stumbles over a value of another type than it reads: its fixtures, each with one value replaced."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine, specifications
from policies.errors import InputError
from policies.model import Asked
from policies.registry import catalogue
from tests.policies.conftest import write

HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1.5, "", "x", "*", "1", "${", "${var.given}", "${aws_vpc.nowhere.id}"),
    *([], {}, [None], [[]], [{}], ["x", None, {}], {"x": {"y": None}}),
    '{"Statement": {"Effect": "Allow", "Action": [null, 1, {}], "Resource": [[]], "Principal": [1], "Condition": 1}}',
)
ROUNDS = 3


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container below, with each of its keys."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@pytest.mark.parametrize("policy", catalogue(), ids=lambda policy: policy.id)
def test_a_value_of_another_type_is_no_crash_of_the_policy(policy: Any, tmp_path: Path) -> None:
    chance = random.Random(policy.id)
    for fixture in sorted(Path(__file__).parent.glob(f"*/{policy.id.replace('-', '_')}/*.tf.json")):
        content = json.loads(fixture.read_text())
        about = content.pop("//")
        asked = {policy.id: Asked(specifications.parameters(policy, about["asked"]))} if "asked" in about else {}
        for _ in range(ROUNDS):
            changed = copy.deepcopy(content)
            bodies = [body for named in changed.get("resource", {}).values() for body in named.values()]
            found = [place for body in bodies for place in places(body)]
            if not found:
                continue
            container, key = chance.choice(found)
            container[key] = chance.choice(HOSTILE)
            try:
                [document] = documents.read([write(tmp_path / "main.tf.json", changed)])
            except InputError:
                continue
            for one in engine.assess(document.graph, document.stack, [policy], asked=asked):
                assert "the policy failed" not in one.message, json.dumps(changed)
