"""What breaks the data of the transaction API: its keys, database, cache, files, secrets and logs."""

import functools

from tests.compliance.breaking import Body, Break, Stack, add_statement, open_key

KEY = "${aws_kms_key.database_key.arn}"
ROTATOR = "login_rotator_policy"
CLUSTER, CACHE, FILES = "aws_rds_cluster", "aws_elasticache_replication_group", "aws_efs_file_system"
RULE = "aws_vpc_security_group_ingress_rule"
CHANGES = functools.partial(Break, stack="transactions")


def group(stack: Stack, name: str) -> Body:
    return stack.block("aws_cloudwatch_log_group", name)


def function(stack: Stack, name: str) -> Body:
    return stack.block("aws_lambda_function", f"{name}_function")


def user(stack: Stack, name: str) -> Body:
    return stack.block("aws_elasticache_user", f"redis_{name}")


def instance(stack: Stack, zone: str) -> Body:
    return stack.block("aws_rds_cluster_instance", f"aurora_instance_{zone}")


def parameter(stack: Stack, name: str, value: str | None) -> None:
    """Gives a parameter of the cluster another value, or takes it away."""
    block = stack.block("aws_rds_cluster_parameter_group")
    block["parameter"] = [one for one in block["parameter"] if one["name"] != name]
    if value is not None:
        block["parameter"].append({"name": name, "value": value})


def files_policy(stack: Stack, *left_out: str) -> None:
    """Takes statements out of the policy of the file system, by their sids."""

    def change(document: Body) -> None:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] not in left_out]

    stack.edit_policy(stack.block("aws_efs_file_system_policy"), "policy", change)


def lifetime(stack: Stack, days: int) -> None:
    """How long the archive keeps what is put into it."""
    rule = stack.block("aws_s3_bucket_lifecycle_configuration", "log_archive_bucket_lifecycle")["rule"][0]
    rule["expiration"][0].update(days=days)


def frozen(stack: Stack, days: int) -> None:
    """Moves what is in the archive to a storage class that does not answer at once."""
    rule = stack.block("aws_s3_bucket_lifecycle_configuration", "log_archive_bucket_lifecycle")["rule"][0]
    rule["transition"] = [{"days": days, "storage_class": "GLACIER"}]


def second_stream(stack: Stack) -> None:
    """The function's own lines go into the archive of audit logs, by a stream of theirs."""
    stream = {**stack.block("aws_kinesis_firehose_delivery_stream"), "name": "financial-transactions-more-dev"}
    stack.add("aws_kinesis_firehose_delivery_stream", "more", stream)
    taken = {
        "log_group_name": "${aws_cloudwatch_log_group.service_log.name}",
        "filter_pattern": "",
        "destination_arn": "${aws_kinesis_firehose_delivery_stream.more.arn}",
    }
    subscription = stack.block("aws_cloudwatch_log_subscription_filter", "log_archive_api")
    stack.add("aws_cloudwatch_log_subscription_filter", "more", {**subscription, **taken})


KEYS = (
    CHANGES(
        "T-KMS-1",
        "encrypted-with-kms",
        "the cache is not encrypted",
        lambda stack: stack.block(CACHE).update(at_rest_encryption_enabled="false"),
    ),
    CHANGES(
        "T-KMS-1",
        "keys-are-separate",
        "database and files share a key",
        lambda stack: stack.block(FILES).update(kms_key_id=KEY),
    ),
    CHANGES(
        "T-KMS-1",
        "keys-are-separate",
        "the cache has the key of the database by its alias",
        lambda stack: stack.block(CACHE).update(kms_key_id="${aws_kms_alias.database_alias.target_key_arn}"),
    ),
    CHANGES(
        "T-KMS-1",
        "kms-keys-rotate",
        "the key of the cache does not rotate",
        lambda stack: stack.block("aws_kms_key", "cache_key").pop("enable_key_rotation"),
    ),
    CHANGES(
        "T-KMS-1",
        "kms-key-policies-name-users",
        "everybody may decrypt files",
        lambda stack: open_key(stack, "files_key", {"AWS": "*"}),
    ),
)

