"""Policy vpc-has-flow-log."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_BOTH = frozenset({"ACCEPT", "REJECT"})


@policy(
    id="vpc-has-flow-log",
    title="A flow log records all traffic of the VPC",
    remediation="Add an aws_flow_log for the VPC with traffic_type ALL and a log group, bucket or stream to write to.",
    severity="high",
    applies_to=("aws_vpc", "aws_default_vpc"),
)
def judge(vpc: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """After an incident the flow log says who talked to whom: what was accepted shows how far an intruder came, what
    was rejected shows the attempts. A log of one subnet, or of one kind of traffic, leaves that open."""
    recorded: set[str] = set()
    for log in graph.referrers(vpc, "aws_flow_log", "vpc_id"):
        destinations = [log.attribute(path) for path in ("log_destination", "log_group_name")]
        if any(one.is_unresolved or one.text for one in destinations):
            kind = log.attribute("traffic_type").text
            recorded |= _BOTH if kind == "ALL" else {kind}
        else:
            yield vpc.fails(f"{log.address} has nowhere to write to")
    if recorded >= _BOTH:
        yield vpc.passes("accepted and rejected traffic is recorded")
    else:
        yield vpc.fails(f"flow logs of the VPC record {', '.join(sorted(recorded)) or 'nothing'}, not all traffic")
