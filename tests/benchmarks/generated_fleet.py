"""Stacks of a fleet: each of the same shapes, with flaws of its own, always the same ones for the same number."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.generated_stack import generated_stack

FLAWED_STACKS = 0.7  # the rest is as compliant as the generated shapes are
FLAWED_RESOURCES = 0.1  # of a flawed stack
# What is put in the place of what is right, by the type of the resource; an expression is unknown to the gate.
FLAWS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "aws_kms_key": ({"enable_key_rotation": False}, {"enable_key_rotation": "${var.rotation}"}),
    "aws_cloudwatch_log_group": ({"retention_in_days": 7}, {"kms_key_id": None}, {"retention_in_days": "${var.days}"}),
    "aws_launch_template": ({"metadata_options": {"http_tokens": "optional"}}, {"metadata_options": None}),
    "aws_vpc_security_group_ingress_rule": ({"prefix_list_id": None, "cidr_ipv4": "0.0.0.0/0"},),
    "aws_s3_bucket": ({"tags": {"CostCenter": ""}}, {"tags": {"Environment": "${var.environment}"}}),
}


def flawed_stack(number: int, size: int) -> dict[str, Any]:
    """Terraform JSON of the stack `number` of the fleet, of about `size` resources, named as CDKTF names its stacks."""
    chance = random.Random(number)
    stack = generated_stack(size)
    stack["//"] = {"metadata": {"stackName": f"stack-{number:06}"}}
    if chance.random() < FLAWED_STACKS:
        for type_, flaws in FLAWS.items():
            for resource in stack["resource"][type_].values():
                if chance.random() < FLAWED_RESOURCES:
                    resource |= chance.choice(flaws)
    return stack


def write_fleet(folder: Path, stacks: int, size: int) -> None:
    """Writes the stacks, each into a folder of its own."""
    for number in range(stacks):
        path = folder / f"stack-{number:06}" / "cdk.tf.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(flawed_stack(number, size)))
