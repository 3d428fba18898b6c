"""The documents of disaster recovery say what its stacks are: the objectives, the alarms, what is paid for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from policies import specifications
from policies.dns.records_fail_over import ALIAS_TTL_SECONDS, PROPAGATION_SECONDS
from policies.registry import catalogue
from tests.compliance.breaking import Stack
from tests.policies.conftest import ROOT

RUNBOOK = (ROOT / "docs" / "runbook-recovery.md").read_text()
COSTS = (ROOT / "docs" / "costs.md").read_text().partition("## Disaster recovery\n")[2].partition("\n## ")[0]
REGIONS = ("recovery-primary", "recovery-secondary")
GLOBAL = "recovery-global"
ENVIRONMENT = "test"
CODE = re.compile(r"`([^`]+)`")


def section(title: str) -> str:
    """The text of a section of the runbook, whose heading begins so."""
    found = RUNBOOK.partition(f"\n## {title}")[2]
    assert found, f"the runbook has no section {title}"
    return found.partition("\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables, headings and rulers left out."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    rulers = [index for index, cells in enumerate(lines) if set(cells[0]) <= set("-: ")]
    headings = {index - 1 for index in rulers}
    return [
        [cell.strip(" *") for cell in cells]
        for index, cells in enumerate(lines)
        if index not in headings and index not in rulers
    ]


def objective(name: str) -> str:
    [value] = [cells[1] for cells in rows(section("Objectives")) if cells[0] == name]
    return value


def cost(part: str, text: str = COSTS) -> list[str]:
    [cells] = [cells for cells in rows(text) if cells[0] == part]
    return cells


@pytest.fixture(scope="module")
def documents(stacks: Path) -> dict[str, Stack]:
    return {name: Stack(json.loads((stacks / name / "cdk.tf.json").read_text())) for name in (*REGIONS, GLOBAL)}


def names(stack: Stack, type_: str, key: str) -> set[str]:
    return {block[key] for block in stack.blocks(type_).values()}


def own_part(name: str) -> str:
    return name.removeprefix("financial-recovery-").removesuffix(f"-{ENVIRONMENT}")


def test_the_recovery_time_is_what_the_failover_takes(documents: dict[str, Stack]) -> None:
    check = documents[GLOBAL].block("aws_route53_health_check", "failover_primary_check")
    seconds = check["request_interval"] * check["failure_threshold"] + ALIAS_TTL_SECONDS + PROPAGATION_SECONDS
    asked = specifications.read_all(catalogue())[GLOBAL].asked(GLOBAL)["records-fail-over"].parameters
    assert objective("recovery time") == f"{asked['minutes']} minutes; {seconds} s by design"


def test_the_recovery_points_are_those_that_alarms_watch(documents: dict[str, Stack]) -> None:
    table, objects = objective("recovery point, table"), objective("recovery point, objects")
    for region in REGIONS:
        alarms = documents[region].blocks("aws_cloudwatch_metric_alarm")
        milliseconds = alarms["alarms_table_replication_lag"]["threshold"]
        assert table == f"{milliseconds // 60_000} minute"
        assert objects == f"{alarms['alarms_object_replication_lag']['threshold'] // 60} minutes"
    [rule] = documents[GLOBAL].block("aws_s3_bucket_replication_configuration", "primary_replication_rules")["rule"]
    assert objects == f"{rule['destination']['replication_time']['time']['minutes']} minutes"


def test_the_runbook_says_what_to_do_about_every_alarm_and_no_other(documents: dict[str, Stack]) -> None:
    said = {name for cells in rows(section("An alarm rings")) for name in CODE.findall(cells[0])}
    raised = {
        own_part(name)
        for stack in documents.values()
        for name in names(stack, "aws_cloudwatch_metric_alarm", "alarm_name")
    }
    assert said == raised


def test_logs_dashboards_and_stacks_that_the_runbook_names_exist(documents: dict[str, Stack]) -> None:
    named = {name.replace("SUFFIX", ENVIRONMENT) for name in CODE.findall(RUNBOOK) if name.endswith("-SUFFIX")}
    existing = {
        name
        for stack in documents.values()
        for name in (
            *names(stack, "aws_cloudwatch_log_group", "name"),
            *names(stack, "aws_cloudwatch_dashboard", "dashboard_name"),
        )
    }
    assert named
    assert named - existing == set()
    assert {name for name in CODE.findall(RUNBOOK) if re.fullmatch("recovery-[a-z]+", name)} == set(documents)


def test_the_failover_test_can_be_followed_and_can_fail() -> None:
    steps = re.findall(r"^(\d+)\. (.+)$", section("Failover test"), re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    limit = int(objective("recovery time").split()[0]) * 60
    assert any(f"within {limit} s" in text for _, text in steps), "no step says when the test has failed"
    assert section("Fail over by hand").count("aws ") >= 2


def test_the_runbook_covers_incidents() -> None:
    assert "incident response plan" in section("An alarm rings")
    for title in ("A region is lost", "Fail over by hand", "Restore"):
        assert section(title).strip()


def test_the_costs_add_up() -> None:
    region, both, saved = (rows(text) for text in re.split(r"\n(?=\| part of both|\| change)", COSTS))
    for column in (2, 3):
        *parts, total = [float(cells[column]) for cells in region]
        assert round(sum(parts), 2) == total
    *parts, total = [float(cells[2]) for cells in both]
    assert round(sum(parts), 2) == total
    together = total + sum(float(cost("a region")[column]) for column in (2, 3))
    assert f"Together about {together:.0f}" in COSTS
    assert len(saved) >= 3
    assert all(cells[1] and cells[2] for cells in saved)


def test_the_costs_are_those_of_what_the_stacks_hold(documents: dict[str, Stack]) -> None:
    def count(type_: str, stack: str) -> int:
        return len(documents[stack].blocks(type_))

    for region in REGIONS:
        addresses = count("aws_eip", region) + len(documents[region].block("aws_lb")["subnets"])
        assert cost("NAT gateways")[1].startswith(f"{count('aws_nat_gateway', region)} x")
        assert cost("public IPv4 addresses")[1].startswith(f"{addresses} ")
        assert cost("KMS keys", COSTS.partition("| part of both")[0])[1].startswith(f"{count('aws_kms_key', region)} x")
        assert cost("alarms")[1].startswith(f"{count('aws_cloudwatch_metric_alarm', region)} x")
        rules: list[Any] = documents[region].block("aws_wafv2_web_acl")["rule"]
        assert f"{len(rules)} rules" in cost("firewall")[1]
    both = COSTS.partition("| part of both")[2]
    assert cost("KMS keys", both)[1].startswith(f"{count('aws_kms_key', GLOBAL)} x")
    assert cost("health checks")[1].startswith(f"{count('aws_route53_health_check', GLOBAL)} x")
    assert cost("alarms, query log")[1].startswith(f"{count('aws_cloudwatch_metric_alarm', GLOBAL)} x")
    assert cost("dashboards")[1].startswith(f"{sum(count('aws_cloudwatch_dashboard', one) for one in documents)}")


def test_the_costs_say_what_they_assume_and_where_to_save() -> None:
    assert "\nAssumptions: " in COSTS
    assert "\nWhere to save" in COSTS
