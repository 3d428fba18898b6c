"""Which stores hold logs, and audit logs; how these get there, and for how long a store keeps what is put into it."""

import re
from collections.abc import Iterator
from itertools import chain

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Block, Resource, Undetermined, Unresolved

KEPT_DAYS = 90
_DELIVERY_DAYS = 2

# What delivers audit logs to a bucket, and to a log group: resource type, and the attribute that names the store.
_AUDIT_TO_BUCKET = (
    ("aws_s3_bucket_logging", "target_bucket"),
    ("aws_s3_bucket", "logging.target_bucket"),
    ("aws_lb", "access_logs.bucket"),
    ("aws_lb", "connection_logs.bucket"),
    ("aws_alb", "access_logs.bucket"),
    ("aws_elb", "access_logs.bucket"),
    ("aws_cloudfront_distribution", "logging_config.bucket"),
    ("aws_wafv2_web_acl_logging_configuration", "log_destination_configs"),
    ("aws_cloudtrail", "s3_bucket_name"),
    ("aws_flow_log", "log_destination"),
    ("aws_cloudwatch_log_delivery_destination", "delivery_destination_configuration.destination_resource_arn"),
    ("aws_route53_resolver_query_log_config", "destination_arn"),
    ("aws_redshift_logging", "bucket_name"),
)
_AUDIT_TO_GROUP = (
    ("aws_cloudtrail", "cloud_watch_logs_group_arn"),
    ("aws_flow_log", "log_destination"),
    ("aws_flow_log", "log_group_name"),
    ("aws_wafv2_web_acl_logging_configuration", "log_destination_configs"),
    ("aws_cloudwatch_log_delivery_destination", "delivery_destination_configuration.destination_resource_arn"),
    ("aws_route53_resolver_query_log_config", "destination_arn"),
    ("aws_route53_query_log", "cloudwatch_log_group_arn"),
    ("aws_api_gateway_stage", "access_log_settings.destination_arn"),
    ("aws_apigatewayv2_stage", "access_log_settings.destination_arn"),
)
# Streams deliver whatever they are given: logs of applications, unless something that writes audit logs fills them.
_STREAM = "aws_kinesis_firehose_delivery_stream"
_STREAM_TO_BUCKET = (
    "extended_s3_configuration.bucket_arn",
    "http_endpoint_configuration.s3_configuration.bucket_arn",
    "opensearch_configuration.s3_configuration.bucket_arn",
    "splunk_configuration.s3_configuration.bucket_arn",
)
_AUDIT_TO_STREAM = (
    ("aws_wafv2_web_acl_logging_configuration", "log_destination_configs"),
    ("aws_flow_log", "log_destination"),
    ("aws_cloudwatch_log_delivery_destination", "delivery_destination_configuration.destination_resource_arn"),
    ("aws_route53_resolver_query_log_config", "destination_arn"),
)
# RDS prescribes the names of the groups it exports to, so nothing in the configuration needs to refer to them.
# PostgreSQL has one log for everything, its audit included.
_DATABASE_AUDIT = re.compile(r"/aws/rds/(cluster|instance)/.*/(audit|postgresql)")
_NAMED_FOR_LOGS = re.compile(r"(?:^|[^a-z]|access|flow|audit|trail|app|server|query)logs?(?:$|[^a-z])", re.IGNORECASE)


def holds_logs(bucket: Resource, graph: ResourceGraph) -> str | None:
    """Why the bucket counts as a log bucket: who delivers to it, or its name or tags; None when nothing says so."""
    for deliverer in chain(_referrers(bucket, graph, _AUDIT_TO_BUCKET), streams_to(bucket, graph)):
        return f"{deliverer.address} delivers logs to it"
    for path in ("bucket", "bucket_prefix"):
        name = bucket.attribute(path).raw_value
        if _NAMED_FOR_LOGS.search(name.literal if isinstance(name, Unresolved) else str(name or "")):
            return "its name says so"
    tags = bucket.attribute("tags").raw_value
    for key, value in tags.items() if isinstance(tags, dict) else ():
        text = value.literal if isinstance(value, Unresolved) else str(value)
        if _NAMED_FOR_LOGS.search(f"{key} {text}"):
            return f"its tag {key} says so"
    return None


