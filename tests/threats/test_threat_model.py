"""docs/threat-model.md is held to what it says: each threat has its test, which exists and is collected."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.policies.conftest import ROOT

PAGE = ROOT / "docs" / "threat-model.md"
CI_PAGE = ROOT / "docs" / "ci.md"
COLUMNS = ["id", "who", "what they do", "what stops it", "what does not", "tests"]
_FIXTURE = "tests/policies/test_policies.py::test_policy_finds_exactly_what_the_fixture_expects"


def cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def threats() -> list[dict[str, str]]:
    """The rows of every table with the columns of threats."""
    found, columns = [], [""]
    for line in PAGE.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            columns = [""]
        elif columns == [""]:
            columns = cells(line)
        elif columns == COLUMNS and not set(line) <= set("|-"):
            found.append(dict(zip(COLUMNS, cells(line), strict=True)))
    return found


def named(threat: dict[str, str]) -> list[str]:
    """The node ids of a threat's tests; a fixture of a policy is a test of its own."""
    return [
        f"{_FIXTURE}[{Path(name).parent.name}/{Path(name).name[:-8]}]" if name.endswith(".tf.json") else name
        for name in re.findall(r"`([^`]+)`", threat["tests"])
    ]


def test_every_threat_has_an_actor_a_defence_or_a_remainder_and_a_test() -> None:
    text = PAGE.read_text("utf-8")
    actors = re.search(r"## Who might try\n(.*?)\n## ", text, re.DOTALL)
    assert actors
    known = {cells(line)[0] for line in actors[1].splitlines() if line.startswith("|")}
    assert len(threats()) > 50
    for threat in threats():
        assert set(threat["who"].split(", ")) <= known | {"contributor"}, threat["id"]
        assert threat["what they do"], threat["id"]
        assert threat["what stops it"], threat["id"]
        assert named(threat), threat["id"]


def test_ids_are_unique_and_in_order() -> None:
    assert [threat["id"] for threat in threats()] == [f"THREAT-{n:02}" for n in range(1, len(threats()) + 1)]
    mentioned = set(re.findall(r"THREAT-\d+", PAGE.read_text("utf-8")))
    assert mentioned == {threat["id"] for threat in threats()}


def test_every_test_that_a_threat_names_is_collected() -> None:
    ids = sorted({id_ for threat in threats() for id_ in named(threat)})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header", *ids]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    collected = {line.partition("[")[0] for line in done.stdout.splitlines()} | set(done.stdout.splitlines())
    assert [id_ for id_ in ids if id_ not in collected] == []


def test_every_test_of_this_folder_is_named_by_a_threat() -> None:
    """Whatever is tried here belongs to a threat, or the page has forgotten one."""
    cited = Counter(id_.partition("[")[0] for threat in threats() for id_ in named(threat))
    here = {
        f"tests/threats/{path.name}::{name}"
        for path in Path(__file__).parent.glob("test_*.py")
        if path.name != Path(__file__).name
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert here - set(cited) == set()


@pytest.mark.parametrize("page", [PAGE, CI_PAGE], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]*#?[^)\s]*)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}, target


def test_the_owners_named_for_review_cover_whatever_decides() -> None:
    """Everything at the root that is under version control, but what is judged itself and its documentation."""
    [block] = re.findall(r"^```text\n(.*?)^```", CI_PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    owned = {line.split()[0] for line in block.splitlines()}
    for pattern in owned:
        assert list(ROOT.glob(pattern.strip("/"))), pattern
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tops = {name.partition("/")[0] for name in listed.stdout.splitlines()}
    covered = {path.name for pattern in owned for path in ROOT.glob(pattern.strip("/"))}
    judged = {"infra", "lambda", "cdktf.json"}
    written = {"docs", "README.md", "CHANGELOG.md", ".gitignore"}
    assert tops - covered - judged - written == set()
