"""Everything the portal was asked to be, requirement by requirement, read from the synthesized JSON.

Each row is a requirement, a JSONPath, and every value that must stand there, in any order and as often as listed.
"""

from typing import Any

import pytest

from tests.infra.synthesized import Synthesis

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
BUCKETS = 5
KEYS = 7
ENDPOINTS = ["dynamodb", "ec2messages", "kms", "logs", "monitoring", "s3", "secretsmanager", "ssm", "ssmmessages"]

NETWORK: list[tuple[str, str, list[Any]]] = [
    ("P-TEC-2 region", "provider.aws[*].region", ["us-east-1"]),
    ("P-TEC-3 provider", "terraform.required_providers.aws.version", ["5.100.0"]),
    ("P-NET-1 network", "resource.aws_vpc.*.cidr_block", ["10.0.0.0/16"]),
    (
        "P-NET-2 public subnets",
        "resource.aws_subnet[?(@.cidr_block =~ '^10[.]0[.][0-2][.]0/24$')].availability_zone",
        ZONES,
    ),
    (
        "P-NET-2 private subnets",
        "resource.aws_subnet[?(@.cidr_block =~ '^10[.]0[.]1[0-2][.]0/24$')].availability_zone",
        ZONES,
    ),
    ("P-NET-2 no public addresses", "resource.aws_subnet.*.map_public_ip_on_launch", [False] * 6),
    ("P-NET-3 internet gateway", "resource.aws_internet_gateway.*.vpc_id", ["${aws_vpc.network_vpc.id}"]),
    (
        "P-NET-4 NAT gateways in the public subnets",
        "resource.aws_nat_gateway.*.subnet_id",
        [f"${{aws_subnet.network_public_{zone}.id}}" for zone in "abc"],
    ),
    ("P-NET-5 route tables", "resource.aws_route_table.*.vpc_id", ["${aws_vpc.network_vpc.id}"] * 4),
    ("P-NET-5 routes out", "resource.aws_route.*.destination_cidr_block", ["0.0.0.0/0"] * 4),
    (
        "P-NET-5 associations",
        "resource.aws_route_table_association.*.subnet_id",
        [f"${{aws_subnet.network_{kind}_{zone}.id}}" for kind in ("public", "private") for zone in "abc"],
    ),
    ("flow logs", "resource.aws_flow_log.*.traffic_type", ["ALL"]),
    ("default security group", "resource.aws_default_security_group.*.vpc_id", ["${aws_vpc.network_vpc.id}"]),
    (
        "endpoints",
        "resource.aws_vpc_endpoint.*.service_name",
        [f"com.amazonaws.us-east-1.{name}" for name in ENDPOINTS],
    ),
]

