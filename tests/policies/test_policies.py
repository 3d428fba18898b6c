"""Every policy on its fixtures: exactly the expected outcome on every resource, no more and no less.

A fixture is legal Terraform JSON whose top-level comment says what to expect: {"expected": {address: [outcome,
attribute]}}. Its file name starts with the outcome that it shows. "asked" holds the parameters with which a
specification asks for the policy; without it none does.
"""

import inspect
import json
from pathlib import Path

import pytest

from policies import documents, engine, specifications
from policies.model import OUTCOMES, Asked, Policy
from policies.registry import catalogue
from policies.source_code import unwritten_lines

FIXTURES = sorted(Path(__file__).parent.glob("*/*/*.tf.json"))
POLICIES = {policy.id: policy for policy in catalogue()}


def policy_of(fixture: Path) -> Policy:
    return POLICIES[fixture.parent.name.replace("_", "-")]


def fixtures_of(policy: Policy) -> list[Path]:
    return [fixture for fixture in FIXTURES if fixture.parent.name == policy.id.replace("-", "_")]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name[:-8]}")
def test_policy_finds_exactly_what_the_fixture_expects(fixture: Path) -> None:
    [document] = documents.read([fixture])
    policy, about = policy_of(fixture), json.loads(fixture.read_text())["//"]
    asked = {policy.id: Asked(specifications.parameters(policy, about["asked"]))} if "asked" in about else {}
    assessments = list(engine.assess(document.graph, document.stack, [policy], asked=asked))
    expected = about["expected"]
    assert [one.message for one in assessments if "the policy failed" in one.message] == []
    assert {one.address: [one.outcome, one.attribute] for one in assessments} == expected
    shown = next(outcome for outcome in OUTCOMES if fixture.name.startswith(outcome))
    assert shown in {outcome for outcome, _ in expected.values()}


@pytest.mark.parametrize("policy", catalogue(), ids=lambda policy: policy.id)
def test_policy_is_shown_accepting_rejecting_and_not_knowing(policy: Policy) -> None:
    names = [fixture.name for fixture in fixtures_of(policy)]
    wanted = ["undetermined-"]
    if policy.id != "modules-are-judged":  # its one verdict is that nobody can tell
        wanted += ["pass-", "fail-attribute-missing"]
    assert [start for start in wanted if not any(name.startswith(start) for name in names)] == []


@pytest.mark.parametrize("policy", catalogue(), ids=lambda policy: policy.id)
def test_policy_is_presentable(policy: Policy) -> None:
    assert len(policy.rationale) > 60
    assert policy.title[0].isupper()
    assert not policy.title.endswith(".")
    assert policy.applies_to
    assert list(unwritten_lines(Path(inspect.getfile(policy.judge)))) == []
