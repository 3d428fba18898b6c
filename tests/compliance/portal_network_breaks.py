"""What breaks the portal's network: subnets and routes, the load balancer, and who may reach whom."""

from tests.compliance.breaking import Body, Break, Stack

EVERYWHERE = "0.0.0.0/0"
TCP = {"ip_protocol": "tcp"}


def _subnet(stack: Stack, name: str) -> Body:
    return stack.block("aws_subnet", f"network_{name}")


def _route(stack: Stack, name: str) -> Body:
    return stack.block("aws_route", f"network_{name}_default")


def _group_id(tier: str) -> str:
    return f"${{aws_security_group.security_{tier}.id}}"


def _admit(stack: Stack, tier: str, port: int, **source: str) -> None:
    """One more rule for the group of a tier."""
    rule = {"security_group_id": _group_id(tier), **TCP, "from_port": port, "to_port": port, **source}
    stack.add("aws_vpc_security_group_ingress_rule", "one_more", rule)


def _let_out(stack: Stack, tier: str, **destination: str) -> None:
    rule = {"security_group_id": _group_id(tier), **TCP, "from_port": 443, "to_port": 443, **destination}
    stack.add("aws_vpc_security_group_egress_rule", "one_more", rule)


def _without_internet_gateway(stack: Stack) -> None:
    stack.remove("aws_internet_gateway")
    stack.remove("aws_route", "network_public_default")


def _without_nat_gateways(stack: Stack) -> None:
    stack.remove("aws_nat_gateway")
    for zone in "abc":
        stack.remove("aws_route", f"network_private_{zone}_default")


def _one_nat_gateway(stack: Stack) -> None:
    """What saves money: zones b and c go out through zone a."""
    for zone in "bc":
        stack.remove("aws_nat_gateway", f"network_nat_{zone}")
        _route(stack, f"private_{zone}").update(nat_gateway_id="${aws_nat_gateway.network_nat_a.id}")


def _main_table_leads_out(stack: Stack) -> None:
    """A private subnet loses its own table, and the VPC's main one is public."""
    stack.remove("aws_route_table_association", "network_private_a_routes")
    association = {"vpc_id": "${aws_vpc.network_vpc.id}", "route_table_id": "${aws_route_table.network_public.id}"}
    stack.add("aws_main_route_table_association", "main", association)


def _public_by_ipv6(stack: Stack) -> None:
    route = {
        "route_table_id": "${aws_route_table.network_private_b_table.id}",
        "destination_ipv6_cidr_block": "::/0",
        "gateway_id": "${aws_internet_gateway.network_internet.id}",
    }
    stack.add("aws_route", "six", route)


def _bastion(stack: Stack) -> None:
    bastion = {
        "subnet_id": "${aws_subnet.network_public_a.id}",
        "vpc_security_group_ids": [_group_id("application")],
        "associate_public_ip_address": True,
    }
    stack.add("aws_instance", "bastion", bastion)


def _http_forwards_by_a_rule(stack: Stack) -> None:
    rule = {
        "listener_arn": "${aws_lb_listener.alb_http.arn}",
        "action": [{"type": "forward", "target_group_arn": "${aws_lb_target_group.alb_targets.arn}"}],
        "condition": [{"path_pattern": {"values": ["/legacy/*"]}}],
    }
    stack.add("aws_lb_listener_rule", "legacy", rule)


def _second_target_group(stack: Stack) -> None:
    stack.add("aws_lb_target_group", "more", {"name": "more", "port": 8443, "protocol": "HTTPS"})


def _health_check(stack: Stack) -> Body:
    check: Body = stack.block("aws_lb_target_group")["health_check"]
    return check


def _https(stack: Stack) -> Body:
    return stack.block("aws_lb_listener", "alb_https")


def _http_action(stack: Stack) -> Body:
    action: Body = stack.block("aws_lb_listener", "alb_http")["default_action"][0]
    return action


