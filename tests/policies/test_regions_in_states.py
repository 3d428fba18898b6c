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


@pytest.mark.parametrize(("region", "outcome"), [("us-west-2", "pass"), ("us-east-1", "fail"), (None, "undetermined")])
def test_a_bucket_whose_arn_names_no_region_is_where_its_state_says(
    region: str | None, outcome: Outcome, tmp_path: Path
) -> None:
    def bucket(name: str, region: str | None) -> dict[str, object]:
        values = {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "region": region}
        return {"address": f"aws_s3_bucket.{name}", "type": "aws_s3_bucket", "name": name, "values": values}

    on = [{"status": "Enabled"}]
    destination = {
        "bucket": "arn:aws:s3:::copy-logs",
        "metrics": on,
        "replication_time": [{"status": "Enabled", "time": [{"minutes": 15}]}],
    }
    rule = {"status": "Enabled", "filter": [{}], "delete_marker_replication": on, "destination": [destination]}
    replication = {
        "address": "aws_s3_bucket_replication_configuration.data",
        "type": "aws_s3_bucket_replication_configuration",
        "name": "data",
        "values": {"bucket": "data", "rule": [rule]},
    }
    resources = [bucket("data", "us-east-1"), bucket("copy-logs", region), replication]
    root = {"resources": [{"mode": "managed", **one} for one in resources]}
    content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": root}}
    [read] = documents.read([write(tmp_path / "state.json", content)], "recovery")
    policies = [policy for policy in catalogue() if policy.id == "bucket-replicates"]
    asked = {"bucket-replicates": Asked({"minutes": 15}, ("D-S3-1",))}
    found = {one.address: one.outcome for one in engine.assess(read.graph, "recovery", policies, asked=asked)}
    assert found == {"aws_s3_bucket.data": outcome, "aws_s3_bucket.copy-logs": "not-applicable"}
