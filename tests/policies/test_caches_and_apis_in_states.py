"""In a state nothing refers to anything: caches, file systems and APIs are tied to theirs by ids, names and ARNs."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine
from policies.model import Asked
from policies.registry import catalogue
from tests.policies.conftest import write

POLICIES = {policy.id: policy for policy in catalogue()}
ACCOUNT = "us-west-2:111122223333"
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
FILES, POINT = (f"arn:aws:elasticfilesystem:{ACCOUNT}:{one}" for one in ("file-system/fs-1", "access-point/fsap-1"))
LISTENER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:listener/app/b/1/2"
KEYS = {name: f"arn:aws:kms:{ACCOUNT}:key/{name}" for name in ("database", "cache", "files")}
LOG_GROUP = f"arn:aws:logs:{ACCOUNT}:log-group:api"
STREAM = f"arn:aws:firehose:{ACCOUNT}:deliverystream/logs"
API = {"id": "abc123", "name": "a", "protocol_type": "HTTP", "target": None, "body": None}
GROUP = {
    "id": "cache",
    "replication_group_id": "cache",
    "engine": "redis",
    "num_cache_clusters": 3,
    "num_node_groups": 1,
    "replicas_per_node_group": 2,
    "automatic_failover_enabled": True,
    "multi_az_enabled": True,
    "subnet_group_name": "cache",
    "preferred_cache_cluster_azs": None,
    "user_group_ids": ["clients"],
    "auth_token": None,
    "global_replication_group_id": "",
}
LIMITS = {"throttling_rate_limit": 10000, "throttling_burst_limit": 5000}


@pytest.fixture
def state(tmp_path: Path) -> Any:
    """Judges a state by one policy; gives outcomes by address, without what the policy is not about."""

    def judge(policy: str, asked: dict[str, Any] | None = None, **resources: Any) -> dict[str, str]:
        nodes = [
            {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "values": values}
            for type_, named in resources.items()
            for name, values in named.items()
        ]
        content = {
            "format_version": "1.0",
            "terraform_version": "1.11.4",
            "values": {"root_module": {"resources": nodes}},
        }
        [document] = documents.read([write(tmp_path / "state.json", content)])
        asks = {} if asked is None else {policy: Asked(asked)}
        found = engine.assess(document.graph, "stack", [POLICIES[policy]], asked=asks)
        return {one.address: one.outcome for one in found if one.outcome != "not-applicable"}

    return judge


def subnets() -> dict[str, Any]:
    return {f"s{n}": {"id": f"subnet-{n}", "availability_zone": zone} for n, zone in enumerate(ZONES)}


@pytest.mark.parametrize(
    ("access", "kind", "outcome"),
    [
        ("on ~* +@all", "iam", "pass"),
        ("off ~* -@all", "no-password-required", "pass"),
        ("on ~* +@all", "no-password-required", "fail"),
    ],
)
def test_users_of_a_cache_are_found_by_their_ids(state: Any, access: str, kind: str, outcome: str) -> None:
    user = {"id": "app", "user_id": "app", "user_name": "app", "access_string": access, "no_password_required": False}
    found = state(
        "cache-users-are-authenticated",
        aws_elasticache_replication_group={"c": GROUP},
        aws_elasticache_user_group={"g": {"id": "clients", "user_group_id": "clients", "user_ids": ["app"]}},
        aws_elasticache_user={"u": {**user, "authentication_mode": [{"type": kind, "password_count": 0}]}},
    )
    assert found == {"aws_elasticache_replication_group.c": outcome}


@pytest.mark.parametrize(("nodes", "outcome"), [(3, "pass"), (2, "fail")])
def test_nodes_of_a_state_are_counted_once(state: Any, nodes: int, outcome: str) -> None:
    found = state(
        "cache-has-nodes",
        {"nodes": 3, "zones": 3},
        aws_subnet=subnets(),
        aws_elasticache_subnet_group={
            "g": {"id": "cache", "name": "cache", "subnet_ids": [f"subnet-{n}" for n in range(3)]}
        },
        aws_elasticache_replication_group={"c": {**GROUP, "num_cache_clusters": nodes}},
        aws_elasticache_cluster={"n": {"id": "n", "cluster_id": "n", "replication_group_id": "cache"}},
    )
    assert found == {"aws_elasticache_replication_group.c": outcome}


@pytest.mark.parametrize(("targets", "outcome"), [(3, "pass"), (2, "fail")])
def test_mount_targets_and_clients_of_a_file_system_are_found_by_ids(state: Any, targets: int, outcome: str) -> None:
    client = {"file_system_config": [{"arn": POINT, "local_mount_path": "/mnt/x"}]}
    found = state(
        "file-system-in-every-zone",
        {"zones": 2},
        aws_subnet=subnets(),
        aws_efs_file_system={"f": {"id": "fs-1", "arn": FILES, "availability_zone_name": ""}},
        aws_efs_access_point={"p": {"id": "fsap-1", "arn": POINT, "file_system_id": "fs-1"}},
        aws_efs_mount_target={
            f"m{n}": {"id": f"fsmt-{n}", "file_system_id": "fs-1", "subnet_id": f"subnet-{n}"} for n in range(targets)
        },
        aws_lambda_function={"f": {**client, "vpc_config": [{"subnet_ids": [f"subnet-{n}" for n in range(3)]}]}},
    )
    assert found == {"aws_efs_file_system.f": outcome}


@pytest.mark.parametrize(
    ("target", "outcome"), [("integrations/i1", "pass"), ("", "fail"), ("integrations/i2", "undetermined")]
)
def test_a_route_leads_to_an_integration_by_its_id(state: Any, target: str, outcome: str) -> None:
    found = state(
        "api-routes-are-planned",
        {"routes": ("GET /orders",)},
        aws_apigatewayv2_api={"a": API},
        aws_apigatewayv2_integration={"i": {"id": "i1", "api_id": "abc123"}},
        aws_apigatewayv2_route={"r": {"id": "r1", "api_id": "abc123", "route_key": "GET /orders", "target": target}},
    )
    assert found == {"aws_apigatewayv2_api.a": outcome}


@pytest.mark.parametrize(("named", "outcome"), [("x-origin", "pass"), (None, "fail")])
def test_an_api_is_tied_to_its_distribution_by_its_domain_name(state: Any, named: str | None, outcome: str) -> None:
    condition = [{"http_header": [{"http_header_name": named, "values": ["0123456789abcdef"]}]}] if named else []
    origin = {
        "origin_id": "api",
        "domain_name": "api.example.com",
        "custom_origin_config": [{}],
        "vpc_origin_config": [],
    }
    found = state(
        "api-only-through-cloudfront",
        aws_apigatewayv2_api={"a": {**API, "disable_execute_api_endpoint": True}},
        aws_apigatewayv2_domain_name={"d": {"id": "api.example.com", "domain_name": "api.example.com"}},
        aws_apigatewayv2_api_mapping={"m": {"id": "m1", "api_id": "abc123", "domain_name": "api.example.com"}},
        aws_apigatewayv2_integration={"i": {"id": "i1", "api_id": "abc123", "integration_uri": LISTENER}},
        aws_lb_listener={"l": {"id": LISTENER, "arn": LISTENER, "default_action": [{"type": "fixed-response"}]}},
        aws_lb_listener_rule={
            "r": {"listener_arn": LISTENER, "action": [{"type": "forward", "forward": []}], "condition": condition}
        },
        aws_cloudfront_distribution={"c": {"id": "E1", "origin": [origin]}},
    )
    assert found == {"aws_apigatewayv2_api.a": outcome}


@pytest.mark.parametrize(("rate", "outcome"), [(10000, "pass"), (0, "fail")])
def test_limits_of_a_rest_stage_are_found_by_its_name(state: Any, rate: int, outcome: str) -> None:
    settings = {"method_path": "*/*", "settings": [{**LIMITS, "throttling_rate_limit": rate}]}
    found = state(
        "api-stage-throttles",
        {"rate": 10000, "burst": 5000},
        aws_api_gateway_stage={"s": {"id": "ags-abc-prod", "rest_api_id": "abc", "stage_name": "prod"}},
        aws_api_gateway_method_settings={"m": {"rest_api_id": "abc", "stage_name": "prod", **settings}},
    )
    assert found == {"aws_api_gateway_stage.s": outcome}


@pytest.mark.parametrize(("key", "outcome"), [("files", "pass"), ("cache", "fail")])
def test_keys_are_told_apart_by_their_arns(state: Any, key: str, outcome: str) -> None:
    found = state(
        "keys-are-separate",
        {"kinds": ("database", "cache", "files")},
        aws_kms_key={name: {"id": name, "key_id": name, "arn": arn} for name, arn in KEYS.items()},
        aws_rds_cluster={"d": {"kms_key_id": KEYS["database"]}},
        aws_elasticache_replication_group={"c": {"kms_key_id": KEYS["cache"]}},
        aws_efs_file_system={"f": {"kms_key_id": KEYS[key]}},
    )
    assert found["aws_efs_file_system.f"] == outcome


@pytest.mark.parametrize(("days", "outcome"), [(400, "pass"), (100, "fail")])
def test_the_log_of_an_api_is_followed_into_its_archive(state: Any, days: int, outcome: str) -> None:
    rule = {
        "id": "all",
        "status": "Enabled",
        "filter": [],
        "expiration": [{"days": days, "date": None}],
        "transition": [],
    }
    found = state(
        "audit-logs-kept",
        aws_apigatewayv2_stage={
            "s": {"id": "dev", "access_log_settings": [{"destination_arn": LOG_GROUP, "format": "x"}]}
        },
        aws_cloudwatch_log_group={"l": {"id": "api", "name": "api", "arn": LOG_GROUP, "retention_in_days": 30}},
        aws_cloudwatch_log_subscription_filter={
            "s": {"log_group_name": "api", "filter_pattern": "", "destination_arn": STREAM}
        },
        aws_kinesis_firehose_delivery_stream={
            "s": {"arn": STREAM, "name": "logs", "extended_s3_configuration": [{"bucket_arn": "arn:aws:s3:::archive"}]}
        },
        aws_s3_bucket={"b": {"id": "archive", "bucket": "archive", "arn": "arn:aws:s3:::archive"}},
        aws_s3_bucket_lifecycle_configuration={"b": {"bucket": "archive", "rule": [rule]}},
    )
    assert found == {"aws_cloudwatch_log_group.l": outcome, "aws_s3_bucket.b": outcome}


@pytest.mark.parametrize(("insecure", "outcome"), [("false", "pass"), ("true", "fail")])
def test_the_policy_of_a_file_system_is_found_by_its_id(state: Any, insecure: str, outcome: str) -> None:
    condition = {"Bool": {"aws:SecureTransport": insecure}}
    statement = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": FILES, "Condition": condition}
    found = state(
        "file-system-requires-tls",
        aws_efs_file_system={"f": {"id": "fs-1", "arn": FILES}},
        aws_efs_file_system_policy={"p": {"file_system_id": "fs-1", "policy": json.dumps({"Statement": [statement]})}},
    )
    assert found == {"aws_efs_file_system.f": outcome}