NETWORK = (
    Break(
        "P-NET-1",
        "vpc-has-planned-range",
        "another range",
        lambda stack: stack.block("aws_vpc").update(cidr_block="10.9.0.0/16"),
    ),
    Break("P-NET-1", "vpc-has-planned-range", "no VPC", lambda stack: stack.remove("aws_vpc")),
    Break(
        "P-NET-2",
        "subnets-have-planned-ranges",
        "a larger range",
        lambda stack: _subnet(stack, "private_c").update(cidr_block="10.0.12.0/23"),
    ),
    Break(
        "P-NET-2",
        "subnets-have-planned-ranges",
        "one subnet more",
        lambda stack: stack.add("aws_subnet", "more", {**_subnet(stack, "private_a"), "cidr_block": "10.0.13.0/24"}),
    ),
    Break(
        "P-NET-2",
        "subnets-have-planned-ranges",
        "a private subnet with the public routes",
        lambda stack: stack.block("aws_route_table_association", "network_private_a_routes").update(
            route_table_id="${aws_route_table.network_public.id}"
        ),
    ),
    Break("P-NET-2", "subnets-have-planned-ranges", "a private subnet public by IPv6", _public_by_ipv6),
    Break("P-NET-2", "subnets-have-planned-ranges", "the main table leads out", _main_table_leads_out),
    Break(
        "P-NET-2",
        "subnets-span-zones",
        "two private subnets in one zone",
        lambda stack: _subnet(stack, "private_c").update(availability_zone="us-east-1b"),
    ),
    Break(
        "P-NET-2",
        "subnets-span-zones",
        "two public subnets in one zone",
        lambda stack: _subnet(stack, "public_a").update(availability_zone="us-east-1c"),
    ),
    Break(
        "P-NET-2",
        "subnets-span-zones",
        "AWS chooses a zone",
        lambda stack: _subnet(stack, "public_b").pop("availability_zone"),
    ),
    Break(
        "P-NET-3",
        "public-subnets-reach-internet-gateway",
        "no internet gateway",
        _without_internet_gateway,
    ),
    Break(
        "P-NET-3",
        "public-subnets-reach-internet-gateway",
        "a gateway attached to nothing",
        lambda stack: stack.block("aws_internet_gateway").pop("vpc_id"),
    ),
    Break(
        "P-NET-3",
        "public-subnets-reach-internet-gateway",
        "a narrow route",
        lambda stack: _route(stack, "public").update(destination_cidr_block="10.0.0.0/8"),
    ),
    Break(
        "P-NET-3",
        "subnets-have-planned-ranges",
        "a public subnet without routes",
        lambda stack: stack.remove("aws_route_table_association", "network_public_c_routes"),
    ),
    Break("P-NET-4", "nat-gateways-span-zones", "no NAT gateway", _without_nat_gateways),
    Break("P-NET-4", "nat-gateways-span-zones", "one NAT gateway for all", _one_nat_gateway),
    Break(
        "P-NET-4",
        "nat-gateways-span-zones",
        "two NAT gateways in one zone",
        lambda stack: stack.block("aws_nat_gateway", "network_nat_b").update(
            subnet_id="${aws_subnet.network_public_a.id}"
        ),
    ),
    Break(
        "P-NET-4",
        "nat-gateways-span-zones",
        "a NAT gateway in a private subnet",
        lambda stack: stack.block("aws_nat_gateway", "network_nat_b").update(
            subnet_id="${aws_subnet.network_private_b.id}"
        ),
    ),
    Break(
        "P-NET-4",
        "nat-gateways-span-zones",
        "a private NAT gateway",
        lambda stack: stack.block("aws_nat_gateway", "network_nat_c").update(connectivity_type="private"),
    ),
    Break(
        "P-NET-4",
        "private-subnets-use-nat-of-their-zone",
        "a private subnet without a way out",
        lambda stack: stack.remove("aws_route", "network_private_b_default"),
    ),
    Break(
        "P-NET-5",
        "private-subnets-use-nat-of-their-zone",
        "out through another zone",
        lambda stack: _route(stack, "private_a").update(nat_gateway_id="${aws_nat_gateway.network_nat_b.id}"),
    ),
    Break(
        "P-NET-5",
        "private-subnets-use-nat-of-their-zone",
        "two private subnets share a table",
        lambda stack: stack.block("aws_route_table_association", "network_private_a_routes").update(
            route_table_id="${aws_route_table.network_private_b_table.id}"
        ),
    ),
    Break(
        "P-NET-5",
        "private-subnets-use-nat-of-their-zone",
        "out through a transit gateway",
        lambda stack: stack.blocks("aws_route").update(
            network_private_a_default={
                "route_table_id": "${aws_route_table.network_private_a_table.id}",
                "destination_cidr_block": EVERYWHERE,
                "transit_gateway_id": "tgw-0123456789abcdef0",
            }
        ),
    ),
    Break(
        "P-NET-5",
        "workloads-in-private-subnets",
        "instances in a public subnet",
        lambda stack: stack.block("aws_autoscaling_group")["vpc_zone_identifier"].append(
            "${aws_subnet.network_public_a.id}"
        ),
    ),
    Break("P-NET-5", "workloads-in-private-subnets", "a bastion host", _bastion),
    Break("P-NET-5", "workloads-in-private-subnets", "the main table leads out", _main_table_leads_out),
)

