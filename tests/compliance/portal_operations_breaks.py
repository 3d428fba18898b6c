"""What breaks the portal's operations: monitoring, identities and keys, names and teardown, region, compliance."""

from typing import Any

from tests.compliance.breaking import Body, Break, Stack, add_statement, close_to_cloudwatch, open_key, trust

LOG_DOCUMENT = "logs:PutLogEvents"


def without_action(stack: Stack, role_policy: str, action: str) -> None:
    """Takes one action out of every statement of the role."""

    def change(document: Body) -> None:
        for statement in document["Statement"]:
            statement["Action"] = [one for one in statement["Action"] if one != action] or ["logs:DescribeLogGroups"]

    stack.edit_policy(stack.block("aws_iam_role_policy", role_policy), "policy", change)


def parameter(stack: Stack, name: str, value: str) -> None:
    for block in stack.block("aws_rds_cluster_parameter_group")["parameter"]:
        if block["name"] == name:
            block["value"] = value


def rename_dimension(stack: Stack, alarm: str, dimension: str) -> None:
    stack.block("aws_cloudwatch_metric_alarm", alarm)["dimensions"][dimension] = "another"


def every_alarm(stack: Stack, **changes: Any) -> None:
    for alarm in stack.blocks("aws_cloudwatch_metric_alarm").values():
        alarm.update(changes)


