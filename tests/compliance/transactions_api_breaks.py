"""What breaks the transaction API around its data: network, capacity, the way in, names, tags, teardown, compliance."""

import functools

from tests.compliance.breaking import (
    Body,
    Break,
    Stack,
    add_statement,
    close_to_cloudwatch,
    trust,
)

CHANGES = functools.partial(Break, stack="transactions")
EVERYWHERE = "0.0.0.0/0"
SERVER = "service_server_policy"
RULE = "aws_vpc_security_group_ingress_rule"
API, STAGE, ROUTE = "aws_apigatewayv2_api", "aws_apigatewayv2_stage", "aws_apigatewayv2_route"
INTEGRATION, AUTHORIZER = "aws_apigatewayv2_integration", "aws_apigatewayv2_authorizer"
ALARM, DISTRIBUTION = "aws_cloudwatch_metric_alarm", "aws_cloudfront_distribution"


def subnet(stack: Stack, name: str) -> Body:
    return stack.block("aws_subnet", f"network_{name}")


def admit(stack: Stack, group: str, port: int, **source: str) -> None:
    rule = {"security_group_id": f"${{aws_security_group.security_{group}.id}}", "ip_protocol": "tcp"}
    stack.add(RULE, "one_more", {**rule, "from_port": port, "to_port": port, **source})


def let_out(stack: Stack, group: str, **destination: str) -> None:
    rule = {"security_group_id": f"${{aws_security_group.security_{group}.id}}", "ip_protocol": "tcp"}
    stack.add(
        "aws_vpc_security_group_egress_rule", "one_more", {**rule, "from_port": 443, "to_port": 443, **destination}
    )


def one_more_route(stack: Stack) -> None:
    stack.add(ROUTE, "one_more", {**stack.block(ROUTE, "api_find"), "route_key": "DELETE /transactions/{id}"})


def without_rate_limit(stack: Stack) -> None:
    acl = stack.block("aws_wafv2_web_acl")
    acl["rule"] = [rule for rule in acl["rule"] if "rate_based_statement" not in rule["statement"]]


def only_counts(stack: Stack) -> None:
    for rule in stack.block("aws_wafv2_web_acl")["rule"]:
        if "override_action" in rule:
            rule["override_action"] = {"count": {}}


def without_tag(stack: Stack, tag: str) -> None:
    for provider in stack.document["provider"]["aws"]:
        provider["default_tags"][0]["tags"].pop(tag)


NETWORK = (
    CHANGES(
        "T-NET-1",
        "region-is",
        "the database in the region of CloudFront",
        lambda stack: stack.block("aws_rds_cluster").update(provider="aws.us-east-1"),
    ),
    CHANGES(
        "T-NET-1",
        "region-is",
        "another region",
        lambda stack: stack.document["provider"]["aws"][0].update(region="us-west-1"),
    ),
    CHANGES(
        "T-NET-1",
        "vpc-has-planned-range",
        "another range",
        lambda stack: stack.block("aws_vpc").update(cidr_block="10.2.0.0/16"),
    ),
    CHANGES(
        "T-NET-1",
        "vpc-resolves-names",
        "no names",
        lambda stack: stack.block("aws_vpc").pop("enable_dns_hostnames"),
    ),
    CHANGES(
        "T-NET-1",
        "subnets-have-planned-ranges",
        "one subnet more",
        lambda stack: stack.add("aws_subnet", "more", {**subnet(stack, "private_a"), "cidr_block": "10.0.13.0/24"}),
    ),
    CHANGES(
        "T-NET-1",
        "subnets-span-zones",
        "two private subnets in one zone",
        lambda stack: subnet(stack, "private_c").update(
            availability_zone=subnet(stack, "private_a")["availability_zone"]
        ),
    ),
    CHANGES(
        "T-NET-1",
        "public-subnets-reach-internet-gateway",
        "a gateway attached to nothing",
        lambda stack: stack.block("aws_internet_gateway").pop("vpc_id"),
    ),
)

