"""The data of the disaster recovery system: in both regions, encrypted with the key of each, restorable in each."""

import json

import pytest

from tests.infra.recovery_facts import ACCOUNT, OTHER, PART_OF, bucket_names, statements
from tests.infra.synthesized import Synthesis

PAIRS = [("primary", "secondary"), ("secondary", "primary")]
REGION = {part: region for region, part in PART_OF.items()}


def key(part: str) -> str:
    return f"${{aws_kms_key.{part}_data_key.arn}}"


def test_the_table_lies_in_both_regions_encrypted_with_the_key_of_each(across_regions: Synthesis) -> None:
    table = across_regions.resource("aws_dynamodb_table.primary_table")
    replica = across_regions.resource("aws_dynamodb_table_replica.secondary_replica")
    assert table["provider"] == "aws.us-east-2"
    assert table["billing_mode"] == "PAY_PER_REQUEST"
    assert table["server_side_encryption"] == {"enabled": True, "kms_key_arn": key("primary")}
    assert replica["provider"] == "aws.us-west-2"
    assert replica["global_table_arn"] == "${aws_dynamodb_table.primary_table.arn}"
    assert replica["kms_key_arn"] == key("secondary")


def test_each_replica_restores_to_any_point_in_time(across_regions: Synthesis) -> None:
    table = across_regions.resource("aws_dynamodb_table.primary_table")
    replica = across_regions.resource("aws_dynamodb_table_replica.secondary_replica")
    assert table["point_in_time_recovery"] == {"enabled": True}
    assert replica["point_in_time_recovery"] is True
    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_AND_OLD_IMAGES")


@pytest.mark.parametrize(("kind", "protected"), [("shortest", False), ("production", True)])
def test_only_production_protects_the_tables_from_deletion(
    kind: str, protected: bool, request: pytest.FixtureRequest
) -> None:
    run: Synthesis = request.getfixturevalue(kind)
    global_stack = run.of("recovery-global")
    tables = [
        *global_stack.find("resource.aws_dynamodb_table.*"),
        *global_stack.find("resource.aws_dynamodb_table_replica.*"),
    ]
    for stack in ("recovery-primary", "recovery-secondary"):
        tables += run.of(stack).find("resource.aws_dynamodb_table.*")
    assert [table["deletion_protection_enabled"] for table in tables] == [protected] * 4


def test_each_key_rotates_and_lies_in_the_region_of_its_data(across_regions: Synthesis) -> None:
    for part, region in REGION.items():
        resource = across_regions.resource(f"aws_kms_key.{part}_data_key")
        assert resource["provider"] == f"aws.{region}"
        assert resource["enable_key_rotation"] is True
        assert resource["rotation_period_in_days"] <= 365
        encryption = across_regions.resource(
            f"aws_s3_bucket_server_side_encryption_configuration.{part}_bucket_encryption"
        )
        default = encryption["rule"][0]["apply_server_side_encryption_by_default"]
        assert default == {"kms_master_key_id": key(part), "sse_algorithm": "aws:kms"}
        assert encryption["provider"] == f"aws.{region}"