MONITORING = (
    Break(
        "P-MON-1",
        "instances-send-their-logs",
        "the instances may no longer write logs",
        lambda stack: without_action(stack, "compute_instance_policy", LOG_DOCUMENT),
    ),
    Break(
        "P-MON-1",
        "instances-send-their-logs",
        "the instances have no profile",
        lambda stack: stack.block("aws_launch_template").pop("iam_instance_profile"),
    ),
    Break(
        "P-MON-1",
        "balancer-logs-requests",
        "access logs off",
        lambda stack: stack.block("aws_lb")["access_logs"].update(enabled=False),
    ),
    Break(
        "P-MON-1", "balancer-logs-requests", "access logs gone", lambda stack: stack.block("aws_lb").pop("access_logs")
    ),
    Break(
        "P-MON-1",
        "database-logs-exported",
        "the audit log stays on the disk",
        lambda stack: stack.block("aws_rds_cluster")["enabled_cloudwatch_logs_exports"].remove("audit"),
    ),
    Break(
        "P-MON-1",
        "exported-logs-have-a-group",
        "RDS makes a log group itself",
        lambda stack: stack.remove("aws_cloudwatch_log_group", "database_error_log"),
    ),
    Break(
        "P-MON-1",
        "database-is-audited",
        "the audit is off",
        lambda stack: parameter(stack, "server_audit_logging", "0"),
    ),
    Break(
        "P-MON-1",
        "database-is-audited",
        "logins are left out",
        lambda stack: parameter(stack, "server_audit_events", "QUERY_DDL"),
    ),
    Break(
        "P-MON-2",
        "errors-are-counted",
        "no filter",
        lambda stack: stack.remove("aws_cloudwatch_log_metric_filter", "logs_errors"),
    ),
    Break(
        "P-MON-2",
        "errors-are-counted",
        "the filter reads another log",
        lambda stack: stack.block("aws_cloudwatch_log_metric_filter", "logs_errors").update(
            log_group_name="${aws_cloudwatch_log_group.logs_system.name}"
        ),
    ),
    Break(
        "P-MON-2",
        "errors-are-counted",
        "the alarm watches another name",
        lambda stack: stack.block("aws_cloudwatch_metric_alarm", "monitoring_application_errors").update(
            metric_name="Error"
        ),
    ),
    Break(
        "P-MON-2",
        "errors-are-counted",
        "the application's log is gone",
        lambda stack: stack.remove("aws_cloudwatch_log_group", "logs_application"),
    ),
    Break(
        "P-MON-3",
        "alarms-act",
        "an alarm without action",
        lambda stack: stack.block("aws_cloudwatch_metric_alarm", "monitoring_disk_full").pop("alarm_actions"),
    ),
    Break(
        "P-MON-3",
        "alarms-act",
        "actions switched off",
        lambda stack: stack.block("aws_cloudwatch_metric_alarm", "monitoring_disk_full").update(actions_enabled=False),
    ),
    Break(
        "P-MON-3",
        "alarms-act",
        "no alarm at all",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm"),
    ),
    Break(
        "P-MON-3",
        "critical-metrics-are-watched",
        "nobody watches replication",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "monitoring_database_replica_lag"),
    ),
    Break(
        "P-MON-3",
        "critical-metrics-are-watched",
        "the alarm watches another balancer",
        lambda stack: rename_dimension(stack, "monitoring_balancer_errors", "LoadBalancer"),
    ),
    Break(
        "P-MON-3",
        "critical-metrics-are-watched",
        "alarms that do nothing",
        lambda stack: every_alarm(stack, alarm_actions=[]),
    ),
    Break(
        "P-MON-4",
        "alarms-reach-their-topic",
        "no topic",
        lambda stack: [stack.remove("aws_sns_topic"), stack.remove("aws_sns_topic_policy")],
    ),
    Break(
        "P-MON-4",
        "alarms-reach-their-topic",
        "the topic does not admit CloudWatch",
        lambda stack: stack.edit_policy(stack.block("aws_sns_topic_policy"), "policy", close_to_cloudwatch),
    ),
    Break(
        "P-MON-4",
        "alarms-reach-their-topic",
        "the key does not admit CloudWatch",
        lambda stack: stack.edit_policy(stack.block("aws_kms_key", "keys_alerts_key"), "policy", close_to_cloudwatch),
    ),
    Break(
        "P-MON-4",
        "encrypted-with-kms",
        "the topic is not encrypted",
        lambda stack: stack.block("aws_sns_topic").pop("kms_master_key_id"),
    ),
    Break(
        "P-MON-5",
        "performance-is-measured",
        "durations are not measured",
        lambda stack: stack.remove("aws_cloudwatch_log_metric_filter", "logs_duration"),
    ),
    Break(
        "P-MON-5",
        "performance-is-measured",
        "only the number of requests is counted",
        lambda stack: stack.block("aws_cloudwatch_log_metric_filter", "logs_duration")["metric_transformation"].update(
            value="1"
        ),
    ),
    Break(
        "P-MON-6",
        "logs-kept-90-days",
        "the application's log is kept a month and nothing archives it",
        lambda stack: [
            stack.block("aws_cloudwatch_log_group", "logs_application").update(retention_in_days=30),
            stack.remove("aws_cloudwatch_log_subscription_filter"),
        ],
    ),
    Break(
        "P-MON-6",
        "logs-kept-90-days",
        "the archive is kept no longer than the log",
        lambda stack: [
            stack.block("aws_cloudwatch_log_group", "logs_application").update(retention_in_days=30),
            stack.block("aws_s3_bucket_lifecycle_configuration", "storage_application_logs_lifecycle")["rule"][0][
                "expiration"
            ][0].update(days=30),
        ],
    ),
    Break(
        "P-MON-7",
        "functions-have-log-groups",
        "Lambda makes the log group itself",
        lambda stack: [
            stack.remove("aws_cloudwatch_log_group", "secrets_log"),
            stack.block("aws_lambda_function").pop("logging_config"),
        ],
    ),
    Break(
        "P-MON-7",
        "functions-keep-failed-events",
        "no dead letters",
        lambda stack: stack.block("aws_lambda_function").pop("dead_letter_config"),
    ),
    Break(
        "P-MON-7",
        "critical-metrics-are-watched",
        "nobody hears that a rotation failed",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "monitoring_rotation_errors"),
    ),
)

