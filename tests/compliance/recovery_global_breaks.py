"""What breaks the part of disaster recovery that is of no single region: replicated data, and the failover."""

import json
from dataclasses import replace
from typing import Any

from tests.compliance.breaking import Body, Break, Stack, add_statement, close_to_cloudwatch, open_key, trust

STACK = "recovery-global"
REPLICATOR = "primary_replication_replicator"


def _table(stack: Stack) -> Body:
    return stack.block("aws_dynamodb_table")


def _replica(stack: Stack) -> Body:
    return stack.block("aws_dynamodb_table_replica")


def _rule(stack: Stack, part: str = "primary") -> Body:
    rule: Body = stack.block("aws_s3_bucket_replication_configuration", f"{part}_replication_rules")["rule"][0]
    return rule


def _check(stack: Stack, part: str = "primary") -> Body:
    return stack.block("aws_route53_health_check", f"failover_{part}_check")


def _record(stack: Stack, part: str = "primary") -> Body:
    return stack.block("aws_route53_record", f"failover_{part}")


def _alarm(stack: Stack) -> Body:
    return stack.block("aws_cloudwatch_metric_alarm", "failover_primary_unhealthy")


def _without_key(stack: Stack) -> None:
    _replica(stack).pop("kms_key_arn")


def _key_of_the_other_region(stack: Stack) -> None:
    _replica(stack).update(kms_key_arn="${aws_kms_key.primary_data_key.arn}")


def _copies_with_the_key_of_the_source(stack: Stack) -> None:
    _rule(stack)["destination"]["encryption_configuration"].update(
        replica_kms_key_id="${aws_kms_key.primary_data_key.arn}"
    )


def _second_address_type(stack: Stack) -> None:
    record = {key: _record(stack)[key] for key in ("zone_id", "name", "alias")}
    stack.add("aws_route53_record", "six", {**record, "type": "AAAA"})


def _log_without_key(stack: Stack) -> None:
    stack.block("aws_cloudwatch_log_group").pop("kms_key_id")


def _without_percentage(stack: Stack) -> None:
    dashboard = stack.block("aws_cloudwatch_dashboard")
    body = json.loads(dashboard["dashboard_body"])
    body["widgets"] = [one for one in body["widgets"] if "HealthCheckPercentageHealthy" not in json.dumps(one)]
    dashboard["dashboard_body"] = json.dumps(body)


def _not_logged(stack: Stack) -> None:
    stack.remove("aws_s3_bucket_logging", "secondary_bucket_logging")


def _tags(stack: Stack, provider: int) -> Any:
    return stack.document["provider"]["aws"][provider]["default_tags"][0]["tags"]


