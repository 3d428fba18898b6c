"""The data that policies take from the AWS provider's schema fit that schema, in both directions."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from policies import provider_schema
from policies.identity.permissions import ATTACHMENTS, DOCUMENTS
from policies.monitoring.alarms import WATCHED
from policies.naming.names import NAMED
from policies.provider_schema import AT_REST, NOT_AT_REST, SENSITIVE, TAGGABLE, SchemaError
from policies.teardown.guards import GUARDS

Entry = Mapping[str, Any]

ENTRY_KEYS = {"claims", "ignores"}
CLAIM_KEYS = {
    "key", "switch", "switch_default", "value", "each", "each_required", "when", "optional", "inherits",
    "through", "fallback", "json", "note",
}  # fmt: skip
TABLE_KEYS = {"value": {"path", "one_of", "default"}, "inherits": {"type", "by"}, "through": {"type", "by", "each"}}

# Switches that the provider declares as strings, because they must tell "false" from absent.
SWITCHES_AS_STRINGS = {"encrypted", "at_rest_encryption_enabled"}

NAMED_IN_THE_DESIGN = {
    "aws_cloudtrail", "aws_cloudwatch_log_group", "aws_db_instance", "aws_dynamodb_table",
    "aws_dynamodb_table_replica", "aws_ebs_snapshot_copy", "aws_ebs_volume", "aws_efs_file_system",
    "aws_elasticache_replication_group", "aws_elasticache_serverless_cache", "aws_instance",
    "aws_kinesis_firehose_delivery_stream", "aws_kinesis_stream", "aws_launch_configuration",
    "aws_launch_template", "aws_rds_cluster", "aws_rds_cluster_instance", "aws_rds_global_cluster", "aws_s3_bucket",
    "aws_secretsmanager_secret", "aws_sns_topic", "aws_sqs_queue", "aws_ssm_parameter",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> Entry:
    file = os.environ.get("AWS_PROVIDER_SCHEMA")
    if file:
        return provider_schema.load_schema(Path(file).read_text(encoding="utf-8"), file)
    try:
        return provider_schema.ask_terraform()
    except SchemaError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have the provider's schema: {error}")
        pytest.skip(f"no provider schema: {error}")


@pytest.fixture(scope="module")
def at_rest() -> dict[str, Entry]:
    return tomllib.loads(AT_REST.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def not_at_rest() -> dict[str, str]:
    return tomllib.loads(NOT_AT_REST.read_text(encoding="utf-8"))


def test_the_kept_taggable_types_are_what_the_schema_gives_byte_for_byte(schema: Entry) -> None:
    lines = [line for line in provider_schema.differences(schema) if line.startswith(TAGGABLE.name)]
    assert lines == []
    wanted = json.dumps(provider_schema.taggable(schema), indent=1) + "\n"
    assert TAGGABLE.read_text(encoding="utf-8") == wanted


def test_the_kept_sensitive_attributes_are_what_the_schema_gives_byte_for_byte(schema: Entry) -> None:
    lines = [line for line in provider_schema.differences(schema) if line.startswith(SENSITIVE.name)]
    assert lines == []
    wanted = json.dumps(provider_schema.sensitive(schema), indent=1) + "\n"
    assert SENSITIVE.read_text(encoding="utf-8") == wanted


def test_sensitive_attributes_are_those_that_hold_passwords_and_values() -> None:
    kept = json.loads(SENSITIVE.read_text(encoding="utf-8"))["attributes"]
    nested = "aws_lb_listener.default_action.authenticate_oidc.client_secret"
    assert {"aws_rds_cluster.master_password", "aws_ssm_parameter.value", nested} <= set(kept)


def test_taggable_types_are_those_that_default_tags_reach() -> None:
    kept = json.loads(TAGGABLE.read_text(encoding="utf-8"))
    assert {"aws_instance", "aws_s3_bucket", "aws_launch_template", "aws_db_instance"} <= set(kept["types"])
    # tags itself by blocks; tags another; selects by tags; cannot be tagged
    others = {
        "aws_autoscaling_group", "aws_autoscaling_group_tag", "aws_inspector_resource_group", "aws_iam_group",
    }  # fmt: skip
    assert others.isdisjoint(kept["types"])
    assert kept["tag_blocks"] == ["aws_autoscaling_group"]


def test_every_type_and_setting_about_encryption_is_classified_exactly_once(schema: Entry) -> None:
    made = (SENSITIVE.name, TAGGABLE.name)
    lines = [line for line in provider_schema.differences(schema) if not line.startswith(made)]
    assert lines == []


def test_an_entry_that_no_attribute_of_the_schema_calls_for_says_where_its_key_is(
    schema: Entry, at_rest: dict[str, Entry]
) -> None:
    unseen = at_rest.keys() - provider_schema.encryption_paths(schema).keys()
    for name in unseen:
        assert all("json" in claim or "through" in claim for claim in at_rest[name]["claims"]), name


def test_what_the_design_names_is_judged(at_rest: dict[str, Entry]) -> None:
    assert at_rest.keys() >= NAMED_IN_THE_DESIGN


def test_the_tables_hold_only_known_keys(at_rest: dict[str, Entry], not_at_rest: dict[str, str]) -> None:
    for name, entry in at_rest.items():
        assert entry.keys() <= ENTRY_KEYS, name
        assert entry["claims"], name
        for claim in entry["claims"]:
            assert claim.keys() <= CLAIM_KEYS, name
            for key, known in TABLE_KEYS.items():
                assert claim.get(key, {}).keys() <= known, name
            for condition in claim.get("when", {}).values():
                assert not isinstance(condition, dict) or condition.keys() in ({"set"}, {"not"}), name
    for name, reason in not_at_rest.items():
        assert isinstance(reason, str), name
        assert reason.strip(), name


def test_every_claim_judges_something_and_says_what_is_encrypted(at_rest: dict[str, Entry]) -> None:
    for name, entry in at_rest.items():
        for claim in entry["claims"]:
            assert claim.keys() & {"key", "switch", "value", "inherits"}, name
            assert claim["note"], name
            assert claim["note"][-1] not in ".;,", name
            assert "switch" in claim or "switch_default" not in claim, name
            assert "each" in claim or "each_required" not in claim, name


def test_every_path_of_a_claim_exists_with_a_fitting_type(schema: Entry, at_rest: dict[str, Entry]) -> None:
    wrong = [
        f"{name}: {problem}"
        for name, entry in at_rest.items()
        for claim in entry["claims"]
        for problem in problems(name, claim, schema, at_rest)
    ]
    assert wrong == []


def problems(name: str, claim: Entry, schema: Entry, at_rest: Mapping[str, Entry]) -> Iterator[str]:
    here = paths_of(schema[name])
    if "json" in claim:
        if here.get(claim["json"]) != "string":
            yield f"json: {claim['json']} is {here.get(claim['json'])}"
    elif "each" in claim or "through" not in claim:
        yield from problems_of_a_reading(claim, claim.get("each"), here)
    if "through" in claim:
        there = paths_of(schema[claim["through"]["type"]])
        if there.get(claim["through"]["by"]) != "string":
            yield f"through.by: {claim['through']['by']} is {there.get(claim['through']['by'])}"
        yield from problems_of_a_reading(claim, claim["through"]["each"], there)
    if "inherits" in claim:
        if claim["inherits"]["type"] not in at_rest:
            yield f"inherits.type: {claim['inherits']['type']} is not judged"
        if here.get(claim["inherits"]["by"]) not in ("string", "objects"):
            yield f"inherits.by: {claim['inherits']['by']} is {here.get(claim['inherits']['by'])}"
    if "fallback" in claim:
        fallback, attribute = claim["fallback"].split(".")
        if paths_of(schema[fallback]).get(attribute) != "string":
            yield f"fallback: {claim['fallback']} is no string"
    for path, condition in claim.get("when", {}).items():
        literal = condition.get("not") if isinstance(condition, dict) else condition
        if path not in here:
            yield f"when: {path} does not exist"
        elif literal is not None and here[path] != kind_of(literal):
            yield f"when: {path} is {here[path]}, compared with {literal!r}"


def problems_of_a_reading(claim: Entry, each: str | None, paths: Mapping[str, str]) -> Iterator[str]:
    below = f"{each}." if each else ""
    if each and paths.get(each) != "objects":
        yield f"each: {each} is {paths.get(each)}"
    if "key" in claim and paths.get(below + claim["key"]) != "string":
        yield f"key: {below}{claim['key']} is {paths.get(below + claim['key'])}"
    if "switch" in claim:
        kind = paths.get(below + claim["switch"])
        last = claim["switch"].rpartition(".")[2]
        if kind != "bool" and not (kind == "string" and last in SWITCHES_AS_STRINGS):
            yield f"switch: {below}{claim['switch']} is {kind}"
    if "value" in claim:
        kind = paths.get(below + claim["value"]["path"])
        literals = [*claim["value"]["one_of"], claim["value"].get("default", claim["value"]["one_of"][0])]
        if any(kind_of(literal) != kind for literal in literals):
            yield f"value: {below}{claim['value']['path']} is {kind}, compared with {literals}"


def paths_of(resource: Entry) -> dict[str, str]:
    """What can be set in a resource type: dotted path -> string, bool, number, strings or objects (blocks too)."""
    return {
        ".".join(path): kind_of_item(item)
        for path, item in provider_schema.attributes(resource["block"])
        if "block" in item or provider_schema.is_settable(item)
    }


def kind_of_item(item: Entry) -> str:
    kind = item.get("type", "objects")  # neither a block nor a nested type has a `type`
    if isinstance(kind, str):
        return kind
    return "objects" if "object" in json.dumps(kind) else "strings"


def kind_of(literal: object) -> str:
    return "bool" if isinstance(literal, bool) else "string" if isinstance(literal, str) else "number"


def test_check_ends_0_for_the_provider_s_own_schema(schema: Entry) -> None:
    done = run("--check", "-", stdin=as_terraform_writes(schema))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_names_each_type_and_setting_that_a_new_provider_brings_or_drops(schema: Entry) -> None:
    text = {"type": "string", "optional": True}
    tags = {"tags": {"type": ["map", "string"], "optional": True}, "tags_all": {"type": ["map", "string"]}}
    changed: dict[str, Any] = {**schema, "aws_vault": {"block": {"attributes": {"kms_key_id": text, **tags}}}}
    del changed["aws_sqs_queue"], changed["aws_dax_cluster"]
    topic = schema["aws_sns_topic"]["block"]
    changed["aws_sns_topic"] = {"block": {**topic, "attributes": {**topic["attributes"], "archive_kms_key_id": text}}}

    done = run("--check", "-", stdin=as_terraform_writes(changed))

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "aws_taggable.json: types: lacks aws_vault; must not have aws_dax_cluster, aws_sqs_queue",
        "aws_vault: has kms_key_id, but is in neither encryption_at_rest.toml nor encryption_not_at_rest.toml",
        "encryption_at_rest.toml: aws_sns_topic: archive_kms_key_id is in no claim: claim it, or say in "
        "`ignores` why not",
        "encryption_at_rest.toml: aws_sqs_queue: the provider has no such type",
        "encryption_not_at_rest.toml: aws_dax_cluster: the provider has no such type with an attribute about "
        "encryption",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "stdin: not JSON"),
        ("[]", "stdin: holds no schema of the provider hashicorp/aws"),
        ('{"provider_schemas": {"example.test/other/thing": {}}}', "stdin: holds no schema of the provider"),
        ('{"provider_schemas": {"x/hashicorp/aws": {"resource_schemas": {}}}}', "no resource types"),
        ('{"provider_schemas": {"x/hashicorp/aws": {"resource_schemas": {"aws_x": {}}}}}', "no resource types"),
    ],
)
def test_a_schema_that_is_none_ends_3_with_one_line(text: str, said: str) -> None:
    done = run("--check", "-", stdin=text)
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_schema_file_ends_3_with_one_line(tmp_path: Path) -> None:
    done = run("--check", str(tmp_path / "none.json"))
    assert done.returncode == 3
    assert done.stderr == f"provider_schema: {tmp_path / 'none.json'}: No such file or directory\n"


def test_without_terraform_and_without_a_file_it_ends_3_and_says_so(tmp_path: Path) -> None:
    done = run("--check", path=str(tmp_path))
    assert done.returncode == 3
    assert done.stderr == "provider_schema: terraform is not on PATH: install it, or name a schema file\n"


def as_terraform_writes(resource_types: Entry) -> str:
    return json.dumps({"provider_schemas": {"x/hashicorp/aws": {"resource_schemas": resource_types}}})


def run(*arguments: str, stdin: str = "", path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ if path is None else {**os.environ, "PATH": path}
    command = [sys.executable, "-m", "policies.provider_schema", *arguments]
    root = Path(provider_schema.__file__).parents[1]
    return subprocess.run(command, input=stdin, cwd=root, env=environment, capture_output=True, text=True, check=False)


def settable(schema: Entry, type_: str) -> set[str]:
    found = provider_schema.attributes(schema[type_]["block"])
    return {
        ".".join(path) for path, attribute in found if "block" in attribute or provider_schema.is_settable(attribute)
    }


def test_every_setting_that_keeps_a_resource_is_one_of_the_provider(schema: Entry) -> None:
    kept = [(type_, guard.path) for type_, guards in GUARDS.items() for guard in guards]
    assert [(type_, path) for type_, path in kept if path not in settable(schema, type_)] == []


def test_every_setting_of_the_provider_that_forces_destruction_or_forbids_it_is_known(schema: Entry) -> None:
    words = ("deletion_protection", "deletion_protection_enabled", "enable_deletion_protection", "skip_final_snapshot")
    set_by = {type_ for type_ in schema for word in words if word in settable(schema, type_)}
    # graphs, phone numbers and ledgers of services that no stack of ours uses, and parts of what is listed
    others = {
        "aws_docdb_global_cluster", "aws_dsql_cluster", "aws_lightsail_database", "aws_neptune_cluster_instance",
        "aws_neptune_global_cluster", "aws_neptunegraph_graph", "aws_pinpointsmsvoicev2_phone_number",
    }  # fmt: skip
    assert set_by - others <= set(GUARDS)


def test_every_attribute_that_names_a_resource_is_one_of_the_provider(schema: Entry) -> None:
    assert [(type_, path) for type_, (path, _) in NAMED.items() if path not in settable(schema, type_)] == []


def test_every_attribute_by_which_an_alarm_names_a_resource_is_one_of_the_provider(schema: Entry) -> None:
    for type_, (_, _, paths) in WATCHED.items():
        known = {".".join(path) for path, _ in provider_schema.attributes(schema[type_]["block"])}
        assert set(paths) <= known, type_


def test_every_way_to_give_permissions_is_one_of_the_provider(schema: Entry) -> None:
    for ways in (DOCUMENTS, ATTACHMENTS):
        assert [(type_, path) for type_, path in ways.items() if path not in settable(schema, type_)] == []
