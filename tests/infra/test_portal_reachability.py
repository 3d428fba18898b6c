"""Who can reach whom."""

import json

from tests.infra.synthesized import Resource, Synthesis

CLOUDFRONT = "${data.aws_ec2_managed_prefix_list.security_cloudfront.id}"
S3 = "${aws_vpc_endpoint.endpoints_s3.prefix_list_id}"
RULES = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")


def group(tier: str) -> str:
    return f"${{aws_security_group.security_{tier}.id}}"


def rules(portal: Synthesis, direction: str) -> set[tuple[str, str, int]]:
    """The rules as (group, peer, port)."""
    return {
        (
            rule.body["security_group_id"],
            rule.body.get("referenced_security_group_id") or rule.body["prefix_list_id"],
            rule.body["from_port"],
        )
        for rule in portal.resources(f"aws_vpc_security_group_{direction}_rule")
    }


def test_each_tier_admits_only_the_tier_before_it(portal: Synthesis) -> None:
    assert rules(portal, "ingress") == {
        (group("balancer"), CLOUDFRONT, 443),
        (group("redirect"), CLOUDFRONT, 80),
        (group("application"), group("balancer"), 8443),
        (group("database"), group("application"), 3306),
        (group("database"), group("rotation"), 3306),
        (group("endpoints"), group("application"), 443),
        (group("endpoints"), group("rotation"), 443),
    }


def test_each_tier_reaches_only_what_it_needs(portal: Synthesis) -> None:
    assert rules(portal, "egress") == {
        (group("balancer"), group("application"), 8443),
        (group("application"), group("database"), 3306),
        (group("application"), group("endpoints"), 443),
        (group("application"), S3, 443),
        (group("rotation"), group("database"), 3306),
        (group("rotation"), group("endpoints"), 443),
    }


def test_the_prefix_list_is_cloudfronts(portal: Synthesis) -> None:
    lists = portal.find("data.aws_ec2_managed_prefix_list.*.name")
    assert lists == ["com.amazonaws.global.cloudfront.origin-facing"]


def test_a_rule_opens_one_port_of_tcp(portal: Synthesis) -> None:
    for rule in (rule for type_ in RULES for rule in portal.resources(type_)):
        assert rule.body["ip_protocol"] == "tcp", rule.address
        assert rule.body["from_port"] == rule.body["to_port"], rule.address


def test_no_rule_names_an_address_range(portal: Synthesis) -> None:
    ranges = {"cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks", "ingress", "egress"}
    judged = [*RULES, "aws_security_group", "aws_default_security_group", "aws_security_group_rule"]
    for resource in (resource for type_ in judged for resource in portal.resources(type_)):
        assert not ranges & resource.body.keys(), resource.address


def test_only_routes_name_the_whole_internet(portal: Synthesis) -> None:
    naming_it = {resource.type for resource in portal.resources() if "0.0.0.0/0" in json.dumps(resource.body)}
    assert naming_it == {"aws_route"}


def test_each_private_subnet_leaves_through_the_gateway_of_its_own_zone(portal: Synthesis) -> None:
    for zone in "abc":
        tables = {
            association.body["route_table_id"]
            for association in portal.resources("aws_route_table_association")
            if association.body["subnet_id"] == f"${{aws_subnet.network_private_{zone}.id}}"
        }
        gateways = {
            route.body["nat_gateway_id"]
            for route in portal.resources("aws_route")
            if route.body["route_table_id"] in tables
        }
        subnets = {
            portal.resource(gateway.removeprefix("${").removesuffix(".id}"))["subnet_id"] for gateway in gateways
        }
        assert subnets == {f"${{aws_subnet.network_public_{zone}.id}}"}
        assert portal.resource(f"aws_subnet.network_public_{zone}")["availability_zone"] == f"us-east-1{zone}"
        assert portal.resource(f"aws_subnet.network_private_{zone}")["availability_zone"] == f"us-east-1{zone}"