def test_everything_of_a_region_is_made_in_that_region(across_regions: Synthesis) -> None:
    for resource in across_regions.resources():
        part = resource.name.split("_")[0]
        expected = f"aws.{REGION[part]}" if part in REGION else None
        assert resource.body.get("provider") == expected, resource.address


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_bucket_copies_everything_to_the_other_within_15_minutes(
    across_regions: Synthesis, source: str, target: str
) -> None:
    configuration = across_regions.resource(f"aws_s3_bucket_replication_configuration.{source}_replication_rules")
    assert configuration["bucket"] == f"${{aws_s3_bucket.{source}_bucket_bucket.id}}"
    (rule,) = configuration["rule"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": ""}
    assert rule["delete_marker_replication"] == {"status": "Enabled"}
    assert rule["source_selection_criteria"]["sse_kms_encrypted_objects"] == {"status": "Enabled"}
    assert rule["destination"] == {
        "bucket": f"${{aws_s3_bucket.{target}_bucket_bucket.arn}}",
        "storage_class": "STANDARD",
        "encryption_configuration": {"replica_kms_key_id": key(target)},
        "replication_time": {"status": "Enabled", "time": {"minutes": 15}},
        "metrics": {"status": "Enabled", "event_threshold": {"minutes": 15}},
    }
    versioned = {f"aws_s3_bucket_versioning.{part}_bucket_versioning" for part in (source, target)}
    assert versioned <= set(configuration["depends_on"])


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_replication_decrypts_with_one_key_and_encrypts_with_the_other(
    across_regions: Synthesis, source: str, target: str
) -> None:
    policy = across_regions.resource(f"aws_iam_role_policy.{source}_replication_replicator_policy")["policy"]
    with_keys = {
        tuple(s["Action"]): (s["Resource"], s["Condition"]["StringEquals"]["kms:ViaService"])
        for s in statements(policy)
        if s["Action"][0].startswith("kms:")
    }
    assert with_keys == {
        ("kms:Decrypt",): (key(source), f"s3.{REGION[source]}.amazonaws.com"),
        ("kms:Encrypt", "kms:GenerateDataKey"): (key(target), f"s3.{REGION[target]}.amazonaws.com"),
    }


@pytest.mark.parametrize("part", REGION)
def test_both_data_buckets_are_held_to_the_same_rules(across_regions: Synthesis, part: str) -> None:
    block = across_regions.resource(f"aws_s3_bucket_public_access_block.{part}_bucket_privacy")
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [block[name] for name in switches] == [True] * 4
    versioning = across_regions.resource(f"aws_s3_bucket_versioning.{part}_bucket_versioning")
    assert versioning["versioning_configuration"] == {"status": "Enabled"}
    policy = across_regions.resource(f"aws_s3_bucket_policy.{part}_bucket_policy")["policy"]
    denied = {s["Sid"]: s["Condition"] for s in statements(policy) if s["Effect"] == "Deny"}
    assert denied == {
        "TlsOnly": {"Bool": {"aws:SecureTransport": "false"}},
        "ModernTlsOnly": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        "OurAccountOnly": {
            "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
    }
    assert all(s["Effect"] == "Deny" for s in statements(policy))
    logging = across_regions.resource(f"aws_s3_bucket_logging.{part}_bucket_logging")
    assert logging["target_bucket"] == f"${{aws_s3_bucket.{part}_access_logs_bucket.id}}"


def test_the_regions_ask_for_the_data_by_the_names_that_the_global_stack_gives_it(
    region: Synthesis, across_regions: Synthesis
) -> None:
    name = region.document["provider"]["aws"][0]["region"]
    table = across_regions.resource("aws_dynamodb_table.primary_table")["name"]
    environment = region.resource("aws_lambda_function.answers_function")["environment"]["variables"]
    assert environment["TABLE"] == table
    probes = {
        probe["name"]: probe
        for probe in json.loads(
            region.resource("aws_lambda_function.monitor_function")["environment"]["variables"]["PROBES"]
        )
    }
    assert probes["table"]["table"] == probes["replica"]["table"] == table
    assert probes["bucket"]["bucket"] == bucket_names(across_regions)[name]
    assert probes["replica"]["replicas"] == [OTHER[name]]
    alias = across_regions.resource(f"aws_kms_alias.{PART_OF[name]}_data_alias")["name"]
    for policy in ("answers_answerer_policy", "monitor_prober_policy"):
        aliases = [
            s["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
            for s in statements(region.resource(f"aws_iam_role_policy.{policy}")["policy"])
            if "ForAnyValue:StringEquals" in s.get("Condition", {})
        ]
        assert aliases == [alias]


def test_the_key_that_is_read_is_a_key_of_the_table(region: Synthesis, across_regions: Synthesis) -> None:
    table = across_regions.resource("aws_dynamodb_table.primary_table")
    canary = json.loads(
        region.resource("aws_lambda_function.answers_function")["environment"]["variables"]["CANARY_KEY"]
    )
    assert set(canary) == {table["hash_key"]} == {attribute["name"] for attribute in table["attribute"]}