IDENTITIES = (
    Break(
        "P-IAM-1",
        "no-wildcard-permissions",
        "everything is allowed",
        lambda stack: add_statement(stack, "compute_instance_policy", "*"),
    ),
    Break(
        "P-IAM-1",
        "no-wildcard-permissions",
        "administrator attached beside",
        lambda stack: stack.add(
            "aws_iam_role_policy_attachment",
            "compute_admin",
            {
                "role": "${aws_iam_role.compute_instance_role.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
            },
        ),
    ),
    Break(
        "P-IAM-1",
        "no-wildcard-permissions",
        "everything of a service in an inline block",
        lambda stack: stack.block("aws_iam_role", "logs_writer_role").update(
            inline_policy=[
                {"name": "all", "policy": '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'}
            ]
        ),
    ),
    Break(
        "P-IAM-1",
        "actions-name-their-resources",
        "every secret of the account",
        lambda stack: add_statement(stack, "compute_instance_policy", "secretsmanager:GetSecretValue"),
    ),
    Break(
        "P-IAM-1",
        "workloads-change-no-permissions",
        "the instances may write a policy of their role",
        lambda stack: add_statement(
            stack, "compute_instance_policy", "iam:PutRolePolicy", on="${aws_iam_role.compute_instance_role.arn}"
        ),
    ),
    Break(
        "P-IAM-1",
        "role-serves-one-workload",
        "the function borrows the role of the instances",
        lambda stack: stack.block("aws_lambda_function").update(role="${aws_iam_role.compute_instance_role.arn}"),
    ),
    Break(
        "P-IAM-1",
        "role-serves-one-workload",
        "a second service assumes the role",
        lambda stack: trust(stack, "compute_instance_role", {"Service": "lambda.amazonaws.com"}),
    ),
    Break(
        "P-IAM-1",
        "trust-is-narrow",
        "every customer of AWS may become the instances",
        lambda stack: trust(stack, "compute_instance_role", {"AWS": "*"}),
    ),
    Break(
        "P-IAM-2",
        "instances-have-own-role",
        "no profile",
        lambda stack: stack.block("aws_launch_template").pop("iam_instance_profile"),
    ),
    Break(
        "P-IAM-2",
        "instances-have-own-role",
        "a profile without role",
        lambda stack: stack.block("aws_iam_instance_profile").pop("role"),
    ),
    Break(
        "P-IAM-3",
        "rotation-role-only-rotates",
        "the function deletes secrets",
        lambda stack: add_statement(
            stack,
            "secrets_rotator_policy",
            "secretsmanager:DeleteSecret",
            on="${aws_secretsmanager_secret.secrets_secret.arn}",
        ),
    ),
    Break(
        "P-IAM-3",
        "rotation-role-only-rotates",
        "the function reads every secret",
        lambda stack: add_statement(stack, "secrets_rotator_policy", "secretsmanager:GetSecretValue"),
    ),
    Break(
        "P-IAM-3",
        "rotation-role-only-rotates",
        "the function changes the database",
        lambda stack: add_statement(stack, "secrets_rotator_policy", "rds:ModifyDBCluster"),
    ),
    Break(
        "P-IAM-3",
        "rotation-role-only-rotates",
        "nothing rotates",
        lambda stack: stack.remove("aws_secretsmanager_secret_rotation"),
    ),
    Break(
        "P-KMS-1",
        "encrypted-with-kms",
        "a log group without key",
        lambda stack: stack.block("aws_cloudwatch_log_group", "logs_application").pop("kms_key_id"),
    ),
    Break(
        "P-KMS-1",
        "kms-keys-rotate",
        "a key does not rotate",
        lambda stack: stack.block("aws_kms_key", "keys_database_key").update(enable_key_rotation=False),
    ),
    Break(
        "P-KMS-1",
        "kms-keys-rotate",
        "a key rotates every seven years",
        lambda stack: stack.block("aws_kms_key", "keys_database_key").update(rotation_period_in_days=2560),
    ),
    Break(
        "P-KMS-1",
        "kms-key-policies-name-users",
        "no policy",
        lambda stack: stack.block("aws_kms_key", "keys_secrets_key").pop("policy"),
    ),
    Break(
        "P-KMS-1",
        "kms-key-policies-name-users",
        "everybody may decrypt",
        lambda stack: open_key(stack, "keys_secrets_key", {"AWS": "*"}),
    ),
    Break(
        "P-KMS-1",
        "kms-key-policies-name-users",
        "a service on behalf of anybody",
        lambda stack: open_key(stack, "keys_storage_key", {"Service": "cloudfront.amazonaws.com"}),
    ),
)

