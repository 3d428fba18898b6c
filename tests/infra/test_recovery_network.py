"""The network of each region, and who can reach whom in it."""

from ipaddress import ip_network

from tests.infra.recovery_facts import ACCOUNT, region_of, statements
from tests.infra.synthesized import Synthesis

NETWORK = {"us-east-2": "10.0.0.0/16", "us-west-2": "10.1.0.0/16"}


def test_each_region_has_a_network_of_its_own_over_two_zones(region: Synthesis) -> None:
    name = region_of(region)
    assert region.find("resource.aws_vpc.*.cidr_block") == [NETWORK[name]]
    prefix = NETWORK[name].removesuffix(".0.0/16")
    subnets = {s.name: (s.body["availability_zone"], s.body["cidr_block"]) for s in region.resources("aws_subnet")}
    assert subnets == {
        "network_public_a": (f"{name}a", f"{prefix}.0.0/24"),
        "network_public_b": (f"{name}b", f"{prefix}.1.0/24"),
        "network_private_a": (f"{name}a", f"{prefix}.10.0/24"),
        "network_private_b": (f"{name}b", f"{prefix}.11.0/24"),
    }


def test_the_networks_do_not_overlap() -> None:
    primary, secondary = (ip_network(network) for network in NETWORK.values())
    assert not primary.overlaps(secondary)


def test_each_private_subnet_leaves_through_the_nat_gateway_of_its_zone(region: Synthesis) -> None:
    for zone in "ab":
        gateway = region.resource(f"aws_nat_gateway.network_nat_{zone}")
        assert gateway["subnet_id"] == f"${{aws_subnet.network_public_{zone}.id}}"
        route = region.resource(f"aws_route.network_private_{zone}_default")
        assert route["nat_gateway_id"] == f"${{aws_nat_gateway.network_nat_{zone}.id}}"
        association = region.resource(f"aws_route_table_association.network_private_{zone}_routes")
        assert association["subnet_id"] == f"${{aws_subnet.network_private_{zone}.id}}"
        assert association["route_table_id"] == route["route_table_id"]
        public = region.resource(f"aws_route_table_association.network_public_{zone}_routes")
        assert public["route_table_id"] == "${aws_route_table.network_public.id}"


def test_the_world_reaches_the_load_balancer_by_https_and_http_and_nothing_else(region: Synthesis) -> None:
    admitted = {
        (rule.body["security_group_id"], rule.body["cidr_ipv4"], rule.body["from_port"], rule.body["to_port"])
        for rule in region.resources("aws_vpc_security_group_ingress_rule")
    }
    balancer = "${aws_security_group.security_balancer.id}"
    assert admitted == {(balancer, "0.0.0.0/0", 443, 443), (balancer, "0.0.0.0/0", 80, 80)}


def test_nothing_reaches_out_but_the_function_to_the_table(region: Synthesis) -> None:
    (rule,) = region.resources("aws_vpc_security_group_egress_rule")
    assert rule.body["security_group_id"] == "${aws_security_group.security_application.id}"
    assert rule.body["prefix_list_id"] == "${aws_vpc_endpoint.network_dynamodb.prefix_list_id}"
    assert (rule.body["ip_protocol"], rule.body["from_port"], rule.body["to_port"]) == ("tcp", 443, 443)
    (endpoint,) = region.resources("aws_vpc_endpoint")
    assert endpoint.body["service_name"] == f"com.amazonaws.{region_of(region)}.dynamodb"
    (allowed,) = statements(endpoint.body["policy"])
    assert allowed["Action"] == ["dynamodb:GetItem"]
    table = f"financial-recovery-transactions-{region.suffix}"
    assert allowed["Resource"] == f"arn:aws:dynamodb:{region_of(region)}:{ACCOUNT}:table/{table}"


def test_the_default_group_admits_and_reaches_nothing(region: Synthesis) -> None:
    (group,) = region.resources("aws_default_security_group")
    assert "ingress" not in group.body
    assert "egress" not in group.body


def test_the_load_balancer_stands_in_the_public_subnets_behind_the_firewall(region: Synthesis) -> None:
    balancer = region.resource("aws_lb.alb_balancer")
    assert balancer["subnets"] == [f"${{aws_subnet.network_public_{zone}.id}}" for zone in "ab"]
    assert balancer["internal"] is False
    assert balancer["access_logs"]["enabled"] is True
    association = region.resource("aws_wafv2_web_acl_association.alb_firewall")
    assert association["resource_arn"] == "${aws_lb.alb_balancer.arn}"
    acl = region.resource("aws_wafv2_web_acl.waf_acl")
    assert association["web_acl_arn"] == "${aws_wafv2_web_acl.waf_acl.arn}"
    assert acl["scope"] == "REGIONAL"
    assert acl["rule"][0]["statement"]["rate_based_statement"]["limit"] == 2000
    logging = region.resource("aws_wafv2_web_acl_logging_configuration.waf_logging")
    assert logging["resource_arn"] == "${aws_wafv2_web_acl.waf_acl.arn}"


def test_http_is_redirected_and_https_forwards_the_health_checks_alone(region: Synthesis) -> None:
    http, https = (region.resource(f"aws_lb_listener.alb_{protocol}") for protocol in ("http", "https"))
    assert [action["type"] for action in http["default_action"]] == ["redirect"]
    assert http["default_action"][0]["redirect"]["protocol"] == "HTTPS"
    assert [action["type"] for action in https["default_action"]] == ["fixed-response"]
    assert https["default_action"][0]["fixed_response"]["status_code"] == "404"
    (rule,) = region.resources("aws_lb_listener_rule")
    assert rule.body["condition"] == [{"path_pattern": {"values": ["/health"]}}]
    assert rule.body["action"] == [{"target_group_arn": "${aws_lb_target_group.alb_health.arn}", "type": "forward"}]
    target = region.resource("aws_lb_target_group_attachment.alb_health_target")
    assert target["target_id"] == "${aws_lambda_function.answers_function.arn}"


def test_what_answers_runs_in_the_private_subnets_and_what_watches_outside(region: Synthesis) -> None:
    answers = region.resource("aws_lambda_function.answers_function")["vpc_config"]
    assert answers["subnet_ids"] == [f"${{aws_subnet.network_private_{zone}.id}}" for zone in "ab"]
    assert answers["security_group_ids"] == ["${aws_security_group.security_application.id}"]
    assert "vpc_config" not in region.resource("aws_lambda_function.monitor_function")


def test_every_connection_of_the_network_is_logged(region: Synthesis) -> None:
    (log,) = region.resources("aws_flow_log")
    assert log.body["traffic_type"] == "ALL"
    assert log.body["vpc_id"] == "${aws_vpc.network_vpc.id}"
