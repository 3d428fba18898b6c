"""Small stacks that pass the gate, and the folders they are deployed from."""

import copy
import json
from pathlib import Path
from typing import Any

STACK = "tiny"
TAGS = {"Environment": "development", "Application": "tiny", "CostCenter": "engineering"}
PROVIDERS = {"aws": {"source": "aws", "version": "5.100.0"}}
ONLY_THE_ACCOUNT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)

KEY = {
    "aws_kms_key": {
        "topics": {
            "description": "Topics",
            "enable_key_rotation": True,
            "deletion_window_in_days": 7,
            "policy": ONLY_THE_ACCOUNT,
        }
    }
}
TOPIC = {"aws_sns_topic": {"alerts": {"name": "alerts", "kms_master_key_id": "${aws_kms_key.topics.arn}"}}}


def document(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A stack in Terraform JSON, whose state is beside the output folder."""
    return {
        "terraform": {"required_providers": PROVIDERS, "backend": {"local": {"path": "../../../tiny.tfstate"}}},
        "provider": {"aws": [{"region": "us-east-1", "default_tags": [{"tags": TAGS}]}]},
        "resource": copy.deepcopy(resources),
        **sections,
    }


def write_stack(folder: Path, resources: dict[str, Any], **sections: Any) -> Path:
    """A stack named `tiny` in the output folder `folder/out`; its own folder is returned."""
    stack = folder / "out" / "stacks" / STACK
    stack.mkdir(parents=True, exist_ok=True)
    (stack / "cdk.tf.json").write_text(json.dumps(document(resources, **sections)))
    return stack