def audit_sources(store: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    """Everything that delivers audit logs to the bucket or log group; itself for the audit log of a database."""
    if store.type == "aws_s3_bucket":
        yield from _referrers(store, graph, _AUDIT_TO_BUCKET)
        yield from (stream for stream in streams_to(store, graph) if takes_audit_logs(stream, graph))
        return
    name = store.attribute("name").raw_value
    if _DATABASE_AUDIT.fullmatch(name.literal if isinstance(name, Unresolved) else str(name or "")):
        yield store
    yield from _referrers(store, graph, _AUDIT_TO_GROUP)


def takes_audit_logs(stream: Resource, graph: ResourceGraph) -> bool:
    """Whether something that writes audit logs fills the delivery stream, by itself or by way of a log group."""
    if any(True for _ in _referrers(stream, graph, _AUDIT_TO_STREAM)):
        return True
    subscriptions = graph.referrers(stream, "aws_cloudwatch_log_subscription_filter", "destination_arn")
    groups = (
        group
        for one in subscriptions
        for group in graph.targets(one.attribute("log_group_name"), "aws_cloudwatch_log_group")
    )
    return any(True for group in groups for _ in audit_sources(group, graph))


def streams_to(bucket: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    """The delivery streams that put what they are given into the bucket."""
    return _referrers(bucket, graph, tuple((_STREAM, path) for path in _STREAM_TO_BUCKET))


def archives(group: Resource, graph: ResourceGraph) -> Iterator[tuple[Resource, Resource]]:
    """Stream and bucket for every subscription that copies each event of a log group to a bucket of this stack."""
    for subscription in graph.referrers(group, "aws_cloudwatch_log_subscription_filter", "log_group_name"):
        if subscription.attribute("filter_pattern").text.strip():
            continue
        for stream in graph.targets(subscription.attribute("destination_arn"), _STREAM):
            for bucket in graph.targets(stream.attribute("extended_s3_configuration.bucket_arn"), "aws_s3_bucket"):
                yield stream, bucket


def _referrers(store: Resource, graph: ResourceGraph, deliveries: tuple[tuple[str, str], ...]) -> Iterator[Resource]:
    """One after the other: once one is found, no caller need know whether a later one may concern the store."""
    return (one for type_, path in deliveries for one in graph.referrers(store, type_, path))


def event_days(group: Resource) -> float | None:
    """How long a log group keeps an event; None for ever. The class for mere delivery has two days of its own."""
    if group.attribute("log_group_class").value == "DELIVERY":
        return _DELIVERY_DAYS
    retention = group.attribute("retention_in_days")
    if retention.number is None and not retention.is_missing:
        raise Undetermined(retention.undetermined("this is no number of days"))
    return retention.number or None


def bucket_retention(
    bucket: Resource,
    graph: ResourceGraph,
    asked: tuple[Resource, ...] = (),
    *,
    days: int = KEPT_DAYS,
    may_stay: bool = False,
) -> Finding:
    """Whether current objects stay at least `days`: here, or in a bucket they are replicated to.

    They have to end some day, unless they `may_stay` for ever.

    A rule that removes any part of the bucket earlier counts against it; a rule for a part only does not end the life
    of the rest. Transitions to other storage classes keep the object and do not matter. `asked` are the buckets whose
    replication led here: a circle of buckets keeps nothing longer.
    """
    rules = [rule for rule in _lifecycle_rules(bucket, graph) if _is_enabled(rule)]
    for rule in rules:
        if any(expiration.attribute("date").value for expiration in rule.blocks("expiration")):  # "" in states
            return bucket.fails("a lifecycle rule removes objects on a date, however young they are")
    lives = [(number, _covers_everything(rule)) for rule in rules for number in _expiration_days(rule)]
    shortest = min((number for number, _ in lives), default=None)
    if shortest is not None and shortest < days:
        archive = _kept_elsewhere(bucket, graph, (*asked, bucket), days=days, may_stay=may_stay)
        return archive or bucket.fails(f"objects are removed after {shortest:g} days, earlier than {days}")
    whole = [number for number, everything in lives if everything]
    if not whole and may_stay:
        return bucket.passes(f"nothing removes objects within {days} days")
    if not whole:
        return bucket.fails("no enabled lifecycle rule ends the life of every object: logs are kept for ever")
    return bucket.passes(f"objects are kept {min(whole):g} days")


def transitions(bucket: Resource, graph: ResourceGraph) -> tuple[Block, ...]:
    """What moves current objects of the bucket to other storage classes."""
    rules = [rule for rule in _lifecycle_rules(bucket, graph) if _is_enabled(rule)]
    return tuple(transition for rule in rules for transition in rule.blocks("transition"))


def _lifecycle_rules(bucket: Resource, graph: ResourceGraph) -> Iterator[Block]:
    for configuration in graph.referrers(bucket, "aws_s3_bucket_lifecycle_configuration", "bucket"):
        yield from configuration.blocks("rule")
    yield from bucket.blocks("lifecycle_rule")


def _is_enabled(rule: Block) -> bool:
    status = rule.attribute("status")
    return status.value == "Enabled" if not status.is_missing else rule.attribute("enabled").is_true


def _expiration_days(rule: Block) -> Iterator[float]:
    for expiration in rule.blocks("expiration"):
        if days := expiration.attribute("days").number:
            yield days


def _covers_everything(rule: Block) -> bool:
    """No condition at all, or only the empty prefix."""
    if rule.attribute("prefix").text or rule.attribute("tags").value:
        return False
    conditions = ("prefix", "tag", "and", "object_size_greater_than", "object_size_less_than")
    return not any(condition.attribute(name).value for condition in rule.blocks("filter") for name in conditions)


def _kept_elsewhere(
    bucket: Resource, graph: ResourceGraph, asked: tuple[Resource, ...], *, days: int, may_stay: bool
) -> Finding | None:
    """A whole copy in a bucket of this stack that keeps it long enough."""
    for replication in graph.referrers(bucket, "aws_s3_bucket_replication_configuration", "bucket"):
        for rule in replication.blocks("rule"):
            if rule.attribute("status").value != "Enabled" or not _covers_everything(rule):
                continue
            for archive in graph.targets(rule.attribute("destination.bucket"), "aws_s3_bucket"):
                if archive in asked:
                    continue
                verdict = bucket_retention(archive, graph, asked, days=days, may_stay=may_stay)
                if verdict.outcome == "pass":
                    return bucket.passes(f"replicated whole to {archive.address}, where {verdict.message}")
    return None
