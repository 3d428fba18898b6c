"""Tags, alarms, logs and teardown."""

import json
import re
from typing import Any

import pytest

from tests.infra.synthesized import Synthesis

TOPIC = "${aws_sns_topic.alerts_topic.arn}"
REQUIRED_TAGS = {"Environment", "Application", "CostCenter"}

# One filter and one alarm for each event PCI DSS wants somebody to look at.
SECURITY_EVENTS = {
    "bucket_policy_changes",
    "console_login_failures",
    "console_login_without_mfa",
    "iam_changes",
    "key_removals",
    "log_removals",
    "network_acl_changes",
    "root_use",
    "route_changes",
    "security_group_changes",
    "trail_changes",
    "unauthorized_calls",
}


def test_instances_volumes_and_interfaces_carry_the_required_tags(portal: Synthesis) -> None:
    specifications = portal.find("resource.aws_launch_template.*.tag_specifications[*]")
    assert {s["resource_type"] for s in specifications} == {"instance", "volume", "network-interface"}
    for specification in specifications:
        assert specification["tags"].keys() >= REQUIRED_TAGS
    assert set(portal.find("resource.aws_autoscaling_group.*.tag[*].key")) >= REQUIRED_TAGS


def test_no_resource_repeats_a_default_tag(portal: Synthesis) -> None:
    for resource in portal.resources():
        assert resource.body.get("tags", {}).keys() <= {"Name"}, resource.address


def test_every_alarm_publishes_to_the_alerts_topic(portal: Synthesis) -> None:
    alarms = list(portal.resources("aws_cloudwatch_metric_alarm"))
    assert len(alarms) > 25
    for alarm in alarms:
        assert TOPIC in alarm.body["alarm_actions"], alarm.address


def test_every_security_event_is_counted_and_raises_an_alarm(portal: Synthesis) -> None:
    alarms = {alarm.name: alarm.body for alarm in portal.resources("aws_cloudwatch_metric_alarm")}
    filters = {filter_.name: filter_.body for filter_ in portal.resources("aws_cloudwatch_log_metric_filter")}
    for event in SECURITY_EVENTS:
        counted, alarm = filters[f"security_events_{event}"], alarms[f"security_events_{event}_alarm"]
        metric = counted["metric_transformation"]
        assert (metric["namespace"], metric["name"]) == (alarm["namespace"], alarm["metric_name"])
        assert counted["log_group_name"] == "${aws_cloudwatch_log_group.trail_group.name}"
    assert {name for name in filters if name.startswith("security_events_")} == {
        f"security_events_{event}" for event in SECURITY_EVENTS
    }


def test_every_alarm_on_our_own_metrics_names_one_that_a_filter_makes(portal: Synthesis) -> None:
    ours = portal.find("resource.aws_cloudwatch_log_metric_filter.*.metric_transformation")
    made = {(metric["namespace"], metric["name"]) for metric in ours}
    by_agent = {(f"financial-portal-{portal.suffix}", name) for name in ("mem_used_percent", "disk_used_percent")}
    for alarm in portal.resources("aws_cloudwatch_metric_alarm"):
        metric = (alarm.body["namespace"], alarm.body["metric_name"])
        assert metric[0].startswith("AWS/") or metric in made | by_agent, alarm.address


@pytest.mark.parametrize(
    "metric",
    [
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_Target_5XX_Count",
        "UnHealthyHostCount",
        "TargetResponseTime",
        "CPUUtilization",
        "DatabaseConnections",
        "FreeableMemory",
        "AuroraReplicaLagMaximum",
        "Errors",
        "BlockedRequests",
    ],
)
def test_a_critical_metric_has_an_alarm(portal: Synthesis, metric: str) -> None:
    assert metric in portal.find("resource.aws_cloudwatch_metric_alarm.*.metric_name")


def test_the_scaling_alarms_move_the_group_as_well(portal: Synthesis) -> None:
    def actions(name: str) -> list[str]:
        found: list[str] = portal.resource(f"aws_cloudwatch_metric_alarm.{name}")["alarm_actions"]
        return found

    assert actions("scaling_cpu_high") == [TOPIC, "${aws_autoscaling_policy.scaling_out.arn}"]
    assert actions("scaling_cpu_low") == [TOPIC, "${aws_autoscaling_policy.scaling_in.arn}"]
    steps = portal.find("resource.aws_autoscaling_policy.scaling_in.step_adjustment[*].scaling_adjustment")
    assert steps == [-1]


def test_the_dashboard_shows_metrics_of_this_region(portal: Synthesis) -> None:
    (body,) = portal.find("resource.aws_cloudwatch_dashboard.*.dashboard_body")
    widgets = json.loads(body)["widgets"]
    assert {widget["properties"]["region"] for widget in widgets} == {"us-east-1"}
    assert all(widget["properties"]["metrics"] for widget in widgets)
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(places) == len(set(places))


def test_every_log_group_is_encrypted_and_kept_for_90_or_400_days(portal: Synthesis) -> None:
    for group in portal.resources("aws_cloudwatch_log_group"):
        assert group.body["kms_key_id"] == "${aws_kms_key.keys_logs_key.arn}", group.address
        assert group.body["retention_in_days"] in (90, 400), group.address


def test_the_database_writes_into_log_groups_that_exist_before_it(portal: Synthesis) -> None:
    cluster = portal.resource("aws_rds_cluster.database_cluster")
    groups = {group.body["name"]: group.address for group in portal.resources("aws_cloudwatch_log_group")}
    for log in cluster["enabled_cloudwatch_logs_exports"]:
        address = groups[f"/aws/rds/cluster/{cluster['cluster_identifier']}/{log}"]
        assert address in cluster["depends_on"]


