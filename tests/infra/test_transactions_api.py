"""The transaction API's way in: who may call it, and that nobody gets past CloudFront; the function; the alarms."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.recovery_facts import ACCOUNT, statements
from tests.infra.synthesized import Synthesis

REGION = "us-west-2"
EDGE = "aws.us-east-1"  # the provider of what CloudFront demands to have in us-east-1
LONGEST_INTEGRATION_SECONDS = 30  # API Gateway's quota for HTTP APIs
TRANSACTIONS_PER_MINUTE = 100_000  # T-CAP-1: more than these
SECRET_HEADER = "${sensitive(terraform_data.origin_header_kept.output.value)}"
PRIVATE_SUBNETS = [f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"]


def domain(api: Synthesis) -> str:
    return f"{api.suffix}.financial-transactions.test"


def only(api: Synthesis, type_: str) -> dict[str, Any]:
    (resource,) = api.resources(type_)
    return dict(resource.body)


def log_format(api: Synthesis) -> dict[str, str]:
    fields: dict[str, str] = json.loads(only(api, "aws_apigatewayv2_stage")["access_log_settings"]["format"])
    return fields


def certificate_names(api: Synthesis, reference: str) -> set[str]:
    """The names on the certificate behind a reference to its validation."""
    match = re.fullmatch(r"\$\{aws_acm_certificate_validation\.(\w+)_validation\.certificate_arn\}", reference)
    assert match, reference
    certificate = api.resource(f"aws_acm_certificate.{match[1]}")
    return {certificate["domain_name"], *certificate.get("subject_alternative_names", ())}


# --- what callers meet ---


def test_the_throttle_is_10_000_requests_a_second_in_bursts_of_5000(api: Synthesis) -> None:
    settings = only(api, "aws_apigatewayv2_stage")["default_route_settings"]
    assert settings["throttling_burst_limit"] == 5000
    assert settings["throttling_rate_limit"] == 10_000
    assert settings["throttling_rate_limit"] * 60 > TRANSACTIONS_PER_MINUTE
    assert "route_settings" not in only(api, "aws_apigatewayv2_stage")


def test_the_stage_is_named_by_the_suffix_and_deploys_by_itself(api: Synthesis) -> None:
    stage = only(api, "aws_apigatewayv2_stage")
    assert stage["name"] == api.suffix
    assert stage["auto_deploy"] is True
    assert stage["default_route_settings"]["detailed_metrics_enabled"] is True
    routes = {f"aws_apigatewayv2_route.{route.name}" for route in api.resources("aws_apigatewayv2_route")}
    assert routes <= set(stage["depends_on"])  # or the first deployment could be one without a route


def test_there_are_three_routes_and_each_demands_a_token_with_its_scope(api: Synthesis) -> None:
    routes = [route.body for route in api.resources("aws_apigatewayv2_route")]
    assert {route["route_key"]: route["authorization_scopes"] for route in routes} == {
        "POST /transactions": ["transactions/write"],
        "GET /transactions/{id}": ["transactions/read"],
        "GET /transactions/{id}/receipt": ["transactions/read"],
    }
    for route in routes:
        assert route["authorization_type"] == "JWT", route["route_key"]
        assert route["authorizer_id"] == "${aws_apigatewayv2_authorizer.api_callers.id}", route["route_key"]
        assert route["target"] == "integrations/${aws_apigatewayv2_integration.api_service.id}", route["route_key"]


def test_tokens_are_those_of_the_given_issuer_for_the_given_audience(api: Synthesis, production: Synthesis) -> None:
    authorizer = only(api, "aws_apigatewayv2_authorizer")
    assert authorizer["authorizer_type"] == "JWT"
    assert authorizer["identity_sources"] == ["$request.header.Authorization"]
    assert authorizer["jwt_configuration"] == {"issuer": f"https://issuer.{domain(api)}", "audience": ["transactions"]}
    assert only(production.of("transactions"), "aws_apigatewayv2_authorizer")["jwt_configuration"] == {
        "issuer": "https://issuer.example.com/tenant",
        "audience": ["https://transactions.example.com"],
    }


def test_pages_of_the_given_origins_may_call_it_and_of_no_other(api: Synthesis, production: Synthesis) -> None:
    allowed = only(api, "aws_apigatewayv2_api")["cors_configuration"]
    assert allowed["allow_origins"] == [f"https://{api.suffix}.financial-portal.test"]
    in_production = only(production.of("transactions"), "aws_apigatewayv2_api")["cors_configuration"]
    assert in_production["allow_origins"] == ["https://portal.example.com", "https://back-office.example.com:8443"]


@pytest.mark.parametrize("run", ["shortest", "longest", "production"])
def test_cors_never_says_everything(run: str, request: pytest.FixtureRequest) -> None:
    synthesis: Synthesis = request.getfixturevalue(run)
    allowed = only(synthesis.of("transactions"), "aws_apigatewayv2_api")["cors_configuration"]
    for name in ("allow_origins", "allow_methods", "allow_headers"):
        assert allowed[name], name
        assert not [value for value in allowed[name] if "*" in value], name
    assert set(allowed["allow_methods"]) == {"GET", "POST"}
    assert {"authorization", "idempotency-key"} <= set(allowed["allow_headers"])
    assert not allowed.get("allow_credentials")


# --- nobody gets past CloudFront ---


def test_the_api_answers_under_its_own_name_only(api: Synthesis) -> None:
    assert only(api, "aws_apigatewayv2_api")["disable_execute_api_endpoint"] is True
    name = only(api, "aws_apigatewayv2_domain_name")
    assert name["domain_name"] == f"origin.{domain(api)}"
    configuration = name["domain_name_configuration"]
    assert (configuration["endpoint_type"], configuration["security_policy"]) == ("REGIONAL", "TLS_1_2")
    assert certificate_names(api, configuration["certificate_arn"]) == {name["domain_name"]}
    mapping = only(api, "aws_apigatewayv2_api_mapping")
    assert mapping["stage"] == "${aws_apigatewayv2_stage.api_stage.id}"
    assert "api_mapping_key" not in mapping
    record = api.resource("aws_route53_record.api_origin")
    target = "aws_apigatewayv2_domain_name.api_domain.domain_name_configuration"
    assert record["name"] == name["domain_name"]
    assert record["alias"]["name"] == f"${{{target}[0].target_domain_name}}"
    assert record["alias"]["zone_id"] == f"${{{target}[0].hosted_zone_id}}"


def test_cloudfront_stands_before_the_api_and_adds_the_secret_header(api: Synthesis) -> None:
    (origin,) = only(api, "aws_cloudfront_distribution")["origin"]
    assert origin["domain_name"] == only(api, "aws_apigatewayv2_domain_name")["domain_name"]
    assert origin["custom_header"] == [{"name": "X-Origin-Verify", "value": SECRET_HEADER}]
    assert origin["custom_origin_config"]["origin_protocol_policy"] == "https-only"
    assert origin["custom_origin_config"]["origin_ssl_protocols"] == ["TLSv1.2"]


def test_the_balancer_takes_only_requests_with_the_header(api: Synthesis) -> None:
    (listener,) = api.resources("aws_lb_listener")
    assert (listener.body["port"], listener.body["protocol"]) == (443, "HTTPS")
    (default,) = listener.body["default_action"]
    assert (default["type"], default["fixed_response"]["status_code"]) == ("fixed-response", "403")
    (rule,) = api.resources("aws_lb_listener_rule")
    assert rule.body["listener_arn"] == f"${{{listener.address}.arn}}"
    assert rule.body["condition"] == [
        {"http_header": {"http_header_name": "X-Origin-Verify", "values": [SECRET_HEADER]}}
    ]
    (forward,) = rule.body["action"]
    assert forward == {"type": "forward", "target_group_arn": "${aws_lb_target_group.alb_service.arn}"}


def test_the_header_passes_the_gateway_on_its_way_to_the_balancer(api: Synthesis) -> None:
    integration = only(api, "aws_apigatewayv2_integration")
    assert integration["integration_type"] == "HTTP_PROXY"  # hands on every header that it does not change
    changed = {key.partition("header.")[2].lower() for key in integration["request_parameters"]} - {""}
    (condition,) = only(api, "aws_lb_listener_rule")["condition"]
    assert condition["http_header"]["http_header_name"].lower() not in changed
    behaviour = only(api, "aws_cloudfront_distribution")["default_cache_behavior"]
    assert behaviour["target_origin_id"] == only(api, "aws_cloudfront_distribution")["origin"][0]["origin_id"]
    policy = "data.aws_cloudfront_origin_request_policy.edge_cdn_whole_request"
    assert behaviour["origin_request_policy_id"] == f"${{{policy}.id}}"
    assert api.document["data"]["aws_cloudfront_origin_request_policy"]["edge_cdn_whole_request"]["name"] == (
        "Managed-AllViewerExceptHostHeader"
    )


def test_the_gateway_reaches_the_balancer_inside_the_network_and_verifies_it(api: Synthesis) -> None:
    integration = only(api, "aws_apigatewayv2_integration")
    assert integration["connection_type"] == "VPC_LINK"
    assert integration["connection_id"] == "${aws_apigatewayv2_vpc_link.api_link.id}"
    assert integration["integration_uri"] == "${aws_lb_listener.alb_https.arn}"
    assert integration["payload_format_version"] == "1.0"  # what HTTP_PROXY takes
    verified = integration["tls_config"]["server_name_to_verify"]
    listener = only(api, "aws_lb_listener")
    assert verified == f"service.{domain(api)}"
    assert certificate_names(api, listener["certificate_arn"]) == {verified}
    assert re.match(r"ELBSecurityPolicy-TLS13-1-[23]-", listener["ssl_policy"])
    link = only(api, "aws_apigatewayv2_vpc_link")
    assert link["security_group_ids"] == ["${aws_security_group.security_link.id}"]
    assert link["subnet_ids"] == PRIVATE_SUBNETS


def test_the_balancer_has_no_address_in_the_internet(api: Synthesis) -> None:
    balancer = only(api, "aws_lb")
    assert balancer["internal"] is True
    assert balancer["subnets"] == PRIVATE_SUBNETS
    assert balancer["security_groups"] == ["${aws_security_group.security_balancer.id}"]
    admitted = [
        (rule.body.get("referenced_security_group_id"), rule.body["from_port"], rule.body["to_port"])
        for rule in api.resources("aws_vpc_security_group_ingress_rule")
        if rule.body["security_group_id"] == "${aws_security_group.security_balancer.id}"
    ]
    assert admitted == [("${aws_security_group.security_link.id}", 443, 443)]


def test_only_the_balancer_may_call_the_function(api: Synthesis) -> None:
    permission = api.resource("aws_lambda_permission.alb_service_permission")
    assert permission["principal"] == "elasticloadbalancing.amazonaws.com"
    assert permission["source_arn"] == "${aws_lb_target_group.alb_service.arn}"
    assert permission["function_name"] == "${aws_lambda_function.service_function.function_name}"
    attachment = only(api, "aws_lb_target_group_attachment")
    assert attachment["target_id"] == "${aws_lambda_function.service_function.arn}"
    assert attachment["depends_on"] == ["aws_lambda_permission.alb_service_permission"]
    group = only(api, "aws_lb_target_group")
    assert group["target_type"] == "lambda"
    assert (group["health_check"]["path"], group["health_check"]["matcher"]) == ("/health", "200")


def test_the_function_is_told_the_route_and_who_calls_by_the_gateway(api: Synthesis) -> None:
    assert only(api, "aws_apigatewayv2_integration")["request_parameters"] == {
        "overwrite:path": "$request.path",
        "overwrite:header.x-client-id": "$context.authorizer.claims.sub",
        "overwrite:header.x-request-id": "$context.requestId",
    }


def test_each_step_waits_longer_than_the_one_behind_it(api: Synthesis) -> None:
    function = api.resource("aws_lambda_function.service_function")["timeout"]
    gateway = only(api, "aws_apigatewayv2_integration")["timeout_milliseconds"] / 1000
    assert function < gateway < only(api, "aws_lb")["idle_timeout"]
    assert gateway <= LONGEST_INTEGRATION_SECONDS
    assert only(api, "aws_lb_target_group")["health_check"]["timeout"] >= function


# --- the edge ---


def test_a_web_acl_stands_before_the_distribution_and_blocks(api: Synthesis) -> None:
    acl = only(api, "aws_wafv2_web_acl")
    assert only(api, "aws_cloudfront_distribution")["web_acl_id"] == "${aws_wafv2_web_acl.edge_waf_acl.arn}"
    assert acl["scope"] == "CLOUDFRONT"
    groups = [rule for rule in acl["rule"] if "managed_rule_group_statement" in rule["statement"]]
    assert len(groups) == 5
    assert all(rule["override_action"] == {"none": {}} for rule in groups)


def test_only_the_addresses_of_hosting_companies_are_counted_instead_of_blocked(api: Synthesis) -> None:
    statements_ = api.find("resource.aws_wafv2_web_acl.*.rule[*].statement.managed_rule_group_statement")
    counted = {
        (statement["name"], override["name"], *override["action_to_use"])
        for statement in statements_
        for override in statement.get("rule_action_override", ())
    }
    assert counted == {("AWSManagedRulesAnonymousIpList", "HostingProviderIPList", "count")}


def test_one_address_may_bring_what_is_asked_for_and_cannot_take_the_api_away(api: Synthesis) -> None:
    (limit,) = api.find("resource.aws_wafv2_web_acl.*.rule[*].statement.rate_based_statement")
    (rule,) = [r for r in only(api, "aws_wafv2_web_acl")["rule"] if "rate_based_statement" in r["statement"]]
    assert rule["action"] == {"block": {}}
    assert limit["aggregate_key_type"] == "IP"
    per_second = limit["limit"] / limit["evaluation_window_sec"]
    assert per_second * 60 > TRANSACTIONS_PER_MINUTE
    throttle = only(api, "aws_apigatewayv2_stage")["default_route_settings"]["throttling_rate_limit"]
    assert per_second <= throttle / 4


def test_all_that_is_the_edge_lies_in_us_east_1_and_nothing_else_does(api: Synthesis) -> None:
    for resource in api.resources():
        expected = EDGE if resource.name.startswith("edge_") else None
        assert resource.body.get("provider") == expected, resource.address
    types = {resource.type for resource in api.resources() if resource.body.get("provider") == EDGE}
    assert {"aws_acm_certificate", "aws_wafv2_web_acl", "aws_cloudwatch_log_delivery", "aws_sns_topic"} <= types
    for data in api.document["data"].values():
        for name, body in data.items():
            assert body.get("provider") == (EDGE if name.startswith("edge_") else None), name


def test_what_names_its_region_names_the_right_one(api: Synthesis) -> None:
    for resource in api.resources():
        wrong = f":{REGION}:" if resource.name.startswith("edge_") else ":us-east-1:"
        assert wrong not in json.dumps(resource.body), resource.address


def test_viewers_get_modern_tls_and_answers_that_nobody_keeps(api: Synthesis) -> None:
    distribution = only(api, "aws_cloudfront_distribution")
    assert distribution["aliases"] == [domain(api)]
    viewer = distribution["viewer_certificate"]
    assert viewer["minimum_protocol_version"] == "TLSv1.2_2021"
    assert certificate_names(api, viewer["acm_certificate_arn"]) == {domain(api)}
    behaviour = distribution["default_cache_behavior"]
    assert "ordered_cache_behavior" not in distribution
    assert behaviour["viewer_protocol_policy"] == "https-only"
    assert {"GET", "POST", "OPTIONS"} <= set(behaviour["allowed_methods"])
    assert api.document["data"]["aws_cloudfront_cache_policy"]["edge_cdn_no_cache"]["name"] == (
        "Managed-CachingDisabled"
    )
    headers = only(api, "aws_cloudfront_response_headers_policy")
    assert headers["custom_headers_config"]["items"] == [
        {"header": "Cache-Control", "override": True, "value": "no-store"}
    ]
    assert headers["security_headers_config"]["strict_transport_security"]["access_control_max_age_sec"] >= 31_536_000


# --- what is written down ---


def test_an_access_log_line_says_who_what_when_with_what_result_from_where_and_upon_what(api: Synthesis) -> None:
    written = set(log_format(api).values())
    for variable in (
        "authorizer.claims.sub",  # who
        "routeKey",  # what, and upon what kind of thing: the path may hold what a caller should not have sent
        "requestTime",  # when
        "status",  # with what result
        "error.message",
        "authorizer.error",
        "integrationErrorMessage",
        "identity.sourceIp",  # from where
        "requestId",
    ):
        assert f"$context.{variable}" in written, variable


def test_an_access_log_line_holds_nothing_that_a_caller_may_write_what_he_likes_into(api: Synthesis) -> None:
    for name, variable in log_format(api).items():
        assert re.fullmatch(r"\$context\.[A-Za-z._]+", variable), name
        assert not re.search(r"header|body|querystring|token|path", variable, re.IGNORECASE), name


def test_the_gateway_may_write_its_log_which_is_encrypted_and_30_days_at_hand(api: Synthesis) -> None:
    group = api.resource("aws_cloudwatch_log_group.api_log")
    settings = only(api, "aws_apigatewayv2_stage")["access_log_settings"]
    assert settings["destination_arn"] == "${aws_cloudwatch_log_group.api_log.arn}"
    # Outside this prefix every group takes up room in the one policy of all logs.
    assert group["name"] == f"/aws/vendedlogs/apigateway/financial-transactions-api-{api.suffix}"
    assert group["retention_in_days"] == 30
    assert group["kms_key_id"] == "${aws_kms_key.logs_key.arn}"
    (writer,) = statements(api.resource("aws_cloudwatch_log_resource_policy.api_delivery")["policy_document"])
    assert writer["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert writer["Resource"] == "${aws_cloudwatch_log_group.api_log.arn}:*"
    assert writer["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_what_the_gateway_writes_reaches_the_archive(api: Synthesis) -> None:
    (copied,) = [
        subscription.body
        for subscription in api.resources("aws_cloudwatch_log_subscription_filter")
        if subscription.body["log_group_name"] == "${aws_cloudwatch_log_group.api_log.name}"
    ]
    assert copied["filter_pattern"] == ""
    (stream,) = api.resources("aws_kinesis_firehose_delivery_stream")
    assert copied["destination_arn"] == f"${{{stream.address}.arn}}"


def test_balancer_distribution_and_firewall_write_down_what_they_see(api: Synthesis) -> None:
    for kind in ("access_logs", "connection_logs"):
        assert only(api, "aws_lb")[kind]["enabled"] is True
        assert only(api, "aws_lb")[kind]["bucket"] == "${aws_s3_bucket.access_logs_bucket.id}"
    source = only(api, "aws_cloudwatch_log_delivery_source")
    assert source["resource_arn"] == "${aws_cloudfront_distribution.edge_cdn_distribution.arn}"
    (destination,) = only(api, "aws_cloudwatch_log_delivery_destination")["delivery_destination_configuration"]
    assert destination["destination_resource_arn"] == "${aws_s3_bucket.edge_access_logs_bucket.arn}/cloudfront"
    (encryption,) = api.resource("aws_s3_bucket_server_side_encryption_configuration.edge_access_logs_encryption")[
        "rule"
    ]
    assert (
        encryption["apply_server_side_encryption_by_default"]["kms_master_key_id"] == "${aws_kms_key.edge_logs_key.arn}"
    )
    key_users = statements(api.resource("aws_kms_key.edge_logs_key")["policy"])
    (writer,) = [s for s in key_users if s["Principal"] == {"Service": "delivery.logs.amazonaws.com"}]
    assert {"kms:GenerateDataKey*", "kms:Decrypt"} <= set(writer["Action"])
    assert writer["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:*"}
    logging = only(api, "aws_wafv2_web_acl_logging_configuration")
    assert logging["log_destination_configs"] == ["${aws_cloudwatch_log_group.edge_waf_log.arn}"]
    assert {field["single_header"]["name"] for field in logging["redacted_fields"]} >= {"authorization", "cookie"}
    for name in ("access_logs", "edge_access_logs"):
        (rule,) = api.resource(f"aws_s3_bucket_lifecycle_configuration.{name}_lifecycle")["rule"]
        assert [expiration["days"] for expiration in rule["expiration"]] == [400]


# --- the function ---


def test_the_function_has_its_database_cache_and_files(api: Synthesis) -> None:
    function = api.resource("aws_lambda_function.service_function")
    variables = function["environment"]["variables"]
    assert variables == {
        "DATABASE_SECRET_ARN": "${aws_secretsmanager_secret.login_secret.arn}",
        "CACHE_HOST": "${aws_elasticache_replication_group.redis_nodes.primary_endpoint_address}",
        "CACHE_PORT": "6379",
        "CACHE_NAME": "${aws_elasticache_replication_group.redis_nodes.replication_group_id}",
        "CACHE_USER": "${aws_elasticache_user.redis_user.user_name}",
        "FILES_PATH": "/mnt/transactions",  # Lambda mounts below /mnt and nowhere else
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    assert function["file_system_config"] == {
        "arn": "${aws_efs_access_point.efs_access_point.arn}",
        "local_mount_path": variables["FILES_PATH"],
    }
    assert function["handler"] == "serve_transactions.handler.handler"
    assert function["vpc_config"] == {
        "subnet_ids": PRIVATE_SUBNETS,
        "security_group_ids": ["${aws_security_group.security_service.id}"],
    }
    assert "dead_letter_config" not in function
    # What the function's own reference says it needs, lambda/serve_transactions/handler.py.
    assert (function["timeout"], function["memory_size"]) == (20, 512)
    assert Path(function["filename"]).name == "serve_transactions.zip"
    assert (api.folder / function["filename"]).is_file()
    ready = {
        *(f"aws_efs_mount_target.{target.name}" for target in api.resources("aws_efs_mount_target")),
        "aws_vpc_security_group_egress_rule.security_service_to_files",
        "aws_vpc_security_group_ingress_rule.security_files_from_service",
    }
    assert len(ready) == 5
    assert ready <= set(function["depends_on"])  # Lambda makes no function before it can mount


def test_the_function_may_do_what_it_needs_and_no_more(api: Synthesis) -> None:
    found = statements(api.resource("aws_iam_role_policy.service_server_policy")["policy"])
    allowed = {action: s for s in found if s["Effect"] == "Allow" for action in s["Action"]}
    assert set(allowed) == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
        "elasticache:Connect",
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:GetSecretValue",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    function = api.resource("aws_lambda_function.service_function")
    variables = function["environment"]["variables"]
    assert allowed["secretsmanager:GetSecretValue"]["Resource"] == variables["DATABASE_SECRET_ARN"]
    current = {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
    assert allowed["secretsmanager:GetSecretValue"]["Condition"] == current
    assert allowed["kms:Decrypt"]["Resource"] == "${aws_kms_key.secrets_key.arn}"
    through = allowed["kms:Decrypt"]["Condition"]["StringEquals"]
    assert through == {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    mounted = {"StringEquals": {"elasticfilesystem:AccessPointArn": function["file_system_config"]["arn"]}}
    for action in ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"):
        assert allowed[action]["Condition"] == mounted
        assert allowed[action]["Resource"] == "${aws_efs_file_system.efs_system.arn}"
    assert allowed["elasticache:Connect"]["Resource"] == [
        "${aws_elasticache_replication_group.redis_nodes.arn}",
        "${aws_elasticache_user.redis_user.arn}",
    ]
    everywhere = {action for action, s in allowed.items() if s["Resource"] == "*"}
    assert everywhere == {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


# --- who hears of trouble ---


def test_an_alarm_is_heard_at_the_topic_of_the_region_that_has_the_metric(api: Synthesis) -> None:
    for alarm in api.resources("aws_cloudwatch_metric_alarm"):
        at_the_edge = alarm.name.startswith("edge_")
        topic = "edge_topic_topic" if at_the_edge else "topic_topic"
        assert alarm.body["alarm_actions"] == [f"${{aws_sns_topic.{topic}.arn}}"], alarm.address
        assert (alarm.body["namespace"] in ("AWS/CloudFront", "AWS/WAFV2")) == at_the_edge, alarm.address
    policy = statements(api.resource("aws_kms_key.edge_alerts_key")["policy"])
    assert ["cloudwatch.amazonaws.com"] in [s["Principal"].get("Service") for s in policy]


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("api_slow", "Latency", 1000),  # sub-second
        ("api_errors", "5xx", 5),
        ("api_refusals", "4xx", 1000),
        ("api_bypassed", "HTTP_Fixed_Response_Count", 1),
        ("service_fails", "Errors", 5),
        ("service_throttled", "Throttles", 1),
        ("service_busy", "ConcurrentExecutions", 800),
        ("service_slow", "Duration", 1000),
        ("service_unhealthy", "UnHealthyHostCount", 1),
    ],
)
def test_what_callers_would_notice_is_an_alarm(api: Synthesis, name: str, metric: str, threshold: float) -> None:
    alarm = api.resource(f"aws_cloudwatch_metric_alarm.api_alarms_{name}")
    assert (alarm["metric_name"], alarm["threshold"]) == (metric, threshold)
    assert alarm["comparison_operator"] == "GreaterThanOrEqualToThreshold"
    assert all(alarm["dimensions"].values())


def test_what_raises_an_alarm_is_on_the_dashboard_where_its_metric_is(api: Synthesis) -> None:
    shown = {
        (widget["properties"]["region"], metric[0], metric[1])
        for widget in json.loads(only(api, "aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
        for metric in widget["properties"]["metrics"]
    }
    for alarm in api.resources("aws_cloudwatch_metric_alarm"):
        region = "us-east-1" if alarm.name.startswith("edge_") else REGION
        assert (region, alarm.body["namespace"], alarm.body["metric_name"]) in shown, alarm.address


# --- what its users are told ---


def test_the_output_is_the_name_that_leads_to_cloudfront(api: Synthesis) -> None:
    assert api.document["output"]["invoke_url"]["value"] == f"https://{domain(api)}"
    for type_ in ("a", "aaaa"):
        record = api.resource(f"aws_route53_record.edge_cdn_viewer_{type_}")
        assert (record["name"], record["type"]) == (domain(api), type_.upper())
        assert record["alias"]["name"] == "${aws_cloudfront_distribution.edge_cdn_distribution.domain_name}"


def test_production_keeps_its_balancer_and_buckets(production: Synthesis, api: Synthesis) -> None:
    kept = production.of("transactions")
    assert only(kept, "aws_lb")["enable_deletion_protection"] is True
    assert only(api, "aws_lb")["enable_deletion_protection"] is False
    assert set(kept.find("resource.aws_s3_bucket.*.force_destroy")) == {False}
    assert set(api.find("resource.aws_s3_bucket.*.force_destroy")) == {True}
