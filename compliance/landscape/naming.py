"""How resources are called and coloured in pictures and lists."""

import re
from collections.abc import Iterable

from compliance.landscape.diagram import Kind
from policies.resources import Attribute, Resource, Undetermined, Unresolved

_NAMES = ("bucket", "name", "function_name", "cluster_identifier", "identifier", "replication_group_id", "alarm_name")
# By the first of these that the type starts with; what is none of them controls, watches or connects.
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("aws_cloudwatch_log", "log"),
    ("aws_kinesis_firehose", "log"),
    ("aws_flow_log", "log"),
    ("aws_cloudtrail", "log"),
    ("aws_cloudfront", "edge"),
    ("aws_wafv2", "edge"),
    ("aws_apigateway", "edge"),
    ("aws_api_gateway", "edge"),
    ("aws_alb", "edge"),
    ("aws_lb", "edge"),
    ("aws_internet_gateway", "edge"),
    ("aws_nat_gateway", "edge"),
    ("aws_vpc_endpoint", "edge"),
    ("aws_route53", "edge"),
    ("aws_autoscaling", "compute"),
    ("aws_ecs", "compute"),
    ("aws_instance", "compute"),
    ("aws_lambda", "compute"),
    ("aws_launch", "compute"),
    ("aws_db_", "store"),
    ("aws_dynamodb", "store"),
    ("aws_ebs", "store"),
    ("aws_efs", "store"),
    ("aws_elasticache", "store"),
    ("aws_rds", "store"),
    ("aws_s3", "store"),
    ("aws_secretsmanager", "store"),
    ("aws_sqs", "store"),
)
_WORTH: dict[Kind, int] = {"outside": 0, "control": 1, "edge": 2, "compute": 3, "log": 4, "store": 5}


def kind_of(type_: str) -> Kind:
    """What a resource of the type is to a reader of diagrams."""
    return next((kind for start, kind in _KINDS if type_.startswith(start)), "control")


def kind_of_all(types: Iterable[str]) -> Kind:
    """The kind that counts most among those of `types`."""
    return max((kind_of(type_) for type_ in types), key=_WORTH.__getitem__, default="control")


def heading(resource: Resource) -> str:
    """What people call the resource: its name in the configuration, which is its construct's."""
    module = resource.address.rpartition(f"{resource.type}.{resource.name}")[0].rstrip(".")
    return f"{module}.{resource.name}" if module else resource.name


def given_name(resource: Resource) -> str:
    """The name that AWS knows it by, or its Name tag; empty when neither is written."""
    for path in _NAMES:
        if name := words(resource.attribute(path)):
            return name
    return words(resource.attribute("tags.Name"))


def words(attribute: Attribute) -> str:
    """The value for people; an expression as it is written; empty when it is not set."""
    value = attribute.raw_value
    if isinstance(value, Unresolved):
        return value.text
    return attribute.text


def identifier(text: str) -> str:
    """Text as a part of an element's id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "stack"


def sentence(unknown: Undetermined) -> str:
    """Why something could not be followed."""
    return f"{unknown.finding.message.rstrip('.')}."