CAPACITY = (
    CHANGES(
        "T-CAP-1",
        "api-stage-throttles",
        "1000 requests a second",
        lambda stack: stack.block(STAGE)["default_route_settings"].update(throttling_rate_limit=1000),
    ),
    CHANGES(
        "T-CAP-1",
        "api-stage-throttles",
        "settings of one route refuse everything",
        lambda stack: stack.block(STAGE).update(
            route_settings=[{"route_key": "POST /transactions", "detailed_metrics_enabled": True}]
        ),
    ),
    CHANGES(
        "T-CAP-1",
        "topic-hears-of-metrics",
        "nobody hears that it is slow",
        lambda stack: stack.block(ALARM, "api_alarms_api_slow").update(threshold=5000),
    ),
    CHANGES(
        "T-AVL-1",
        "services-span-zones",
        "the endpoint stands in one zone",
        lambda stack: stack.block("aws_vpc_endpoint").update(subnet_ids=["${aws_subnet.network_private_a.id}"]),
    ),
    CHANGES(
        "T-AVL-1",
        "services-span-zones",
        "the function runs in two zones",
        lambda stack: stack.block("aws_lambda_function", "service_function")["vpc_config"]["subnet_ids"].pop(),
    ),
    CHANGES(
        "T-AVL-1",
        "aurora-instances-span-zones",
        "no reader",
        lambda stack: stack.remove("aws_rds_cluster_instance", "aurora_instance_b"),
    ),
    CHANGES(
        "T-AVL-1",
        "failover-meets-an-equal",
        "the reader shrinks by itself",
        lambda stack: stack.block("aws_rds_cluster_instance", "aurora_instance_b").update(promotion_tier=15),
    ),
    CHANGES(
        "T-AVL-1",
        "cache-fails-over",
        "all nodes may stand in one zone",
        lambda stack: stack.block("aws_elasticache_replication_group").pop("multi_az_enabled"),
    ),
    CHANGES(
        "T-AVL-1",
        "file-system-in-every-zone",
        "two mount targets",
        lambda stack: stack.remove("aws_efs_mount_target", "efs_target_0"),
    ),
    CHANGES(
        "T-AVL-1",
        "alarms-act",
        "an alarm without action",
        lambda stack: stack.block(ALARM, "data_alarms_database_cpu").pop("alarm_actions"),
    ),
    CHANGES(
        "T-AVL-1",
        "alarms-reach-their-topic",
        "the topic does not admit CloudWatch",
        lambda stack: stack.edit_policy(
            stack.block("aws_sns_topic_policy", "topic_policy"), "policy", close_to_cloudwatch
        ),
    ),
    CHANGES(
        "T-AVL-1",
        "alarms-stand-where-metrics-are",
        "the alarm of CloudFront stands beside the database",
        lambda stack: stack.block(ALARM, "edge_cdn_errors").pop("provider"),
    ),
)

