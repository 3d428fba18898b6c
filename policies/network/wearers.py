"""Who wears a security group: the resources whose network interfaces it guards."""

from policies.graph import ResourceGraph
from policies.network.security_group_rules import GROUPS, Peer
from policies.resources import Resource

Places = tuple[tuple[str, str], ...]  # resource types, each with the attribute in which it names its groups

# What runs code of ours: applications and functions.
APPLICATIONS: Places = (
    ("aws_launch_template", "vpc_security_group_ids"),
    ("aws_launch_template", "network_interfaces.security_groups"),
    ("aws_launch_configuration", "security_groups"),
    ("aws_instance", "vpc_security_group_ids"),
    ("aws_network_interface", "security_groups"),
    ("aws_network_interface_sg_attachment", "security_group_id"),
    ("aws_lambda_function", "vpc_config.security_group_ids"),
    ("aws_ecs_service", "network_configuration.security_groups"),
    ("aws_eks_cluster", "vpc_config.security_group_ids"),
    ("aws_apprunner_vpc_connector", "security_groups"),
    ("aws_db_proxy", "vpc_security_group_ids"),
)
LOAD_BALANCERS: Places = (("aws_lb", "security_groups"), ("aws_alb", "security_groups"), ("aws_elb", "security_groups"))
_STORES: Places = (
    ("aws_vpc_endpoint", "security_group_ids"),
    ("aws_vpc_endpoint_security_group_association", "security_group_id"),
    ("aws_efs_mount_target", "security_groups"),
    ("aws_elasticache_replication_group", "security_group_ids"),
    ("aws_elasticache_cluster", "security_group_ids"),
    ("aws_rds_cluster", "vpc_security_group_ids"),
    ("aws_db_instance", "vpc_security_group_ids"),
)


def is_worn_by(peer: Peer, graph: ResourceGraph, meant: Places) -> bool | None:
    """Whether the peer is a security group that only what stands at the `meant` places wears.

    False for ranges, prefix lists, the group itself, and groups that anything else wears, too; None when the group is
    not part of this input, or nothing in it wears it.
    """
    if not peer.is_group:
        return False
    verdicts = {_is_worn_by(group, graph, meant) for group in graph.targets(peer.source, *GROUPS)}
    return False if False in verdicts else True if verdicts == {True} else None


def _is_worn_by(group: Resource, graph: ResourceGraph, meant: Places) -> bool | None:
    others = [place for place in (*APPLICATIONS, *LOAD_BALANCERS, *_STORES) if place not in meant]
    if any(graph.referrers(group, type_, path) for type_, path in others):
        return False
    return True if any(graph.referrers(group, type_, path) for type_, path in meant) else None
