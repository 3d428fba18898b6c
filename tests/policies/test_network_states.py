"""In a state nothing refers to anything: routes, subnets and groups are tied by their ids alone."""

from pathlib import Path
from typing import Any

from policies import documents, engine
from policies.model import Assessment
from policies.registry import catalogue
from tests.policies.conftest import write

POLICIES = {policy.id: policy for policy in catalogue()}
MAIN_TABLE, OWN_TABLE, DEFAULT_GROUP = "rtb-0main", "rtb-0own", "sg-0default"

VPC = {
    "id": "vpc-0one",
    "cidr_block": "10.0.0.0/16",
    "default_route_table_id": MAIN_TABLE,
    "main_route_table_id": MAIN_TABLE,
    "default_security_group_id": DEFAULT_GROUP,
}
GATEWAY = {"id": "igw-0one", "vpc_id": "vpc-0one"}
SUBNET = {"id": "subnet-0one", "vpc_id": "vpc-0one", "cidr_block": "10.0.0.0/24", "availability_zone": "us-east-1a"}
INSTANCE = {"id": "i-0one", "subnet_id": "subnet-0one"}
LEADS_OUT = {"cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "", "gateway_id": "igw-0one", "nat_gateway_id": ""}


def judged(folder: Path, policy: str, **resources: dict[str, Any]) -> list[Assessment]:
    """The assessments of the policy on a state with one resource of each type."""
    nodes = [
        {"address": f"{type_}.one", "mode": "managed", "type": type_, "name": "one", "values": values}
        for type_, values in resources.items()
    ]
    state = {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": {"resources": nodes}},
    }
    [document] = documents.read([write(folder / "state.json", state)])
    return list(engine.assess(document.graph, document.stack, [POLICIES[policy]]))


def outcome(assessments: list[Assessment], address: str) -> str:
    [one] = [assessment for assessment in assessments if assessment.address == address]
    return one.outcome


def test_a_subnet_of_its_own_uses_the_main_table(tmp_path: Path) -> None:
    network = {"aws_vpc": VPC, "aws_internet_gateway": GATEWAY, "aws_subnet": SUBNET, "aws_instance": INSTANCE}
    closed = judged(tmp_path, "workloads-in-private-subnets", **network)
    assert outcome(closed, "aws_instance.one") == "pass"
    main = {"id": MAIN_TABLE, "default_route_table_id": MAIN_TABLE, "vpc_id": "vpc-0one", "route": [LEADS_OUT]}
    opened = judged(tmp_path, "workloads-in-private-subnets", **network, aws_default_route_table=main)
    assert outcome(opened, "aws_instance.one") == "fail"


def test_a_route_in_the_main_table_counts_although_the_table_is_no_resource(tmp_path: Path) -> None:
    route = {"route_table_id": MAIN_TABLE, "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-0one"}
    network = {"aws_vpc": VPC, "aws_internet_gateway": GATEWAY, "aws_subnet": SUBNET, "aws_instance": INSTANCE}
    opened = judged(tmp_path, "workloads-in-private-subnets", **network, aws_route=route)
    assert outcome(opened, "aws_instance.one") == "fail"


def test_a_table_that_became_the_main_one_counts(tmp_path: Path) -> None:
    network = {
        "aws_vpc": {**VPC, "main_route_table_id": OWN_TABLE},
        "aws_internet_gateway": GATEWAY,
        "aws_subnet": SUBNET,
        "aws_instance": INSTANCE,
        "aws_route_table": {"id": OWN_TABLE, "vpc_id": "vpc-0one", "route": [LEADS_OUT]},
        "aws_main_route_table_association": {"vpc_id": "vpc-0one", "route_table_id": OWN_TABLE},
    }
    opened = judged(tmp_path, "workloads-in-private-subnets", **network)
    assert outcome(opened, "aws_instance.one") == "fail"


def test_an_association_overrides_the_main_table(tmp_path: Path) -> None:
    main = {"id": MAIN_TABLE, "default_route_table_id": MAIN_TABLE, "vpc_id": "vpc-0one", "route": [LEADS_OUT]}
    network = {
        "aws_vpc": VPC,
        "aws_internet_gateway": GATEWAY,
        "aws_subnet": SUBNET,
        "aws_instance": INSTANCE,
        "aws_default_route_table": main,
        "aws_route_table": {"id": OWN_TABLE, "vpc_id": "vpc-0one", "route": []},
        "aws_route_table_association": {"subnet_id": "subnet-0one", "gateway_id": "", "route_table_id": OWN_TABLE},
    }
    closed = judged(tmp_path, "workloads-in-private-subnets", **network)
    assert outcome(closed, "aws_instance.one") == "pass"


def test_a_rule_that_names_the_default_group_by_its_id_fills_it(tmp_path: Path) -> None:
    network = {"aws_vpc": VPC, "aws_default_security_group": {"id": DEFAULT_GROUP, "vpc_id": "vpc-0one"}}
    assert outcome(judged(tmp_path, "default-security-group-is-empty", **network), "aws_vpc.one") == "pass"
    rule = {"security_group_id": DEFAULT_GROUP, "ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/16"}
    filled = judged(tmp_path, "default-security-group-is-empty", **network, aws_vpc_security_group_ingress_rule=rule)
    assert outcome(filled, "aws_vpc.one") == "fail"


def test_the_prefix_list_of_an_endpoint_is_known_by_its_id(tmp_path: Path) -> None:
    rule = {"security_group_id": "sg-0one", "ip_protocol": "tcp", "prefix_list_id": "pl-0one"}
    alone = judged(tmp_path, "no-open-egress", aws_vpc_security_group_egress_rule=rule)
    assert outcome(alone, "aws_vpc_security_group_egress_rule.one") == "undetermined"
    endpoint = {"id": "vpce-0one", "prefix_list_id": "pl-0one"}
    beside = judged(tmp_path, "no-open-egress", aws_vpc_security_group_egress_rule=rule, aws_vpc_endpoint=endpoint)
    assert outcome(beside, "aws_vpc_security_group_egress_rule.one") == "pass"