ROUTES = (
    CHANGES(
        "T-API-1",
        "names-carry-suffix",
        "a stage called prod",
        lambda stack: stack.block(STAGE).update(name="prod"),
    ),
    CHANGES(
        "T-API-1",
        "api-stage-follows-its-api",
        "nothing deploys what changes",
        lambda stack: stack.block(STAGE).update(auto_deploy=False),
    ),
    CHANGES(
        "T-API-1",
        "api-stage-logs-access",
        "lines that are no JSON",
        lambda stack: stack.block(STAGE)["access_log_settings"].update(
            format="$context.identity.sourceIp $context.requestTime $context.routeKey $context.status"
        ),
    ),
    CHANGES(
        "T-API-1",
        "api-domain-requires-tls12",
        "TLS 1.0",
        lambda stack: stack.block("aws_apigatewayv2_domain_name")["domain_name_configuration"].update(
            security_policy="TLS_1_0"
        ),
    ),
    CHANGES(
        "T-API-2",
        "cors-names-origins",
        "every origin",
        lambda stack: stack.block(API)["cors_configuration"].update(allow_origins=["*"]),
    ),
    CHANGES(
        "T-API-2", "cors-names-origins", "nothing is said", lambda stack: stack.block(API).pop("cors_configuration")
    ),
    CHANGES(
        "T-API-3",
        "api-routes-are-planned",
        "receipts cannot be asked for",
        lambda stack: stack.remove(ROUTE, "api_receipt"),
    ),
    CHANGES("T-API-3", "api-routes-are-planned", "one route more", one_more_route),
    CHANGES(
        "T-API-3",
        "api-routes-are-authorized",
        "a route that answers everybody",
        lambda stack: stack.block(ROUTE, "api_find").update(authorization_type="NONE"),
    ),
    CHANGES(
        "T-API-3",
        "api-routes-are-authorized",
        "any token makes transactions",
        lambda stack: stack.block(ROUTE, "api_make").pop("authorization_scopes"),
    ),
    CHANGES(
        "T-API-3",
        "jwt-authorizers-name-audience",
        "tokens for anybody",
        lambda stack: stack.block(AUTHORIZER)["jwt_configuration"].pop("audience"),
    ),
    CHANGES(
        "T-API-3",
        "api-integrations-are-private",
        "over the Internet",
        lambda stack: stack.block(INTEGRATION).update(
            connection_type="INTERNET", integration_uri="https://service.example.com"
        ),
    ),
    CHANGES(
        "T-API-3",
        "api-integrations-use-tls",
        "plain HTTP in the network",
        lambda stack: stack.block(INTEGRATION).pop("tls_config"),
    ),
    CHANGES(
        "T-API-3",
        "api-default-endpoint-is-off",
        "AWS's name answers, too",
        lambda stack: stack.block(API).pop("disable_execute_api_endpoint"),
    ),
    CHANGES(
        "T-API-3",
        "api-only-through-cloudfront",
        "the balancer asks for no secret",
        lambda stack: stack.block("aws_lb_listener_rule").update(condition=[{"path_pattern": {"values": ["/*"]}}]),
    ),
    CHANGES(
        "T-API-3",
        "api-only-through-cloudfront",
        "no distribution leads to it",
        lambda stack: stack.block(DISTRIBUTION)["origin"][0].update(domain_name="other.example.com"),
    ),
    CHANGES(
        "T-API-3",
        "cloudfront-has-web-acl",
        "no firewall",
        lambda stack: stack.block(DISTRIBUTION).pop("web_acl_id"),
    ),
    CHANGES("T-API-3", "web-acl-blocks", "it only counts", only_counts),
    CHANGES("T-API-3", "web-acl-limits-rate", "no limit", without_rate_limit),
    CHANGES(
        "T-API-3",
        "https-listeners-use-modern-tls",
        "TLS 1.0 beside 1.3",
        lambda stack: stack.block("aws_lb_listener").update(ssl_policy="ELBSecurityPolicy-TLS13-1-0-2021-06"),
    ),
    CHANGES(
        "T-API-3",
        "origins-use-modern-tls",
        "plain HTTP to the API",
        lambda stack: stack.block(DISTRIBUTION)["origin"][0]["custom_origin_config"].update(
            origin_protocol_policy="http-only"
        ),
    ),
    CHANGES(
        "T-API-3",
        "viewers-use-modern-tls",
        "TLS 1.0 for viewers",
        lambda stack: stack.block(DISTRIBUTION)["viewer_certificate"].update(minimum_protocol_version="TLSv1"),
    ),
    CHANGES(
        "T-API-3",
        "dynamic-content-is-not-cached",
        "answers are kept",
        lambda stack: stack.block("data.aws_cloudfront_cache_policy").update(name="Managed-CachingOptimized"),
    ),
    CHANGES(
        "T-API-3",
        "target-group-checks-health",
        "nobody asks",
        lambda stack: stack.block("aws_lb_target_group")["health_check"].update(enabled=False),
    ),
)

