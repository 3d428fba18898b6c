"""What breaks a region of disaster recovery: both regions are broken in the same ways."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.compliance.breaking import Body, Break, Stack, add_statement, close_to_cloudwatch, open_key, trust

REGIONS = ("recovery-primary", "recovery-secondary")
EVERYWHERE = "0.0.0.0/0"
MONITOR, ANSWERS = "monitor_function", "answers_function"


def _subnet(stack: Stack, name: str) -> Body:
    return stack.block("aws_subnet", f"network_{name}")


def _alarm(stack: Stack, name: str) -> Body:
    return stack.block("aws_cloudwatch_metric_alarm", f"alarms_{name}")


def _function(stack: Stack, name: str) -> Body:
    return stack.block("aws_lambda_function", name)


def _admit(stack: Stack, group: str, port: int, **source: str) -> None:
    rule = {"security_group_id": f"${{aws_security_group.security_{group}.id}}", "ip_protocol": "tcp"}
    stack.add("aws_vpc_security_group_ingress_rule", "one_more", {**rule, "from_port": port, "to_port": port, **source})


def _let_out(stack: Stack, group: str, **destination: str) -> None:
    rule = {"security_group_id": f"${{aws_security_group.security_{group}.id}}", "ip_protocol": "tcp"}
    stack.add(
        "aws_vpc_security_group_egress_rule", "one_more", {**rule, "from_port": 443, "to_port": 443, **destination}
    )


def _one_nat_gateway(stack: Stack) -> None:
    stack.remove("aws_nat_gateway", "network_nat_b")
    stack.block("aws_route", "network_private_b_default").update(nat_gateway_id="${aws_nat_gateway.network_nat_a.id}")


def _http_forwards(stack: Stack) -> None:
    action = stack.block("aws_lb_listener", "alb_http")["default_action"][0]
    action.update(type="forward", target_group_arn="${aws_lb_target_group.alb_health.arn}")


def _log_without_key(stack: Stack) -> None:
    stack.block("aws_cloudwatch_log_group", "flow_logs_group").pop("kms_key_id")


def _without_widget(metric: str) -> Callable[[Stack], None]:
    """Takes the graphs of a metric off the dashboard."""

    def change(stack: Stack) -> None:
        dashboard = stack.block("aws_cloudwatch_dashboard")
        body = json.loads(dashboard["dashboard_body"])
        body["widgets"] = [one for one in body["widgets"] if metric not in json.dumps(one)]
        dashboard["dashboard_body"] = json.dumps(body)

    return change


def _rename_log(stack: Stack) -> None:
    _function(stack, MONITOR)["logging_config"].update(log_group="/aws/lambda/other")


def _tags(stack: Stack) -> Any:
    return stack.document["provider"]["aws"][0]["default_tags"][0]["tags"]


NETWORK = (
    Break(
        "D-NET-1",
        "region-is",
        "another region",
        lambda stack: stack.document["provider"]["aws"][0].update(region="eu-west-1"),
    ),
    Break(
        "D-NET-1",
        "vpc-has-planned-range",
        "the range of neither region",
        lambda stack: stack.block("aws_vpc").update(cidr_block="10.9.0.0/16"),
    ),
    Break(
        "D-NET-1",
        "subnets-have-planned-ranges",
        "one subnet more",
        lambda stack: stack.add("aws_subnet", "more", {**_subnet(stack, "private_a"), "cidr_block": "10.9.12.0/24"}),
    ),
    Break(
        "D-NET-1",
        "subnets-have-planned-ranges",
        "a private subnet with the public routes",
        lambda stack: stack.block("aws_route_table_association", "network_private_a_routes").update(
            route_table_id="${aws_route_table.network_public.id}"
        ),
    ),
    Break(
        "D-NET-1",
        "subnets-span-zones",
        "both private subnets in one zone",
        lambda stack: _subnet(stack, "private_b").update(
            availability_zone=_subnet(stack, "private_a")["availability_zone"]
        ),
    ),
    Break(
        "D-NET-1",
        "public-subnets-reach-internet-gateway",
        "a gateway attached to nothing",
        lambda stack: stack.block("aws_internet_gateway").pop("vpc_id"),
    ),
    Break("D-NET-1", "nat-gateways-span-zones", "one NAT gateway for both zones", _one_nat_gateway),
    Break(
        "D-NET-1",
        "private-subnets-use-nat-of-their-zone",
        "no way out",
        lambda stack: stack.remove("aws_route", "network_private_b_default"),
    ),
    Break(
        "D-NET-1",
        "workloads-in-private-subnets",
        "the function stands in a public subnet",
        lambda stack: _function(stack, ANSWERS)["vpc_config"].update(
            subnet_ids=["${aws_subnet.network_private_a.id}", "${aws_subnet.network_public_b.id}"]
        ),
    ),
    Break("D-NET-1", "vpc-has-flow-log", "no flow log", lambda stack: stack.remove("aws_flow_log")),
    Break(
        "D-SG-1",
        "no-open-ingress",
        "SSH from everywhere",
        lambda stack: _admit(stack, "balancer", 22, cidr_ipv4=EVERYWHERE),
    ),
    Break(
        "D-SG-1",
        "ingress-ports-are-planned",
        "SSH from the load balancer",
        lambda stack: _admit(
            stack, "application", 22, referenced_security_group_id="${aws_security_group.security_balancer.id}"
        ),
    ),
    Break(
        "D-SG-1",
        "ingress-ports-are-planned",
        "every port from everywhere",
        lambda stack: stack.block("aws_vpc_security_group_ingress_rule", "security_https_to_balancer").update(
            ip_protocol="-1"
        ),
    ),
    Break("D-SG-1", "http-only-redirects", "HTTP is served", _http_forwards),
    Break(
        "D-SG-1",
        "no-open-egress",
        "the function reaches everybody",
        lambda stack: _let_out(stack, "application", cidr_ipv4=EVERYWHERE),
    ),
    Break(
        "D-SG-1",
        "default-security-group-is-empty",
        "not adopted",
        lambda stack: stack.remove("aws_default_security_group"),
    ),
    Break(
        "D-TLS-1",
        "https-listeners-use-modern-tls",
        "TLS 1.0 beside 1.3",
        lambda stack: stack.block("aws_lb_listener", "alb_https").update(
            ssl_policy="ELBSecurityPolicy-TLS13-1-0-2021-06"
        ),
    ),
    Break("D-TLS-1", "http-only-redirects", "HTTP is served", _http_forwards),
    Break(
        "D-ALB-1",
        "alb-in-public-subnets",
        "one zone too few",
        lambda stack: stack.block("aws_lb")["subnets"].pop(),
    ),
    Break("D-ALB-1", "alb-in-public-subnets", "no load balancer", lambda stack: stack.remove("aws_lb")),
    Break(
        "D-ALB-1",
        "target-group-checks-health",
        "errors count as healthy",
        lambda stack: stack.block("aws_lb_target_group")["health_check"].update(matcher="200-599"),
    ),
    Break(
        "D-ALB-1",
        "balancers-have-web-acl",
        "not associated",
        lambda stack: stack.remove("aws_wafv2_web_acl_association"),
    ),
    Break(
        "D-ALB-1",
        "balancers-have-web-acl",
        "one for CloudFront",
        lambda stack: stack.block("aws_wafv2_web_acl").update(scope="CLOUDFRONT"),
    ),
    Break(
        "D-ALB-1",
        "web-acl-blocks",
        "it only counts",
        lambda stack: [
            rule.update(override_action={"count": {}})
            for rule in stack.block("aws_wafv2_web_acl")["rule"]
            if "override_action" in rule
        ],
    ),
    Break(
        "D-ALB-1",
        "web-acl-limits-rate",
        "a limit that nobody meets",
        lambda stack: stack.block("aws_wafv2_web_acl")["rule"][0]["statement"]["rate_based_statement"].update(
            limit=2_000_000
        ),
    ),
    Break(
        "D-ALB-1",
        "balancer-logs-requests",
        "no access logs",
        lambda stack: stack.block("aws_lb").pop("access_logs"),
    ),
)

KEYS_AND_DATA = (
    Break(
        "D-KMS-1",
        "kms-keys-rotate",
        "a key does not rotate",
        lambda stack: stack.block("aws_kms_key", "functions_key").update(enable_key_rotation=False),
    ),
    Break(
        "D-KMS-1",
        "kms-key-policies-name-users",
        "everybody may decrypt",
        lambda stack: open_key(stack, "logs_key", {"AWS": "*"}),
    ),
    Break("D-KMS-1", "encrypted-with-kms", "a log without key", _log_without_key),
    Break(
        "D-DDB-2",
        "table-is-recoverable",
        "the monitor's memory cannot be restored",
        lambda stack: stack.block("aws_dynamodb_table").pop("point_in_time_recovery"),
    ),
    Break(
        "D-DDB-2",
        "topic-hears-of-metrics",
        "nobody watches the lag",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "alarms_table_replication_lag"),
    ),
    Break(
        "D-DDB-2",
        "topic-hears-of-metrics",
        "ten minutes of lag alarm nobody",
        lambda stack: _alarm(stack, "table_replication_lag").update(threshold=600_000),
    ),
    Break(
        "D-S3-1",
        "bucket-versioned",
        "suspended",
        lambda stack: stack.block("aws_s3_bucket_versioning")["versioning_configuration"].update(status="Suspended"),
    ),
    Break(
        "D-S3-1",
        "topic-hears-of-metrics",
        "objects that are not copied alarm nobody",
        lambda stack: _alarm(stack, "object_replication_failed").update(alarm_actions=[]),
    ),
    Break(
        "D-S3-2",
        "bucket-public-access-blocked",
        "a public policy is let through",
        lambda stack: stack.block("aws_s3_bucket_public_access_block").update(block_public_policy=False),
    ),
    Break(
        "D-S3-2",
        "bucket-requires-tls",
        "no policy",
        lambda stack: stack.remove("aws_s3_bucket_policy"),
    ),
)

FUNCTIONS = (
    Break(
        "D-EVT-1",
        "function-is-scheduled",
        "every five minutes",
        lambda stack: stack.block("aws_cloudwatch_event_rule").update(schedule_expression="rate(5 minutes)"),
    ),
    Break(
        "D-EVT-1",
        "function-is-scheduled",
        "the rule is disabled",
        lambda stack: stack.block("aws_cloudwatch_event_rule").update(state="DISABLED"),
    ),
    Break(
        "D-EVT-1",
        "function-is-scheduled",
        "the rule runs the other function",
        lambda stack: stack.block("aws_cloudwatch_event_target").update(
            arn="${aws_lambda_function.answers_function.arn}"
        ),
    ),
    Break(
        "D-EVT-1",
        "function-is-scheduled",
        "the rule may not invoke it",
        lambda stack: stack.remove("aws_lambda_permission", "monitor_permission"),
    ),
    Break("D-EVT-1", "function-is-scheduled", "no rule", lambda stack: stack.remove("aws_cloudwatch_event_target")),
    Break(
        "D-EVT-1",
        "functions-keep-failed-events",
        "runs are dropped",
        lambda stack: _function(stack, MONITOR).pop("dead_letter_config"),
    ),
    Break("D-LAM-1", "functions-have-log-groups", "it writes to a log of no stack", _rename_log),
    Break(
        "D-LAM-1",
        "functions-hold-no-secrets",
        "a password in its environment",
        lambda stack: _function(stack, MONITOR)["environment"]["variables"].update(DB_PASSWORD="correct horse battery"),
    ),
    Break(
        "D-LAM-1",
        "critical-metrics-are-watched",
        "its errors alarm nobody",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "alarms_monitor_run_errors"),
    ),
)

MONITORING = (
    Break(
        "D-MON-1",
        "alarms-act",
        "an alarm tells nobody",
        lambda stack: _alarm(stack, "region_down").pop("alarm_actions"),
    ),
    Break(
        "D-MON-1",
        "alarms-reach-their-topic",
        "the topic does not admit CloudWatch",
        lambda stack: stack.edit_policy(stack.block("aws_sns_topic_policy"), "policy", close_to_cloudwatch),
    ),
    Break(
        "D-MON-1",
        "alarms-reach-their-topic",
        "the key does not admit CloudWatch",
        lambda stack: stack.edit_policy(stack.block("aws_kms_key", "alerts_key"), "policy", close_to_cloudwatch),
    ),
    Break(
        "D-MON-1",
        "alarms-stand-where-metrics-are",
        "the metric of another region's firewall",
        lambda stack: _alarm(stack, "waf_blocked")["dimensions"].update(Region="eu-west-1"),
    ),
    Break(
        "D-MON-1",
        "alarms-stand-where-metrics-are",
        "a topic in another region",
        lambda stack: _alarm(stack, "region_down").update(
            alarm_actions=["arn:aws:sns:us-east-1:111122223333:financial-recovery-alerts-dev"]
        ),
    ),
    Break(
        "D-MON-1",
        "topic-hears-of-metrics",
        "the region's health alarms when it is well",
        lambda stack: _alarm(stack, "region_down").update(comparison_operator="GreaterThanOrEqualToThreshold"),
    ),
    Break(
        "D-MON-1",
        "topic-hears-of-metrics",
        "an alarm on the tables of nobody",
        lambda stack: _alarm(stack, "table_writes_throttled").pop("dimensions"),
    ),
    Break("D-MON-2", "encrypted-with-kms", "a log without key", _log_without_key),
    Break(
        "D-MON-2",
        "logs-kept-90-days",
        "a month",
        lambda stack: stack.block("aws_cloudwatch_log_group", "monitor_log").update(retention_in_days=30),
    ),
    Break(
        "D-MON-2",
        "audit-logs-kept",
        "the firewall's log for half a year",
        lambda stack: stack.block("aws_cloudwatch_log_group", "waf_log").update(retention_in_days=180),
    ),
    Break(
        "D-MON-2",
        "vpc-has-flow-log",
        "rejected traffic only",
        lambda stack: stack.block("aws_flow_log").update(traffic_type="REJECT"),
    ),
    Break(
        "D-MON-2",
        "web-acl-logs-requests",
        "the firewall logs nothing",
        lambda stack: stack.remove("aws_wafv2_web_acl_logging_configuration"),
    ),
    Break(
        "D-MON-2",
        "balancer-logs-requests",
        "a bucket but not enabled",
        lambda stack: stack.block("aws_lb")["access_logs"].pop("enabled"),
    ),
    Break("D-MON-2", "functions-have-log-groups", "Lambda makes the log group", _rename_log),
    Break(
        "D-MON-3",
        "log-yields-metrics",
        "what could not be served is not counted",
        lambda stack: stack.remove("aws_cloudwatch_log_metric_filter", "answers_unserved"),
    ),
    Break("D-MON-3", "dashboard-shows-metrics", "no dashboard", lambda stack: stack.remove("aws_cloudwatch_dashboard")),
    Break("D-MON-3", "dashboard-shows-metrics", "nothing about the business", _without_widget("ServingDuration")),
)

IDENTITIES_AND_NAMES = (
    Break(
        "D-IAM-1",
        "no-wildcard-permissions",
        "the monitor may do everything",
        lambda stack: add_statement(stack, "monitor_prober_policy", "*"),
    ),
    Break(
        "D-IAM-1",
        "actions-name-their-resources",
        "the monitor reads every table",
        lambda stack: add_statement(stack, "monitor_prober_policy", "dynamodb:GetItem"),
    ),
    Break(
        "D-IAM-1",
        "workloads-change-no-permissions",
        "the monitor may write a policy of its role",
        lambda stack: add_statement(
            stack, "monitor_prober_policy", "iam:PutRolePolicy", on="${aws_iam_role.monitor_prober_role.arn}"
        ),
    ),
    Break(
        "D-IAM-1",
        "role-serves-one-workload",
        "the answering function borrows the role of the monitor",
        lambda stack: _function(stack, ANSWERS).update(role="${aws_iam_role.monitor_prober_role.arn}"),
    ),
    Break(
        "D-IAM-1",
        "trust-is-narrow",
        "every customer of AWS may become the monitor",
        lambda stack: trust(stack, "monitor_prober_role", {"AWS": "*"}),
    ),
    Break("D-TAG-1", "required-tags", "no App", lambda stack: _tags(stack).pop("App")),
    Break("D-TAG-1", "required-tags", "an empty ManagedBy", lambda stack: _tags(stack).update(ManagedBy="")),
    Break(
        "D-NAM-1",
        "names-carry-suffix",
        "a fixed name",
        lambda stack: stack.block("aws_sqs_queue").update(name="financial-health-dead-letters"),
    ),
    Break(
        "D-NAM-1",
        "names-are-within-limits",
        "33 characters",
        lambda stack: stack.block("aws_lb").update(name="financial-recovery-balancer-test".ljust(33, "x")),
    ),
    Break(
        "D-DEL-1",
        "nothing-blocks-teardown",
        "deletion protection",
        lambda stack: stack.block("aws_lb").update(enable_deletion_protection=True),
    ),
    Break(
        "D-DEL-1",
        "nothing-blocks-teardown",
        "a table that is protected",
        lambda stack: stack.block("aws_dynamodb_table").update(deletion_protection_enabled=True),
    ),
    Break(
        "D-DEL-1",
        "production-is-whole",
        "a part that calls itself production",
        lambda stack: stack.block("aws_lb")["tags"].update(Environment="production"),
    ),
    Break("D-DEL-1", "functions-have-log-groups", "Lambda leaves a log group behind", _rename_log),
)

WAYS = (*NETWORK, *KEYS_AND_DATA, *FUNCTIONS, *MONITORING, *IDENTITIES_AND_NAMES)
BREAKS = tuple(replace(way, stack=stack) for stack in REGIONS for way in WAYS)
