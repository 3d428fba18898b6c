"""The edges of our graph against those that Terraform itself prints: the authority on what refers to what."""

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from policies import documents
from tests.policies.conftest import ROOT, write

PUBLIC = sorted((ROOT.parent / "shared" / "corpus" / "cdktf").glob("*.json"))

Reached = dict[str, set[str]]


def closure(edges: set[tuple[str, str]]) -> Reached:
    """Everything each address leads to: Terraform prints a graph without the edges that others imply."""
    direct: Reached = defaultdict(set)
    for source, target in edges:
        direct[source].add(target)
    reached: Reached = {}
    for start in direct:
        seen: set[str] = set()
        waiting = list(direct[start])
        while waiting:
            address = waiting.pop()
            if address not in seen:
                seen.add(address)
                waiting.extend(direct.get(address, ()))
        reached[start] = seen
    return reached


def initializable(content: dict[str, Any]) -> dict[str, Any]:
    """The configuration without what needs a network: other providers and versions, and backends."""
    content = json.loads(json.dumps(content))
    settings = content.get("terraform") if isinstance(content.get("terraform"), dict) else {}
    required = {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}
    content["terraform"] = {**{k: v for k, v in settings.items() if k != "backend"}, "required_providers": required}
    for section in ("resource", "data"):
        for type_ in [name for name in content.get(section, {}) if not name.startswith(("aws_", "terraform_data"))]:
            del content[section][type_]
        if not content.get(section):
            content.pop(section, None)
    content["provider"] = {k: v for k, v in (content.get("provider") or {}).items() if k == "aws"}
    return content


Edges = set[tuple[str, str]]


@pytest.fixture(scope="session")
def terraform_edges(
    terraform: str, provider: Path, portal: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Edges]:
    """What `terraform graph` prints for each configuration: all in one call, as the modules of one configuration.

    `provider` is asked for because without it Terraform cannot read any of them.
    """
    folder = tmp_path_factory.mktemp("graph")
    modules = {f"m{index}": path for index, path in enumerate([*PUBLIC, portal / "cdk.tf.json"])}
    for name, path in modules.items():
        write(folder / name / "main.tf.json", initializable(json.loads(path.read_text())))
    write(folder / "main.tf.json", {"module": {name: {"source": f"./{name}"} for name in modules}})

    def run(*arguments: str) -> str:
        done = subprocess.run([terraform, f"-chdir={folder}", *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init", "-backend=false", "-input=false")
    edges: dict[str, Edges] = {path.name: set() for path in modules.values()}
    for ends in re.findall(r'^\s*"(.+)" -> "(.+)";$', run("graph"), re.MULTILINE):
        name = ends[0].split(".")[1]
        source, target = (end.replace('\\"', '"').removeprefix(f"module.{name}.") for end in ends)
        edges[modules[name].name].add((source, target))
    return edges


def our_edges(folder: Path, content: dict[str, Any]) -> Edges:
    [document] = documents.read([write(folder / "main.tf.json", initializable(content))])
    return {(edge.source, edge.target) for edge in document.graph.edges()}


@pytest.mark.skipif(not PUBLIC, reason="the files of public projects are not beside this checkout (shared/corpus)")
@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.name[:60])
def test_edges_of_public_projects_are_those_of_terraform(
    terraform_edges: dict[str, Edges], tmp_path: Path, path: Path
) -> None:
    ours = our_edges(tmp_path, json.loads(path.read_text()))
    assert closure(ours) == closure(terraform_edges[path.name])


def test_edges_of_our_stack_are_those_of_terraform(
    terraform_edges: dict[str, Edges], portal: Path, tmp_path: Path
) -> None:
    ours = our_edges(tmp_path, json.loads((portal / "cdk.tf.json").read_text()))
    theirs = terraform_edges["cdk.tf.json"]
    assert len(theirs) > 300
    assert closure(ours) == closure(theirs)


def test_edges_carry_the_attribute_they_come_from(tmp_path: Path) -> None:
    rule = {"rule": [{"destination": {"bucket": "${aws_s3_bucket.b.arn}"}}], "depends_on": ["aws_s3_bucket.c"]}
    stack = {"resource": {"aws_s3_bucket": {"b": {}, "c": {}}, "aws_s3_bucket_replication_configuration": {"r": rule}}}
    [document] = documents.read([write(tmp_path / "x.tf.json", stack)])
    assert {(edge.path, edge.target) for edge in document.graph.edges()} == {
        ("rule[0].destination.bucket", "aws_s3_bucket.b"),
        ("depends_on[0]", "aws_s3_bucket.c"),
    }


def test_a_name_that_nobody_knows_still_says_which_resource_is_meant(tmp_path: Path) -> None:
    bucket, versioning = {"bucket": "${var.suffix}-data"}, {"bucket": "${aws_s3_bucket.data.bucket}"}
    stack = {"resource": {"aws_s3_bucket": {"data": bucket}, "aws_s3_bucket_versioning": {"data": versioning}}}
    [document] = documents.read([write(tmp_path / "x.tf.json", stack)])
    [data] = document.graph.of_type("aws_s3_bucket")
    assert document.graph.referrers(data, "aws_s3_bucket_versioning", "bucket")


@pytest.mark.parametrize(
    ("named", "referring", "path", "value"),
    [
        ("aws_lb", "aws_route53_record", "alias.name", "web-1.eu-west-1.elb.amazonaws.com"),
        ("aws_route53_record", "aws_cloudfront_distribution", "origin.domain_name", "origin.example.com"),
        ("aws_cloudwatch_log_group", "aws_cloudtrail", "cloud_watch_logs_group_arn", "arn:aws:logs:a:1:log-group:g:*"),
    ],
)
def test_values_of_a_state_lead_to_what_they_name(
    tmp_path: Path, named: str, referring: str, path: str, value: str
) -> None:
    identifiers = {"aws_lb": "dns_name", "aws_route53_record": "fqdn", "aws_cloudwatch_log_group": "arn"}
    block, _, name = path.rpartition(".")
    instances = {
        named: {identifiers[named]: value.removesuffix(":*"), "name": "one"},
        referring: {block: [{name: value}]} if block else {name: value},
    }
    resources = [
        {"address": f"{type_}.x", "mode": "managed", "type": type_, "name": "x", "values": values}
        for type_, values in instances.items()
    ]
    state = {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": {"resources": resources}},
    }
    [document] = documents.read([write(tmp_path / "state.json", state)])
    [target] = document.graph.of_type(named)
    assert [one.type for one in document.graph.referrers(target, referring, path)] == [referring]
