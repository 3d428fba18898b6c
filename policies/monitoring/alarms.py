"""What alarms watch, and whether anybody hears of it."""

import re
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.resources import Block, Resource, Undetermined, Unresolved, without_keys

METRIC_ALARM, COMPOSITE_ALARM = "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"

# Resource type -> CloudWatch's namespace for it, the dimension that names it, and the attributes it is named by.
WATCHED = {
    "aws_lb": ("AWS/ApplicationELB", "LoadBalancer", ("arn_suffix",)),
    "aws_alb": ("AWS/ApplicationELB", "LoadBalancer", ("arn_suffix",)),
    "aws_rds_cluster": ("AWS/RDS", "DBClusterIdentifier", ("cluster_identifier", "id")),
    "aws_db_instance": ("AWS/RDS", "DBInstanceIdentifier", ("identifier",)),
    "aws_autoscaling_group": ("AWS/EC2", "AutoScalingGroupName", ("name",)),
    "aws_lambda_function": ("AWS/Lambda", "FunctionName", ("function_name",)),
    "aws_wafv2_web_acl": ("AWS/WAFV2", "WebACL", ("visibility_config.metric_name", "name")),
    "aws_cloudfront_distribution": ("AWS/CloudFront", "DistributionId", ("id",)),
    "aws_dynamodb_table": ("AWS/DynamoDB", "TableName", ("name",)),
    "aws_sqs_queue": ("AWS/SQS", "QueueName", ("name",)),
    "aws_apigatewayv2_api": ("AWS/ApiGateway", "ApiId", ("id",)),
    "aws_route53_health_check": ("AWS/Route53", "HealthCheckId", ("id",)),
    "aws_efs_file_system": ("AWS/EFS", "FileSystemId", ("id",)),
    "aws_kinesis_firehose_delivery_stream": ("AWS/Firehose", "DeliveryStreamName", ("name",)),
}


def acts(alarm: Resource) -> bool:
    """Whether the alarm does anything when it goes off."""
    return not alarm.attribute("actions_enabled").is_false and bool(alarm.attribute("alarm_actions").items())


def composite_of(alarm: Resource, graph: ResourceGraph) -> Resource | None:
    """The composite alarm that acts and whose rule names this alarm."""
    name = alarm.attribute("alarm_name").raw_value
    for composite in graph.of_type(COMPOSITE_ALARM):
        rule = composite.attribute("alarm_rule")
        mentioned = any(alarm in graph.at(address) for address in rule.references)
        named = isinstance(name, str) and re.search(rf"[(\"]{re.escape(name)}[)\"]", str(rule.raw_value))
        if (mentioned or named) and not composite.may_not_exist and acts(composite):
            return composite
    return None


def on_metric(namespace: str, name: str, graph: ResourceGraph) -> Iterator[Block]:
    """Where an alarm that acts measures this metric: the alarm itself, or a `metric` block of metric math."""
    for alarm in graph.of_type(METRIC_ALARM):
        for block in (alarm, *alarm.blocks("metric_query.metric")):
            if (block.attribute("metric_name").value, block.attribute("namespace").value) == (name, namespace):
                if alarm.may_not_exist:
                    raise Undetermined(alarm.undetermined(f"{alarm.address} may or may not exist"))
                if acts(alarm) or composite_of(alarm, graph):
                    yield block


def is_about(block: Block, resource: Resource) -> bool:
    """Whether the metric that `block` measures is that of the resource. Raises Undetermined when nobody knows."""
    _, dimension, paths = WATCHED[resource.type]
    dimensions = block.attribute("dimensions").value
    value = dimensions.get(dimension) if isinstance(dimensions, dict) else None
    if not isinstance(value, Unresolved):
        return value in [found for path in paths if (found := resource.attribute(path).raw_value) is not None]
    if not value.is_reference:
        raise Undetermined(block.attribute("dimensions").undetermined(f"what {value.text} names is not known here"))
    return without_keys(value.references[0]) == resource.configuration_address
