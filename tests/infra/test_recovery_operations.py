"""How each region is watched, what raises an alarm, and where it is heard."""

import json
import re
from typing import Any

import pytest
from check_region_health.settings import Settings

from tests.infra.recovery_facts import ACCOUNT, OTHER, bucket_names, domain, region_of, statements
from tests.infra.synthesized import Synthesis

STACKS = ["recovery-primary", "recovery-secondary", "recovery-global"]
SCHEDULE_SECONDS = 120


def alarms(stack: Synthesis) -> dict[str, Any]:
    return {alarm.name: alarm.body for alarm in stack.resources("aws_cloudwatch_metric_alarm")}


def test_the_monitor_runs_every_two_minutes(region: Synthesis) -> None:
    (rule,) = region.resources("aws_cloudwatch_event_rule")
    assert rule.body["schedule_expression"] == "rate(2 minutes)"
    assert rule.body["state"] == "ENABLED"
    (target,) = region.resources("aws_cloudwatch_event_target")
    assert target.body["rule"] == f"${{{rule.address}.name}}"
    assert target.body["arn"] == "${aws_lambda_function.monitor_function.arn}"
    assert target.body["dead_letter_config"] == {"arn": "${aws_sqs_queue.monitor_dead_letters.arn}"}
    permission = region.resource("aws_lambda_permission.monitor_permission")
    assert permission["source_arn"] == f"${{{rule.address}.arn}}"


def test_a_run_that_came_too_late_is_dropped_before_the_next(region: Synthesis) -> None:
    (target,) = region.resources("aws_cloudwatch_event_target")
    (retries,) = region.resources("aws_lambda_function_event_invoke_config")
    assert target.body["retry_policy"]["maximum_event_age_in_seconds"] <= SCHEDULE_SECONDS
    assert retries.body["maximum_event_age_in_seconds"] <= SCHEDULE_SECONDS
    assert retries.body["maximum_retry_attempts"] >= 1


def test_the_monitor_probes_what_the_region_serves_from(region: Synthesis) -> None:
    variables = region.resource("aws_lambda_function.monitor_function")["environment"]["variables"]
    probes = json.loads(variables["PROBES"])
    assert [(probe["kind"], probe.get("required", True)) for probe in probes] == [
        ("endpoint", True),
        ("table", True),
        ("table", False),
        ("bucket", True),
    ]
    assert probes[0]["url"] == f"https://{region_of(region)}.{domain(region)}/health"
    assert variables["STATE_TABLE"] == "${aws_dynamodb_table.monitor_memory.name}"
    assert variables["SNS_TOPIC_ARN"] == "${aws_sns_topic.topic_topic.arn}"
    assert len(json.dumps(variables)) < 4096  # Lambda's limit for all of them


def test_the_monitor_understands_what_the_stack_tells_it(region: Synthesis) -> None:
    function = region.resource("aws_lambda_function.monitor_function")
    here, name = region_of(region), function["function_name"]
    told = {
        variable: re.sub(r"\$\{data\.[^}]+\}", "123456789012", text)
        for variable, text in function["environment"]["variables"].items()
    }
    given = {
        "STATE_TABLE": region.resource("aws_dynamodb_table.monitor_memory")["name"],
        "SNS_TOPIC_ARN": f"arn:aws:sns:{here}:123456789012:{region.resource('aws_sns_topic.topic_topic')['name']}",
    }
    settings = Settings.from_environment({**told, **given, "AWS_REGION": here, "AWS_LAMBDA_FUNCTION_NAME": name})
    assert settings.region == here
    assert [probe.name for probe in settings.probes] == ["endpoint", "table", "replica", "bucket"]
    assert settings.namespace == alarms(region)["alarms_region_down"]["namespace"]


