"""Plans made by the real Terraform: the same verdicts as on the configuration, and more where values become known."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine
from policies.registry import catalogue
from tests.policies.conftest import Run, write

Gate = Callable[..., Run]

TAGS = {"Environment": "test", "Application": "portal", "CostCenter": "42"}
# Credentials that reach nothing: planning these resources asks AWS nothing.
OFFLINE = {
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}


def bucket(attribute: str, name: str) -> str:
    return f"${{aws_s3_bucket.{name}.{attribute}}}"


def tls_only(bucket: str, insecure: str = "false") -> str:
    """A bucket policy, which nobody knows before apply: the bucket's ARN is in it."""
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": insecure}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [refusal]})


CONFIGURATION: dict[str, Any] = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}},
    "provider": {
        "aws": [
            {"region": "us-east-1", "default_tags": [{"tags": TAGS}], **OFFLINE},
            {"alias": "west", "region": "us-west-2", **OFFLINE},
        ]
    },
    "variable": {
        "tokens": {"type": "string"},
        "when": {"default": "false"},  # what the plan is made with is another
        "left": {"default": "false"},
        "hidden": {"default": "false", "sensitive": True},
    },
    "module": {"keys": {"source": "./keys", "purpose": "database"}},
    "resource": {
        "aws_kms_key": {"logs": {"enable_key_rotation": True}},
        "aws_launch_template": {
            "from_input": {"metadata_options": {"http_tokens": "${var.tokens}"}},
            "not_set": {"name": "not-set"},
            "west": {"provider": "aws.west", "metadata_options": {"http_tokens": "required"}},
        },
        "aws_cloudwatch_log_group": {
            "app": {
                "for_each": '${toset(["a", "b"])}',
                "name": "${each.key}",
                "retention_in_days": 90,
                "kms_key_id": "${aws_kms_key.logs.arn}",
            },
            "without_key": {"name": "without", "retention_in_days": 30},
        },
        "aws_s3_bucket": {name: {"bucket": f"ours-{name}"} for name in ("refuses", "answers", "other", "same", "kept")},
        "aws_s3_bucket_policy": {
            "refuses": {"bucket": "${aws_s3_bucket.refuses.id}", "policy": tls_only("${aws_s3_bucket.refuses.arn}")},
            "answers": {"bucket": "${aws_s3_bucket.answers.id}", "policy": tls_only("${aws_s3_bucket.refuses.arn}")},
            **{
                name: {"bucket": bucket("id", name), "policy": tls_only(bucket("arn", name), f"${{var.{value}}}")}
                for name, value in (("other", "when"), ("same", "left"), ("kept", "hidden"))
            },
        },
        "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "aws_security_group": {name: {"vpc_id": "${aws_vpc.main.id}"} for name in ("one", "two")},
        "aws_lb": {
            "web": {
                "security_groups": ["${aws_security_group.one.id}", "${aws_security_group.two.id}"],
                "subnets": ["subnet-1", "subnet-2"],
            }
        },
        "aws_vpc_security_group_ingress_rule": {
            "open": {"security_group_id": "${aws_security_group.two.id}", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
        },
        "aws_rds_cluster_parameter_group": {
            "own": {"family": "aurora-mysql8.0", "parameter": [{"name": "require_secure_transport", "value": "ON"}]}
        },
        "aws_rds_cluster": {
            "main": {
                "engine": "aurora-mysql",
                "master_username": "someone",
                "manage_master_user_password": True,
                "master_user_secret_kms_key_id": "${aws_kms_key.logs.arn}",
                "storage_encrypted": True,
                "kms_key_id": "${module.keys.arn}",
                "db_cluster_parameter_group_name": "${aws_rds_cluster_parameter_group.own.name}",
                "skip_final_snapshot": True,
            }
        },
    },
}
MODULE = {
    "variable": {"purpose": {}},
    "resource": {"aws_kms_key": {"own": {"description": "${var.purpose}", "enable_key_rotation": True}}},
    "output": {"arn": {"value": "${aws_kms_key.own.arn}"}},
}


