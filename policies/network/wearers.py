"""Who wears a security group: the resources whose network interfaces it guards."""

from policies.graph import ResourceGraph
from policies.network.security_group_rules import GROUPS, Peer
from policies.resources import Attribute, Resource, Undetermined

Places = tuple[tuple[str, str], ...]  # resource types, each with the attribute in which it names its groups

# What runs code of ours: applications and functions.
APPLICATIONS: Places = (
    ("aws_launch_template", "vpc_security_group_ids"),
    ("aws_launch_template", "network_interfaces.security_groups"),
    ("aws_launch_configuration", "security_groups"),
    ("aws_instance", "vpc_security_group_ids"),
    ("aws_spot_instance_request", "vpc_security_group_ids"),
    ("aws_network_interface", "security_groups"),
    ("aws_network_interface_sg_attachment", "security_group_id"),
    ("aws_lambda_function", "vpc_config.security_group_ids"),
    ("aws_ecs_service", "network_configuration.security_groups"),
    ("aws_ecs_task_set", "network_configuration.security_groups"),
    ("aws_batch_compute_environment", "compute_resources.security_group_ids"),
    ("aws_eks_cluster", "vpc_config.security_group_ids"),
    ("aws_apprunner_vpc_connector", "security_groups"),
    ("aws_db_proxy", "vpc_security_group_ids"),
)
LOAD_BALANCERS: Places = (("aws_lb", "security_groups"), ("aws_alb", "security_groups"), ("aws_elb", "security_groups"))
# What keeps data, carries requests of people or services into the network, or runs what others hand in.
_OTHERS: Places = (
    ("aws_ec2_client_vpn_endpoint", "security_group_ids"),
    ("aws_ec2_instance_connect_endpoint", "security_group_ids"),
    ("aws_verifiedaccess_endpoint", "security_group_ids"),
    ("aws_apigatewayv2_vpc_link", "security_group_ids"),
    ("aws_transfer_server", "endpoint_details.security_group_ids"),
    ("aws_codebuild_project", "vpc_config.security_group_ids"),
    ("aws_glue_connection", "physical_connection_requirements.security_group_id_list"),
    ("aws_sagemaker_notebook_instance", "security_groups"),
    ("aws_quicksight_vpc_connection", "security_group_ids"),
    ("aws_dms_replication_instance", "vpc_security_group_ids"),
    ("aws_redshift_cluster", "vpc_security_group_ids"),
    ("aws_docdb_cluster", "vpc_security_group_ids"),
    ("aws_neptune_cluster", "vpc_security_group_ids"),
    ("aws_opensearch_domain", "vpc_options.security_group_ids"),
    ("aws_mq_broker", "security_groups"),
    ("aws_msk_cluster", "broker_node_group_info.security_groups"),
    ("aws_vpc_endpoint", "security_group_ids"),
    ("aws_vpc_endpoint_security_group_association", "security_group_id"),
    ("aws_efs_mount_target", "security_groups"),
    ("aws_elasticache_replication_group", "security_group_ids"),
    ("aws_elasticache_cluster", "security_group_ids"),
    ("aws_elasticache_serverless_cache", "security_group_ids"),
    ("aws_memorydb_cluster", "security_group_ids"),
    ("aws_dax_cluster", "security_group_ids"),
    ("aws_rds_cluster", "vpc_security_group_ids"),
    ("aws_db_instance", "vpc_security_group_ids"),
)

_EVERYWHERE: Places = (*APPLICATIONS, *LOAD_BALANCERS, *_OTHERS)

# Where an Auto Scaling group names its launch template, and that the groups.
_MIXED = "mixed_instances_policy.launch_template"
_TEMPLATES = (
    *("launch_template.id", "launch_template.name", "launch_configuration"),
    *(f"{_MIXED}.launch_template_specification.launch_template_{key}" for key in ("id", "name")),
    *(f"{_MIXED}.override.launch_template_specification.launch_template_{key}" for key in ("id", "name")),
)
_GROUPS_OF = ("vpc_security_group_ids", "network_interfaces.security_groups", "security_groups")


def groups_of_fleet(fleet: Resource, graph: ResourceGraph) -> tuple[Attribute, ...]:
    """What names the security groups that the instances of an Auto Scaling group wear.

    Raises Undetermined when their launch template is not part of this input.
    """
    templates = [
        template
        for path in _TEMPLATES
        for named in fleet.attributes(path)
        for template in graph.targets(named, "aws_launch_template", "aws_launch_configuration")
    ]
    if not templates:
        raise Undetermined(fleet.undetermined("the launch template is not part of this input"))
    named_groups = [named for one in templates for path in _GROUPS_OF for named in one.attributes(path)]
    return tuple(item for named in named_groups for item in ((named,) if named.is_unresolved else named.items()))


def wearers(group: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """Everything that wears the group. Raises Undetermined when a resource may or may not do so."""
    return tuple(dict.fromkeys(one for type_, path in _EVERYWHERE for one in graph.referrers(group, type_, path)))


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
    others = [place for place in _EVERYWHERE if place not in meant]
    if any(graph.referrers(group, type_, path) for type_, path in others):
        return False
    return True if any(graph.referrers(group, type_, path) for type_, path in meant) else None
