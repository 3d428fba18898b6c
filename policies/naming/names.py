"""Which attribute names a resource, how long AWS lets the name be, and how a name is read."""

import functools
import re
from collections import Counter
from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Unresolved

# Resource type -> attribute and AWS's limit in characters (API references of the services; for S3, IAM, ELB and RDS
# also their user guides, "quotas" and "naming constraints").
NAMED: dict[str, tuple[str, int]] = {
    "aws_alb": ("name", 32),
    "aws_alb_target_group": ("name", 32),
    "aws_api_gateway_rest_api": ("name", 1024),
    "aws_apigatewayv2_api": ("name", 128),
    "aws_apigatewayv2_authorizer": ("name", 128),
    "aws_apigatewayv2_vpc_link": ("name", 128),
    "aws_athena_workgroup": ("name", 128),
    "aws_autoscaling_group": ("name", 255),
    "aws_autoscaling_policy": ("name", 255),
    "aws_autoscaling_schedule": ("scheduled_action_name", 255),
    "aws_backup_plan": ("name", 50),
    "aws_backup_vault": ("name", 50),
    "aws_cloudfront_cache_policy": ("name", 128),
    "aws_cloudfront_function": ("name", 64),
    "aws_cloudfront_origin_access_control": ("name", 64),
    "aws_cloudfront_origin_request_policy": ("name", 128),
    "aws_cloudfront_response_headers_policy": ("name", 128),
    "aws_cloudtrail": ("name", 128),
    "aws_cloudwatch_composite_alarm": ("alarm_name", 255),
    "aws_cloudwatch_dashboard": ("dashboard_name", 255),
    "aws_cloudwatch_event_bus": ("name", 256),
    "aws_cloudwatch_event_rule": ("name", 64),
    "aws_cloudwatch_log_delivery_destination": ("name", 60),
    "aws_cloudwatch_log_delivery_source": ("name", 60),
    "aws_cloudwatch_log_group": ("name", 512),
    "aws_cloudwatch_log_metric_filter": ("name", 512),
    "aws_cloudwatch_log_resource_policy": ("policy_name", 255),
    "aws_cloudwatch_log_subscription_filter": ("name", 512),
    "aws_cloudwatch_metric_alarm": ("alarm_name", 255),
    "aws_db_event_subscription": ("name", 255),
    "aws_db_instance": ("identifier", 63),
    "aws_db_option_group": ("name", 255),
    "aws_db_parameter_group": ("name", 255),
    "aws_db_proxy": ("name", 63),
    "aws_db_subnet_group": ("name", 255),
    "aws_dynamodb_table": ("name", 255),
    "aws_ecr_repository": ("name", 256),
    "aws_ecs_cluster": ("name", 255),
    "aws_efs_file_system": ("creation_token", 64),
    "aws_eks_cluster": ("name", 100),
    "aws_elasticache_cluster": ("cluster_id", 50),
    "aws_elasticache_parameter_group": ("name", 255),
    "aws_elasticache_replication_group": ("replication_group_id", 40),
    "aws_elasticache_serverless_cache": ("name", 40),
    "aws_elasticache_subnet_group": ("name", 255),
    "aws_elasticache_user": ("user_id", 40),
    "aws_elasticache_user_group": ("user_group_id", 40),
    "aws_iam_group": ("name", 128),
    "aws_iam_instance_profile": ("name", 128),
    "aws_iam_policy": ("name", 128),
    "aws_iam_role": ("name", 64),
    "aws_iam_role_policy": ("name", 128),
    "aws_iam_user": ("name", 64),
    "aws_kinesis_firehose_delivery_stream": ("name", 64),
    "aws_kinesis_stream": ("name", 128),
    "aws_kms_alias": ("name", 256),
    "aws_lambda_function": ("function_name", 64),
    "aws_lambda_layer_version": ("layer_name", 140),
    "aws_launch_template": ("name", 125),
    "aws_lb": ("name", 32),
    "aws_lb_target_group": ("name", 32),
    "aws_rds_cluster": ("cluster_identifier", 63),
    "aws_rds_cluster_instance": ("identifier", 63),
    "aws_rds_cluster_parameter_group": ("name", 255),
    "aws_rds_global_cluster": ("global_cluster_identifier", 63),
    "aws_s3_bucket": ("bucket", 63),
    "aws_scheduler_schedule": ("name", 64),
    "aws_secretsmanager_secret": ("name", 512),
    "aws_security_group": ("name", 255),
    "aws_sfn_state_machine": ("name", 80),
    "aws_sns_topic": ("name", 256),
    "aws_sqs_queue": ("name", 80),
    "aws_wafv2_ip_set": ("name", 128),
    "aws_wafv2_rule_group": ("name", 128),
    "aws_wafv2_web_acl": ("name", 128),
}
# What the provider puts behind a prefix, and where AWS leaves it less room.
GENERATED_CHARACTERS = 26
_SHORTER = {"aws_lb": 6, "aws_alb": 6, "aws_lb_target_group": 6, "aws_alb_target_group": 6}
# A name of a length near the limit that ends so was cut, and is told apart by a digest of the whole.
_CUT = re.compile(r"-[0-9a-f]{6,}")
CUT_WITHIN_CHARACTERS = 4