DATABASE = (
    CHANGES(
        "T-DB-1",
        "aurora-engine-is",
        "another engine",
        lambda stack: stack.block(CLUSTER).update(engine="aurora-mysql"),
    ),
    CHANGES(
        "T-DB-1",
        "aurora-engine-is",
        "a version that no longer exists",
        lambda stack: stack.block(CLUSTER).update(engine_version="15.4"),
    ),
    CHANGES(
        "T-DB-1",
        "serverless-capacity-is",
        "it stops growing at 8 units",
        lambda stack: stack.block(CLUSTER)["serverlessv2_scaling_configuration"].update(max_capacity=8),
    ),
    CHANGES(
        "T-DB-1",
        "serverless-capacity-is",
        "an instance of a fixed class",
        lambda stack: instance(stack, "b").update(instance_class="db.r6g.large"),
    ),
    CHANGES(
        "T-DB-1",
        "aurora-instances-span-zones",
        "no reader",
        lambda stack: stack.remove("aws_rds_cluster_instance", "aurora_instance_b"),
    ),
    CHANGES(
        "T-DB-1",
        "aurora-instances-span-zones",
        "the reader in the zone of the writer",
        lambda stack: instance(stack, "b").update(availability_zone=instance(stack, "a")["availability_zone"]),
    ),
    CHANGES(
        "T-DB-1",
        "database-is-private",
        "publicly accessible",
        lambda stack: instance(stack, "b").update(publicly_accessible=True),
    ),
    CHANGES(
        "T-DB-1",
        "workloads-in-private-subnets",
        "a public subnet for the database",
        lambda stack: stack.block("aws_db_subnet_group")["subnet_ids"].append("${aws_subnet.network_public_a.id}"),
    ),
    CHANGES(
        "T-DB-1",
        "aurora-requires-tls",
        "clear text is accepted",
        lambda stack: parameter(stack, "rds.force_ssl", "0"),
    ),
    CHANGES(
        "T-DB-1",
        "database-refuses-old-tls",
        "TLS 1.0 is accepted",
        lambda stack: parameter(stack, "ssl_min_protocol_version", "TLSv1"),
    ),
    CHANGES(
        "T-DB-2",
        "encrypted-with-kms",
        "the database is not encrypted",
        lambda stack: stack.block(CLUSTER).pop("storage_encrypted"),
    ),
    CHANGES(
        "T-DB-2",
        "backups-kept",
        "backups are kept a week",
        lambda stack: stack.block(CLUSTER).update(backup_retention_period=7),
    ),
    CHANGES(
        "T-DB-2",
        "performance-insights-on",
        "the reader records nothing",
        lambda stack: instance(stack, "b").update(performance_insights_enabled=False),
    ),
    CHANGES(
        "T-DB-2",
        "database-logs-exported",
        "the log stays on the disk",
        lambda stack: stack.block(CLUSTER).update(enabled_cloudwatch_logs_exports=[]),
    ),
    CHANGES(
        "T-DB-2",
        "exported-logs-have-a-group",
        "RDS makes the log group itself",
        lambda stack: group(stack, "aurora_postgresql_log").update(name="/aws/rds/aurora-postgresql-dev"),
    ),
    CHANGES(
        "T-DB-2",
        "database-is-audited",
        "changes of rights are left out",
        lambda stack: parameter(stack, "pgaudit.log", "ddl"),
    ),
    CHANGES(
        "T-DB-2",
        "database-is-audited",
        "pgaudit is not loaded",
        lambda stack: parameter(stack, "shared_preload_libraries", "pg_stat_statements"),
    ),
)

