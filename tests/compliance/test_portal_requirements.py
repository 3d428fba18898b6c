"""Every requirement of the portal is held: the portal meets it, and whoever breaks it hears from the named policy."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine, specifications
from policies.model import Assessment
from policies.registry import catalogue
from tests.compliance import (
    portal_compute_breaks,
    portal_delivery_breaks,
    portal_network_breaks,
    portal_operations_breaks,
)
from tests.compliance.breaking import Break, Stack
from tests.policies.conftest import ROOT, write

POLICIES = {policy.id: policy for policy in catalogue()}
PORTAL = specifications.read_all(catalogue())["portal"]
BREAKS = (
    *portal_network_breaks.BREAKS,
    *portal_compute_breaks.BREAKS,
    *portal_delivery_breaks.BREAKS,
    *portal_operations_breaks.BREAKS,
)
WAIVED = ("encrypted-with-kms", "aws_s3_bucket.storage_access_logs_bucket")  # with its reason in waivers.yaml
HELD = [(requirement.id, policy) for requirement in PORTAL.requirements for policy in requirement.policies]


def judged(path: Path, *policy_ids: str) -> list[Assessment]:
    [document] = documents.read([path], "portal")
    policies = [POLICIES[id_] for id_ in policy_ids]
    return list(engine.assess(document.graph, "portal", policies, asked=PORTAL.asked))


@pytest.fixture(scope="module")
def synthesized(portal: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((portal / "cdk.tf.json").read_text())
    return document


@pytest.mark.parametrize("policy", sorted(PORTAL.asked))
def test_the_portal_meets_what_its_specification_asks(policy: str, portal: Path) -> None:
    findings = [one for one in judged(portal, policy) if one.outcome not in ("pass", "not-applicable")]
    assert [one for one in findings if (one.policy, one.address) != WAIVED] == []


@pytest.mark.parametrize("way", BREAKS, ids=str)
def test_a_broken_requirement_fails_the_policy_that_holds_it(
    way: Break, synthesized: dict[str, Any], tmp_path: Path
) -> None:
    broken = Stack(copy.deepcopy(synthesized))
    way.change(broken)
    assert broken.document != synthesized
    assessments = judged(write(tmp_path / "cdk.tf.json", broken.document), way.policy)
    failing = [one for one in assessments if one.outcome == "fail"]
    assert [one for one in failing if (one.policy, one.address) != WAIVED] != []


def test_every_policy_of_every_requirement_is_broken_at_least_once() -> None:
    broken = {(way.requirement, way.policy) for way in BREAKS}
    assert [held for held in HELD if held not in broken] == []


def test_breaks_are_of_requirements_that_name_the_policy() -> None:
    assert [str(way) for way in BREAKS if (way.requirement, way.policy) not in HELD] == []


@pytest.mark.parametrize("requirement", PORTAL.requirements, ids=lambda requirement: requirement.id)
def test_the_tests_that_hold_a_requirement_exist(requirement: specifications.SystemRequirement) -> None:
    assert [test for test in requirement.tests if not (ROOT / test).is_file()] == []


def test_every_requirement_of_the_portal_is_listed() -> None:
    source = ROOT.parent / "shared" / "requirements.md"
    if not source.exists():
        pytest.skip("the requirements that the specification is made from are not beside this checkout")
    section = source.read_text().partition("## P ")[2].partition("## D ")[0]
    listed = {word.strip("*") for word in section.split() if word.startswith("**P-")}
    assert {requirement.id for requirement in PORTAL.requirements} == listed