COMPUTE: list[tuple[str, str, list[Any]]] = [
    (
        "P-CMP-1 group",
        "resource.aws_autoscaling_group.*.launch_template.id",
        ["${aws_launch_template.compute_template.id}"],
    ),
    ("P-CMP-2 t3.large", "resource.aws_launch_template.*.instance_type", ["t3.large"]),
    (
        "P-CMP-2 Amazon Linux 2023",
        "data.aws_ssm_parameter.compute_image.name",
        ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"],
    ),
    ("P-CMP-4 IMDSv2", "resource.aws_launch_template.*.metadata_options.http_tokens", ["required"]),
    ("P-CMP-4 hop limit", "resource.aws_launch_template.*.metadata_options.http_put_response_hop_limit", [1]),
    ("encrypted volumes", "resource.aws_launch_template.*.block_device_mappings[*].ebs.encrypted", ["true"]),
    (
        "volumes under their own key",
        "resource.aws_launch_template.*.block_device_mappings[*].ebs.kms_key_id",
        ["${aws_kms_key.keys_compute_key.arn}"],
    ),
    ("P-CMP-5 step scaling", "resource.aws_autoscaling_policy.*.policy_type", ["StepScaling", "StepScaling"]),
    (
        "P-CMP-5 out and in",
        "resource.aws_cloudwatch_metric_alarm[?(@.metric_name = 'CPUUtilization' && @.namespace = 'AWS/EC2')]"
        ".threshold",
        [70, 30],
    ),
    ("P-CMP-6 time zone", "resource.aws_autoscaling_schedule.*.time_zone", ["America/New_York"] * 2),
    (
        "P-CMP-6 business hours",
        "resource.aws_autoscaling_schedule.*.recurrence",
        ["45 7 * * MON-FRI", "0 18 * * MON-FRI"],
    ),
    ("P-CMP-7 three in business hours", "resource.aws_autoscaling_schedule.scaling_opening.min_size", [3]),
    ("P-CMP-7 desired capacity kept", "resource.aws_autoscaling_schedule.*.desired_capacity", [-1, -1]),
    (
        "P-CMP-8 private subnets",
        "resource.aws_autoscaling_group.*.vpc_zone_identifier[*]",
        [f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"],
    ),
    ("instances checked by the balancer", "resource.aws_autoscaling_group.*.health_check_type", ["ELB"]),
]

BALANCER: list[tuple[str, str, list[Any]]] = [
    ("P-ALB-1 internet-facing", "resource.aws_lb.*.internal", [False]),
    (
        "P-ALB-1 public subnets",
        "resource.aws_lb.*.subnets[*]",
        [f"${{aws_subnet.network_public_{zone}.id}}" for zone in "abc"],
    ),
    ("P-ALB-2 health path", "resource.aws_lb_target_group.*.health_check.path", ["/health"]),
    ("P-ALB-3 healthy is 200", "resource.aws_lb_target_group.*.health_check.matcher", ["200"]),
    ("TLS to the instances", "resource.aws_lb_target_group.*.protocol", ["HTTPS"]),
    (
        "P-ALB-4 TLS policy",
        "resource.aws_lb_listener.alb_https.ssl_policy",
        ["ELBSecurityPolicy-TLS13-1-2-Res-2021-06"],
    ),
    ("P-ALB-5 HTTP", "resource.aws_lb_listener.alb_http.default_action[*].type", ["redirect"]),
    ("P-ALB-5 to HTTPS", "resource.aws_lb_listener.alb_http.default_action[*].redirect.protocol", ["HTTPS"]),
    ("access logs", "resource.aws_lb.*.access_logs.enabled", [True]),
    ("invalid headers", "resource.aws_lb.*.drop_invalid_header_fields", [True]),
    (
        "certificates validated through DNS",
        "resource.aws_acm_certificate.*.validation_method",
        ["DNS", "DNS"],
    ),
]

DATABASE: list[tuple[str, str, list[Any]]] = [
    ("P-DB-1 engine", "resource.aws_rds_cluster.*.engine", ["aurora-mysql"]),
    ("P-DB-1 version", "resource.aws_rds_cluster.*.engine_version", ["8.0.mysql_aurora.3.10.3"]),
    ("P-DB-2 class", "resource.aws_rds_cluster_instance.*.instance_class", ["db.r6g.large"] * 2),
    ("P-DB-2 zones", "resource.aws_rds_cluster_instance.*.availability_zone", ["us-east-1a", "us-east-1b"]),
    ("P-DB-3 encrypted", "resource.aws_rds_cluster.*.storage_encrypted", [True]),
    ("P-DB-3 key", "resource.aws_rds_cluster.*.kms_key_id", ["${aws_kms_key.keys_database_key.arn}"]),
    ("P-DB-4 and P-DB-5 seven days", "resource.aws_rds_cluster.*.backup_retention_period", [7]),
    ("P-DB-6 Performance Insights", "resource.aws_rds_cluster_instance.*.performance_insights_enabled", [True] * 2),
    (
        "P-DB-6 key",
        "resource.aws_rds_cluster_instance.*.performance_insights_kms_key_id",
        ["${aws_kms_key.keys_database_key.arn}"] * 2,
    ),
    (
        "P-DB-7 TLS required",
        "resource.aws_rds_cluster_parameter_group.*.parameter[?(@.name = 'require_secure_transport')].value",
        ["ON"],
    ),
    (
        "P-DB-7 by the cluster's own parameter group",
        "resource.aws_rds_cluster.*.db_cluster_parameter_group_name",
        ["${aws_rds_cluster_parameter_group.database_cluster_parameters.name}"],
    ),
    ("P-DB-8 private", "resource.aws_rds_cluster_instance.*.publicly_accessible", [False] * 2),
    ("logs exported", "resource.aws_rds_cluster.*.enabled_cloudwatch_logs_exports[*]", ["audit", "error", "slowquery"]),
    ("master password made by RDS", "resource.aws_rds_cluster.*.manage_master_user_password", [True]),
]

EDGE: list[tuple[str, str, list[Any]]] = [
    (
        "P-CDN-1 the balancer's name as origin",
        "resource.aws_cloudfront_distribution.*.origin[*].custom_origin_config.origin_protocol_policy",
        ["https-only"],
    ),
    (
        "P-CDN-2 dynamic content",
        "resource.aws_cloudfront_distribution.*.default_cache_behavior.cache_policy_id",
        ["${data.aws_cloudfront_cache_policy.cdn_no_cache.id}"],
    ),
    (
        "P-CDN-2 static content",
        "resource.aws_cloudfront_distribution.*.ordered_cache_behavior[*].cache_policy_id",
        ["${aws_cloudfront_cache_policy.cdn_static_cache.id}"],
    ),
    ("P-CDN-4 web ACL", "resource.aws_cloudfront_distribution.*.web_acl_id", ["${aws_wafv2_web_acl.waf_acl.arn}"]),
    ("P-CDN-5 rate", "resource.aws_wafv2_web_acl.*.rule[*].statement.rate_based_statement.limit", [2000]),
    ("P-CDN-5 blocks", "resource.aws_wafv2_web_acl.*.rule[?(@.name = 'rate-limit')].action", [{"block": {}}]),
    ("managed rules in blocking mode", "resource.aws_wafv2_web_acl.*.rule[*].override_action", [{"none": {}}] * 5),
    (
        "firewall logs",
        "resource.aws_wafv2_web_acl_logging_configuration.*.log_destination_configs[*]",
        ["${aws_cloudwatch_log_group.waf_log.arn}"],
    ),
    (
        "P-CDN-6 origin access control",
        "resource.aws_cloudfront_origin_access_control.*.origin_access_control_origin_type",
        ["s3"],
    ),
    (
        "viewer TLS",
        "resource.aws_cloudfront_distribution.*.viewer_certificate.minimum_protocol_version",
        ["TLSv1.2_2021"],
    ),
    ("viewer redirected", "resource.aws_cloudfront_distribution.*..viewer_protocol_policy", ["redirect-to-https"] * 2),
    (
        "security headers",
        "resource.aws_cloudfront_distribution.*..response_headers_policy_id",
        ["${aws_cloudfront_response_headers_policy.cdn_headers.id}"] * 2,
    ),
    ("access logs", "resource.aws_cloudwatch_log_delivery_source.*.log_type", ["ACCESS_LOGS"]),
    ("alias records", "resource.aws_route53_record[?(@.alias)].type", ["A", "A", "AAAA"]),
]

STORAGE: list[tuple[str, str, list[Any]]] = [
    (
        "P-S3-3 application logs",
        "resource.aws_s3_bucket_lifecycle_configuration.storage_application_logs_lifecycle.rule[*].expiration[*].days",
        [90],
    ),
    (
        "P-S3-3 audit trail",
        "resource.aws_s3_bucket_lifecycle_configuration.trail_archive_lifecycle.rule[*].expiration[*].days",
        [400],
    ),
    (
        "P-S3-3 access logs",
        "resource.aws_s3_bucket_lifecycle_configuration.storage_access_logs_lifecycle.rule[*].expiration[*].days",
        [400],
    ),
    (
        "P-S3-3 whole buckets",
        "resource.aws_s3_bucket_lifecycle_configuration.*.rule[*].filter[*].prefix",
        [""] * BUCKETS,
    ),
    (
        "P-S3-4 encryption",
        "resource.aws_s3_bucket_server_side_encryption_configuration.*.rule[*]"
        ".apply_server_side_encryption_by_default.sse_algorithm",
        ["AES256"] + ["aws:kms"] * (BUCKETS - 1),
    ),
    (
        "P-S3-5 versioning",
        "resource.aws_s3_bucket_versioning.*.versioning_configuration.status",
        ["Enabled"] * BUCKETS,
    ),
    ("privacy", "resource.aws_s3_bucket_public_access_block.*.restrict_public_buckets", [True] * BUCKETS),
    (
        "access logging of all buckets but their own",
        "resource.aws_s3_bucket_logging.*.target_bucket",
        ["${aws_s3_bucket.storage_access_logs_bucket.id}"] * (BUCKETS - 1),
    ),
]

SECRETS: list[tuple[str, str, list[Any]]] = [
    ("P-SEC-1 secret", "resource.aws_secretsmanager_secret.*.kms_key_id", ["${aws_kms_key.keys_secrets_key.arn}"]),
    (
        "P-SEC-2 thirty days",
        "resource.aws_secretsmanager_secret_rotation.*.rotation_rules.automatically_after_days",
        [30],
    ),
    (
        "P-SEC-2 by the function",
        "resource.aws_secretsmanager_secret_rotation.*.rotation_lambda_arn",
        ["${aws_lambda_function.secrets_function.arn}"],
    ),
    ("handler", "resource.aws_lambda_function.*.handler", ["rotate_database_secret.handler.handler"]),
    (
        "function in the VPC",
        "resource.aws_lambda_function.*.vpc_config.subnet_ids[*]",
        [f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"],
    ),
    ("function's dead letters", "resource.aws_sqs_queue.*.kms_master_key_id", ["${aws_kms_key.keys_alerts_key.arn}"]),
]

MONITORING: list[tuple[str, str, list[Any]]] = [
    (
        "P-MON-2 errors counted",
        "resource.aws_cloudwatch_log_metric_filter.logs_errors.metric_transformation.value",
        ["1"],
    ),
    (
        "P-MON-5 duration measured",
        "resource.aws_cloudwatch_log_metric_filter.logs_duration.metric_transformation.value",
        ["$.duration_ms"],
    ),
    ("P-MON-4 topic", "resource.aws_sns_topic.*.kms_master_key_id", ["${aws_kms_key.keys_alerts_key.arn}"]),
    ("P-MON-6 application", "resource.aws_cloudwatch_log_group.logs_application.retention_in_days", [90]),
    ("audit of the database", "resource.aws_cloudwatch_log_group.database_audit_log.retention_in_days", [400]),
    ("flow logs", "resource.aws_cloudwatch_log_group.flow_logs_group.retention_in_days", [400]),
    ("firewall", "resource.aws_cloudwatch_log_group.waf_log.retention_in_days", [400]),
    ("trail", "resource.aws_cloudwatch_log_group.trail_group.retention_in_days", [400]),
    ("dashboard", "$..aws_cloudwatch_dashboard.`len`", [1]),
    ("trail of all regions", "resource.aws_cloudtrail.*.is_multi_region_trail", [True]),
    ("trail validated", "resource.aws_cloudtrail.*.enable_log_file_validation", [True]),
    ("trail encrypted", "resource.aws_cloudtrail.*.kms_key_id", ["${aws_kms_key.trail_audit_key.arn}"]),
    (
        "copy of the application's log",
        "resource.aws_cloudwatch_log_subscription_filter.*.destination_arn",
        ["${aws_kinesis_firehose_delivery_stream.logs_delivery.arn}"],
    ),
]

SECURITY: list[tuple[str, str, list[Any]]] = [
    ("P-KMS-1 rotation", "resource.aws_kms_key.*.enable_key_rotation", [True] * KEYS),
    (
        "P-TAG-1 tags",
        "provider.aws[*].default_tags[*].tags",
        [
            {
                "Environment": "development",
                "Application": "customer-portal",
                "CostCenter": "engineering",
                "ManagedBy": "cdktf",
            }
        ],
    ),
    ("P-TAG-1 at launch", "resource.aws_autoscaling_group.*.tag[*].propagate_at_launch", [True] * 5),
]

INVENTORY = [
    pytest.param(path, expected, id=f"{part}: {requirement}")
    for part, rows in {
        "vpc": NETWORK,
        "compute": COMPUTE,
        "alb": BALANCER,
        "database": DATABASE,
        "cdn": EDGE,
        "storage": STORAGE,
        "secrets": SECRETS,
        "monitoring": MONITORING,
        "security": SECURITY,
    }.items()
    for requirement, path, expected in rows
]


@pytest.mark.parametrize(("path", "expected"), INVENTORY)
def test_the_portal_has_what_the_requirement_names(portal: Synthesis, path: str, expected: list[Any]) -> None:
    assert sorted(portal.find(path), key=repr) == sorted(expected, key=repr)