def test_the_balancer_forwards_only_requests_with_the_secret_header(portal: Synthesis) -> None:
    header = "${sensitive(terraform_data.origin_header_kept.output.value)}"
    listener = portal.resource("aws_lb_listener.alb_https")
    assert [action["type"] for action in listener["default_action"]] == ["fixed-response"]
    assert listener["default_action"][0]["fixed_response"]["status_code"] == "403"
    rules = list(portal.resources("aws_lb_listener_rule"))
    assert [rule.body["listener_arn"] for rule in rules] == ["${aws_lb_listener.alb_https.arn}"]
    for rule in rules:
        assert [condition["http_header"] for condition in rule.body["condition"]] == [
            {"http_header_name": "X-Origin-Verify", "values": [header]}
        ]
    sent = portal.find("resource.aws_cloudfront_distribution.*.origin[*].custom_header[*]")
    assert sent == [{"name": "X-Origin-Verify", "value": header}]


def test_the_secret_header_is_kept_once_it_was_made(portal: Synthesis) -> None:
    kept = portal.resource("terraform_data.origin_header_kept")
    assert kept["lifecycle"] == {"ignore_changes": ["input"]}


def test_only_the_distribution_reads_static_assets(portal: Synthesis) -> None:
    allowed = [s for s in statements(portal, "aws_s3_bucket_policy.storage_static_policy") if s["Effect"] == "Allow"]
    assert [(s["Principal"], s["Action"], s["Condition"]) for s in allowed] == [
        (
            {"Service": "cloudfront.amazonaws.com"},
            ["s3:GetObject"],
            {"StringEquals": {"aws:SourceArn": "${aws_cloudfront_distribution.cdn_distribution.arn}"}},
        )
    ]


def test_every_bucket_refuses_requests_without_modern_tls(portal: Synthesis) -> None:
    policies = list(portal.resources("aws_s3_bucket_policy"))
    buckets = {f"${{{bucket.address}.id}}" for bucket in portal.resources("aws_s3_bucket")}
    assert {policy.body["bucket"] for policy in policies} == buckets
    for policy in policies:
        denied = [s["Condition"] for s in statements(portal, policy.address) if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in denied, policy.address
        assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} in denied, policy.address


def test_a_gateway_endpoint_serves_the_private_route_tables(portal: Synthesis) -> None:
    tables = [f"${{aws_route_table.network_private_{zone}_table.id}}" for zone in "abc"]
    for name in ("s3", "dynamodb"):
        endpoint = portal.resource(f"aws_vpc_endpoint.endpoints_{name}")
        assert (endpoint["vpc_endpoint_type"], endpoint["route_table_ids"]) == ("Gateway", tables)


def test_an_interface_endpoint_answers_in_every_private_subnet(portal: Synthesis) -> None:
    interfaces = [e for e in portal.resources("aws_vpc_endpoint") if e.body["vpc_endpoint_type"] == "Interface"]
    assert len(interfaces) == 7
    for endpoint in interfaces:
        assert endpoint.body["subnet_ids"] == [f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"]
        assert endpoint.body["security_group_ids"] == [group("endpoints")]
        assert endpoint.body["private_dns_enabled"] is True


def statements(portal: Synthesis, address: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(portal.resource(address)["policy"])["Statement"]
    return found


def test_an_endpoint_answers_nobody_but_this_account(portal: Synthesis) -> None:
    for endpoint in portal.resources("aws_vpc_endpoint"):
        for statement in statements(portal, endpoint.address):
            assert is_limited(endpoint, statement), endpoint.address


def is_limited(endpoint: Resource, statement: dict[str, object]) -> bool:
    ours = {"StringEquals": {"aws:PrincipalAccount": "${data.aws_caller_identity.account.account_id}"}}
    # dnf fetches packages unsigned, from AWS's own bucket.
    packages = endpoint.name == "endpoints_s3" and statement["Resource"] == "arn:aws:s3:::al2023-repos-us-east-1-*/*"
    return statement.get("Condition") == ours or packages