NAMES = (
    Break(
        "P-TAG-1",
        "required-tags",
        "no cost center",
        lambda stack: stack.document["provider"]["aws"][0]["default_tags"][0]["tags"].pop("CostCenter"),
    ),
    Break(
        "P-TAG-1",
        "required-tags",
        "tags stay on the group",
        lambda stack: [tag.update(propagate_at_launch=False) for tag in stack.block("aws_autoscaling_group")["tag"]],
    ),
    Break(
        "P-NAM-1",
        "names-carry-suffix",
        "a fixed name",
        lambda stack: stack.block("aws_sqs_queue").update(name="financial-rotation-dead-letters"),
    ),
    Break(
        "P-NAM-1",
        "names-carry-suffix",
        "a name tag of another system",
        lambda stack: stack.block("aws_vpc")["tags"].update(Name="main"),
    ),
    Break(
        "P-NAM-1",
        "names-carry-suffix",
        "Terraform makes up the name",
        lambda stack: stack.block("aws_security_group", "security_database").pop("name"),
    ),
    Break(
        "P-NAM-1",
        "names-are-within-limits",
        "33 characters",
        lambda stack: stack.block("aws_lb").update(name="financial-application-balancer-dev".ljust(33, "x")),
    ),
    Break(
        "P-NAM-2",
        "names-carry-suffix",
        "one name for all environments",
        lambda stack: stack.block("aws_kms_alias", "keys_logs_alias").update(name="alias/financial-logs"),
    ),
    Break(
        "P-NAM-2",
        "nothing-is-account-wide",
        "the account's own role of Auto Scaling",
        lambda stack: stack.block("aws_iam_service_linked_role").pop("custom_suffix"),
    ),
    Break(
        "P-NAM-2",
        "nothing-is-account-wide",
        "a setting of the account",
        lambda stack: stack.add("aws_s3_account_public_access_block", "account", {"block_public_acls": True}),
    ),
    Break(
        "P-DEL-1",
        "nothing-blocks-teardown",
        "a bucket that is not emptied",
        lambda stack: stack.block("aws_s3_bucket", "storage_static_bucket").pop("force_destroy"),
    ),
    Break(
        "P-DEL-1",
        "nothing-blocks-teardown",
        "deletion protection",
        lambda stack: stack.block("aws_rds_cluster").update(deletion_protection=True),
    ),
    Break(
        "P-DEL-1",
        "nothing-blocks-teardown",
        "a final snapshot",
        lambda stack: stack.block("aws_rds_cluster").pop("skip_final_snapshot"),
    ),
    Break(
        "P-DEL-1",
        "nothing-blocks-teardown",
        "prevent_destroy",
        lambda stack: stack.block("aws_vpc").update(lifecycle={"prevent_destroy": True}),
    ),
    Break(
        "P-DEL-1",
        "nothing-blocks-teardown",
        "a secret that stays a month",
        lambda stack: stack.block("aws_secretsmanager_secret").pop("recovery_window_in_days"),
    ),
    Break(
        "P-DEL-1",
        "production-is-whole",
        "a part that calls itself production",
        lambda stack: stack.block("aws_rds_cluster")["tags"].update(Environment="production"),
    ),
    Break(
        "P-DEL-2",
        "exported-logs-have-a-group",
        "RDS leaves a log group behind",
        lambda stack: stack.remove("aws_cloudwatch_log_group", "database_slowquery_log"),
    ),
    Break(
        "P-DEL-2",
        "functions-have-log-groups",
        "Lambda leaves a log group behind",
        lambda stack: stack.block("aws_lambda_function")["logging_config"].update(log_group="/aws/lambda/other"),
    ),
)

