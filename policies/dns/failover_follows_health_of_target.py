"""Policy failover-follows-health-of-target."""

from collections.abc import Iterator

from policies.dns import failover
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="failover-follows-health-of-target",
    title="A failover record follows the health of what it leads to",
    remediation="Name in health_check_id a check of the record's own target, and evaluate the target's health in its "
    "alias.",
    severity="high",
    applies_to=(failover.RECORD,),
)
def judge(record: Resource, graph: ResourceGraph, *, probed: bool = False) -> Iterator[Finding]:
    """A primary record that nothing tells of its target's end answers with it for ever. A check that asks something
    else, or is disabled, is the same with a green light on it.

    With `probed` both records need a check of their own, and an alias has to follow its target's health as well."""
    part = failover.part(record)
    named = record.attribute("health_check_id")
    is_named = named.is_unresolved or bool(named.text)
    evaluated = [alias.attribute("evaluate_target_health") for alias in record.blocks("alias")]
    if not part:
        yield record.not_applicable("no failover record")
    elif is_named:
        yield from _check_findings(record, graph, probed=probed)
    elif probed or (part == failover.PRIMARY and not any(one.is_true for one in evaluated)):
        yield named.fails("no health check is named")
    else:
        yield record.passes("it follows its target" if part == failover.PRIMARY else "nothing stands behind it")
    if part and probed:
        yield from (one.fails("its target's own health is not asked") for one in evaluated if not one.is_true)


def _check_findings(record: Resource, graph: ResourceGraph, *, probed: bool) -> Iterator[Finding]:
    named = record.attribute("health_check_id")
    checks = failover.checks_of(record, graph)
    others = [one for one in failover.of_one_name(record, graph) if one is not record and failover.part(one)]
    foreign = [target for one in others for target in failover.leads_to(one)]
    for check in checks:
        own = [failover.probes(check, target, graph) for target in failover.leads_to(record)]
        asks = check.attribute("type").text in failover.ENDPOINT_TYPES
        if blind := failover.is_blind(check):
            yield named.fails(f"{check.address} {blind}")
        elif True in own or (not asks and not probed):
            yield named.passes(f"{check.address} watches its target")
        elif False in own or any(failover.probes(check, target, graph) for target in foreign) or not asks:
            yield named.fails(f"{check.address} does not ask what the record leads to")
        else:
            yield named.undetermined(f"whether {check.address} asks what the record leads to is not known here")
    if not checks:
        yield named.undetermined("the health check is not part of this input")
