"""The page on costs says what the transaction API holds, and its figures add up (T-COST-1)."""

import json
from pathlib import Path

import pytest

from tests.compliance.breaking import Stack
from tests.compliance.test_recovery_documents import rows
from tests.policies.conftest import ROOT

COSTS = (ROOT / "docs" / "costs.md").read_text().partition("## Transaction API\n")[2].partition("\n## ")[0]
PARTS, SAVINGS = COSTS.split("\nWhere to save")
COUNTED = {cells[0]: cells[1] for cells in rows(PARTS)}


@pytest.fixture(scope="module")
def stack(stacks: Path) -> Stack:
    return Stack(json.loads((stacks / "transactions" / "cdk.tf.json").read_text()))


def test_the_costs_add_up() -> None:
    *parts, total = [float(cells[2]) for cells in rows(PARTS)]
    assert round(sum(parts), 2) == total
    assert f"Together about {total:.0f}" in PARTS


@pytest.mark.parametrize(
    ("part", "type_", "counted"),
    [
        ("database, capacity", "aws_rds_cluster_instance", "{} instances"),
        ("KMS keys", "aws_kms_key", "{} x"),
        ("alarms", "aws_cloudwatch_metric_alarm", "{} x"),
        ("dashboards", "aws_cloudwatch_dashboard", "{},"),
        ("VPC endpoints", "aws_vpc_endpoint", "{} in 3 zones"),
        ("custom metrics", "aws_cloudwatch_log_metric_filter", "{} of the function"),
    ],
)
def test_the_costs_are_those_of_what_the_stack_holds(stack: Stack, part: str, type_: str, counted: str) -> None:
    assert COUNTED[part].startswith(counted.format(len(stack.blocks(type_))))


def test_the_capacities_that_are_paid_for_are_the_stack_s(stack: Stack) -> None:
    capacity = stack.block("aws_rds_cluster")["serverlessv2_scaling_configuration"]
    assert f"at least {capacity['min_capacity']} ACU" in COUNTED["database, capacity"]
    assert f"at most {capacity['max_capacity']}" in COUNTED["database, capacity"]
    assert COUNTED["cache"].startswith(
        f"{stack.block('aws_elasticache_replication_group')['num_cache_clusters']} nodes"
    )
    assert f"{len(stack.block('aws_wafv2_web_acl')['rule'])} rules" in COUNTED["firewall"]
    assert "aws_nat_gateway" not in stack.document["resource"]


def test_the_costs_say_what_they_assume_and_where_to_save() -> None:
    assert "\nAssumptions: " in COSTS
    assert len(rows(SAVINGS)) >= 3
    assert all(cells[1] and cells[2] for cells in rows(SAVINGS))
