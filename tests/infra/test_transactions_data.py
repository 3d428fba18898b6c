"""The transaction API's data: where it lies, who reaches it, with which keys, and how long it and its logs are kept."""

import json
import re
from typing import Any

import pytest

from tests.infra.recovery_facts import ACCOUNT, statements
from tests.infra.synthesized import Synthesis

ZONES = [f"${{data.aws_availability_zones.network_zones.names[{position}]}}" for position in range(3)]
PRIVATE_SUBNETS = {f"${{aws_subnet.network_private_{zone}.id}}" for zone in "abc"}
YEAR_DAYS = 365
HAND_DAYS = 30
MOUNT, WRITE, AS_ROOT = (f"elasticfilesystem:Client{action}" for action in ("Mount", "Write", "RootAccess"))


def only(api: Synthesis, type_: str) -> dict[str, Any]:
    (resource,) = api.resources(type_)
    return dict(resource.body)


def parameters(api: Synthesis) -> dict[str, tuple[str, str]]:
    """Value and way of applying, by name, of the cluster's parameters."""
    group = only(api, "aws_rds_cluster_parameter_group")
    cluster = only(api, "aws_rds_cluster")
    assert (
        cluster["db_cluster_parameter_group_name"]
        == "${aws_rds_cluster_parameter_group.aurora_cluster_parameters.name}"
    )
    return {one["name"]: (one["value"], one["apply_method"]) for one in group["parameter"]}