def test_the_first_rotation_waits_for_database_and_network(portal: Synthesis) -> None:
    waits = set(portal.resource("aws_secretsmanager_secret_rotation.secrets_rotation")["depends_on"])
    assert waits >= {
        "aws_lambda_permission.secrets_permission",
        "aws_rds_cluster_instance.database_instance_a",
        "aws_rds_cluster_instance.database_instance_b",
        "aws_secretsmanager_secret_version.secrets_connection",
        "aws_vpc_endpoint.endpoints_secretsmanager",
        "aws_vpc_security_group_egress_rule.security_rotation_to_database",
    }


def test_outside_production_everything_can_be_destroyed(portal: Synthesis) -> None:
    assert set(portal.find("resource.aws_s3_bucket.*.force_destroy")) == {True}
    assert portal.find("resource.aws_rds_cluster.*.deletion_protection") == [False]
    assert portal.find("resource.aws_rds_cluster.*.skip_final_snapshot") == [True]
    assert portal.find("resource.aws_rds_cluster.*.delete_automated_backups") == [True]
    assert portal.find("resource.aws_lb.*.enable_deletion_protection") == [False]
    assert portal.find("resource.aws_secretsmanager_secret.*.recovery_window_in_days") == [0]
    assert portal.find("resource.aws_autoscaling_group.*.force_delete") == [True]
    assert set(portal.find("resource.aws_kms_key.*.deletion_window_in_days")) == {7}
    assert "aws_s3_bucket_object_lock_configuration" not in portal.document["resource"]
    assert "prevent_destroy" not in portal.text


def test_production_keeps_its_data(production: Synthesis) -> None:
    assert set(production.find("resource.aws_s3_bucket.*.force_destroy")) == {False}
    assert production.find("resource.aws_rds_cluster.*.deletion_protection") == [True]
    assert production.find("resource.aws_rds_cluster.*.skip_final_snapshot") == [False]
    assert production.find("resource.aws_rds_cluster.*.final_snapshot_identifier") == ["financial-aurora-final-live"]
    assert production.find("resource.aws_lb.*.enable_deletion_protection") == [True]
    assert production.find("resource.aws_secretsmanager_secret.*.recovery_window_in_days") == [30]
    assert set(production.find("resource.aws_kms_key.*.deletion_window_in_days")) == {30}


def test_production_locks_the_audit_archive_and_no_bucket_that_takes_access_logs(production: Synthesis) -> None:
    locked = {bucket.name for bucket in production.resources("aws_s3_bucket") if "object_lock_enabled" in bucket.body}
    assert locked == {"trail_archive_bucket"}
    retention = production.find("resource.aws_s3_bucket_object_lock_configuration.*.rule.default_retention")
    assert retention == [{"mode": "COMPLIANCE", "days": 365}]
    targets = set(production.find("resource.aws_s3_bucket_logging.*.target_bucket"))
    assert targets == {"${aws_s3_bucket.storage_access_logs_bucket.id}"}


def test_the_zone_is_looked_up_by_the_domains_name_and_never_made(portal: Synthesis) -> None:
    assert "aws_route53_zone" not in portal.document["resource"]
    assert portal.find("data.aws_route53_zone.*.name") == [f"{portal.suffix}.financial-portal.test"]


def test_a_given_zone_is_used_instead(production: Synthesis) -> None:
    assert "aws_route53_zone" not in production.document["data"]
    assert set(production.find("resource.aws_route53_record.*.zone_id")) == {"Z0123456789ABCDEFGHIJ"}
    assert production.find("resource.aws_cloudfront_distribution.*.aliases[*]") == ["portal.example.com"]


def test_tls_goes_from_the_viewer_to_the_database(portal: Synthesis) -> None:
    domain = f"{portal.suffix}.financial-portal.test"
    certificates = {c.name: c.body["domain_name"] for c in portal.resources("aws_acm_certificate")}
    assert certificates == {"cdn_certificate": domain, "alb_certificate": f"origin.{domain}"}
    viewer = portal.find("resource.aws_cloudfront_distribution.*.viewer_certificate.acm_certificate_arn")
    assert viewer == ["${aws_acm_certificate_validation.cdn_certificate_validation.certificate_arn}"]
    assert portal.resource("aws_lb_listener.alb_https")["certificate_arn"] == (
        "${aws_acm_certificate_validation.alb_certificate_validation.certificate_arn}"
    )
    # CloudFront compares the origin's certificate with the name it connects to.
    assert f"origin.{domain}" in portal.find("resource.aws_cloudfront_distribution.*.origin[*].domain_name")


def test_an_e_mail_address_is_subscribed_only_when_given(portal: Synthesis, production: Synthesis) -> None:
    path = "resource.aws_sns_topic_subscription.*.endpoint"
    assert portal.find(path) == []
    assert production.find(path) == ["operations@example.com"]


def test_production_state_lies_encrypted_in_its_bucket(production: Synthesis) -> None:
    assert production.document["terraform"]["backend"] == {
        "s3": {
            "bucket": "example-terraform-state",
            "dynamodb_table": "terraform-locks",
            "encrypt": True,
            "key": "portal/live.tfstate",
            "kms_key_id": "alias/terraform-state",
            "region": "us-east-1",
        }
    }


def test_an_output_tells_where_the_portal_is(portal: Synthesis) -> None:
    outputs: dict[str, Any] = portal.document["output"]
    assert outputs["portal_url"]["value"] == f"https://{portal.suffix}.financial-portal.test"
    assert all(re.fullmatch(r"[A-Z].+", output["description"]) for output in outputs.values())