@pytest.fixture(scope="module")
def paths(provider: None, terraform: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The configuration, and the plan that Terraform makes of it."""
    folder = tmp_path_factory.mktemp("stack")
    configuration = write(folder / "stack.tf.json", CONFIGURATION)
    write(folder / "keys" / "main.tf.json", MODULE)

    def run(*arguments: str) -> str:
        command = [terraform, f"-chdir={folder}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    run("init", "-input=false")
    run("plan", "-input=false", "-refresh=false", "-var=tokens=required", "-var=when=true", "-out=plan")
    return configuration, write(folder / "plan.json", run("show", "-json", "plan"))


def outcomes(path: Path) -> dict[tuple[str, str], str]:
    [document] = documents.read([path])
    found = engine.assess(document.graph, document.stack, catalogue())
    return {(one.policy, one.address): one.outcome for one in found if one.address}


def test_a_plan_is_recognised_by_its_content(paths: tuple[Path, Path]) -> None:
    assert documents.read([paths[1]])[0].kind == "plan"


def test_what_is_decided_on_the_configuration_is_decided_alike_on_the_plan(paths: tuple[Path, Path]) -> None:
    configuration, plan = outcomes(paths[0]), outcomes(paths[1])
    decided = {key: outcome for key, outcome in configuration.items() if outcome in ("pass", "fail")}
    decided = {key: outcome for key, outcome in decided.items() if "log_group.app" not in key[1]}
    # a policy document with an ARN in it is known after apply; the last tests are about that
    decided = {key: outcome for key, outcome in decided.items() if key[0] != "bucket-requires-tls"}
    assert {key: plan[key] for key in decided} == decided
    assert decided["encrypted-with-kms", "aws_cloudwatch_log_group.without_key"] == "fail"
    assert decided["imdsv2-required", "aws_launch_template.not_set"] == "fail"
    assert decided["required-tags", "aws_launch_template.west"] == "fail"
    assert decided["aurora-requires-tls", "aws_rds_cluster.main"] == "pass"
    # a list of two references, each unknown until apply
    assert decided["alb-only-through-cloudfront", "aws_lb.web"] == "fail"


def test_what_the_configuration_leaves_open_the_plan_decides(paths: tuple[Path, Path]) -> None:
    configuration, plan = outcomes(paths[0]), outcomes(paths[1])
    for policy, address in (
        ("imdsv2-required", "aws_launch_template.from_input"),  # a variable
        ("encrypted-with-kms", "aws_rds_cluster.main"),  # a key made inside a module, unknown until apply
    ):
        assert configuration[policy, address] == "undetermined"
        assert plan[policy, address] == "pass"
    assert ("modules-are-judged", "module.keys") in configuration
    assert ("modules-are-judged", "module.keys") not in plan
    assert plan["required-tags", "module.keys.aws_kms_key.own"] == "pass"


def test_instances_of_for_each_are_judged_one_by_one(paths: tuple[Path, Path]) -> None:
    plan = outcomes(paths[1])
    for key in ("a", "b"):
        address = f'aws_cloudwatch_log_group.app["{key}"]'
        assert plan["encrypted-with-kms", address] == "pass"
        assert plan["logs-kept-90-days", address] == "pass"


def test_what_a_plan_deletes_is_not_judged(paths: tuple[Path, Path]) -> None:
    plan = json.loads(paths[1].read_text())
    for change in plan["resource_changes"]:
        if change["address"] == "aws_launch_template.not_set":
            change["change"].update(actions=["delete"], after=None)
    del plan["planned_values"]
    shorter = write(paths[1].parent / "shorter.json", plan)
    assert ("imdsv2-required", "aws_launch_template.not_set") not in outcomes(shorter)
    assert ("imdsv2-required", "aws_launch_template.west") in outcomes(shorter)


def test_what_only_apply_makes_known_is_settled_by_the_configuration(paths: tuple[Path, Path], gate: Gate) -> None:
    configuration, plan = paths

    def verdicts(*arguments: str | Path) -> dict[str, str]:
        run = gate(plan, "--policy", "bucket-requires-tls", "--format", "json", *arguments)
        return {one["address"]: one["outcome"] for one in run.json["assessments"] if "bucket" in one["address"]}

    refuses, answers = "aws_s3_bucket.refuses", "aws_s3_bucket.answers"
    assert verdicts()[refuses] == "undetermined"
    settled = verdicts("--configuration", configuration)
    assert settled[refuses] == "pass"
    assert settled[answers] != "pass"  # what the configuration does not let pass, it does not settle


def test_the_configuration_tells_which_line_of_the_program_a_plan_is_about(
    paths: tuple[Path, Path], gate: Gate, tmp_path: Path
) -> None:
    content = json.loads(paths[0].read_text())
    content["resource"]["aws_s3_bucket"]["other"]["//"] = {"metadata": {"path": "stack/other"}}
    configuration = write(tmp_path / "stack" / "stack.tf.json", content)
    write(tmp_path / "stack" / "sources.json", {"stack/other": {"file": "infra/other.py", "line": 7}})
    run = gate(paths[1], "--configuration", configuration, "--policy", "bucket-requires-tls", "--format", "json")
    places = {row["address"]: (row["source"], row["construct_path"]) for row in run.json["assessments"]}
    assert places["aws_s3_bucket.other"] == ({"file": "infra/other.py", "line": 7}, "stack/other")


def test_a_configuration_settles_with_the_inputs_of_the_plan_not_with_its_defaults(
    paths: tuple[Path, Path], gate: Gate
) -> None:
    configuration, plan = paths
    run = gate(plan, "--policy", "bucket-requires-tls", "--format", "json", "--configuration", configuration)
    verdicts = {one["address"]: one["outcome"] for one in run.json["assessments"]}
    assert verdicts["aws_s3_bucket.same"] == "pass"
    assert verdicts["aws_s3_bucket.other"] != "pass"
    assert verdicts["aws_s3_bucket.kept"] != "pass"  # what is sensitive is neither known here nor shown
    assert outcomes(configuration)["bucket-requires-tls", "aws_s3_bucket.other"] == "pass"


def test_only_the_configuration_of_one_plan_settles_it(paths: tuple[Path, Path], gate: Gate) -> None:
    configuration, plan = paths
    for arguments in ((configuration, "--configuration", configuration), (plan, "--configuration", plan)):
        run = gate(*arguments)
        assert (run.code, run.err.count("\n")) == (3, 1)
        assert "--configuration" in run.err


def test_what_the_configuration_says_and_terraform_ignores_is_judged_as_it_stays(
    provider: Path, terraform: str, tmp_path: Path
) -> None:
    """`ignore_changes` lets a configuration say what will never be; the plan has what will."""
    folder = tmp_path / "stack"
    wanted = {"http_tokens": "required", "http_endpoint": "enabled"}
    template = {"name": "web", "metadata_options": wanted, "lifecycle": {"ignore_changes": ["metadata_options"]}}
    stack = {
        "terraform": CONFIGURATION["terraform"],
        "provider": {"aws": {"region": "us-east-1", **OFFLINE}},
        "resource": {"aws_launch_template": {"web": template}},
    }
    stays = {"id": "lt-1", "name": "web", "metadata_options": [{**wanted, "http_tokens": "optional"}]}
    instance = {"schema_version": 0, "attributes": stays}
    held = {
        "mode": "managed",
        "type": "aws_launch_template",
        "name": "web",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }
    configuration = write(folder / "stack.tf.json", stack)
    state = {"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "one", "resources": [held]}
    write(folder / "terraform.tfstate", state)

    def run(*arguments: str) -> str:
        command = [terraform, f"-chdir={folder}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    run("init", "-input=false")
    run("plan", "-input=false", "-refresh=false", "-out=plan")
    plan = write(folder / "plan.json", run("show", "-json", "plan"))
    judged = ("imdsv2-required", "aws_launch_template.web")
    assert outcomes(configuration)[judged] == "pass"
    assert outcomes(plan)[judged] == "fail"
