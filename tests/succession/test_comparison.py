"""Nothing that differs passes for equal, and what is expected to differ has to."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.errors import InputError
from tests.succession.comparison import EXPECTED, compare, compare_results

Edit = Callable[[dict[str, Any]], object]

OURS: dict[str, Any] = {
    "//": {"metadata": {"version": "0.21.0", "stackName": "web"}},
    "terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}},
    "resource": {
        "aws_lb": {"front": {"name": "front", "idle_timeout": 1, "subnets": ["a", "b"], "tags": {}}},
        "aws_vpc": {"network": {"cidr_block": "10.0.0.0/16"}},
    },
    "data": {"aws_caller_identity": {"account": {}}},
    "output": {"url": {"value": "https://${aws_lb.front.dns_name}"}},
}


def write(output: Path, document: dict[str, Any], **text: Any) -> Path:
    stack = output / "stacks" / "web"
    (stack / "assets").mkdir(parents=True)
    (stack / "cdk.tf.json").write_text(json.dumps(document, **text))
    (stack / "sources.json").write_text('{"web/front": {"file": "infra/web.py", "line": 7}}')
    (stack / "assets" / "code.zip").write_bytes(b"PK\3\4")
    version = document["//"]["metadata"]["version"]
    (output / "manifest.json").write_text(json.dumps({"version": version, "stacks": {"web": {"name": "web"}}}))
    return output


def successors(edit: Edit = lambda _: None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(OURS))
    document["//"]["metadata"]["version"] = "0.24.0"
    document["terraform"]["required_providers"]["aws"]["source"] = "hashicorp/aws"
    edit(document)
    return document


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return write(tmp_path / "ours", OURS)


def test_nothing_but_the_expected_differs(ours: Path, tmp_path: Path) -> None:
    assert compare(ours, write(tmp_path / "theirs", successors())) == []


def test_white_space_and_the_order_of_keys_are_no_difference(ours: Path, tmp_path: Path) -> None:
    assert compare(ours, write(tmp_path / "theirs", successors(), indent=3, sort_keys=True)) == []


EDITS: dict[str, tuple[Edit, str]] = {
    "another value": (
        lambda document: document["resource"]["aws_lb"]["front"].update(name="back"),
        'web: aws_lb.front name: "front" | "back"',
    ),
    "a float for an integer": (
        lambda document: document["resource"]["aws_lb"]["front"].update(idle_timeout=1.0),
        "web: aws_lb.front idle_timeout: 1 | 1.0",
    ),
    "a boolean for a number": (
        lambda document: document["resource"]["aws_lb"]["front"].update(idle_timeout=True),
        "web: aws_lb.front idle_timeout: 1 | true",
    ),
    "a list for an object": (
        lambda document: document["resource"]["aws_lb"]["front"].update(tags=[]),
        "web: aws_lb.front tags: {} | []",
    ),
    "null for nothing": (
        lambda document: document["resource"]["aws_lb"]["front"].update(region=None),
        "web: aws_lb.front region: - | null",
    ),
    "another element": (
        lambda document: document["resource"]["aws_lb"]["front"]["subnets"].__setitem__(1, "c"),
        'web: aws_lb.front subnets[1]: "b" | "c"',
    ),
    "another order of elements": (
        lambda document: document["resource"]["aws_lb"]["front"]["subnets"].reverse(),
        'web: aws_lb.front subnets[0]: "a" | "b"',
    ),
    "one element more": (
        lambda document: document["resource"]["aws_lb"]["front"]["subnets"].append("c"),
        'web: aws_lb.front subnets: ["a", "b"] | ["a", "b", "c"]',
    ),
    "an attribute less": (
        lambda document: document["resource"]["aws_lb"]["front"].pop("name"),
        'web: aws_lb.front name: "front" | -',
    ),
    "a resource less, the only one of its type": (
        lambda document: document["resource"].pop("aws_vpc"),
        'web: aws_vpc.network: {"cidr_block": "10.0.0.0/16"} | -',
    ),
    "a data source more": (
        lambda document: document["data"].update(aws_region={"here": {}}),
        "web: data.aws_region.here: - | {}",
    ),
    "no data source": (
        lambda document: document.pop("data"),
        "web: data.aws_caller_identity.account: {} | -",
    ),
    "another output": (
        lambda document: document["output"]["url"].update(value=""),
        'web: output.url.value: "https://${aws_lb.front.dns_name}" | ""',
    ),
    "another version of the provider": (
        lambda document: document["terraform"]["required_providers"]["aws"].update(version="6.69.1"),
        'web: terraform.required_providers.aws.version: "5.100.0" | "6.69.1"',
    ),
    "another source than the expected": (
        lambda document: document["terraform"]["required_providers"]["aws"].update(source="evil/aws"),
        'web: terraform.required_providers.aws.source: "aws" | "evil/aws"',
    ),
    "an expected difference that is not there": (
        lambda document: document["terraform"]["required_providers"]["aws"].update(source="aws"),
        'web: terraform.required_providers.aws.source: expected "aws" | expected "hashicorp/aws"',
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_difference_is_told_by_address_and_attribute(ours: Path, tmp_path: Path, name: str) -> None:
    edit, told = EDITS[name]
    found = [str(one) for one in compare(ours, write(tmp_path / "theirs", successors(edit)))]
    assert told in found


def test_only_the_unexpected_is_told(ours: Path, tmp_path: Path) -> None:
    found = compare(ours, write(tmp_path / "theirs", successors(EDITS["an attribute less"][0])))
    assert [(one.where, one.address, one.attribute) for one in found] == [("web", "aws_lb.front", "name")]


def test_a_long_value_is_cut(ours: Path, tmp_path: Path) -> None:
    (found,) = compare(ours, write(tmp_path / "theirs", successors(lambda one: one["output"].update(a="x" * 5000))))
    assert len(str(found)) < 200


@pytest.mark.parametrize("changed", ["sources.json", "assets/code.zip"])
def test_what_lies_beside_the_document_is_compared_as_well(ours: Path, tmp_path: Path, changed: str) -> None:
    theirs = write(tmp_path / "theirs", successors())
    (theirs / "stacks" / "web" / changed).write_text("{}")
    assert [one.where for one in compare(ours, theirs)] == [f"stacks/web/{changed}"]


def test_a_stack_or_a_file_that_one_side_lacks_is_a_difference(ours: Path, tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", successors())
    (theirs / "stacks" / "web" / "assets" / "code.zip").unlink()
    shutil.copytree(theirs / "stacks" / "web", theirs / "stacks" / "more")
    told = sorted(str(one) for one in compare(ours, theirs))
    assert told == [
        "stacks/more/cdk.tf.json: - | there",
        "stacks/more/sources.json: - | there",
        "stacks/web/assets/code.zip: there | -",
    ]


def test_no_more_is_expected_than_the_issue_allows() -> None:
    """JSON equal but for version metadata and provider source."""
    assert {file: set(changes) for file, changes in EXPECTED.items()} == {
        "cdk.tf.json": {
            ("//", "metadata", "version"),
            ("terraform", "required_providers", "aws", "source"),
        },
        "manifest.json": {("version",)},
    }


def result(path: Path, **changed: Any) -> Path:
    row = {
        "policy": "imdsv2-required",
        "engine": "policies",
        "stack": "web",
        "address": "aws_launch_template.web",
        "outcome": "pass",
        "severity": "high",
        "attribute": "metadata_options.http_tokens",
        "observed": "required",
        "message": "tokens are required",
        "remediation": "Require tokens.",
        "construct_path": "web/web",
        "source": {"file": "infra/web.py", "line": 7},
        "requirements": ["2.2.6"],
        "waiver": None,
        "fingerprint": "0123456789abcdef",
    } | changed
    counts = dict.fromkeys(("pass", "fail", "undetermined", "not-applicable", "waived"), 0)
    counts[row["outcome"]] += 1
    inputs = [{"path": str(path), "kind": "synth", "stack": "web", "sha256": "0" * 64}]
    document = {"schema": "gate-result/1", "inputs": inputs, "assessments": [row], "summary": counts}
    path.write_text(json.dumps(document))
    return path


def test_equal_verdicts_are_counted(tmp_path: Path) -> None:
    assert compare_results(result(tmp_path / "ours.json"), result(tmp_path / "theirs.json")) == (1, [])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outcome": "fail"}, 'outcome "pass" | outcome "fail"'),
        ({"message": "else"}, 'message "tokens are required" | message "else"'),
        ({"observed": "optional"}, 'observed "required" | observed "optional"'),
        ({"source": {"file": "infra/web.py", "line": 8}}, '"line": 7} | source {"file": "infra/web.py", "line": 8}'),
    ],
)
def test_a_verdict_that_says_anything_else_is_told(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    _, (found,) = compare_results(result(tmp_path / "ours.json"), result(tmp_path / "theirs.json", **changed))
    assert str(found).startswith("web: aws_launch_template.web imdsv2-required (policies): ")
    assert str(found).endswith(told)


def test_a_verdict_of_another_resource_is_told_on_both_sides(tmp_path: Path) -> None:
    ours, theirs = result(tmp_path / "ours.json"), result(tmp_path / "theirs.json", address="aws_launch_template.app")
    said = {(one.address, one.ours == "-", one.theirs == "-") for one in compare_results(ours, theirs)[1]}
    assert said == {("aws_launch_template.web", False, True), ("aws_launch_template.app", True, False)}


def test_what_is_no_json_is_refused(ours: Path, tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", successors())
    (theirs / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json"):
        compare(ours, theirs)
