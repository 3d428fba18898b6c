"""Moving to the successor stays a rename: what knows the library, and what the page about the move says to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.succession.environment import ROOT

LIBRARIES = {"cdktf", "cdktf_cdktf_provider_aws", "constructs", "jsii"}
MAY_KNOW_THEM = {"infra", "tests/infra"}
NOT_OURS = {"build", "cdktf.out"}


def python_files(root: Path) -> Iterator[Path]:
    for folder in root.iterdir():
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in NOT_OURS:
            yield from folder.rglob("*.py")


def imported(file: Path) -> set[str]:
    """The packages that a file imports anywhere in it."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {name.partition(".")[0] for name in names}


def test_only_the_stacks_and_their_tests_know_the_library() -> None:
    knowing = {file.relative_to(ROOT) for file in python_files(ROOT) if imported(file) & LIBRARIES}
    assert len(knowing) > 50  # else nothing was looked at
    assert {file for file in knowing if not any(file.is_relative_to(folder) for folder in MAY_KNOW_THEM)} == set()


def test_after_the_commands_nothing_knows_the_old_name(moved: Path) -> None:
    files = list(python_files(moved))
    assert [file for file in files if imported(file) & {"cdktf", "cdktf_cdktf_provider_aws"}] == []
    assert [file for file in files if "cdktf_cdktf" in file.read_text(encoding="utf-8")] == []
    assert "cdktn" in (moved / "pyproject.toml").read_text(encoding="utf-8")


def test_the_commands_leave_alone_what_is_deployed(moved: Path) -> None:
    assert '"ManagedBy": "cdktf"' in (moved / "infra" / "system_stack.py").read_text(encoding="utf-8")


def test_each_line_is_changed_in_its_place(moved: Path) -> None:
    """A construct's line is part of what is compared, and of every finding."""
    for file in python_files(moved):
        before = (ROOT / file.relative_to(moved)).read_text(encoding="utf-8").splitlines()
        assert len(file.read_text(encoding="utf-8").splitlines()) == len(before), file