TECHNIQUE = (
    Break(
        "P-TEC-2",
        "region-is",
        "another region",
        lambda stack: stack.document["provider"]["aws"][0].update(region="eu-west-1"),
    ),
    Break(
        "P-TEC-2",
        "region-is",
        "one bucket in another region",
        lambda stack: [
            stack.document["provider"]["aws"].append({"alias": "west", "region": "us-west-2"}),
            stack.block("aws_s3_bucket", "storage_files_bucket").update(provider="aws.west"),
        ],
    ),
    Break(
        "P-PCI-1",
        "encrypted-with-kms",
        "the database is not encrypted",
        lambda stack: stack.block("aws_rds_cluster").update(storage_encrypted=False),
    ),
    Break(
        "P-PCI-1",
        "aurora-requires-tls",
        "clear text is accepted",
        lambda stack: parameter(stack, "require_secure_transport", "OFF"),
    ),
    Break(
        "P-PCI-1",
        "alb-only-through-cloudfront",
        "the balancer is open",
        lambda stack: stack.block("aws_vpc_security_group_ingress_rule", "security_cloudfront_to_balancer").update(
            prefix_list_id=None, cidr_ipv4="0.0.0.0/0"
        ),
    ),
    Break(
        "P-PCI-1",
        "alb-requires-origin-header",
        "a rule without the header",
        lambda stack: stack.block("aws_lb_listener_rule").update(
            condition=[{"path_pattern": {"values": ["/*"]}}],
        ),
    ),
    Break(
        "P-PCI-1",
        "kms-keys-rotate",
        "the key of the trail does not rotate",
        lambda stack: stack.block("aws_kms_key", "trail_audit_key").pop("enable_key_rotation"),
    ),
    Break(
        "P-PCI-1",
        "trail-records-the-account",
        "no trail",
        lambda stack: stack.remove("aws_cloudtrail"),
    ),
    Break(
        "P-PCI-1",
        "trail-records-the-account",
        "one region only",
        lambda stack: stack.block("aws_cloudtrail").update(is_multi_region_trail=False),
    ),
    Break(
        "P-PCI-1",
        "trail-records-the-account",
        "the trail is switched off",
        lambda stack: stack.block("aws_cloudtrail").update(enable_logging=False),
    ),
    Break(
        "P-PCI-1",
        "trail-records-the-account",
        "no management events",
        lambda stack: stack.block("aws_cloudtrail")["advanced_event_selector"].pop(0),
    ),
    Break(
        "P-PCI-1",
        "trail-is-tamper-evident",
        "files are not signed",
        lambda stack: stack.block("aws_cloudtrail").pop("enable_log_file_validation"),
    ),
    Break(
        "P-PCI-1",
        "database-is-audited",
        "the cluster has the default parameters",
        lambda stack: stack.block("aws_rds_cluster").pop("db_cluster_parameter_group_name"),
    ),
    Break(
        "P-PCI-1",
        "database-logs-exported",
        "no log is exported",
        lambda stack: stack.block("aws_rds_cluster").pop("enabled_cloudwatch_logs_exports"),
    ),
    Break(
        "P-PCI-1",
        "balancer-logs-requests",
        "access logs off",
        lambda stack: stack.block("aws_lb")["access_logs"].update(enabled=False),
    ),
)

BREAKS = (*MONITORING, *IDENTITIES, *NAMES, *TECHNIQUE)
