"""A state knows no providers: the region of a resource is that of its ARN."""

from pathlib import Path

import pytest

from policies import documents, engine
from policies.model import Asked, Outcome
from policies.registry import catalogue
from tests.policies.conftest import write

[REGION_IS] = [policy for policy in catalogue() if policy.id == "region-is"]


@pytest.mark.parametrize(
    ("arn", "outcome"),
    [
        ("arn:aws:sns:us-east-1:111122223333:alerts", "pass"),
        ("arn:aws:sns:eu-west-1:111122223333:alerts", "fail"),
        ("arn:aws-us-gov:sns:us-gov-west-1:111122223333:alerts", "fail"),
        ("arn:aws:iam::111122223333:role/worker", "not-applicable"),
        (None, "not-applicable"),
    ],
)
def test_a_resource_is_where_its_arn_says(arn: str | None, outcome: Outcome, tmp_path: Path) -> None:
    one = {"address": "aws_thing.a", "type": "aws_thing", "name": "a", "mode": "managed", "values": {"arn": arn}}
    content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [one]}}}
    [read] = documents.read([write(tmp_path / "state.json", content)], "portal")
    asked = {"region-is": Asked({"region": "us-east-1"}, ("P-TEC-2",))}
    found = [one.outcome for one in engine.assess(read.graph, "portal", [REGION_IS], asked=asked) if one.address]
    assert found == [outcome]
