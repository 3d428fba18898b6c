"""Which buckets hold logs, and for how long a store keeps what is put into it."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Block, Resource, Unresolved

KEPT_DAYS = 90

# Everything that delivers logs to a bucket: resource type and the attribute that names the bucket.
_DELIVERIES = (
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
    ("aws_kinesis_firehose_delivery_stream", "extended_s3_configuration.bucket_arn"),
    ("aws_kinesis_firehose_delivery_stream", "http_endpoint_configuration.s3_configuration.bucket_arn"),
    ("aws_kinesis_firehose_delivery_stream", "opensearch_configuration.s3_configuration.bucket_arn"),
    ("aws_kinesis_firehose_delivery_stream", "splunk_configuration.s3_configuration.bucket_arn"),
    ("aws_cloudwatch_log_delivery_destination", "delivery_destination_configuration.destination_resource_arn"),
    ("aws_route53_resolver_query_log_config", "destination_arn"),
    ("aws_redshift_logging", "bucket_name"),
)
_NAMED_FOR_LOGS = re.compile(r"(?:^|[^a-z]|access|flow|audit|trail|app|server|query)logs?(?:$|[^a-z])", re.IGNORECASE)


def holds_logs(bucket: Resource, graph: ResourceGraph) -> str | None:
    """Why the bucket counts as a log bucket: who delivers to it, or its name or tags; None when nothing says so."""
    for type_, path in _DELIVERIES:
        for deliverer in graph.referrers(bucket, type_, path):
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


def bucket_retention(bucket: Resource, graph: ResourceGraph, asked: tuple[Resource, ...] = ()) -> Finding:
    """Whether current objects stay at least KEPT_DAYS and not for ever: here, or in a bucket they are replicated to.

    A rule that removes any part of the bucket earlier counts against it; a rule for a part only does not end the life
    of the rest. Transitions to other storage classes keep the object and do not matter. `asked` are the buckets whose
    replication led here: a circle of buckets keeps nothing longer.
    """
    rules = [rule for rule in _lifecycle_rules(bucket, graph) if _is_enabled(rule)]
    for rule in rules:
        if any(expiration.attribute("date").value for expiration in rule.blocks("expiration")):  # "" in states
            return bucket.fails("a lifecycle rule removes objects on a date, however young they are")
    days = [(number, _covers_everything(rule)) for rule in rules for number in _expiration_days(rule)]
    shortest = min((number for number, _ in days), default=None)
    if shortest is not None and shortest < KEPT_DAYS:
        archive = _kept_elsewhere(bucket, graph, (*asked, bucket))
        return archive or bucket.fails(f"objects are removed after {shortest:g} days, earlier than {KEPT_DAYS}")
    whole = [number for number, everything in days if everything]
    if not whole:
        return bucket.fails("no enabled lifecycle rule ends the life of every object: logs are kept for ever")
    return bucket.passes(f"objects are kept {min(whole):g} days")


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


def _kept_elsewhere(bucket: Resource, graph: ResourceGraph, asked: tuple[Resource, ...]) -> Finding | None:
    """A whole copy in a bucket of this stack that keeps it long enough."""
    for replication in graph.referrers(bucket, "aws_s3_bucket_replication_configuration", "bucket"):
        for rule in replication.blocks("rule"):
            if rule.attribute("status").value != "Enabled" or not _covers_everything(rule):
                continue
            for archive in graph.targets(rule.attribute("destination.bucket"), "aws_s3_bucket"):
                verdict = None if archive in asked else bucket_retention(archive, graph, asked)
                if verdict and verdict.outcome == "pass":
                    return bucket.passes(f"replicated whole to {archive.address}, where {verdict.message}")
    return None
