"""Policies x resources -> assessments. Pure: no files, no clock, no output."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from policies.graph import ResourceGraph
from policies.known_secrets import hiding
from policies.model import Asked, Assessment, Finding, Policy, worst
from policies.resources import Resource, Undetermined, without_keys

Requirements = Mapping[str, tuple[str, ...]]
UNASKED = "no specification of the stack asks for it"


def assess(
    graph: ResourceGraph,
    stack: str,
    policies: Iterable[Policy],
    requirements: Requirements = MappingProxyType({}),
    asked: Mapping[str, Asked] = MappingProxyType({}),
) -> Iterator[Assessment]:
    """Every policy on every resource of its population in one stack.

    `requirements` says which requirements a policy is evidence for, `asked` what the stack's specification asks of
    which policy.
    A policy that judges nothing gives one assessment with an empty address, so that a reader sees that it ran: a
    failure where a specification asks for the policy, since then something is missing, not-applicable elsewhere.
    """
    hide = hiding(graph)
    for policy in policies:
        wanted = asked.get(policy.id)
        if policy.waits_to_be_asked and wanted is None:
            yield _assessment(policy, stack, None, [Finding("not-applicable", "", None, UNASKED)], requirements)
            continue
        judged = wanted is None
        population = graph.of_type(*policy.applies_to)
        for resource in population:
            findings = _findings(policy, resource, graph, wanted or Asked())
            assessment = hide(_assessment(policy, stack, resource, findings, requirements))
            judged = judged or assessment.outcome != "not-applicable"
            yield assessment
        if not population or not judged:
            yield _assessment(policy, stack, None, [_nothing(policy, graph, wanted)], requirements)


def settle(plan: Iterable[Assessment], configuration: Iterable[Assessment]) -> Iterator[Assessment]:
    """The assessments of a plan; where its unknown values leave one open, what the plan's configuration shows decides.

    `configuration` are the assessments of the configuration that the plan was made from. A policy that passes there
    holds whatever the values that are known after apply turn out to be, and so it does in the plan. It also tells
    which line of the program made a resource, which a plan does not.
    """
    shown = {(one.policy, one.address): one for one in configuration}
    for one in plan:
        known = shown.get((one.policy, one.address)) or shown.get((one.policy, without_keys(one.address)))
        if known is None:
            yield one
            continue
        one = replace(one, construct_path=known.construct_path, source=known.source)
        if one.outcome == "undetermined" and known.outcome == "pass":
            message = f"{known.message} (in the configuration; known after apply in the plan)"
            one = replace(one, outcome="pass", attribute=known.attribute, observed=known.observed, message=message)
        yield one


def _nothing(policy: Policy, graph: ResourceGraph, wanted: Asked | None) -> Finding:
    """The finding of a policy that had nothing to judge."""
    types = ", ".join(policy.applies_to[:3]) + (", ..." if len(policy.applies_to) > 3 else "")
    present = graph.of_type(*policy.applies_to)
    missing = f"the claim concerns no {types} of the stack" if present else f"no {types} in the stack"
    if wanted is None:
        return Finding("not-applicable", "", None, missing)
    missing += f", and {', '.join(wanted.by) or 'a specification'} asks for one"
    if graph.of_type("module"):
        return Finding("undetermined", "", None, f"{missing}: it may be in a module, which is not part of this input")
    return Finding("fail", "", None, missing)


def _findings(policy: Policy, resource: Resource, graph: ResourceGraph, asked: Asked) -> list[Finding]:
    """What the policy says; silence, unknown values and crashes are all "undetermined", never a pass."""
    findings: list[Finding] = []
    try:
        for finding in policy.judge(resource, graph, **asked.parameters):
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
