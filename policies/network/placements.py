"""Where resources say in which subnets they stand."""

# Each type of workload, with the attributes that name its subnets. Load balancers and NAT gateways are none.
SUBNETS = {
    "aws_autoscaling_group": ("vpc_zone_identifier",),
    "aws_instance": ("subnet_id",),
    "aws_launch_template": ("network_interfaces.subnet_id",),
    "aws_launch_configuration": (),  # has no subnet, but may assign a public address
    "aws_spot_instance_request": ("subnet_id",),
    "aws_network_interface": ("subnet_id",),
    "aws_lambda_function": ("vpc_config.subnet_ids",),
    "aws_ecs_service": ("network_configuration.subnets",),
    "aws_eks_node_group": ("subnet_ids",),
    "aws_db_subnet_group": ("subnet_ids",),
    "aws_docdb_subnet_group": ("subnet_ids",),
    "aws_neptune_subnet_group": ("subnet_ids",),
    "aws_redshift_subnet_group": ("subnet_ids",),
    "aws_elasticache_subnet_group": ("subnet_ids",),
    "aws_memorydb_subnet_group": ("subnet_ids",),
    "aws_dax_subnet_group": ("subnet_ids",),
    "aws_dms_replication_subnet_group": ("subnet_ids",),
    "aws_efs_mount_target": ("subnet_id",),
    "aws_elasticache_serverless_cache": ("subnet_ids",),
    "aws_opensearch_domain": ("vpc_options.subnet_ids",),
    "aws_msk_cluster": ("broker_node_group_info.client_subnets",),
    "aws_vpc_endpoint_subnet_association": ("subnet_id",),
    "aws_vpc_endpoint": ("subnet_ids", "subnet_configuration.subnet_id"),
}
