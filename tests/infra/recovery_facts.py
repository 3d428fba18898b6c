"""What the tests of the disaster recovery system know of it, from its requirements."""

import json
from collections.abc import Mapping
from typing import Any

from tests.infra.synthesized import Synthesis

REGION_OF = {"recovery-primary": "us-east-2", "recovery-secondary": "us-west-2"}
OTHER = {"us-east-2": "us-west-2", "us-west-2": "us-east-2"}
PART_OF = {"us-east-2": "primary", "us-west-2": "secondary"}
ACCOUNT = "${data.aws_caller_identity.account.account_id}"


def region_of(stack: Synthesis) -> str:
    return REGION_OF[stack.stack]


def domain(stack: Synthesis) -> str:
    return f"{stack.suffix}.financial-recovery.test"


def statements(document: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(document)["Statement"]
    return found


def bucket_names(global_stack: Synthesis) -> dict[str, str]:
    """The data bucket of each region."""
    return {
        region: global_stack.resource(f"aws_s3_bucket.{part}_bucket_bucket")["bucket"]
        for region, part in PART_OF.items()
    }
