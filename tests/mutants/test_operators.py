"""Each operator makes the mutant it names, and only that."""

import json
from typing import Any

import pytest

from tests.mutants.operators import OPERATORS, WEAKER, Mutant, mutants, with_block

KEY, OTHER = "${aws_kms_key.one.arn}", "${aws_kms_key.two.arn}"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*", "Principal": {"AWS": "${aws_iam_role.a.arn}"}}
    ],
}


def made(body: dict[str, Any], type_: str = "aws_example", excluded: tuple[str, ...] = ()) -> list[Mutant]:
    """The mutants of one resource in a stack that has two keys."""
    content = {"resource": {"aws_kms_key": {"one": {}, "two": {}}, "aws_iam_role": {"a": {}}, type_: {"it": body}}}
    found = mutants("stack", content, lambda _, attribute: attribute in excluded)
    return [one for one in found if one.address == f"{type_}.it"]


def bodies(operator: str, body: dict[str, Any], type_: str = "aws_example") -> list[Any]:
    return [one.body for one in made(body, type_) if one.operator == operator]


@pytest.mark.parametrize(
    ("operator", "body", "expected"),
    [
        ("drop", {"enabled": True}, [{}]),
        ("drop", {"rule": [{"days": 1}]}, [{}, {"rule": [{}]}]),
        ("drop-one", {"zones": ["a", "b"]}, [{"zones": ["b"]}, {"zones": ["a"]}]),
        ("drop-one", {"zones": ["a"]}, []),
        ("flip", {"enabled": True}, [{"enabled": False}]),
        ("weaken", {"status": "Enabled"}, [{"status": "Disabled"}]),
        ("weaken", {"action": {"block": {}}}, [{"action": {"count": {}}}]),
        ("other", {"mode": "fast"}, [{"mode": "fast-other"}]),
        ("less", {"days": 90}, [{"days": 89}]),
        ("more", {"days": 90}, [{"days": 91}]),
        ("least", {"days": 90}, [{"days": 0}]),
        ("most", {"days": 90}, [{"days": 90_000}]),
        ("less", {"port": "443"}, [{"port": "442"}]),
        ("foreign", {"key": KEY}, [{"key": "arn:aws:kms:us-east-1:999999999999:elsewhere"}]),
        ("sibling", {"key": KEY}, [{"key": OTHER}]),
        ("sibling", {"keys": [KEY, OTHER]}, []),
        ("add", {"keys": [KEY]}, [{"keys": [KEY, OTHER]}]),
        ("unknown", {"key": KEY}, [{"key": "${var.nobody_knows}"}]),
        ("wildcard", {"range": "10.0.0.0/16"}, [{"range": "0.0.0.0/0"}]),
        (
            "wildcard",
            {"ranges": ["10.0.0.0/16"]},
            [{"ranges": ["0.0.0.0/0"]}, {"ranges": ["10.0.0.0/16", "0.0.0.0/0"]}],
        ),
        ("remove", {}, [None]),
    ],
)
def test_operator_makes_the_mutant_it_names(operator: str, body: dict[str, Any], expected: list[Any]) -> None:
    assert bodies(operator, body) == expected


def test_policy_document_in_a_string_is_mutated_statement_by_statement() -> None:
    found = made({"policy": json.dumps(DOCUMENT)})
    at = {
        (one.operator, one.path): json.loads(one.body["policy"])["Statement"]
        for one in found
        if one.body and "[" in one.path
    }
    assert at["weaken", "policy.Statement[0].Effect"][0]["Effect"] == "Deny"
    assert at["wildcard", "policy.Statement[0].Principal.AWS"][0]["Principal"] == {"AWS": "*"}
    assert at["wildcard", "policy.Statement[0].Action[1]"][0]["Action"] == ["s3:GetObject", "*"]
    assert at["wildcard", "policy.Statement[1]"][1] == {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Principal": "*",
    }
    assert "Resource" not in at["drop", "policy.Statement[0].Resource"][0]


def test_rule_of_a_security_group_is_opened_to_everybody_and_on_every_port() -> None:
    rule = {
        "referenced_security_group_id": "${aws_security_group.a.id}",
        "ip_protocol": "tcp",
        "from_port": 1,
        "to_port": 1,
    }
    opened = bodies("wildcard", rule, "aws_vpc_security_group_ingress_rule")
    ports = {"ip_protocol": "tcp", "from_port": 1, "to_port": 1}
    assert {**ports, "cidr_ipv4": "0.0.0.0/0"} in opened
    assert {**rule, "from_port": 0, "to_port": 65535} in opened
    assert {"referenced_security_group_id": rule["referenced_security_group_id"], "ip_protocol": "-1"} in opened


def test_what_the_provider_requires_is_not_dropped() -> None:
    body = {"bucket": "a", "block_public_acls": True}
    dropped = [one.path for one in made(body, "aws_s3_bucket_public_access_block") if one.operator == "drop"]
    assert dropped == ["block_public_acls"]


def test_what_something_refers_to_is_not_removed() -> None:
    content = {"resource": {"aws_kms_key": {"one": {}, "two": {}}, "aws_sns_topic": {"t": {"kms_master_key_id": KEY}}}}
    removed = [one.address for one in mutants("stack", content, lambda *_: False) if one.operator == "remove"]
    assert removed == ["aws_kms_key.two", "aws_sns_topic.t"]


def test_a_resource_of_a_new_type_is_mutated_without_being_listed() -> None:
    assert {one.operator for one in made({"enabled": True}, "aws_brand_new")} == {"drop", "flip", "unknown", "remove"}


def test_what_is_excluded_is_not_mutated() -> None:
    assert {one.path for one in made({"enabled": True, "comment": "x"}, excluded=("comment",))} == {"enabled", ""}


def test_what_must_never_stand_there_is_put_in() -> None:
    assert {"acl": "public-read"} in bodies("add", {}, "aws_s3_bucket")


def test_mutants_leave_the_document_and_all_else_as_it_was() -> None:
    content = {
        "provider": {"aws": [{"region": "us-east-1"}]},
        "resource": {"aws_a": {"x": {"list": [1, 2], "policy": json.dumps(DOCUMENT)}, "y": {"on": True}}},
    }
    before = json.dumps(content)
    for mutant in mutants("stack", content, lambda *_: False):
        changed = with_block(content, mutant.address, mutant.body)
        assert changed != content
        assert (changed["resource"]["aws_a"].get("y") == content["resource"]["aws_a"]["y"]) == (
            mutant.address != "aws_a.y"
        )
    assert json.dumps(content) == before


def test_every_operator_is_told_what_it_does_and_every_weaker_value_is_another() -> None:
    assert all(OPERATORS.values())
    assert [(name, value) for name, known in WEAKER.items() for value, weaker in known.items() if value in weaker] == []
