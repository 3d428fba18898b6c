"""The edges of our graph against those that Terraform itself prints: the authority on what refers to what."""

import json
import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from policies import documents
from tests.policies.conftest import ROOT, write

CORPUS = ROOT.parent / "shared" / "corpus" / "cdktf"

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


def terraform_edges(terraform: str, provider: Path, folder: Path) -> set[tuple[str, str]]:
    """What `terraform graph` prints, with the provider that was initialized once for all."""
    shutil.copy(provider / ".terraform.lock.hcl", folder)
    command = [terraform, f"-chdir={folder}", "graph"]
    environment = {**os.environ, "TF_DATA_DIR": str(provider / ".terraform")}
    printed = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert printed.returncode == 0, printed.stderr
    lines = re.findall(r'^\s*"(.+)" -> "(.+)";$', printed.stdout, re.MULTILINE)
    return {(a.replace('\\"', '"'), b.replace('\\"', '"')) for a, b in lines}


def compare(terraform: str, provider: Path, folder: Path) -> int:
    """Asserts that both graphs say the same, and returns the number of Terraform's edges."""
    theirs = terraform_edges(terraform, provider, folder)
    [document] = documents.read([folder])
    ours = {(edge.source, edge.target) for edge in document.graph.edges()}
    assert closure(ours) == closure(theirs)
    return len(theirs)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.name[:60])
def test_edges_of_public_projects_are_those_of_terraform(
    terraform: str, provider: Path, tmp_path: Path, path: Path
) -> None:
    write(tmp_path / "main.tf.json", initializable(json.loads(path.read_text())))
    compare(terraform, provider, tmp_path)


def test_edges_of_our_stacks_are_those_of_terraform(
    terraform: str, provider: Path, portal: Path, tmp_path: Path
) -> None:
    write(tmp_path / "main.tf.json", initializable(json.loads((portal / "cdk.tf.json").read_text())))
    assert compare(terraform, provider, tmp_path) > 300


def test_edges_carry_the_attribute_they_come_from(tmp_path: Path) -> None:
    rule = {"rule": [{"destination": {"bucket": "${aws_s3_bucket.b.arn}"}}], "depends_on": ["aws_s3_bucket.c"]}
    stack = {"resource": {"aws_s3_bucket": {"b": {}, "c": {}}, "aws_s3_bucket_replication_configuration": {"r": rule}}}
    [document] = documents.read([write(tmp_path / "x.tf.json", stack)])
    assert {(edge.path, edge.target) for edge in document.graph.edges()} == {
        ("rule[0].destination.bucket", "aws_s3_bucket.b"),
        ("depends_on[0]", "aws_s3_bucket.c"),
    }