REDIS = (
    CHANGES(
        "T-RED-1",
        "cache-engine-is",
        "an older version",
        lambda stack: stack.block(CACHE).update(engine_version="6.2"),
    ),
    CHANGES("T-RED-1", "cache-has-nodes", "two nodes", lambda stack: stack.block(CACHE).update(num_cache_clusters=2)),
    CHANGES(
        "T-RED-1",
        "cache-has-nodes",
        "three nodes in two zones",
        lambda stack: stack.block("aws_elasticache_subnet_group")["subnet_ids"].pop(),
    ),
    CHANGES(
        "T-RED-1",
        "cache-fails-over",
        "nobody takes over",
        lambda stack: stack.block(CACHE).update(automatic_failover_enabled=False),
    ),
    CHANGES(
        "T-RED-1",
        "cache-requires-tls",
        "TLS is preferred",
        lambda stack: stack.block(CACHE).update(transit_encryption_mode="preferred"),
    ),
    CHANGES(
        "T-RED-1",
        "cache-users-are-authenticated",
        "the default user is switched on",
        lambda stack: user(stack, "nobody").update(access_string="on ~* +@all"),
    ),
    CHANGES(
        "T-RED-1",
        "cache-users-are-authenticated",
        "the application needs no password",
        lambda stack: user(stack, "user").update(authentication_mode={"type": "no-password-required"}),
    ),
    CHANGES(
        "T-RED-1",
        "cache-users-are-authenticated",
        "no users",
        lambda stack: stack.block(CACHE).pop("user_group_ids"),
    ),
    CHANGES(
        "T-RED-1",
        "cache-keeps-snapshots",
        "no snapshots",
        lambda stack: stack.block(CACHE).pop("snapshot_retention_limit"),
    ),
    CHANGES(
        "T-RED-1",
        "encrypted-with-kms",
        "the key of AWS",
        lambda stack: stack.block(CACHE).pop("kms_key_id"),
    ),
    CHANGES(
        "T-RED-1",
        "keys-are-separate",
        "the key of the database",
        lambda stack: stack.block(CACHE).update(kms_key_id=KEY),
    ),
)

SHARED_FILES = (
    CHANGES("T-EFS-1", "encrypted-with-kms", "not encrypted", lambda stack: stack.block(FILES).update(encrypted=False)),
    CHANGES(
        "T-EFS-1",
        "keys-are-separate",
        "the key of the cache",
        lambda stack: stack.block(FILES).update(kms_key_id="${aws_kms_key.cache_key.arn}"),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-in-every-zone",
        "a zone without address",
        lambda stack: stack.remove("aws_efs_mount_target", "efs_target_2"),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-requires-tls",
        "plain NFS is answered",
        lambda stack: files_policy(stack, "TlsOnly"),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-requires-tls",
        "no policy",
        lambda stack: stack.remove("aws_efs_file_system_policy"),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-admits-access-points-only",
        "nothing but TLS is asked for",
        lambda stack: files_policy(stack, "OneRoleOnly", "AccessPointOnly", "Use"),
    ),
    CHANGES(
        "T-EFS-1",
        "access-points-force-a-user",
        "clients say who they are",
        lambda stack: stack.block("aws_efs_access_point").pop("posix_user"),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-is-private",
        "the whole network",
        lambda stack: stack.block(RULE, "security_files_from_service").update(
            referenced_security_group_id=None, cidr_ipv4="10.0.0.0/16"
        ),
    ),
    CHANGES(
        "T-EFS-1",
        "file-system-is-backed-up",
        "no backups",
        lambda stack: stack.block("aws_efs_backup_policy")["backup_policy"].update(status="DISABLED"),
    ),
)

