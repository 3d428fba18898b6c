"""What only a state or a plan shows: values without references, sensitive marks, hashes, what apply will tell."""

import base64
from pathlib import Path
from typing import Any

import pytest

from policies import documents, engine
from policies.model import Asked
from policies.registry import catalogue
from tests.policies.conftest import write

POLICIES = {policy.id: policy for policy in catalogue()}
GROUP = {"name": "web", "id": "web", "min_size": 3, "max_size": 9}
HOURS = {"opens": "08:00", "closes": "18:00", "time_zone": "America/New_York"}
SCRIPT = base64.b64encode(b"#!/bin/bash\necho\n").decode()


def resource(address: str, values: dict[str, Any], sensitive: dict[str, Any] | None = None) -> dict[str, Any]:
    type_, name = address.removeprefix("data.").split(".")
    mode = "data" if address.startswith("data.") else "managed"
    provider = "registry.terraform.io/hashicorp/aws"
    named = {"address": address, "mode": mode, "type": type_, "name": name, "provider_name": provider}
    return {**named, "schema_version": 0, "values": values, "sensitive_values": sensitive or {}}


@pytest.fixture
def state(tmp_path: Path) -> Any:
    """Judges the resources of a state by one policy; gives outcomes by address."""

    def judge(policy: str, *resources: dict[str, Any], **asked: Any) -> dict[str, str]:
        values = {"root_module": {"resources": list(resources)}}
        content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": values}
        [document] = documents.read([write(tmp_path / "state.json", content)])
        found = engine.assess(document.graph, "stack", [POLICIES[policy]], asked={policy: Asked(asked)})
        return {one.address: one.outcome for one in found}

    return judge


@pytest.mark.parametrize(("image", "outcome"), [("ami-1", "pass"), ("ami-2", "undetermined"), ("ami-3", "fail")])
def test_an_image_is_known_by_the_parameter_that_has_its_id(state: Any, image: str, outcome: str) -> None:
    folder = "/aws/service/ami-amazon-linux-latest"
    newer = {"name": f"{folder}/al2023-ami-kernel-default-x86_64", "value": "ami-1", "insecure_value": ""}
    older = {"name": f"{folder}/amzn2-ami-hvm-x86_64-gp2", "value": "ami-3", "insecure_value": "ami-3"}
    template = resource("aws_launch_template.web", {"image_id": image})
    parameters = [
        resource("data.aws_ssm_parameter.older", older),
        resource("data.aws_ssm_parameter.newer", newer),
    ]
    found = state("instance-image-is", template, *parameters, name_prefix="al2023-ami-")
    assert found == {"aws_launch_template.web": outcome}


@pytest.mark.parametrize(("version", "outcome"), [("3", "pass"), ("2", "fail"), ("$Latest", "pass")])
def test_an_older_version_of_a_template_is_another_template(state: Any, version: str, outcome: str) -> None:
    template = resource("aws_launch_template.web", {"id": "lt-1", "name": "web", "latest_version": 3})
    launch = [{"id": "lt-1", "name": "web", "version": version}]
    group = resource("aws_autoscaling_group.web", {**GROUP, "launch_template": launch, "launch_configuration": ""})
    assert state("instances-come-from-launch-template", template, group) == {"aws_autoscaling_group.web": outcome}


@pytest.mark.parametrize(("now", "outcome"), [(3, "pass"), (2, "pass"), (1, "fail")])
def test_the_minimum_of_a_state_may_be_what_a_scheduled_action_has_set(state: Any, now: int, outcome: str) -> None:
    actions = [
        resource(
            f"aws_autoscaling_schedule.{name}",
            {
                "autoscaling_group_name": "web",
                "recurrence": f"0 {hour} * * MON-FRI",
                "start_time": "2026-11-23T12:00:00Z",  # of a recurring action AWS gives the next time
                "time_zone": "America/New_York",
                "min_size": minimum,
                "max_size": 9,
                "desired_capacity": -1,
            },
        )
        for name, hour, minimum in (("opening", 8, 3), ("closing", 18, 2))
    ]
    group = resource("aws_autoscaling_group.web", {**GROUP, "min_size": now})
    found = state("minimum-in-business-hours", group, *actions, instances=3, **HOURS)
    assert found == {"aws_autoscaling_group.web": outcome}


@pytest.mark.parametrize(
    ("type_", "script", "marks", "outcome"),
    [
        ("aws_launch_template", SCRIPT, {}, "pass"),
        ("aws_launch_template", SCRIPT, {"user_data": True}, "fail"),
        ("aws_instance", "0" * 40, {}, "undetermined"),
    ],
    ids=["in base64", "marked as sensitive", "a hash only"],
)
def test_a_script_is_judged_by_its_text_and_by_its_mark(
    state: Any, type_: str, script: str, marks: dict[str, Any], outcome: str
) -> None:
    launched = resource(f"{type_}.web", {"user_data": script}, marks)
    assert state("no-secrets-in-user-data", launched) == {f"{type_}.web": outcome}


