"""Policy failover-meets-an-equal."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_SERVERLESS = "db.serverless"
_LAST_TIER_WITH_WRITER = 1  # readers of these tiers scale with the writer (Aurora user guide, "Aurora Serverless v2")


@policy(
    id="failover-meets-an-equal",
    title="The reader that takes over a database is as large as the writer",
    remediation="Give the instances that may be the writer one instance_class; of db.serverless, tiers 0 and 1.",
    severity="medium",
    applies_to=("aws_rds_cluster",),
)
def judge(cluster: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """After a failover the load of the writer comes down on a reader. A smaller one breaks under it, and so does a
    serverless one of a low tier, which has shrunk to what readers needed. Aurora promotes the lowest tier."""
    members = graph.referrers(cluster, "aws_rds_cluster_instance", "cluster_identifier")
    if len(members) < 2:
        yield cluster.not_applicable("no reader could take over")
        return
    tiers = {member: member.attribute("promotion_tier").number or 0 for member in members}
    first, second = sorted(members, key=lambda member: tiers[member])[:2]
    classes = {member.attribute("instance_class").text for member in members if tiers[member] <= tiers[second]}
    if len(classes) > 1:
        yield cluster.fails(f"what may be the writer is of several classes: {', '.join(sorted(classes))}")
    elif classes == {_SERVERLESS} and tiers[second] > _LAST_TIER_WITH_WRITER:
        yield cluster.fails(f"{second.address} is of tier {tiers[second]:g}, and does not scale with {first.address}")
    else:
        yield cluster.passes(f"{first.address} and {second.address} are equals")
