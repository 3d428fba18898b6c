"""Policies x resources -> assessments. Pure: no files, no clock, no output."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from policies.graph import ResourceGraph
from policies.model import Assessment, Finding, Policy, worst
from policies.resources import Resource, Undetermined

Requirements = Mapping[str, tuple[str, ...]]


def assess(
    graph: ResourceGraph, stack: str, policies: Iterable[Policy], requirements: Requirements = MappingProxyType({})
) -> Iterator[Assessment]:
    """Every policy on every resource of its population in one stack.

    `requirements` says which requirements a policy is evidence for.
    A policy without population gives one assessment with an empty address: not-applicable, so that a reader sees
    that it ran and found nothing to judge.
    """
    for policy in policies:
        population = graph.of_type(*policy.applies_to)
        if not population:
            types = ", ".join(policy.applies_to[:3]) + (", ..." if len(policy.applies_to) > 3 else "")
            nothing = Finding("not-applicable", "", None, f"no {types} in the stack")
            yield _assessment(policy, stack, None, [nothing], requirements)
        for resource in population:
            yield _assessment(policy, stack, resource, _findings(policy, resource, graph), requirements)


def _findings(policy: Policy, resource: Resource, graph: ResourceGraph) -> list[Finding]:
    """What the policy says; silence, unknown values and crashes are all "undetermined", never a pass."""
    findings: list[Finding] = []
    try:
        for finding in policy.judge(resource, graph):
            findings.append(finding)  # one by one: what was found before an unknown value counts
    except Undetermined as unknown:
        findings.append(unknown.finding)
    except Exception as error:  # a broken policy must not end the run, nor look like a verdict
        message = f"the policy failed: {type(error).__name__}: {error}"
        findings.append(Finding("undetermined", "", None, message))
    return findings or [Finding("undetermined", "", None, "the policy gave no verdict")]


def _assessment(
    policy: Policy, stack: str, resource: Resource | None, findings: list[Finding], requirements: Requirements
) -> Assessment:
    outcome = worst([finding.outcome for finding in findings])
    deciding = [finding for finding in findings if finding.outcome == outcome]
    return Assessment(
        policy=policy.id,
        engine="policies",
        stack=stack,
        address=resource.address if resource else "",
        outcome=outcome,
        severity=policy.severity,
        attribute=deciding[0].attribute,
        observed=deciding[0].observed,
        message="; ".join(dict.fromkeys(finding.message for finding in deciding)),
        remediation=policy.remediation,
        construct_path=resource.construct_path if resource else None,
        source=resource.source if resource else None,
        requirements=requirements.get(policy.id, ()),
    )
