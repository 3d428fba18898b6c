"""Policy documents, in every way Terraform has of writing them: the same statements."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies import documents
from policies.graph import ResourceGraph
from policies.iam_documents import Statement, statements
from policies.resources import Attribute, Undetermined, Unresolved
from tests.policies.conftest import write

READ = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": "${aws_s3_bucket.files.arn}/*",
    "Principal": {"Service": "cloudfront.amazonaws.com", "AWS": ["arn:aws:iam::${var.account}:root"]},
    "Condition": {"StringEquals": {"AWS:SourceArn": "${aws_cloudfront_distribution.site.arn}"}},
}
AS_BLOCKS = {
    "effect": "Allow",
    "actions": ["s3:GetObject", "s3:ListBucket"],
    "resources": ["${aws_s3_bucket.files.arn}/*"],
    "principals": [
        {"type": "Service", "identifiers": ["cloudfront.amazonaws.com"]},
        {"type": "AWS", "identifiers": ["arn:aws:iam::${var.account}:root"]},
    ],
    "condition": {
        "test": "StringEquals",
        "variable": "AWS:SourceArn",
        "values": ["${aws_cloudfront_distribution.site.arn}"],
    },
}


def document(*written: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(written)})


def read(folder: Path, policy: Any, **sections: Any) -> tuple[Attribute, ResourceGraph]:
    stack = {
        "resource": {
            "aws_s3_bucket": {"files": {"bucket": "${var.bucket}"}},
            "aws_cloudfront_distribution": {"site": {}},
            "aws_s3_bucket_policy": {"policy": {"policy": policy}},
        },
        "variable": {"account": {}, "bucket": {}},
        **sections,
    }
    [found] = documents.read([write(folder / "stack.tf.json", stack)])
    [owner] = found.graph.of_type("aws_s3_bucket_policy")
    return owner.attribute("policy"), found.graph


def shown(values: tuple[Attribute, ...]) -> list[str]:
    return [one.raw_value.text if isinstance(one.raw_value, Unresolved) else one.text for one in values]


def summary(statement: Statement) -> Any:
    conditions = [(one.operator, one.key, shown(one.values)) for one in statement.conditions]
    principals = {kind: shown(values) for kind, values in statement.principals.items()}
    return statement.effect, shown(statement.actions), shown(statement.resources), principals, conditions


EXPECTED = (
    "Allow",
    ["s3:GetObject", "s3:ListBucket"],
    ["${aws_s3_bucket.files.arn}/*"],
    {"Service": ["cloudfront.amazonaws.com"], "AWS": ["arn:aws:iam::${var.account}:root"]},
    [("StringEquals", "aws:sourcearn", ["${aws_cloudfront_distribution.site.arn}"])],
)


@pytest.mark.parametrize(
    ("policy", "sections"),
    [
        (document(READ), {}),
        (json.dumps({"Statement": READ}), {}),
        ("${local.document}", {"locals": {"document": document(READ)}}),
        (
            "${data.aws_iam_policy_document.made.json}",
            {"data": {"aws_iam_policy_document": {"made": {"statement": AS_BLOCKS}}}},
        ),
    ],
    ids=["json with interpolations", "one statement", "through a local", "data source"],
)
def test_every_way_of_writing_gives_the_same_statement(tmp_path: Path, policy: str, sections: Any) -> None:
    attribute, graph = read(tmp_path, policy, **sections)
    [statement] = statements(attribute, graph)
    assert summary(statement) == EXPECTED
    assert [one.address for one in graph.targets(statement.resources[0], "aws_s3_bucket")] == ["aws_s3_bucket.files"]


def test_what_a_local_or_a_resource_says_is_followed_inside_a_document(tmp_path: Path) -> None:
    written = document({"Effect": "Deny", "Action": "*", "Resource": "${local.all}", "Principal": "*"})
    attribute, graph = read(tmp_path, written, locals={"all": "*"})
    [statement] = statements(attribute, graph)
    assert (statement.effect, shown(statement.resources), shown(statement.principals["*"])) == ("Deny", ["*"], ["*"])


def test_an_escaped_interpolation_is_text(tmp_path: Path) -> None:
    written = document(
        {"Effect": "Allow", "Action": "s3:*", "Resource": "${aws_s3_bucket.files.arn}/$${aws:username}/*"}
    )
    attribute, graph = read(tmp_path, written)
    [statement] = statements(attribute, graph)
    assert shown(statement.resources) == ["${aws_s3_bucket.files.arn}/$${aws:username}/*"]


def test_a_statement_can_hold_what_nobody_knows(tmp_path: Path) -> None:
    attribute, graph = read(tmp_path, document({"Effect": "Allow", "Action": "${var.bucket}", "Resource": "*"}))
    [statement] = statements(attribute, graph)
    assert statement.actions[0].is_unresolved


@pytest.mark.parametrize(
    "policy",
    [
        "${var.bucket}",
        '${jsonencode({"Statement": []})}',
        "not JSON",
        "{}",
        document({"Effect": "${var.bucket}", "Action": "*", "Resource": "*"}),
        document({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "${var.bucket}"}),
        '{"Statement": ["${var.bucket}"]}',
        "${data.aws_iam_policy_document.merged.json}",
    ],
)
def test_a_document_that_cannot_be_known_is_undetermined(tmp_path: Path, policy: str) -> None:
    merged = {"statement": AS_BLOCKS, "source_policy_documents": ["${var.bucket}"]}
    attribute, graph = read(tmp_path, policy, data={"aws_iam_policy_document": {"merged": merged}})
    with pytest.raises(Undetermined):
        statements(attribute, graph)


def test_no_document_has_no_statements(tmp_path: Path) -> None:
    attribute, graph = read(tmp_path, None)
    assert statements(attribute, graph) == ()


def built(*names: str, **more: Any) -> dict[str, Any]:
    return {"source_policy_documents": [f"${{data.aws_iam_policy_document.{name}.json}}" for name in names], **more}


def test_a_document_has_the_statements_of_those_it_builds_on_and_later_ones_take_the_place_of_their_namesakes(
    tmp_path: Path,
) -> None:
    first = {"statement": [{"sid": "a", "actions": ["s3:A"]}, {"actions": ["s3:B"]}]}
    override = document({"Sid": "c", "Effect": "Deny", "Action": "s3:C", "Resource": "*"})
    last = built(
        "first",
        statement=[{"sid": "a", "actions": ["s3:Z"]}, {"sid": "c", "actions": ["s3:D"]}],
        override_policy_documents=[override],
    )
    made = {"aws_iam_policy_document": {"first": first, "last": last}}
    attribute, graph = read(tmp_path, "${data.aws_iam_policy_document.last.json}", data=made)
    found = [(one.effect, *shown(one.actions)) for one in statements(attribute, graph)]
    assert found == [("Allow", "s3:Z"), ("Allow", "s3:B"), ("Deny", "s3:C")]


def test_documents_that_build_on_each_other_are_undetermined(tmp_path: Path) -> None:
    made = {"aws_iam_policy_document": {"a": built("b"), "b": built("a")}}
    attribute, graph = read(tmp_path, "${data.aws_iam_policy_document.a.json}", data=made)
    with pytest.raises(Undetermined, match="builds on itself"):
        statements(attribute, graph)


@pytest.mark.parametrize(
    "policy",
    [
        '{"statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Statement": []}',
        '{"Statement": [{"Effect": "Allow", "action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "*", "Action": "s3:GetObject", "Resource": "*"}]}',
        "[" * 100_000,
    ],
    ids=["statements in another case", "element in another case", "element twice", "too deep"],
)
def test_a_document_that_aws_may_read_otherwise_is_undetermined(tmp_path: Path, policy: str) -> None:
    attribute, graph = read(tmp_path, policy)
    with pytest.raises(Undetermined):
        statements(attribute, graph)
