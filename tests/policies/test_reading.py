"""Every legal shape of Terraform JSON is read as Terraform reads it; everything else is refused, with a place."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies import documents
from policies.errors import InputError
from policies.graph import EVERY_TYPE, ResourceGraph
from policies.resources import Undetermined, Unresolved

BUCKET = {"bucket": "b"}


def graph_of(tmp_path: Path, content: Any, name: str = "main.tf.json") -> ResourceGraph:
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)
    [document] = documents.read([tmp_path / name])
    return document.graph


SHAPES = {
    "objects": {"resource": {"aws_s3_bucket": {"b": BUCKET}}},
    "array at top level": [{"resource": {"aws_s3_bucket": {"b": BUCKET}}}, {"terraform": {"required_version": ">= 1"}}],
    "array of resource blocks": {"resource": [{"aws_s3_bucket": {"b": BUCKET}}]},
    "array at the type": {"resource": {"aws_s3_bucket": [{"b": BUCKET}]}},
    "array as body": {"resource": {"aws_s3_bucket": {"b": [BUCKET]}}},
    "comments everywhere": {
        "//": "x",
        "resource": {"//": "y", "aws_s3_bucket": {"//": "z", "b": {"//": {"metadata": {"path": "s/b"}}, **BUCKET}}},
    },
    "moved, import, removed and check": {
        "resource": {"aws_s3_bucket": {"b": BUCKET}},
        "moved": [{"from": "aws_s3_bucket.a", "to": "aws_s3_bucket.b"}],
        "import": [{"to": "aws_s3_bucket.b", "id": "b"}],
        "removed": [{"from": "aws_s3_bucket.c", "lifecycle": {"destroy": False}}],
        "check": {"up": {"assert": [{"condition": "${true}", "error_message": "no"}]}},
    },
    "required_version and a provider object": {
        "terraform": {"required_version": ">= 1.5", "required_providers": {"aws": {"source": "aws"}}},
        "provider": {"aws": {"region": "us-east-1"}},
        "resource": {"aws_s3_bucket": {"b": BUCKET}},
    },
    "two resource keys": '{"resource": {"aws_vpc": {"v": {}}}, "resource": {"aws_s3_bucket": {"b": {"bucket": "b"}}}}',
    "two type keys": '{"resource": {"aws_s3_bucket": {"a": {}}, "aws_s3_bucket": {"b": {"bucket": "b"}}}}',
    "byte order mark": "\ufeff" + '{"resource": {"aws_s3_bucket": {"b": {"bucket": "b"}}}}',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_legal_shape_is_read(tmp_path: Path, shape: str) -> None:
    bucket = graph_of(tmp_path, SHAPES[shape]).get("aws_s3_bucket.b")
    assert bucket is not None
    assert bucket.attribute("bucket").value == "b"


def test_repeated_keys_lose_nothing(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, SHAPES["two resource keys"])
    assert [resource.address for resource in graph.resources] == ["aws_vpc.v", "aws_s3_bucket.b"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_encodings_that_terraform_is_saved_in_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(json.dumps(SHAPES["objects"]).encode(encoding))
    assert len(documents.read([path])[0].graph.resources) == 1


REFUSED = {
    "not json": ('{"resource": ', "x.tf.json:1:14: not valid JSON"),
    "two values": ("{} {}", "not valid JSON: Extra data"),
    "not a number": ('{"resource": {"a_b": {"c": {"d": NaN}}}}', "NaN is not a JSON number"),
    "infinity by exponent": ('{"resource": {"a_b": {"c": {"d": 1e999}}}}', "out of range"),
    "endless digits": ('{"resource": {"a_b": {"c": {"d": ' + "9" * 5000 + "}}}}", "too many digits"),
    "too deep": ('{"resource": {"a_b": {"c": {"d": ' + "[" * 300 + "]" * 300 + "}}}}", "nested deeper than"),
    "far too deep": ("[" * 100_000, "nested deeper than"),
    "half a surrogate pair": ('{"resource": {"a_b": {"c": {"d": "\\ud800"}}}}', "surrogate"),
    "empty": ("", "the file is empty"),
    "a number": ("1", "neither Terraform JSON"),
    "another document": ('{"openapi": "3.1.0"}', "neither Terraform JSON"),
    "a block that does not exist": ('{"resource": {}, "resources": {}}', "'resources' is not a block"),
    "argument twice": (
        '{"resource": {"a_b": {"c": {"d": 1, "d": 2}}}}',
        "resource.a_b.c: the key 'd' stands more than",
    ),
    "argument twice, nested": (
        '{"resource": {"a_b": {"c": {"t": {"d": 1, "d": 2}}}}}',
        "resource.a_b.c.t: the key 'd'",
    ),
    "resource twice": ('{"resource": [{"a_b": {"c": {}}}, {"a_b": {"c": {}}}]}', "resource.a_b.c is defined more than"),
    "resource is text": ('{"resource": "x"}', "resource must be an object"),
    "body is text": ('{"resource": {"a_b": {"c": "x"}}}', "resource.a_b.c must be an object"),
    "raw state": ('{"version": 4, "serial": 1, "lineage": "x", "resources": []}', "terraform show -json"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_terraform_refuses_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    with pytest.raises(InputError) as error:
        graph_of(tmp_path, content, "x.tf.json")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tf.json").write_bytes(b'{"resource": "\xff\xfe"}')
    with pytest.raises(InputError, match="not valid UTF-8 at byte 14"):
        documents.read([tmp_path / "x.tf.json"])


def test_a_folder_is_one_module_and_override_files_come_last(tmp_path: Path) -> None:
    (tmp_path / "a_override.tf.json").write_text('{"resource": {"aws_s3_bucket": {"b": {"bucket": "second"}}}}')
    (tmp_path / "b.tf.json").write_text(
        '{"resource": {"aws_s3_bucket": {"b": {"bucket": "first", "tags": {"x": "y"}}}}}'
    )
    [document] = documents.read([tmp_path])
    bucket = document.graph.get("aws_s3_bucket.b")
    assert bucket is not None
    assert bucket.attribute("bucket").value == "second"
    assert bucket.attribute("tags").value == {"x": "y"}


def test_files_that_terraform_ignores_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "a.tf.json").write_text('{"resource": {"aws_s3_bucket": {"b": {"bucket": "real"}}}}')
    for name in (".fix_override.tf.json", "#a.tf.json"):
        (tmp_path / name).write_text('{"resource": {"aws_s3_bucket": {"b": {"bucket": "ignored"}}}}')
    assert documents.read([tmp_path])[0].graph.resources[0].attribute("bucket").value == "real"


def test_an_override_of_one_dynamic_block_leaves_the_others(tmp_path: Path) -> None:
    def group(label: str, network: str) -> str:
        dynamic = {label: {"for_each": [1], "content": {"cidr_blocks": [network]}}}
        return json.dumps({"resource": {"aws_security_group": {"g": {"dynamic": dynamic}}}})

    (tmp_path / "a.tf.json").write_text(group("ingress", "0.0.0.0/0"))
    (tmp_path / "override.tf.json").write_text(group("egress", "10.0.0.0/8"))
    [group_read] = documents.read([tmp_path])[0].graph.resources
    assert len(group_read.blocks("ingress")) == len(group_read.blocks("egress")) == 1


def test_parts_of_one_module_are_not_judged_one_by_one(tmp_path: Path) -> None:
    paths = [tmp_path / "a.tf.json", tmp_path / "b.tf.json"]
    for path in paths:
        path.write_text("{}")
    with pytest.raises(InputError, match="a part of the same module"):
        documents.read(paths)


def test_a_configuration_beside_stacks_is_not_overlooked(tmp_path: Path) -> None:
    (tmp_path / "stacks" / "good").mkdir(parents=True)
    (tmp_path / "stacks" / "good" / "cdk.tf.json").write_text("{}")
    (tmp_path / "main.tf.json").write_text("{}")
    with pytest.raises(InputError, match="a configuration of its own beside stacks/"):
        documents.read([tmp_path])


def test_an_override_file_replaces_locals_and_a_second_plain_file_may_not(tmp_path: Path) -> None:
    bucket = {"resource": {"aws_s3_bucket": {"b": {"bucket": "${local.name}"}}}}
    (tmp_path / "a.tf.json").write_text(json.dumps({"locals": {"name": "first"}, **bucket}))
    (tmp_path / "override.tf.json").write_text('{"locals": {"name": "second"}}')
    assert documents.read([tmp_path])[0].graph.resources[0].attribute("bucket").value == "second"
    (tmp_path / "b.tf.json").write_text('{"locals": {"name": "third"}}')
    with pytest.raises(InputError, match=r"locals\.name is defined more than once"):
        documents.read([tmp_path])


def test_a_folder_with_native_syntax_is_refused_because_half_a_module_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "a.tf.json").write_text("{}")
    (tmp_path / "b.tf").write_text("")
    with pytest.raises(InputError, match=r"also holds b\.tf"):
        documents.read([tmp_path])


def test_override_without_a_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "override.tf.json").write_text('{"resource": {"aws_s3_bucket": {"b": {}}}}')
    with pytest.raises(InputError, match=r"resource\.aws_s3_bucket\.b overrides a block that no file"):
        documents.read([tmp_path])


def test_a_fifo_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "x.tf.json")
    with pytest.raises(InputError, match="not a regular file"):
        documents.read([tmp_path / "x.tf.json"])


def test_count_and_for_each_over_known_values_give_instances(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        {
            "locals": {"zones": {"a": {"cidr": "10.0.0.0/24"}, "b": {"cidr": "10.0.1.0/24"}}},
            "resource": {
                "aws_eip": {"none": {"count": 0}, "two": {"count": 2, "tags": {"Name": "nat-${count.index}"}}},
                "aws_subnet": {"s": {"for_each": "${local.zones}", "cidr_block": "${each.value.cidr}"}},
            },
        },
    )
    assert [resource.address for resource in graph.resources] == [
        "aws_eip.two[0]",
        "aws_eip.two[1]",
        'aws_subnet.s["a"]',
        'aws_subnet.s["b"]',
    ]
    assert graph.at("aws_eip.two")[1].attribute("tags").value == {"Name": "nat-1"}
    assert graph.at("aws_subnet.s")[1].attribute("cidr_block").value == "10.0.1.0/24"


def test_a_condition_that_is_known_decides_what_exists_and_what_it_has(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        {
            "variable": {
                "create": {"default": True},
                "small": {"default": "false"},
                "open": {},
                "number": {"default": 1},
            },
            "resource": {
                "aws_kms_key": {"a": {}, "b": {}},
                "aws_instance": {
                    "made": {
                        "count": "${var.create ? 1 : 0}",
                        "ami": '${var.small ? "ami-a" : "ami-b"}',
                        "kms_key_id": "${!var.create ? aws_kms_key.a.arn : aws_kms_key.b.arn}",
                        "user_data": "${var.open ? 1 : 2}",
                        "tenancy": "${var.number ? 1 : 2}",
                        "key_name": '${var.create ? var.small ? "x" : "y" : "z"}',
                        "subnet_id": "${[for one in var.create ? 1 : 2 : one][0]}",
                    },
                    "not": {"count": "${var.create ? 0 : 1}"},
                },
            },
        },
    )
    [instance] = graph.of_type("aws_instance")
    assert instance.address == "aws_instance.made[0]"
    assert instance.attribute("ami").value == "ami-b"
    assert graph.targets(instance.attribute("kms_key_id"), "aws_kms_key") == graph.at("aws_kms_key.b")
    for unknown in ("user_data", "tenancy", "key_name", "subnet_id"):
        assert instance.attribute(unknown).is_unresolved, unknown


def test_dynamic_blocks_are_written_out_at_every_level(tmp_path: Path) -> None:
    content = {"rule": {"for_each": ["a", "b"], "content": {"id": "${rule.value}", "expiration": {"days": 90}}}}
    graph = graph_of(
        tmp_path,
        {
            "resource": {
                "aws_s3_bucket_lifecycle_configuration": {"l": {"dynamic": content}},
                "aws_vpc": {"v": {"tags": {"dynamic": "pricing"}}},
                "aws_deep": {
                    "d": {"outer": {"dynamic": [{"inner": {"for_each": [1], "content": {"n": "${inner.value}"}}}]}}
                },
            }
        },
    )
    rules = graph.of_type("aws_s3_bucket_lifecycle_configuration")[0].blocks("rule")
    assert [rule.attribute("id").value for rule in rules] == ["a", "b"]
    assert graph.of_type("aws_vpc")[0].attribute("tags").value == {"dynamic": "pricing"}
    assert graph.of_type("aws_deep")[0].attribute("outer.inner.n").value == 1


def test_dynamic_blocks_over_an_unknown_collection_are_not_known(tmp_path: Path) -> None:
    block = {"rule": {"for_each": "${var.rules}", "content": {"id": "x"}}}
    graph = graph_of(tmp_path, {"resource": {"aws_s3_bucket_lifecycle_configuration": {"l": {"dynamic": block}}}})
    with pytest.raises(Undetermined):
        graph.resources[0].blocks("rule")


def test_references_are_followed_to_what_is_written_and_no_further(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        {
            "variable": {"days": {"default": 90}, "open": {}},
            "locals": {"key": "${aws_kms_key.k.arn}", "loop": "${local.loop}"},
            "resource": {
                "aws_kms_key": {"k": {}},
                "aws_rds_cluster": {"c": {"engine": "aurora-mysql"}},
                "aws_rds_cluster_instance": {
                    "i": {
                        "engine": "${aws_rds_cluster.c.engine}",
                        "key": "${local.key}",
                        "days": "${var.days}",
                        "name": "db-${var.days}",
                        "open": "${var.open}",
                        "text": "x-${var.open}",
                        "choice": "${var.open ? aws_kms_key.k.arn : null}",
                        "loop": "${local.loop}",
                    }
                },
            },
        },
    )
    instance = graph.of_type("aws_rds_cluster_instance")[0]
    assert instance.attribute("engine").value == "aurora-mysql"
    assert instance.attribute("days").value == 90
    assert instance.attribute("name").value == "db-90"
    assert graph.targets(instance.attribute("key"), "aws_kms_key") == graph.of_type("aws_kms_key")
    for unknown in ("open", "text", "choice", "loop"):
        assert isinstance(instance.attribute(unknown).raw_value, Unresolved), unknown
    with pytest.raises(Undetermined):  # a condition chooses: the key is one of two answers
        graph.targets(instance.attribute("choice"), "aws_kms_key")


@pytest.mark.parametrize("name", ["terraform.tfvars", "terraform.tfvars.json", "x.auto.tfvars", "x.auto.tfvars.json"])
def test_defaults_say_nothing_beside_files_of_variable_values(tmp_path: Path, name: str) -> None:
    content = {"variable": {"x": {"default": "b"}}, "resource": {"aws_s3_bucket": {"b": {"bucket": "${var.x}"}}}}
    assert graph_of(tmp_path, content).resources[0].attribute("bucket").value == "b"
    (tmp_path / name).write_text("")
    assert graph_of(tmp_path, content).resources[0].attribute("bucket").is_unresolved


@pytest.mark.parametrize("mark", [{"errored": True}, {"deferred_changes": [{"reason": "unknown"}]}])
def test_a_plan_that_is_not_whole_is_refused(tmp_path: Path, mark: dict[str, Any]) -> None:
    plan = {"format_version": "1.2", "planned_values": {"root_module": {}}, **mark}
    with pytest.raises(InputError, match="it is not whole"):
        graph_of(tmp_path, plan, "plan.json")


def test_a_stack_is_named_by_its_content_and_its_lines_come_from_sources_json(tmp_path: Path) -> None:
    folder = tmp_path / "cdktf.out" / "stacks" / "x"
    folder.mkdir(parents=True)
    body = {"//": {"metadata": {"path": "portal/web", "uniqueId": "web"}}}
    content = {"//": {"metadata": {"stackName": "portal"}}, "resource": {"aws_lb": {"web": body}}}
    (folder / "cdk.tf.json").write_text(json.dumps(content))
    (folder / "sources.json").write_text('{"portal/web": {"file": "infra/alb.py", "line": 41}}')
    [document] = documents.read([tmp_path / "cdktf.out"])
    [balancer] = document.graph.resources
    assert document.stack == "portal"
    assert balancer.source is not None
    assert (balancer.construct_path, balancer.source.file, balancer.source.line) == ("portal/web", "infra/alb.py", 41)


def test_every_type_means_all_managed_resources_and_nothing_else(tmp_path: Path) -> None:
    document = {
        "resource": {"aws_vpc": {"a": {}}, "random_id": {"b": {"count": 2, "byte_length": 8}}},
        "data": {"aws_caller_identity": {"c": {}}},
        "module": {"d": {"source": "./d"}},
    }
    graph = graph_of(tmp_path, document)
    addresses = [resource.address for resource in graph.of_type(EVERY_TYPE)]
    assert addresses == ["aws_vpc.a", "random_id.b[0]", "random_id.b[1]"]