def test_the_monitor_may_do_what_its_reference_lists_and_no_more(region: Synthesis) -> None:
    policy = region.resource("aws_iam_role_policy.monitor_prober_policy")["policy"]
    actions = {action for statement in statements(policy) for action in statement["Action"]}
    assert actions == {
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "events:PutEvents",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:ListBucket",
        "sns:Publish",
        "sqs:SendMessage",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    everywhere = [s["Action"] for s in statements(policy) if s["Resource"] == "*"]
    assert everywhere == [["xray:PutTraceSegments", "xray:PutTelemetryRecords"]]
    name = region.resource("aws_lambda_function.monitor_function")["function_name"]
    (state,) = [s for s in statements(policy) if "dynamodb:PutItem" in s["Action"]]
    keys = state["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
    assert keys == [f"{region_of(region)}/{name}/{region_of(region)}"]


def test_silence_of_the_monitor_is_an_alarm(region: Synthesis) -> None:
    for name in ("alarms_monitor_silent", "alarms_region_down"):
        alarm = alarms(region)[name]
        assert alarm["treat_missing_data"] == "breaching"
        assert alarm["comparison_operator"] == "LessThanThreshold"
        assert alarm["period"] * alarm["evaluation_periods"] >= 2 * SCHEDULE_SECONDS
    assert alarms(region)["alarms_region_down"]["dimensions"] == {"Region": region_of(region)}


def test_replication_has_alarms_at_its_objectives(region: Synthesis, across_regions: Synthesis) -> None:
    here = region_of(region)
    found = alarms(region)
    table = found["alarms_table_replication_lag"]
    assert (table["metric_name"], table["threshold"]) == ("ReplicationLatency", 60_000)
    assert table["dimensions"]["ReceivingRegion"] == OTHER[here]
    objects = found["alarms_object_replication_lag"]
    assert (objects["metric_name"], objects["threshold"]) == ("ReplicationLatency", 15 * 60)
    buckets = bucket_names(across_regions)
    rules = across_regions.find("resource.aws_s3_bucket_replication_configuration.*.rule[0].id")
    assert objects["dimensions"] == {
        "SourceBucket": buckets[here],
        "DestinationBucket": buckets[OTHER[here]],
        "RuleId": rules[0],
    }
    assert found["alarms_object_replication_failed"]["dimensions"] == objects["dimensions"]
    throttled = {found[f"alarms_table_{kind}_throttled"]["metric_name"] for kind in ("reads", "writes")}
    assert throttled == {"ReadThrottleEvents", "WriteThrottleEvents"}


def test_failing_health_checks_are_an_alarm_where_route_53_keeps_its_metrics(across_regions: Synthesis) -> None:
    for part in ("primary", "secondary"):
        alarm = alarms(across_regions)[f"failover_{part}_unhealthy"]
        assert (alarm["namespace"], alarm["metric_name"]) == ("AWS/Route53", "HealthCheckStatus")
        assert alarm["dimensions"] == {"HealthCheckId": f"${{aws_route53_health_check.failover_{part}_check.id}}"}
        assert alarm["treat_missing_data"] == "breaching"
        assert "provider" not in alarm


@pytest.mark.parametrize("stack", STACKS)
def test_every_alarm_is_heard_at_the_topic_of_its_own_region(portal: Synthesis, stack: str) -> None:
    seen = portal.of(stack)
    (topic,) = seen.resources("aws_sns_topic")
    assert topic.body.get("provider") is None
    assert topic.body["kms_master_key_id"] == "${aws_kms_key.alerts_key.arn}"
    found = alarms(seen)
    assert len(found) == (2 if stack == "recovery-global" else 14)
    for name, alarm in found.items():
        assert alarm["alarm_actions"] == [f"${{{topic.address}.arn}}"], name
        assert alarm["actions_enabled"] is True, name


@pytest.mark.parametrize("stack", STACKS)
def test_alarms_can_publish_to_the_encrypted_topic(portal: Synthesis, stack: str) -> None:
    seen = portal.of(stack)
    users = [
        service
        for s in statements(seen.resource("aws_kms_key.alerts_key")["policy"])
        for service in s["Principal"].get("Service", [])
    ]
    (policy,) = seen.resources("aws_sns_topic_policy")
    publishers = [s["Principal"].get("Service") for s in statements(policy.body["policy"]) if s["Effect"] == "Allow"]
    assert publishers == [["cloudwatch.amazonaws.com"]]
    assert "cloudwatch.amazonaws.com" in users


@pytest.mark.parametrize("stack", STACKS)
def test_every_log_is_encrypted_and_at_hand_for_more_than_twelve_months(portal: Synthesis, stack: str) -> None:
    seen = portal.of(stack)
    groups = list(seen.resources("aws_cloudwatch_log_group"))
    assert len(groups) == (1 if stack == "recovery-global" else 4)
    for group in groups:
        assert group.body["retention_in_days"] == 400, group.address
        assert group.body["kms_key_id"] == "${aws_kms_key.logs_key.arn}", group.address
    (users,) = [
        s["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        for s in statements(seen.resource("aws_kms_key.logs_key")["policy"])
        if "Service" in s["Principal"]
    ]
    assert users == f"arn:aws:logs:{seen.document['provider']['aws'][0]['region']}:{ACCOUNT}:log-group:*"


@pytest.mark.parametrize("stack", STACKS)
def test_every_key_rotates_and_no_service_may_do_everything_with_it(portal: Synthesis, stack: str) -> None:
    for key in portal.of(stack).resources("aws_kms_key"):
        assert key.body["enable_key_rotation"] is True, key.address
        for s in statements(key.body["policy"]):
            if "Service" in s["Principal"]:
                assert s["Condition"], key.address
                assert "kms:*" not in s["Action"], key.address


def test_a_dashboard_shows_the_metrics_of_its_own_region(region: Synthesis) -> None:
    (dashboard,) = region.resources("aws_cloudwatch_dashboard")
    widgets = json.loads(dashboard.body["dashboard_body"])["widgets"]
    assert {widget["properties"]["region"] for widget in widgets} == {region_of(region)}
    shown = {(metric[0], metric[1]) for widget in widgets for metric in widget["properties"]["metrics"]}
    alarmed = {(alarm["namespace"], alarm["metric_name"]) for alarm in alarms(region).values()}
    assert alarmed <= shown


@pytest.mark.parametrize("stack", STACKS)
def test_every_provider_gives_the_tags_that_are_asked_for(portal: Synthesis, stack: str) -> None:
    for provider in portal.of(stack).document["provider"]["aws"]:
        (tags,) = [block["tags"] for block in provider["default_tags"]]
        assert set(tags) == {"App", "Application", "CostCenter", "Environment", "ManagedBy"}
        assert tags["App"] == tags["Application"] == "disaster-recovery"
        assert all(tags.values())


@pytest.mark.parametrize("stack", STACKS)
def test_outside_production_nothing_keeps_a_stack_from_being_destroyed(portal: Synthesis, stack: str) -> None:
    seen = portal.of(stack)
    assert set(seen.find("resource.aws_s3_bucket.*.force_destroy")) == {True}
    assert not seen.find("$..prevent_destroy")
    protections = [*seen.find("$..enable_deletion_protection"), *seen.find("$..deletion_protection_enabled")]
    assert protections
    assert not any(protections)


def test_the_account_has_one_trail_and_it_records_every_access_to_the_data(portal: Synthesis) -> None:
    assert all("aws_cloudtrail" not in portal.of(stack).document["resource"] for stack in STACKS)
    (trail,) = portal.resources("aws_cloudtrail")
    assert trail.body["is_multi_region_trail"] is True
    recorded = {
        condition
        for selector in trail.body["advanced_event_selector"]
        for field in selector["field_selector"]
        if field["field"] == "resources.ARN"
        for condition in (*field.get("starts_with", ()), *field.get("equals", ()))
    }
    global_stack = portal.of("recovery-global")
    table = global_stack.resource("aws_dynamodb_table.primary_table")["name"]
    for region, bucket in bucket_names(global_stack).items():
        assert f"arn:aws:s3:::{bucket}/" in recorded
        assert f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}" in recorded
