"""The catalogue page: complete, with links that lead somewhere, and stale when what it is made from changes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from compliance.catalogue import render_catalogue
from compliance.requirements import load
from policies import examples
from policies.registry import catalogue
from policies.specifications import read_all
from tests.policies.conftest import ROOT

PAGE = ROOT / "docs" / "catalogue.md"


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "compliance", "catalogue", *map(str, arguments)]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True)


def test_the_page_in_the_repository_is_current() -> None:
    assert command("--check").returncode == 0, "run make docs"


def test_a_changed_page_is_noticed(tmp_path: Path) -> None:
    copy = shutil.copy(PAGE, tmp_path / "catalogue.md")
    assert command("--check", "--output", copy).returncode == 0
    copy.write_text(PAGE.read_text().replace("critical", "low", 1))
    assert command("--check", "--output", copy).returncode == 1
    assert command("--check", "--output", tmp_path / "none.md").returncode == 1


def test_every_policy_has_a_section_and_every_link_leads_somewhere() -> None:
    page = PAGE.read_text()
    headings = set(re.findall(r"^### (.+)$", page, re.MULTILINE))
    assert headings == {policy.id for policy in catalogue()}
    anchors = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert anchors <= headings
    files = set(re.findall(r"\]\(\.\./([^)]+)\)", page))
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_the_page_shows_parameters_requirements_and_cases() -> None:
    policies = [policy for policy in catalogue() if policy.id == "vpc-has-planned-range"]
    page = render_catalogue(policies, load(), [read_all(catalogue())["portal"]], examples.names())
    assert "Parameter `cidr_block`: no default" in page
    assert r"Asked for by: P-NET-1 (cidr\_block = 10.0.0.0/16)" in page
    assert "Cases, undetermined: variable" in page
    assert "Evidence for PCI DSS 4.0.1: none. " in page