DATA = (
    Break(
        "D-KMS-1",
        "kms-keys-rotate",
        "the key of the second region does not rotate",
        lambda stack: stack.block("aws_kms_key", "secondary_data_key").pop("enable_key_rotation"),
    ),
    Break(
        "D-KMS-1",
        "kms-key-policies-name-users",
        "everybody may decrypt",
        lambda stack: open_key(stack, "primary_data_key", {"AWS": "*"}),
    ),
    Break("D-KMS-1", "encrypted-with-kms", "the query log without key", _log_without_key),
    Break("D-KMS-1", "table-replicas-use-key-of-their-region", "no key of its own", _without_key),
    Break(
        "D-KMS-1",
        "object-replicas-use-key-of-their-region",
        "copies need the key of the source",
        _copies_with_the_key_of_the_source,
    ),
    Break("D-DDB-1", "table-is-replicated", "no replica", lambda stack: stack.remove("aws_dynamodb_table_replica")),
    Break(
        "D-DDB-1",
        "table-is-replicated",
        "the replica beside the table",
        lambda stack: _replica(stack).update(provider="aws.us-east-2"),
    ),
    Break("D-DDB-1", "table-is-replicated", "no stream", lambda stack: _table(stack).pop("stream_enabled")),
    Break(
        "D-DDB-1",
        "table-is-replicated",
        "a second table without replica",
        lambda stack: stack.add("aws_dynamodb_table", "more", {**_table(stack), "name": "financial-recovery-more-dev"}),
    ),
    Break(
        "D-DDB-1",
        "table-billing-mode-is",
        "capacity is provisioned",
        lambda stack: _table(stack).update(billing_mode="PROVISIONED", read_capacity=5, write_capacity=5),
    ),
    Break("D-DDB-1", "table-replicas-use-key-of-their-region", "the key of the table", _key_of_the_other_region),
    Break(
        "D-DDB-1",
        "encrypted-with-kms",
        "the table with a key of AWS",
        lambda stack: _table(stack).pop("server_side_encryption"),
    ),
    Break(
        "D-DDB-2",
        "table-is-recoverable",
        "the table",
        lambda stack: _table(stack)["point_in_time_recovery"].update(enabled=False),
    ),
    Break(
        "D-DDB-2",
        "table-is-recoverable",
        "the replica",
        lambda stack: _replica(stack).pop("point_in_time_recovery"),
    ),
    Break(
        "D-S3-1",
        "bucket-versioned",
        "the copy has no versions",
        lambda stack: stack.block("aws_s3_bucket_versioning", "secondary_bucket_versioning").update(
            versioning_configuration={"status": "Suspended"}
        ),
    ),
    Break(
        "D-S3-1",
        "bucket-replicates",
        "one way only",
        lambda stack: stack.remove("aws_s3_bucket_replication_configuration", "secondary_replication_rules"),
    ),
    Break(
        "D-S3-1",
        "bucket-replicates",
        "a part of the bucket",
        lambda stack: _rule(stack).update(filter={"prefix": "orders/"}),
    ),
    Break(
        "D-S3-1",
        "bucket-replicates",
        "whenever S3 gets round to it",
        lambda stack: _rule(stack)["destination"].pop("replication_time"),
    ),
    Break("D-S3-1", "bucket-replicates", "not measured", lambda stack: _rule(stack)["destination"].pop("metrics")),
    Break("D-S3-1", "bucket-replicates", "disabled", lambda stack: _rule(stack).update(status="Disabled")),
    Break(
        "D-S3-1",
        "bucket-replicates",
        "deletions stay behind",
        lambda stack: _rule(stack).pop("delete_marker_replication"),
    ),
    Break(
        "D-S3-1",
        "bucket-replicates",
        "into the same region",
        lambda stack: stack.block("aws_s3_bucket", "secondary_bucket_bucket").update(provider="aws.us-east-2"),
    ),
    Break(
        "D-S3-1",
        "object-replicas-use-key-of-their-region",
        "encrypted objects are left out",
        lambda stack: _rule(stack)["source_selection_criteria"].pop("sse_kms_encrypted_objects"),
    ),
    Break(
        "D-S3-1",
        "encrypted-with-kms",
        "the copy with a key of S3",
        lambda stack: stack.remove("aws_s3_bucket_server_side_encryption_configuration", "secondary_bucket_encryption"),
    ),
    Break(
        "D-S3-2",
        "bucket-public-access-blocked",
        "the copy may be published",
        lambda stack: stack.remove("aws_s3_bucket_public_access_block", "secondary_bucket_privacy"),
    ),
    Break(
        "D-S3-2",
        "bucket-requires-tls",
        "the copy is read without TLS",
        lambda stack: stack.remove("aws_s3_bucket_policy", "secondary_bucket_policy"),
    ),
    Break("D-S3-2", "bucket-access-logged", "who reads the copy is not logged", _not_logged),
)

FAILOVER = (
    Break(
        "D-R53-1",
        "health-checks-are-prompt",
        "plain HTTP",
        lambda stack: _check(stack).update(type="HTTP", port=80),
    ),
    Break(
        "D-R53-1",
        "health-checks-are-prompt",
        "the secondary is never found ill",
        lambda stack: _check(stack, "secondary").update(disabled=True),
    ),
    Break(
        "D-R53-1",
        "health-checks-are-prompt",
        "a check of checks only",
        lambda stack: [_check(stack, part).update(type="CALCULATED") for part in ("primary", "secondary")],
    ),
    Break(
        "D-R53-1",
        "failover-follows-health-of-target",
        "the primary is judged by the secondary",
        lambda stack: _check(stack).update(fqdn=_check(stack, "secondary")["fqdn"]),
    ),
    Break(
        "D-R53-1",
        "failover-follows-health-of-target",
        "the secondary is not checked",
        lambda stack: _record(stack, "secondary").pop("health_check_id"),
    ),
    Break(
        "D-R53-1",
        "failover-follows-health-of-target",
        "the alias does not ask its target",
        lambda stack: _record(stack)["alias"].update(evaluate_target_health=False),
    ),
    Break(
        "D-R53-2",
        "health-checks-are-prompt",
        "ten failures",
        lambda stack: _check(stack).update(failure_threshold=10),
    ),
    Break("D-R53-2", "records-fail-over", "ten failures", lambda stack: _check(stack).update(failure_threshold=10)),
    Break(
        "D-R53-2",
        "records-fail-over",
        "no secondary record",
        lambda stack: stack.remove("aws_route53_record", "failover_secondary"),
    ),
    Break(
        "D-R53-2",
        "records-fail-over",
        "the secondary record of another name",
        lambda stack: _record(stack, "secondary").update(name="standby.financial-recovery.test"),
    ),
    Break(
        "D-R53-2",
        "records-fail-over",
        "resolvers keep the answer for an hour",
        lambda stack: [_record(stack).pop("alias"), _record(stack).update(records=["203.0.113.7"], ttl=3600)],
    ),
    Break("D-R53-2", "records-fail-over", "IPv6 viewers stay behind", _second_address_type),
    Break("D-R53-2", "records-fail-over", "no failover at all", lambda stack: stack.remove("aws_route53_record")),
)