SECRETS = (
    CHANGES(
        "T-SEC-1",
        "database-password-is-managed",
        "Terraform is given the password",
        lambda stack: [
            stack.block(CLUSTER).pop("manage_master_user_password"),
            stack.block(CLUSTER).update(master_password="${var.master}"),
        ],
    ),
    CHANGES(
        "T-SEC-1",
        "secret-values-stay-out-of-state",
        "Terraform writes the password",
        lambda stack: stack.block("aws_secretsmanager_secret_version").update(
            secret_string='{"username": "service", "password": "correct-horse"}'
        ),
    ),
    CHANGES(
        "T-SEC-1",
        "functions-hold-no-secrets",
        "the function is told the password",
        lambda stack: function(stack, "service")["environment"]["variables"].update(
            DATABASE_PASSWORD="correct-horse-battery"
        ),
    ),
    CHANGES(
        "T-SEC-1",
        "secrets-rotate",
        "every quarter",
        lambda stack: stack.block("aws_secretsmanager_secret_rotation")["rotation_rules"].update(
            automatically_after_days=90
        ),
    ),
    CHANGES(
        "T-SEC-1",
        "rotation-failures-are-seen",
        "nobody hears of it",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "data_alarms_rotation_errors"),
    ),
    CHANGES(
        "T-SEC-1",
        "rotation-function-reaches-database",
        "the database does not let it in",
        lambda stack: stack.remove(RULE, "security_database_from_rotation"),
    ),
    CHANGES(
        "T-SEC-1",
        "rotation-function-reaches-secrets-manager",
        "no endpoint, and no way out",
        lambda stack: stack.remove("aws_vpc_endpoint"),
    ),
    CHANGES(
        "T-SEC-1",
        "rotation-function-serves-secrets-manager-only",
        "another service may call it",
        lambda stack: stack.block("aws_lambda_permission", "login_permission").update(principal="events.amazonaws.com"),
    ),
    CHANGES(
        "T-SEC-1",
        "rotation-role-only-rotates",
        "it reads every secret",
        lambda stack: add_statement(stack, ROTATOR, "secretsmanager:GetSecretValue"),
    ),
)

LOGS = (
    CHANGES(
        "T-LOG-1",
        "database-logs-exported",
        "the log stays on the disk",
        lambda stack: stack.block(CLUSTER).pop("enabled_cloudwatch_logs_exports"),
    ),
    CHANGES(
        "T-LOG-1",
        "api-stage-logs-access",
        "requests are not logged",
        lambda stack: stack.block("aws_apigatewayv2_stage").pop("access_log_settings"),
    ),
    CHANGES(
        "T-LOG-1",
        "log-groups-keep-events",
        "a week at hand",
        lambda stack: group(stack, "api_log").update(retention_in_days=7),
    ),
    CHANGES(
        "T-LOG-1",
        "log-group-reaches-bucket",
        "the log of the API is not archived",
        lambda stack: stack.remove("aws_cloudwatch_log_subscription_filter", "log_archive_api"),
    ),
    CHANGES(
        "T-LOG-1",
        "log-group-reaches-bucket",
        "errors only",
        lambda stack: stack.block("aws_cloudwatch_log_subscription_filter", "log_archive_api").update(
            filter_pattern="ERROR"
        ),
    ),
    CHANGES(
        "T-LOG-1",
        "logs-kept-90-days",
        "the log of the database is not archived",
        lambda stack: stack.remove("aws_cloudwatch_log_subscription_filter", "log_archive_postgresql"),
    ),
    CHANGES("T-LOG-1", "audit-logs-kept", "the archive is cleared after 100 days", lambda stack: lifetime(stack, 100)),
    CHANGES(
        "T-LOG-1",
        "audit-logs-kept",
        "the log of the database is not archived",
        lambda stack: stack.remove("aws_cloudwatch_log_subscription_filter", "log_archive_postgresql"),
    ),
    CHANGES("T-LOG-1", "audit-logs-kept-apart", "with lines of the application", second_stream),
    CHANGES("T-LOG-1", "recent-logs-at-hand", "frozen after a month", lambda stack: frozen(stack, 30)),
    CHANGES(
        "T-LOG-1",
        "functions-have-log-groups",
        "Lambda makes the log group itself",
        lambda stack: function(stack, "service")["logging_config"].update(log_group="/aws/lambda/other"),
    ),
)

BREAKS = (*KEYS, *DATABASE, *REDIS, *SHARED_FILES, *SECRETS, *LOGS)