# The account's id as a name refers to it, also as `shown` writes it, and how long every such id is.
ACCOUNT = re.compile(r"\$\{data[._]aws_caller_identity[._]\w+[._](account_id|id)\}")
ACCOUNT_CHARACTERS = 12

_EXPRESSION = re.compile(r"\$\{[^}]*\}")


def own_name(resource: Resource) -> tuple[Attribute, bool]:
    """The attribute that names the resource, and whether it is only the beginning of its name."""
    path, _ = NAMED.get(resource.type, ("name", 0))
    name, prefix = resource.attribute(path), resource.attribute(f"{path}_prefix")
    given = name.raw_value in (None, "") and prefix.raw_value not in (None, "")
    return (prefix, True) if given else (name, False)


def room(resource: Resource, begins_only: bool) -> int:
    """How many characters the attribute of `own_name` may have."""
    limit = NAMED[resource.type][1]
    return min(limit - GENERATED_CHARACTERS, _SHORTER.get(resource.type, limit)) if begins_only else limit


def shown(name: Attribute) -> str:
    """The name as text. What is not known stands in it as an expression, without characters that divide a name.

    Raises Undetermined when nothing of it is known.
    """
    value = name.raw_value
    if not isinstance(value, Unresolved) or not value.literal:
        return name.text
    return _EXPRESSION.sub(lambda part: re.sub(r"[-/.]", "_", part[0]), value.text)


def is_cut(resource: Resource, text: str) -> bool:
    """Whether the name did not fit, and ends with a digest instead of what it should end with."""
    limit = NAMED.get(resource.type, ("", 0))[1]
    length = len(ACCOUNT.sub("0" * ACCOUNT_CHARACTERS, text))
    return bool(_CUT.search(text[-8:])) and limit - CUT_WITHIN_CHARACTERS <= length <= limit


def own_part(text: str, prefix: str) -> str:
    """What follows the prefix in a name, with whatever AWS prescribes around it taken off; empty if it has none.

    `/aws/rds/cluster/financial-aurora-dev/audit` with the prefix `financial` -> `aurora-dev`.
    """
    found = re.search(rf"(?:^|[/:-]){re.escape(prefix)}-([^/]+)", text)
    return found[1] if found else ""


@functools.lru_cache(maxsize=1)
def shared_ending(graph: ResourceGraph, prefix: str) -> str:
    """The longest ending that more than half of the stack's names have; empty when there is none."""
    parts = [part.split("-") for part in _own_parts(graph, prefix)]
    endings = Counter("-".join(part[index:]) for part in parts for index in range(1, len(part)))
    shared = [ending for ending, count in endings.items() if 2 * count > len(parts)]
    return max(shared, key=len, default="")


def _own_parts(graph: ResourceGraph, prefix: str) -> Iterator[str]:
    for resource in graph.of_type(*NAMED):
        name, begins_only = own_name(resource)
        known = not isinstance(name.raw_value, Unresolved) or name.raw_value.literal
        if known and not begins_only and (part := own_part(shown(name), prefix)):
            yield part