GROUPS = (
    CHANGES(
        "T-SG-1",
        "database-is-private",
        "the whole network reaches the database",
        lambda stack: admit(stack, "database", 5432, cidr_ipv4="10.0.0.0/16"),
    ),
    CHANGES(
        "T-SG-1",
        "cache-is-private",
        "the balancer reaches the cache",
        lambda stack: admit(
            stack, "cache", 6379, referenced_security_group_id="${aws_security_group.security_balancer.id}"
        ),
    ),
    CHANGES(
        "T-SG-1",
        "file-system-is-private",
        "the whole network reaches the files",
        lambda stack: admit(stack, "files", 2049, cidr_ipv4="10.0.0.0/16"),
    ),
    CHANGES(
        "T-SG-1",
        "ingress-ports-are-planned",
        "SSH",
        lambda stack: admit(
            stack, "service", 22, referenced_security_group_id="${aws_security_group.security_service.id}"
        ),
    ),
    CHANGES(
        "T-SG-1",
        "security-groups-name-their-peers",
        "the whole network reaches the endpoint",
        lambda stack: admit(stack, "endpoints", 443, cidr_ipv4="10.0.0.0/16"),
    ),
    CHANGES(
        "T-SG-1",
        "no-open-ingress",
        "everybody reaches the balancer",
        lambda stack: admit(stack, "balancer", 443, cidr_ipv4=EVERYWHERE),
    ),
    CHANGES(
        "T-SG-1",
        "no-open-egress",
        "the function reaches everybody",
        lambda stack: let_out(stack, "service", cidr_ipv4=EVERYWHERE),
    ),
    CHANGES(
        "T-SG-1",
        "default-security-group-is-empty",
        "not adopted",
        lambda stack: stack.remove("aws_default_security_group"),
    ),
)

NAMES = (
    CHANGES(
        "T-DEL-1",
        "nothing-blocks-teardown",
        "a last snapshot of the cache",
        lambda stack: stack.block("aws_elasticache_replication_group").update(final_snapshot_identifier="last"),
    ),
    CHANGES(
        "T-DEL-1",
        "nothing-blocks-teardown",
        "an archive that is not emptied",
        lambda stack: stack.block("aws_s3_bucket", "log_archive_bucket_bucket").pop("force_destroy"),
    ),
    CHANGES(
        "T-DEL-1",
        "production-is-whole",
        "a part that calls itself production",
        lambda stack: stack.block("aws_rds_cluster")["tags"].update(Environment="production"),
    ),
    CHANGES(
        "T-DEL-1",
        "exported-logs-have-a-group",
        "RDS leaves a log group behind",
        lambda stack: stack.remove("aws_cloudwatch_log_group", "aurora_postgresql_log"),
    ),
    CHANGES(
        "T-DEL-1",
        "functions-have-log-groups",
        "Lambda leaves a log group behind",
        lambda stack: stack.block("aws_lambda_function", "login_function")["logging_config"].update(
            log_group="/aws/lambda/other"
        ),
    ),
    CHANGES(
        "T-NAM-1",
        "names-carry-suffix",
        "a fixed name",
        lambda stack: stack.block("aws_elasticache_user_group").update(user_group_id="transactions"),
    ),
    CHANGES(
        "T-NAM-1",
        "names-are-within-limits",
        "41 characters",
        lambda stack: stack.block("aws_elasticache_replication_group").update(
            replication_group_id="financial-transactions-".ljust(41, "x")
        ),
    ),
    CHANGES("T-TAG-1", "required-tags", "no cost center", lambda stack: without_tag(stack, "CostCenter")),
)