@pytest.mark.parametrize(("marks", "outcome"), [({}, "pass"), ({"LOGIN": True}, "fail")])
def test_a_variable_that_is_marked_as_sensitive_is_a_secret(state: Any, marks: dict[str, Any], outcome: str) -> None:
    environment = [{"variables": {"LOGIN": "somebody"}}]
    marked = {"environment": [{"variables": marks}]}
    function = resource("aws_lambda_function.f", {"function_name": "f", "environment": environment}, marked)
    assert state("functions-hold-no-secrets", function) == {"aws_lambda_function.f": outcome}


@pytest.mark.parametrize(("type_", "outcome"), [("String", "not-applicable"), ("SecureString", "fail")])
def test_a_secure_parameter_that_was_read_is_in_the_state(state: Any, type_: str, outcome: str) -> None:
    parameter = resource("data.aws_ssm_parameter.db", {"name": "db", "type": type_, "value": "x"})
    assert state("secret-values-stay-out-of-state", parameter)["data.aws_ssm_parameter.db"] == outcome


@pytest.mark.parametrize(("host", "outcome"), [("main.example.org", "fail"), ("api.example.org", "not-applicable")])
def test_a_secret_names_a_database_by_its_address(state: Any, host: str, outcome: str) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-1"
    function_arn = "arn:aws:lambda:us-east-1:111122223333:function:f"
    cluster = {"id": "main", "cluster_identifier": "main", "endpoint": "main.example.org", "reader_endpoint": ""}
    rotation = {"secret_id": arn, "rotation_lambda_arn": function_arn, "rotation_rules": []}
    found = state(
        "rotation-function-reaches-database",
        resource("aws_secretsmanager_secret.db", {"id": arn, "arn": arn, "name": "db"}),
        resource("aws_secretsmanager_secret_version.db", {"secret_id": arn, "secret_string": f'{{"host": "{host}"}}'}),
        resource("aws_rds_cluster.main", cluster),
        resource("aws_lambda_function.f", {"arn": function_arn, "id": "f", "function_name": "f", "vpc_config": []}),
        resource("aws_secretsmanager_secret_rotation.db", rotation),
    )
    assert found["aws_secretsmanager_secret_rotation.db"] == outcome


def test_a_secret_that_is_known_after_apply_is_nobodys_guess(tmp_path: Path) -> None:
    address = "aws_secretsmanager_secret_version.db"
    named = {"address": address, "mode": "managed", "type": "aws_secretsmanager_secret_version", "name": "db"}
    change = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"secret_string": True}}
    written = {"secret_string": {"references": ["aws_rds_cluster.main.endpoint", "aws_rds_cluster.main"]}}
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [{**named, "values": {}}]}},
        "resource_changes": [{**named, "change": change}],
        "configuration": {"root_module": {"resources": [{**named, "expressions": written}]}},
    }
    [document] = documents.read([write(tmp_path / "plan.json", plan)])
    found = engine.assess(document.graph, "stack", [POLICIES["secret-values-stay-out-of-state"]])
    assert {one.address: one.outcome for one in found} == {address: "undetermined"}


def table(environment: str) -> dict[str, Any]:
    return resource("aws_dynamodb_table.kept", {"name": "kept", "tags": None, "tags_all": {"Environment": environment}})


@pytest.mark.parametrize("environment", ["production", "development", "blue"])
def test_a_state_does_not_say_what_terraform_refuses_to_destroy(tmp_path: Path, environment: str) -> None:
    values = {"root_module": {"resources": [table(environment)]}}
    content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": values}
    [document] = documents.read([write(tmp_path / "state.json", content)])
    found = engine.assess(document.graph, "stack", [POLICIES["production-prevents-destroy"]])
    assert {one.address: one.outcome for one in found} == {"aws_dynamodb_table.kept": "not-applicable"}


@pytest.mark.parametrize(
    ("environment", "outcome"),
    [("production", "undetermined"), ("development", "not-applicable"), ("blue", "undetermined")],
)
def test_a_plan_alone_leaves_open_what_terraform_refuses_to_destroy(
    tmp_path: Path, environment: str, outcome: str
) -> None:
    kept = table(environment)
    after = {"actions": ["create"], "before": None, "after": kept["values"], "after_unknown": {}}
    declared = {"address": kept["address"], "mode": "managed", "type": kept["type"], "name": kept["name"]}
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [kept]}},
        "resource_changes": [{**declared, "provider_name": kept["provider_name"], "change": after}],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": kept["provider_name"]}},
            "root_module": {"resources": [{**declared, "provider_config_key": "aws", "expressions": {}}]},
        },
    }
    [document] = documents.read([write(tmp_path / "plan.json", plan)])
    found = engine.assess(document.graph, "stack", [POLICIES["production-prevents-destroy"]])
    assert {one.address: one.outcome for one in found} == {"aws_dynamodb_table.kept": outcome}
