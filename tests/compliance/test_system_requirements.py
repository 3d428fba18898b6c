"""Every requirement of every system is held: its stacks meet it, and whoever breaks it hears from the named policy."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine, specifications, waivers
from policies.model import Assessment
from policies.registry import catalogue
from tests.compliance import (
    portal_compute_breaks,
    portal_delivery_breaks,
    portal_network_breaks,
    portal_operations_breaks,
    recovery_global_breaks,
    recovery_region_breaks,
    transactions_api_breaks,
    transactions_data_breaks,
)
from tests.compliance.breaking import Break, Stack
from tests.policies.conftest import ROOT, write

POLICIES = {policy.id: policy for policy in catalogue()}
SPECIFIED = specifications.read_all(catalogue())
SYSTEMS = tuple({one.system: one for one in SPECIFIED.values()}.values())
BREAKS = (
    *portal_network_breaks.BREAKS,
    *portal_compute_breaks.BREAKS,
    *portal_delivery_breaks.BREAKS,
    *portal_operations_breaks.BREAKS,
    *recovery_region_breaks.BREAKS,
    *recovery_global_breaks.BREAKS,
    *transactions_api_breaks.BREAKS,
    *transactions_data_breaks.BREAKS,
)
HELD = [
    (requirement.id, held.policy, stack)
    for system in SYSTEMS
    for requirement in system.requirements
    for held in requirement.held
    for stack in held.stacks
]
ASKED = [(stack, policy) for stack, system in SPECIFIED.items() for policy in sorted(system.asked(stack))]
WAIVED = {
    (one.policy, one.stack, address)
    for one in waivers.read(ROOT / waivers.FILE)[0]
    for address in one.addresses
    if not one.environments
}
# The section of the requirements that each system is made from.
SECTIONS = {"Customer portal": "P", "Disaster recovery": "D", "Transaction API": "T"}


def wrong(path: Path, stack: str, policy: str) -> list[Assessment]:
    """What is neither met nor accepted, when the specification of the stack asks."""
    [document] = documents.read([path], stack)
    asked = SPECIFIED[stack].asked(stack)
    found = engine.assess(document.graph, stack, [POLICIES[policy]], asked=asked)
    unmet = [one for one in found if one.outcome not in ("pass", "not-applicable")]
    return [one for one in unmet if (one.policy, stack, one.address) not in WAIVED]


@cache
def written(stack: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((stack / "cdk.tf.json").read_text())
    return document


@pytest.mark.parametrize(("stack", "policy"), ASKED)
def test_a_stack_meets_what_its_specification_asks(stack: str, policy: str, stacks: Path) -> None:
    assert wrong(stacks / stack, stack, policy) == []


@pytest.mark.parametrize("way", BREAKS, ids=str)
def test_a_broken_requirement_fails_the_policy_that_holds_it(way: Break, stacks: Path, tmp_path: Path) -> None:
    synthesized = written(stacks / way.stack)
    broken = Stack(copy.deepcopy(synthesized))
    way.change(broken)
    assert broken.document != synthesized
    path = write(tmp_path / "cdk.tf.json", broken.document)
    assert "fail" in {one.outcome for one in wrong(path, way.stack, way.policy)}


def test_every_policy_of_every_requirement_is_broken_at_least_once_in_each_stack() -> None:
    broken = {(way.requirement, way.policy, way.stack) for way in BREAKS}
    assert [held for held in HELD if held not in broken] == []


def test_breaks_are_of_requirements_that_name_the_policy() -> None:
    assert [str(way) for way in BREAKS if (way.requirement, way.policy, way.stack) not in HELD] == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.system)
def test_the_tests_that_hold_a_requirement_exist(system: specifications.Specification) -> None:
    named = {test for requirement in system.requirements for test in requirement.tests}
    assert sorted(test for test in named if not (ROOT / test).is_file()) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.system)
def test_every_requirement_of_a_system_is_listed(system: specifications.Specification) -> None:
    source = ROOT.parent / "shared" / "requirements.md"
    if not source.exists():
        pytest.skip("the requirements that the specifications are made from are not beside this checkout")
    letter = SECTIONS[system.system]
    section = source.read_text().partition(f"## {letter} ")[2].partition("\n## ")[0]
    listed = {word.strip("*,.:;") for word in section.split() if word.startswith(f"**{letter}-")}
    assert {requirement.id for requirement in system.requirements} == listed