COMPLIANCE = (
    CHANGES(
        "T-PCI-1",
        "encrypted-with-kms",
        "a log group without key",
        lambda stack: stack.block("aws_cloudwatch_log_group", "api_log").pop("kms_key_id"),
    ),
    CHANGES(
        "T-PCI-1",
        "kms-keys-rotate",
        "a key does not rotate",
        lambda stack: stack.block("aws_kms_key", "edge_logs_key").update(enable_key_rotation=False),
    ),
    CHANGES(
        "T-PCI-1",
        "aurora-requires-tls",
        "the default parameters",
        lambda stack: stack.block("aws_rds_cluster").pop("db_cluster_parameter_group_name"),
    ),
    CHANGES(
        "T-PCI-1",
        "cache-requires-tls",
        "clear text in the cache",
        lambda stack: stack.block("aws_elasticache_replication_group").update(transit_encryption_enabled=False),
    ),
    CHANGES(
        "T-PCI-1",
        "file-system-requires-tls",
        "no policy of the file system",
        lambda stack: stack.remove("aws_efs_file_system_policy"),
    ),
    CHANGES(
        "T-PCI-1",
        "bucket-requires-tls",
        "no policy of the archive",
        lambda stack: stack.remove("aws_s3_bucket_policy", "log_archive_bucket_policy"),
    ),
    CHANGES(
        "T-PCI-1",
        "bucket-public-access-blocked",
        "a public policy is let through",
        lambda stack: stack.block("aws_s3_bucket_public_access_block", "log_archive_bucket_privacy").update(
            block_public_policy=False
        ),
    ),
    CHANGES(
        "T-PCI-1",
        "database-is-audited",
        "the default parameters",
        lambda stack: stack.block("aws_rds_cluster").pop("db_cluster_parameter_group_name"),
    ),
    CHANGES(
        "T-PCI-1",
        "database-logs-exported",
        "no log is exported",
        lambda stack: stack.block("aws_rds_cluster").pop("enabled_cloudwatch_logs_exports"),
    ),
    CHANGES(
        "T-PCI-1",
        "balancer-logs-requests",
        "access logs off",
        lambda stack: stack.block("aws_lb")["access_logs"].update(enabled=False),
    ),
    CHANGES(
        "T-PCI-1",
        "cloudfront-logs-requests",
        "requests of viewers are not logged",
        lambda stack: stack.remove("aws_cloudwatch_log_delivery"),
    ),
    CHANGES(
        "T-PCI-1",
        "web-acl-logs-requests",
        "blocked requests are not logged",
        lambda stack: stack.remove("aws_wafv2_web_acl_logging_configuration"),
    ),
    CHANGES("T-PCI-1", "vpc-has-flow-log", "no flow log", lambda stack: stack.remove("aws_flow_log")),
    CHANGES(
        "T-PCI-1",
        "audit-logs-kept",
        "the flow log is kept a month",
        lambda stack: stack.block("aws_cloudwatch_log_group", "flow_logs_group").update(retention_in_days=30),
    ),
    CHANGES(
        "T-PCI-1",
        "no-wildcard-permissions",
        "everything is allowed",
        lambda stack: add_statement(stack, SERVER, "*"),
    ),
    CHANGES(
        "T-PCI-1",
        "actions-name-their-resources",
        "every secret of the account",
        lambda stack: add_statement(stack, SERVER, "secretsmanager:GetSecretValue"),
    ),
    CHANGES(
        "T-PCI-1",
        "workloads-change-no-permissions",
        "the function may write a policy of its role",
        lambda stack: add_statement(stack, SERVER, "iam:PutRolePolicy", on="${aws_iam_role.service_server_role.arn}"),
    ),
    CHANGES(
        "T-PCI-1",
        "role-serves-one-workload",
        "a second service assumes the role",
        lambda stack: trust(stack, "service_server_role", {"Service": "ec2.amazonaws.com"}),
    ),
    CHANGES(
        "T-PCI-1",
        "trust-is-narrow",
        "every customer of AWS may become the function",
        lambda stack: trust(stack, "service_server_role", {"AWS": "*"}),
    ),
)

BREAKS = (*NETWORK, *CAPACITY, *ROUTES, *GROUPS, *NAMES, *COMPLIANCE)