LOAD_BALANCING = (
    Break(
        "P-ALB-1",
        "alb-in-public-subnets",
        "in private subnets",
        lambda stack: stack.block("aws_lb").update(
            subnets=[f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"]
        ),
    ),
    Break("P-ALB-1", "alb-in-public-subnets", "one zone too few", lambda stack: stack.block("aws_lb")["subnets"].pop()),
    Break("P-ALB-1", "alb-in-public-subnets", "internal", lambda stack: stack.block("aws_lb").update(internal=True)),
    Break(
        "P-ALB-1",
        "alb-in-public-subnets",
        "a network load balancer",
        lambda stack: stack.block("aws_lb").update(load_balancer_type="network"),
    ),
    Break("P-ALB-1", "alb-in-public-subnets", "none", lambda stack: stack.remove("aws_lb")),
    Break(
        "P-ALB-2",
        "target-group-checks-health",
        "another path",
        lambda stack: _health_check(stack).update(path="/live"),
    ),
    Break("P-ALB-2", "target-group-checks-health", "no path", lambda stack: _health_check(stack).pop("path")),
    Break(
        "P-ALB-2",
        "target-group-checks-health",
        "switched off",
        lambda stack: _health_check(stack).update(enabled=False),
    ),
    Break("P-ALB-2", "target-group-checks-health", "a second target group without a check", _second_target_group),
    Break(
        "P-ALB-3",
        "target-group-checks-health",
        "errors count as healthy",
        lambda stack: _health_check(stack).update(matcher="200-599"),
    ),
    Break(
        "P-ALB-3",
        "target-group-checks-health",
        "a connection is enough",
        lambda stack: _health_check(stack).update(protocol="TCP"),
    ),
    Break(
        "P-ALB-4",
        "https-listeners-use-modern-tls",
        "the default policy",
        lambda stack: _https(stack).pop("ssl_policy"),
    ),
    Break(
        "P-ALB-4",
        "https-listeners-use-modern-tls",
        "TLS 1.0 beside 1.3",
        lambda stack: _https(stack).update(ssl_policy="ELBSecurityPolicy-TLS13-1-0-2021-06"),
    ),
    Break(
        "P-ALB-4",
        "https-listeners-use-modern-tls",
        "no certificate",
        lambda stack: _https(stack).pop("certificate_arn"),
    ),
    Break(
        "P-ALB-4",
        "https-listeners-use-modern-tls",
        "HTTP only",
        lambda stack: stack.remove("aws_lb_listener", "alb_https"),
    ),
    Break(
        "P-ALB-5",
        "http-only-redirects",
        "forwards",
        lambda stack: _http_action(stack).update(
            type="forward", target_group_arn="${aws_lb_target_group.alb_targets.arn}"
        ),
    ),
    Break("P-ALB-5", "http-only-redirects", "a rule forwards", _http_forwards_by_a_rule),
    Break(
        "P-ALB-5",
        "http-only-redirects",
        "redirects to HTTP",
        lambda stack: _http_action(stack)["redirect"].update(protocol="HTTP"),
    ),
    Break(
        "P-ALB-5",
        "http-only-redirects",
        "no listener for HTTP",
        lambda stack: stack.remove("aws_lb_listener", "alb_http"),
    ),
)

REACHABILITY = (
    Break(
        "P-DB-8",
        "database-is-private",
        "publicly accessible",
        lambda stack: stack.block("aws_rds_cluster_instance", "database_instance_b").update(publicly_accessible=True),
    ),
    Break(
        "P-DB-8",
        "database-is-private",
        "open to the VPC",
        lambda stack: _admit(stack, "database", 3306, cidr_ipv4="10.0.0.0/16"),
    ),
    Break(
        "P-DB-8",
        "database-is-private",
        "the load balancer reaches it",
        lambda stack: _admit(stack, "database", 3306, referenced_security_group_id=_group_id("balancer")),
    ),
    Break(
        "P-DB-8",
        "database-is-private",
        "another port",
        lambda stack: _admit(stack, "database", 22, referenced_security_group_id=_group_id("application")),
    ),
    Break(
        "P-DB-8",
        "database-is-private",
        "no security group",
        lambda stack: stack.block("aws_rds_cluster").pop("vpc_security_group_ids"),
    ),
    Break(
        "P-DB-8",
        "workloads-in-private-subnets",
        "in a public subnet",
        lambda stack: stack.block("aws_db_subnet_group").update(
            subnet_ids=["${aws_subnet.network_private_a.id}", "${aws_subnet.network_public_b.id}"]
        ),
    ),
    Break(
        "P-SG-1",
        "alb-only-through-cloudfront",
        "the load balancer admits an office",
        lambda stack: _admit(stack, "balancer", 443, cidr_ipv4="198.51.100.0/24"),
    ),
    Break(
        "P-SG-1",
        "instances-admit-only-load-balancer",
        "SSH from the VPC",
        lambda stack: _admit(stack, "application", 22, cidr_ipv4="10.0.0.0/16"),
    ),
    Break(
        "P-SG-1",
        "instances-admit-only-load-balancer",
        "the rotation function reaches the instances",
        lambda stack: _admit(stack, "application", 8443, referenced_security_group_id=_group_id("rotation")),
    ),
    Break(
        "P-SG-1",
        "instances-admit-only-load-balancer",
        "all ports from the load balancer",
        lambda stack: stack.block("aws_vpc_security_group_ingress_rule", "security_application_from_balancer").update(
            ip_protocol="-1"
        ),
    ),
    Break(
        "P-SG-1",
        "database-is-private",
        "open by the older rule resource",
        lambda stack: stack.add(
            "aws_security_group_rule",
            "one_more",
            {
                "type": "ingress",
                "security_group_id": _group_id("database"),
                "protocol": "tcp",
                "from_port": 3306,
                "to_port": 3306,
                "cidr_blocks": ["10.0.0.0/8"],
            },
        ),
    ),
    Break(
        "P-SG-1",
        "no-open-ingress",
        "a web port open to everybody",
        lambda stack: _admit(stack, "endpoints", 443, cidr_ipv4=EVERYWHERE),
    ),
    Break(
        "P-SG-1",
        "no-open-ingress",
        "open by IPv6",
        lambda stack: _admit(stack, "rotation", 443, cidr_ipv6="::/0"),
    ),
    Break(
        "P-SG-1",
        "security-groups-name-their-peers",
        "the whole VPC reaches the endpoints",
        lambda stack: _admit(stack, "endpoints", 443, cidr_ipv4="10.0.0.0/16"),
    ),
    Break(
        "P-SG-2",
        "security-groups-name-their-peers",
        "instances reach every private address",
        lambda stack: _let_out(stack, "application", cidr_ipv4="10.0.0.0/8"),
    ),
    Break(
        "P-SG-1",
        "default-security-group-is-empty",
        "not adopted",
        lambda stack: stack.remove("aws_default_security_group"),
    ),
    Break(
        "P-SG-1",
        "default-security-group-is-empty",
        "members reach each other",
        lambda stack: stack.block("aws_default_security_group").update(
            ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}]
        ),
    ),
    Break(
        "P-SG-2", "no-open-egress", "one port out", lambda stack: _let_out(stack, "application", cidr_ipv4=EVERYWHERE)
    ),
    Break("P-SG-2", "no-open-egress", "out by IPv6", lambda stack: _let_out(stack, "rotation", cidr_ipv6="::/0")),
    Break(
        "P-SG-2",
        "no-open-egress",
        "out by an inline rule",
        lambda stack: stack.block("aws_security_group", "security_database").update(
            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [EVERYWHERE]}]
        ),
    ),
)


def _flow_log_of_one_subnet(stack: Stack) -> None:
    stack.block("aws_flow_log").pop("vpc_id")
    stack.block("aws_flow_log").update(subnet_id="${aws_subnet.network_private_a.id}")


LOGGING = (
    Break("P-PCI-1", "vpc-has-flow-log", "no flow log", lambda stack: stack.remove("aws_flow_log")),
    Break("P-PCI-1", "vpc-has-flow-log", "a flow log of one subnet", _flow_log_of_one_subnet),
    Break(
        "P-PCI-1",
        "vpc-has-flow-log",
        "rejected traffic only",
        lambda stack: stack.block("aws_flow_log").update(traffic_type="REJECT"),
    ),
    Break(
        "P-PCI-1",
        "balancer-logs-requests",
        "no access log",
        lambda stack: stack.block("aws_lb").pop("access_logs"),
    ),
    Break(
        "P-PCI-1",
        "balancer-logs-requests",
        "a bucket but not enabled",
        lambda stack: stack.block("aws_lb")["access_logs"].pop("enabled"),
    ),
)

BREAKS = (*NETWORK, *LOAD_BALANCING, *REACHABILITY, *LOGGING)