def admitted(api: Synthesis, group: str) -> set[tuple[str, int, int]]:
    """Who may reach a security group, and on which ports."""
    found = set()
    for rule in api.resources("aws_vpc_security_group_ingress_rule"):
        if rule.body["security_group_id"] == f"${{aws_security_group.security_{group}.id}}":
            assert not {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"} & rule.body.keys(), rule.address
            peer = re.fullmatch(
                r"\$\{aws_security_group\.security_(\w+)\.id\}", rule.body["referenced_security_group_id"]
            )
            assert peer, rule.address
            found.add((peer[1], rule.body["from_port"], rule.body["to_port"]))
    return found


# --- the database ---


def test_the_database_scales_from_half_a_unit_to_sixteen(api: Synthesis) -> None:
    cluster = only(api, "aws_rds_cluster")
    assert (cluster["engine"], cluster["engine_mode"]) == ("aurora-postgresql", "provisioned")
    assert cluster["serverlessv2_scaling_configuration"] == {"min_capacity": 0.5, "max_capacity": 16}
    classes = [instance.body["instance_class"] for instance in api.resources("aws_rds_cluster_instance")]
    assert classes == ["db.serverless", "db.serverless"]


def test_the_reader_stands_in_another_zone_than_the_writer_and_is_as_large(api: Synthesis) -> None:
    writer = api.resource("aws_rds_cluster_instance.aurora_instance_a")
    reader = api.resource("aws_rds_cluster_instance.aurora_instance_b")
    assert [writer["availability_zone"], reader["availability_zone"]] == ZONES[:2]
    # Of the tiers 0 and 1 the readers scale with the writer.
    assert [writer["promotion_tier"], reader["promotion_tier"]] == [0, 1]
    assert set(only(api, "aws_db_subnet_group")["subnet_ids"]) == PRIVATE_SUBNETS


def test_the_engine_version_is_an_input_and_fits_the_parameters(api: Synthesis) -> None:
    version = only(api, "aws_rds_cluster")["engine_version"]
    family = only(api, "aws_rds_cluster_parameter_group")["family"]
    assert version.partition(".")[0] == family.removeprefix("aurora-postgresql") == "16"
    assert only(api, "aws_db_parameter_group")["family"] == family


def test_nobody_connects_without_tls_1_2(api: Synthesis) -> None:
    found = parameters(api)
    assert found["rds.force_ssl"] == ("1", "immediate")
    assert found["ssl_min_protocol_version"] == ("TLSv1.2", "immediate")


def test_connections_and_changes_of_schema_and_rights_are_audited(api: Synthesis) -> None:
    found = {name: value for name, (value, _) in parameters(api).items()}
    assert "pgaudit" in found["shared_preload_libraries"].split(",")
    assert {"ddl", "role"} <= set(found["pgaudit.log"].split(","))
    assert (found["log_connections"], found["log_disconnections"]) == ("1", "1")
    assert found["log_statement"] == "ddl"
    assert int(found["log_min_duration_statement"]) == 1000


def test_no_log_of_the_database_holds_a_value_of_a_row(api: Synthesis) -> None:
    found = {name: value for name, (value, _) in parameters(api).items()}
    assert (found["log_parameter_max_length"], found["log_parameter_max_length_on_error"]) == ("0", "0")
    assert found["pgaudit.log_parameter"] == "0"
    assert (found["log_error_verbosity"], found["log_min_error_statement"]) == ("terse", "panic")
    assert not {"read", "write", "all"} & set(found["pgaudit.log"].split(","))
    assert found["log_statement"] not in ("mod", "all")


def test_only_libraries_wait_for_a_restart(api: Synthesis) -> None:
    waiting = {name for name, (_, method) in parameters(api).items() if method == "pending-reboot"}
    assert waiting == {"shared_preload_libraries"}


def test_backups_of_the_database_are_kept_30_days_and_may_be_restored_to_any_point(api: Synthesis) -> None:
    assert only(api, "aws_rds_cluster")["backup_retention_period"] == 30


def test_the_log_of_the_database_goes_to_the_group_that_rds_prescribes(api: Synthesis) -> None:
    cluster = only(api, "aws_rds_cluster")
    group = api.resource("aws_cloudwatch_log_group.aurora_postgresql_log")
    assert cluster["enabled_cloudwatch_logs_exports"] == ["postgresql"]
    assert group["name"] == f"/aws/rds/cluster/{cluster['cluster_identifier']}/postgresql"
    assert "aws_cloudwatch_log_group.aurora_postgresql_log" in cluster["depends_on"]


def test_instances_are_measured_and_not_public(api: Synthesis) -> None:
    for instance in api.resources("aws_rds_cluster_instance"):
        assert instance.body["performance_insights_enabled"] is True
        assert instance.body["performance_insights_kms_key_id"] == "${aws_kms_key.database_key.arn}"
        assert instance.body["monitoring_interval"] == 60
        assert instance.body["publicly_accessible"] is False


def test_the_login_is_made_by_its_rotation_and_never_written_down(api: Synthesis) -> None:
    cluster = only(api, "aws_rds_cluster")
    login = json.loads(only(api, "aws_secretsmanager_secret_version")["secret_string"])
    assert login == {
        "engine": "postgres",
        "host": "${aws_rds_cluster.aurora_cluster.endpoint}",
        "port": cluster["port"],
        "dbname": cluster["database_name"],
        "username": "financial_app",
        "masterarn": "${aws_rds_cluster.aurora_cluster.master_user_secret[0].secret_arn}",
    }
    rotation = only(api, "aws_secretsmanager_secret_rotation")
    assert rotation["rotation_rules"] == {"automatically_after_days": 30}
    instances = {f"aws_rds_cluster_instance.{one.name}" for one in api.resources("aws_rds_cluster_instance")}
    assert instances | {"aws_vpc_endpoint.secretsmanager"} <= set(rotation["depends_on"])
    assert cluster["manage_master_user_password"] is True
    assert "master_password" not in cluster


# --- the cache ---


def test_the_cache_has_a_node_in_each_of_three_zones_and_fails_over_by_itself(api: Synthesis) -> None:
    cache = only(api, "aws_elasticache_replication_group")
    assert cache["num_cache_clusters"] == 3
    assert cache["preferred_cache_cluster_azs"] == ZONES
    assert (cache["multi_az_enabled"], cache["automatic_failover_enabled"]) == (True, True)
    assert set(only(api, "aws_elasticache_subnet_group")["subnet_ids"]) == PRIVATE_SUBNETS


def test_the_cache_is_redis_7_behind_tls_and_keeps_snapshots_5_days(api: Synthesis) -> None:
    cache = only(api, "aws_elasticache_replication_group")
    assert (cache["engine"], cache["engine_version"]) == ("redis", "7.1")
    assert only(api, "aws_elasticache_parameter_group")["family"] == "redis7"
    assert (cache["transit_encryption_enabled"], cache["transit_encryption_mode"]) == (True, "required")
    assert cache["at_rest_encryption_enabled"] == "true"
    assert cache["snapshot_retention_limit"] == 5


def test_one_user_of_the_cache_may_do_three_things_and_every_other_one_nothing(api: Synthesis) -> None:
    users = {one.name: one.body for one in api.resources("aws_elasticache_user")}
    serving, nobody = users.pop("redis_user"), users.pop("redis_nobody")
    assert not users
    assert serving["access_string"] == "on ~transactions:* -@all +get +set +ping"
    assert serving["authentication_mode"] == {"type": "iam"}
    assert serving["user_id"] == serving["user_name"]  # or IAM authenticates nobody
    assert nobody["user_name"] == "default"
    assert nobody["access_string"].split() == ["off", "~*", "-@all"]
    group = only(api, "aws_elasticache_user_group")
    assert set(group["user_ids"]) == {
        "${aws_elasticache_user.redis_user.user_id}",
        "${aws_elasticache_user.redis_nobody.user_id}",
    }
    cache = only(api, "aws_elasticache_replication_group")
    assert cache["user_group_ids"] == ["${aws_elasticache_user_group.redis_users.user_group_id}"]
    assert "auth_token" not in cache


def test_redis_writes_its_logs_into_groups_that_may_be_written_to(api: Synthesis) -> None:
    cache = only(api, "aws_elasticache_replication_group")
    deliveries = {
        one["log_type"]: (one["destination"], one["log_format"]) for one in cache["log_delivery_configuration"]
    }
    assert deliveries == {
        "slow-log": ("${aws_cloudwatch_log_group.redis_slow_log.name}", "json"),
        "engine-log": ("${aws_cloudwatch_log_group.redis_engine_log.name}", "json"),
    }
    policy = api.resource("aws_cloudwatch_log_resource_policy.redis_delivery")
    (statement,) = statements(policy["policy_document"])
    assert statement["Resource"] == [
        f"${{aws_cloudwatch_log_group.redis_{log}.arn}}:*" for log in ("slow_log", "engine_log")
    ]
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert cache["depends_on"] == ["aws_cloudwatch_log_resource_policy.redis_delivery"]


# --- the files ---


def test_files_have_an_address_in_every_zone_and_are_backed_up(api: Synthesis) -> None:
    targets = [one.body for one in api.resources("aws_efs_mount_target")]
    assert len(targets) == 3
    assert {target["subnet_id"] for target in targets} == PRIVATE_SUBNETS
    assert all(target["security_groups"] == ["${aws_security_group.security_files.id}"] for target in targets)
    assert only(api, "aws_efs_backup_policy")["backup_policy"] == {"status": "ENABLED"}


def test_who_mounts_the_files_is_one_user_in_one_folder(api: Synthesis) -> None:
    point = only(api, "aws_efs_access_point")
    assert point["posix_user"] == {"uid": 1000, "gid": 1000}
    assert point["root_directory"] == {
        "path": "/transactions",
        "creation_info": {"owner_uid": 1000, "owner_gid": 1000, "permissions": "0750"},
    }


def test_only_the_function_mounts_the_files_through_its_access_point_over_tls(api: Synthesis) -> None:
    function = api.resource("aws_lambda_function.service_function")
    role = api.resource("aws_iam_role.service_server_role")["name"]
    point = "${aws_efs_access_point.efs_access_point.arn}"
    assert function["role"] == "${aws_iam_role.service_server_role.arn}"
    assert function["file_system_config"]["arn"] == point
    policy = {
        statement["Sid"]: statement for statement in statements(only(api, "aws_efs_file_system_policy")["policy"])
    }
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    ours = {"aws:PrincipalArn": arn, "elasticfilesystem:AccessPointArn": point}
    assert {sid: (one["Effect"], one["Condition"]) for sid, one in policy.items()} == {
        "TlsOnly": ("Deny", {"Bool": {"aws:SecureTransport": "false"}}),
        "OneRoleOnly": ("Deny", {"StringNotEquals": {"aws:PrincipalArn": arn}}),
        "AccessPointOnly": ("Deny", {"StringNotEquals": {"elasticfilesystem:AccessPointArn": point}}),
        "Use": ("Allow", {"StringEquals": ours}),
    }
    assert policy["TlsOnly"]["Action"] == ["*"]
    for sid in ("OneRoleOnly", "AccessPointOnly"):
        assert policy[sid]["Action"] == [MOUNT, WRITE, AS_ROOT]
        assert policy[sid]["Principal"] == {"AWS": "*"}
    assert policy["Use"]["Action"] == [MOUNT, WRITE]


def test_the_function_waits_for_files_it_may_mount(api: Synthesis) -> None:
    function = api.resource("aws_lambda_function.service_function")
    wanted = {f"aws_efs_mount_target.{one.name}" for one in api.resources("aws_efs_mount_target")}
    assert wanted | {"aws_efs_file_system_policy.efs_policy"} <= set(function["depends_on"])


# --- all three ---


def test_only_the_function_reaches_the_data_each_store_on_its_port(api: Synthesis) -> None:
    assert admitted(api, "files") == {("service", 2049, 2049)}
    assert admitted(api, "cache") == {("service", 6379, 6379)}
    assert admitted(api, "database") == {("service", 5432, 5432), ("rotation", 5432, 5432)}
    worn = {
        "database": only(api, "aws_rds_cluster")["vpc_security_group_ids"],
        "cache": only(api, "aws_elasticache_replication_group")["security_group_ids"],
    }
    for group, groups in worn.items():
        assert groups == [f"${{aws_security_group.security_{group}.id}}"]


def test_database_cache_files_and_secrets_have_keys_of_their_own_that_rotate(api: Synthesis) -> None:
    keys = {
        "database": only(api, "aws_rds_cluster")["kms_key_id"],
        "cache": only(api, "aws_elasticache_replication_group")["kms_key_id"],
        "files": only(api, "aws_efs_file_system")["kms_key_id"],
        "secrets": only(api, "aws_secretsmanager_secret")["kms_key_id"],
    }
    assert keys == {name: f"${{aws_kms_key.{name}_key.arn}}" for name in keys}
    for name in keys:
        key = api.resource(f"aws_kms_key.{name}_key")
        assert key["enable_key_rotation"] is True
        assert key["rotation_period_in_days"] <= YEAR_DAYS
        assert [statement["Sid"] for statement in statements(key["policy"])] == ["Account"]
    assert only(api, "aws_rds_cluster")["master_user_secret_kms_key_id"] == keys["secrets"]
    assert only(api, "aws_rds_cluster")["storage_encrypted"] is True
    assert only(api, "aws_efs_file_system")["encrypted"] is True


def test_a_line_that_cloudwatch_keeps_30_days_is_in_the_archive_for_a_year(api: Synthesis) -> None:
    short = {
        f"${{aws_cloudwatch_log_group.{group.name}.name}}"
        for group in api.resources("aws_cloudwatch_log_group")
        if group.body["retention_in_days"] == HAND_DAYS
    }
    logs = ("aurora_postgresql_log", "redis_slow_log", "redis_engine_log", "api_log")
    assert short == {f"${{aws_cloudwatch_log_group.{log}.name}}" for log in logs}
    subscriptions = [one.body for one in api.resources("aws_cloudwatch_log_subscription_filter")]
    assert {one["log_group_name"] for one in subscriptions} == short
    for one in subscriptions:
        assert one["filter_pattern"] == ""
        assert one["destination_arn"] == "${aws_kinesis_firehose_delivery_stream.log_archive_delivery.arn}"
    stream = only(api, "aws_kinesis_firehose_delivery_stream")
    target = stream["extended_s3_configuration"]
    assert target["bucket_arn"] == "${aws_s3_bucket.log_archive_bucket_bucket.arn}"
    assert target["kms_key_arn"] == stream["server_side_encryption"]["key_arn"] == "${aws_kms_key.logs_key.arn}"
    (rule,) = api.resource("aws_s3_bucket_lifecycle_configuration.log_archive_bucket_lifecycle")["rule"]
    assert (rule["status"], rule["filter"]) == ("Enabled", [{"prefix": ""}])
    assert rule["expiration"][0]["days"] >= YEAR_DAYS
    assert rule["noncurrent_version_expiration"][0]["noncurrent_days"] >= YEAR_DAYS
    assert "transition" not in rule
    versioning = api.resource("aws_s3_bucket_versioning.log_archive_bucket_versioning")
    assert versioning["versioning_configuration"] == {"status": "Enabled"}


def test_no_log_group_keeps_less_than_90_days_but_those_that_are_archived(api: Synthesis) -> None:
    kept = {group.body["retention_in_days"] for group in api.resources("aws_cloudwatch_log_group")}
    assert kept <= {HAND_DAYS, 90, 400}


def test_every_node_of_the_cache_is_watched(api: Synthesis) -> None:
    cache = only(api, "aws_elasticache_replication_group")
    nodes = {f"{cache['replication_group_id']}-{number:03}" for number in range(1, cache["num_cache_clusters"] + 1)}
    watched: dict[str, set[str]] = {}
    for alarm in api.resources("aws_cloudwatch_metric_alarm"):
        if alarm.body["namespace"] == "AWS/ElastiCache":
            watched.setdefault(alarm.body["dimensions"]["CacheClusterId"], set()).add(alarm.body["metric_name"])
    assert set(watched) == nodes
    expected = {
        *("EngineCPUUtilization", "DatabaseMemoryUsagePercentage", "Evictions"),
        *("ReplicationLag", "AuthenticationFailures"),
    }
    assert all(metrics == expected for metrics in watched.values())


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("database_full", "ACUUtilization", 90),
        ("database_cpu", "CPUUtilization", 80),
        ("database_connections", "DatabaseConnections", 1600),  # Aurora allows 2,000 where the minimum is 0.5 ACU
        ("database_replica_lag", "AuroraReplicaLagMaximum", 1000),
        ("rotation_errors", "Errors", 1),
        ("files_busy", "PercentIOLimit", 90),
        ("log_archive_lag", "DeliveryToS3.DataFreshness", 3600),
    ],
)
def test_what_would_stop_or_lose_data_is_an_alarm(api: Synthesis, name: str, metric: str, threshold: float) -> None:
    alarm = api.resource(f"aws_cloudwatch_metric_alarm.data_alarms_{name}")
    assert (alarm["metric_name"], alarm["threshold"]) == (metric, threshold)
    assert alarm["comparison_operator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["alarm_actions"] == ["${aws_sns_topic.topic_topic.arn}"]


def test_memory_of_the_database_is_an_alarm_when_little_is_left(api: Synthesis) -> None:
    alarm = api.resource("aws_cloudwatch_metric_alarm.data_alarms_database_memory")
    largest = only(api, "aws_rds_cluster")["serverlessv2_scaling_configuration"]["max_capacity"] * 2 * 1024**3
    assert alarm["comparison_operator"] == "LessThanThreshold"
    assert 0 < alarm["threshold"] < largest / 4


def test_events_of_the_database_are_announced(api: Synthesis) -> None:
    subscription = only(api, "aws_db_event_subscription")
    assert subscription["sns_topic"] == "${aws_sns_topic.topic_topic.arn}"
    assert {"failover", "failure", "deletion"} <= set(subscription["event_categories"])
    publishers = [
        one["Principal"]["Service"]
        for one in statements(api.resource("aws_sns_topic_policy.topic_policy")["policy"])
        if one["Effect"] == "Allow"
    ]
    assert publishers == [["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]]


def test_only_production_keeps_what_is_destroyed(api: Synthesis, production: Synthesis) -> None:
    live = production.of("transactions")
    cluster, kept = only(api, "aws_rds_cluster"), only(live, "aws_rds_cluster")
    assert [cluster[name] for name in ("deletion_protection", "skip_final_snapshot")] == [False, True]
    assert [kept[name] for name in ("deletion_protection", "skip_final_snapshot")] == [True, False]
    assert kept["final_snapshot_identifier"] == "financial-transactions-aurora-final-live"
    assert "final_snapshot_identifier" not in cluster
    assert "final_snapshot_identifier" not in only(api, "aws_elasticache_replication_group")
    snapshot = only(live, "aws_elasticache_replication_group")["final_snapshot_identifier"]
    assert snapshot == "financial-transactions-cache-final-live"


def test_the_endpoints_of_the_data_are_outputs(api: Synthesis) -> None:
    given = {name: output["value"] for name, output in api.document["output"].items()}
    assert {
        "database_endpoint": "${aws_rds_cluster.aurora_cluster.endpoint}",
        "database_reader_endpoint": "${aws_rds_cluster.aurora_cluster.reader_endpoint}",
        "database_secret_arn": "${aws_secretsmanager_secret.login_secret.arn}",
        "cache_primary_endpoint": "${aws_elasticache_replication_group.redis_nodes.primary_endpoint_address}",
        "file_system_id": "${aws_efs_file_system.efs_system.id}",
    }.items() <= given.items()
