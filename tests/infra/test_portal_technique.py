"""How the portal is made: CDKTF in Python, which versions, which modules, and what lies beside them."""

import ast
import json
import re
import subprocess
import sys

import pytest

from tests.infra.synthesized import ROOT, Synthesis

MODULES = ("main", "vpc", "compute", "alb", "database", "cdn", "storage", "secrets", "monitoring", "security")


def test_cdktf_runs_a_python_program() -> None:
    settings = json.loads((ROOT / "cdktf.json").read_text())
    assert settings["language"] == "python"
    assert settings["app"].endswith("python -m infra.main")


def test_nothing_is_written_in_terraforms_own_language() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [file for file in tracked if file.endswith((".tf", ".tfvars", ".hcl"))] == []


def test_terraform_is_1_5_or_newer_and_the_provider_5(portal: Synthesis) -> None:
    settings = portal.document["terraform"]
    oldest = re.fullmatch(r">= (\d+)\.(\d+)\.\d+", settings["required_version"])
    assert oldest
    assert (int(oldest[1]), int(oldest[2])) >= (1, 5)
    provider = settings["required_providers"]["aws"]
    assert provider["source"] in ("aws", "hashicorp/aws")
    assert re.fullmatch(r"5\.\d+\.\d+", provider["version"])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_was_asked_for_has_code(module: str) -> None:
    tree = ast.parse((ROOT / "infra" / f"{module}.py").read_text())
    assert any(isinstance(node, ast.ClassDef | ast.FunctionDef) for node in tree.body)


@pytest.mark.parametrize("module", MODULES[1:])
def test_a_module_that_was_asked_for_makes_a_part_of_the_portal(portal: Synthesis, module: str) -> None:
    made_in = {source["file"] for source in portal.sources.values()}
    assert f"infra/{module}.py" in made_in


def test_what_a_user_expects_beside_the_code_is_there() -> None:
    assert "cdktf==" in (ROOT / "requirements.txt").read_text()
    readme = (ROOT / "README.md").read_text()
    assert "make gate" in readme
    assert "ENVIRONMENT_SUFFIX" in readme


def test_the_python_that_runs_the_tools_is_the_one_users_are_told() -> None:
    told = re.search(r"Python (3\.\d+)", (ROOT / "README.md").read_text())
    pinned = re.search(r'python_version = "(3\.\d+)"', (ROOT / "Pipfile").read_text())
    assert told
    assert pinned
    assert told[1] == pinned[1]
    assert f"{sys.version_info.major}.{sys.version_info.minor}" >= told[1]
