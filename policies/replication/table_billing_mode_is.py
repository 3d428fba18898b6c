"""Policy table-billing-mode-is."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.replication.replicas import TABLE
from policies.resources import Resource

_DEFAULT = "PROVISIONED"


@policy(
    id="table-billing-mode-is",
    title="A DynamoDB table has the capacity mode that was planned for it",
    remediation="Set billing_mode of the table: PAY_PER_REQUEST for capacity on demand.",
    severity="medium",
    applies_to=(TABLE,),
)
def judge(table: Resource, graph: ResourceGraph, *, billing_mode: str) -> Iterator[Finding]:
    """Provisioned capacity is enough for the traffic that one region has on an ordinary day. After a failover the
    other region gets all of it at once, and throttles; on demand, it grows."""
    mode = table.attribute("billing_mode")
    found = mode.text or _DEFAULT
    if found == billing_mode:
        yield mode.passes(f"it is {found}")
    else:
        yield mode.fails(f"it is {found}, not {billing_mode}")