MONITORING = (
    Break("D-MON-1", "alarms-act", "an alarm tells nobody", lambda stack: _alarm(stack).update(actions_enabled=False)),
    Break(
        "D-MON-1",
        "alarms-reach-their-topic",
        "the topic does not admit CloudWatch",
        lambda stack: stack.edit_policy(stack.block("aws_sns_topic_policy"), "policy", close_to_cloudwatch),
    ),
    Break(
        "D-MON-1",
        "alarms-stand-where-metrics-are",
        "the alarm stands beside the load balancer",
        lambda stack: _alarm(stack).update(provider="aws.us-east-2"),
    ),
    Break(
        "D-MON-1",
        "alarms-stand-where-metrics-are",
        "the topic is in another region",
        lambda stack: stack.block("aws_sns_topic").update(provider="aws.us-west-2"),
    ),
    Break(
        "D-MON-1",
        "critical-metrics-are-watched",
        "nobody watches the secondary's check",
        lambda stack: stack.remove("aws_cloudwatch_metric_alarm", "failover_secondary_unhealthy"),
    ),
    Break(
        "D-MON-1",
        "topic-hears-of-metrics",
        "the alarms ring while all is well",
        lambda stack: [
            one.update(comparison_operator="GreaterThanOrEqualToThreshold")
            for one in stack.blocks("aws_cloudwatch_metric_alarm").values()
        ],
    ),
    Break("D-MON-2", "encrypted-with-kms", "the query log without key", _log_without_key),
    Break(
        "D-MON-2",
        "logs-kept-90-days",
        "the query log for a month",
        lambda stack: stack.block("aws_cloudwatch_log_group").update(retention_in_days=30),
    ),
    Break(
        "D-MON-2",
        "audit-logs-kept",
        "access logs for half a year",
        lambda stack: stack.block("aws_s3_bucket_lifecycle_configuration", "primary_access_logs_lifecycle")["rule"][
            0
        ].update(expiration=[{"days": 180}]),
    ),
    Break("D-MON-2", "bucket-access-logged", "who reads the copy is not logged", _not_logged),
    Break("D-MON-2", "dns-queries-are-logged", "no query log", lambda stack: stack.remove("aws_route53_query_log")),
    Break(
        "D-MON-2",
        "dns-queries-are-logged",
        "the log group where Route 53 cannot write",
        lambda stack: stack.block("aws_cloudwatch_log_group").update(provider="aws.us-east-2"),
    ),
    Break("D-MON-3", "dashboard-shows-metrics", "no dashboard", lambda stack: stack.remove("aws_cloudwatch_dashboard")),
    Break("D-MON-3", "dashboard-shows-metrics", "half of the graphs", _without_percentage),
)

IDENTITIES_AND_NAMES = (
    Break(
        "D-IAM-1",
        "no-wildcard-permissions",
        "the replicator may do everything",
        lambda stack: add_statement(stack, f"{REPLICATOR}_policy", "*"),
    ),
    Break(
        "D-IAM-1",
        "actions-name-their-resources",
        "the replicator writes to every bucket",
        lambda stack: add_statement(stack, f"{REPLICATOR}_policy", "s3:ReplicateObject"),
    ),
    Break(
        "D-IAM-1",
        "workloads-change-no-permissions",
        "the replicator may open the bucket",
        lambda stack: add_statement(
            stack, f"{REPLICATOR}_policy", "s3:PutBucketPolicy", on="${aws_s3_bucket.primary_bucket_bucket.arn}"
        ),
    ),
    Break(
        "D-IAM-1",
        "role-serves-one-workload",
        "a function may assume the role",
        lambda stack: trust(stack, f"{REPLICATOR}_role", {"Service": "lambda.amazonaws.com"}),
    ),
    Break(
        "D-IAM-1",
        "trust-is-narrow",
        "every customer of AWS may replicate",
        lambda stack: trust(stack, f"{REPLICATOR}_role", {"AWS": "*"}),
    ),
    Break("D-TAG-1", "required-tags", "no App in the second region", lambda stack: _tags(stack, 2).pop("App")),
    Break(
        "D-NAM-1",
        "names-carry-suffix",
        "a fixed name",
        lambda stack: _table(stack).update(name="financial-transactions"),
    ),
    Break(
        "D-NAM-1",
        "names-are-within-limits",
        "65 characters",
        lambda stack: stack.block("aws_iam_role", f"{REPLICATOR}_role").update(name="financial-".ljust(65, "x")),
    ),
    Break(
        "D-DEL-1",
        "nothing-blocks-teardown",
        "a bucket that is not emptied",
        lambda stack: stack.block("aws_s3_bucket", "secondary_bucket_bucket").pop("force_destroy"),
    ),
    Break(
        "D-DEL-1",
        "nothing-blocks-teardown",
        "a replica that is protected",
        lambda stack: _replica(stack).update(deletion_protection_enabled=True),
    ),
    Break(
        "D-DEL-1",
        "production-is-whole",
        "a part that calls itself production",
        lambda stack: _replica(stack)["tags"].update(Environment="production"),
    ),
)

BREAKS = tuple(replace(way, stack=STACK) for way in (*DATA, *FAILOVER, *MONITORING, *IDENTITIES_AND_NAMES))
