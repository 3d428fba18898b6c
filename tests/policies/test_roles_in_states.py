"""A state repeats in a role what resources of their own have put there, and ARNs stand where references stood."""

import json
from pathlib import Path
from typing import Any

from policies import documents, engine
from policies.model import Outcome
from policies.registry import catalogue
from tests.policies.conftest import write

POLICIES = {policy.id: policy for policy in catalogue()}
ROLE = "arn:aws:iam::111122223333:role/worker"
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:application"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


def document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


EVERYTHING = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
LOGS = document({"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": f"{GROUP}:*"})


def role(**more: Any) -> dict[str, Any]:
    return {"arn": ROLE, "id": "worker", "name": "worker", "assume_role_policy": document(TRUST), **more}


def outcomes(path: Path, policy: str, **resources: dict[str, Any]) -> dict[str, Outcome]:
    """What the policy says of a state with these resources, `type__name` or `data__type__name`."""
    listed = [
        {"address": ".".join(key.split("__")), "type": type_, "name": name, "mode": mode, "values": values}
        for key, values in resources.items()
        for *looked_up, type_, name in [key.split("__")]
        for mode in ["data" if looked_up else "managed"]
    ]
    content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": listed}}}
    [read] = documents.read([write(path / "state.json", content)], "portal")
    return {one.address: one.outcome for one in engine.assess(read.graph, "portal", [POLICIES[policy]])}


def test_what_a_state_repeats_in_a_role_is_judged_where_it_was_written(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        "no-wildcard-permissions",
        aws_iam_role__r=role(
            inline_policy=[{"name": "all", "policy": EVERYTHING}], managed_policy_arns=[ADMINISTRATOR]
        ),
        aws_iam_role_policy__p={"id": "worker:all", "name": "all", "role": "worker", "policy": EVERYTHING},
        aws_iam_role_policy_attachment__a={"id": "worker-1", "role": "worker", "policy_arn": ADMINISTRATOR},
    )
    assert found == {
        "aws_iam_role.r": "not-applicable",
        "aws_iam_role_policy.p": "fail",
        "aws_iam_role_policy_attachment.a": "fail",
    }


def test_what_only_the_role_says_is_judged_at_the_role(tmp_path: Path) -> None:
    inline = role(inline_policy=[{"name": "all", "policy": EVERYTHING}])
    attached = role(managed_policy_arns=[ADMINISTRATOR])
    for only in (inline, attached):
        found = outcomes(tmp_path, "no-wildcard-permissions", aws_iam_role__r=only)
        assert found == {"aws_iam_role.r": "fail"}


def test_the_role_of_instances_is_found_by_its_names(tmp_path: Path) -> None:
    profile_arn = "arn:aws:iam::111122223333:instance-profile/worker"
    parts = {
        "aws_launch_template__t": {"id": "lt-1", "iam_instance_profile": [{"arn": profile_arn, "name": ""}]},
        "aws_iam_instance_profile__p": {"arn": profile_arn, "id": "worker", "name": "worker", "role": "worker"},
        "aws_iam_role__r": role(inline_policy=[{"name": "logs", "policy": LOGS}]),
        "aws_cloudwatch_log_group__g": {"arn": GROUP, "id": "application", "name": "application"},
    }
    assert outcomes(tmp_path, "instances-have-own-role", **parts) == {"aws_launch_template.t": "pass"}
    assert outcomes(tmp_path, "instances-send-their-logs", **parts) == {"aws_launch_template.t": "pass"}
    parts["aws_iam_role__r"] = role(inline_policy=[])
    assert outcomes(tmp_path, "instances-send-their-logs", **parts) == {"aws_launch_template.t": "fail"}
    parts["aws_launch_template__t"] = {"id": "lt-1", "iam_instance_profile": []}
    assert outcomes(tmp_path, "instances-have-own-role", **parts) == {"aws_launch_template.t": "fail"}


def test_a_role_may_trust_the_account_of_the_stack_but_no_other_without_a_secret(tmp_path: Path) -> None:
    def trusting(account: str) -> dict[str, Outcome]:
        allowed = {**TRUST, "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
        caller = {"account_id": "111122223333", "id": "111122223333"}
        parts = {"aws_iam_role__r": role(assume_role_policy=document(allowed))}
        return outcomes(tmp_path, "trust-is-narrow", data__aws_caller_identity__i=caller, **parts)

    assert trusting("111122223333") == {"aws_iam_role.r": "pass"}
    assert trusting("444455556666") == {"aws_iam_role.r": "fail"}
