"""What each workload may do, and who may use each key."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.synthesized import Resource, Synthesis

DOCUMENTS = ("policy", "assume_role_policy", "policy_document")
ACCOUNT = "${data.aws_caller_identity.account.account_id}"

# Actions that AWS lets nobody limit to a resource, or that only look.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "secretsmanager:GetRandomPassword",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
SESSION_MANAGER = ("ssm:", "ssmmessages:", "ec2messages:")


def statements(resource: Resource, attribute: str = "policy") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(resource.body[attribute])["Statement"]
    return found


def documents(portal: Synthesis) -> Iterator[tuple[Resource, str]]:
    for resource in portal.resources():
        for attribute in DOCUMENTS:
            if attribute in resource.body:
                yield resource, attribute


def test_every_policy_document_can_be_read_from_the_json(portal: Synthesis) -> None:
    read = [json.loads(resource.body[attribute]) for resource, attribute in documents(portal)]
    assert len(read) > 30
    assert {document["Version"] for document in read} == {"2012-10-17"}
    assert "aws_iam_policy_document" not in portal.text


def test_nobody_is_allowed_everything(portal: Synthesis) -> None:
    for resource, attribute in documents(portal):
        for statement in statements(resource, attribute):
            if statement["Effect"] == "Allow":
                assert "*" not in statement["Action"], resource.address


def test_a_role_names_the_resources_it_acts_on(portal: Synthesis) -> None:
    for policy in portal.resources("aws_iam_role_policy"):
        for statement in statements(policy):
            if statement["Effect"] == "Allow" and statement["Resource"] == "*":
                unlimited = {action for action in statement["Action"] if not action.startswith(SESSION_MANAGER)}
                assert unlimited <= WITHOUT_RESOURCE, policy.address


def test_each_workload_has_a_role_of_its_own(portal: Synthesis) -> None:
    trusted = {
        role.name: [(s["Principal"], s["Action"]) for s in statements(role, "assume_role_policy")]
        for role in portal.resources("aws_iam_role")
    }
    assert trusted == {
        role: [({"Service": f"{service}.amazonaws.com"}, ["sts:AssumeRole"])]
        for role, service in {
            "compute_instance_role": "ec2",
            "database_monitor_role": "monitoring.rds",
            "flow_logs_writer_role": "vpc-flow-logs",
            "logs_subscriber_role": "logs",
            "logs_writer_role": "firehose",
            "secrets_rotator_role": "lambda",
            "trail_writer_role": "cloudtrail",
        }.items()
    }


def test_the_rotation_function_touches_two_secrets(portal: Synthesis) -> None:
    (policy,) = [p for p in portal.resources("aws_iam_role_policy") if p.name == "secrets_rotator_policy"]
    by_secret = {
        statement["Resource"]: {action.partition(":")[2] for action in statement["Action"]}
        for statement in statements(policy)
        if statement["Action"][0].startswith("secretsmanager:")
    }
    assert by_secret == {
        "${aws_secretsmanager_secret.secrets_secret.arn}": {
            "DescribeSecret",
            "GetSecretValue",
            "PutSecretValue",
            "UpdateSecretVersionStage",
        },
        "${aws_rds_cluster.database_cluster.master_user_secret[0].secret_arn}": {"GetSecretValue"},
        "*": {"GetRandomPassword"},
    }


def test_the_instances_read_one_secret_and_change_none(portal: Synthesis) -> None:
    (policy,) = [p for p in portal.resources("aws_iam_role_policy") if p.name == "compute_instance_policy"]
    found = [(s["Resource"], s["Action"]) for s in statements(policy) if "secretsmanager" in s["Action"][0]]
    assert found == [
        (
            "${aws_secretsmanager_secret.secrets_secret.arn}",
            ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        )
    ]


@pytest.mark.parametrize(
    ("key", "principals"),
    [
        ("keys_alerts_key", {"cloudwatch.amazonaws.com", "events.rds.amazonaws.com"}),
        ("keys_compute_key", {"${aws_iam_service_linked_role.autoscaling.arn}"}),
        ("keys_database_key", set()),
        ("keys_logs_key", {"logs.us-east-1.amazonaws.com"}),
        ("keys_secrets_key", set()),
        ("keys_storage_key", {"cloudfront.amazonaws.com"}),
        ("trail_audit_key", {"cloudtrail.amazonaws.com"}),
    ],
)
def test_a_key_serves_the_account_and_the_services_of_its_data(
    portal: Synthesis, key: str, principals: set[str]
) -> None:
    (resource,) = [k for k in portal.resources("aws_kms_key") if k.name == key]
    named = {principal for s in statements(resource) for principal in flat(s["Principal"].values())}
    assert named == principals | {f"arn:aws:iam::{ACCOUNT}:root"}


def flat(values: Any) -> Iterator[str]:
    for value in values:
        yield from [value] if isinstance(value, str) else value


def test_a_service_uses_a_key_only_under_a_condition(portal: Synthesis) -> None:
    for key in portal.resources("aws_kms_key"):
        for statement in statements(key):
            if "Service" in statement["Principal"]:
                assert statement["Condition"], key.address
                assert "kms:*" not in statement["Action"], key.address


def test_no_secret_stands_in_the_stack(portal: Synthesis) -> None:
    connection = json.loads(portal.resource("aws_secretsmanager_secret_version.secrets_connection")["secret_string"])
    assert set(connection) == {"engine", "host", "port", "dbname", "username", "masterarn"}
    assert connection["port"] == 3306
    for attribute in ("master_password", "password", "secret_string_wo", "auth_token"):
        assert f'"{attribute}"' not in portal.text
    environment = portal.resource("aws_lambda_function.secrets_function")["environment"]["variables"]
    assert set(environment) == {
        "ROTATION_STRATEGY",
        "PASSWORD_LENGTH",
        "EXCLUDE_CHARACTERS",
        "POWERTOOLS_LOG_LEVEL",
    }


def test_the_function_owns_the_secret_once_it_has_rotated(portal: Synthesis) -> None:
    version = portal.resource("aws_secretsmanager_secret_version.secrets_connection")
    assert version["lifecycle"] == {"ignore_changes": ["secret_string", "version_stages"]}
