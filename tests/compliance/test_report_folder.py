"""A report's folder holds one report, whole, and nothing of anybody else's is lost for it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.report_files import FORMS, report_files
from compliance.report_folder import read, write
from policies.errors import InputError
from tests.compliance import gate_results as make

OLD = {"report.json": b"old", "csv/waivers.csv": b"old"}
NEW = {"report.json": b"new", "oscal/catalog.json": b"{}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an earlier report."""
    write(tmp_path / "report", OLD)
    return tmp_path / "report"


def test_what_was_written_is_what_is_read(folder: Path) -> None:
    assert read(folder) == dict(sorted(OLD.items()))
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_files_of_an_earlier_report_are_gone_after_the_next(folder: Path) -> None:
    write(folder, NEW, earlier=OLD)
    assert read(folder) == dict(sorted(NEW.items()))


def test_a_folder_with_anything_else_in_it_is_left_alone(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"it holds notes\.txt, which belongs to no report"):
        write(folder, NEW, earlier=OLD)
    assert read(folder) == dict(sorted((OLD | {"notes.txt": b"mine"}).items()))


@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_crash_leaves_the_old_report_whole(call: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at the first or second file, or the last rename fails."""
    calls = iter(range(10))

    def failing(real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            if next(calls) == call:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return step

    name = "write_bytes" if call < 2 else "rename"
    if call == 2:
        calls = iter([0, 2, 3])  # the old folder steps aside, the new one fails to take its place, the old one returns
    monkeypatch.setattr(Path, name, failing(getattr(Path, name)))
    with pytest.raises(InputError, match="cannot be written"):
        write(folder, NEW, earlier=OLD)
    assert read(folder) == dict(sorted(OLD.items()))
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_a_report_is_not_written_through_a_link(folder: Path) -> None:
    link = folder.parent / "latest"
    link.symlink_to(folder)
    with pytest.raises(InputError, match="latest: cannot be written: it is a link: name the folder itself"):
        write(link, NEW, earlier=OLD)
    assert link.is_symlink()
    assert read(folder) == dict(sorted(OLD.items()))


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a\x00b", "a\nb", "", "a//b", "x" * 256, "a\\b"])
def test_a_name_that_leads_elsewhere_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the name of a file below"):
        write(tmp_path / "report", {"report.json": b"{}", name: b"x"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", "dangling link", "fifo"])
def test_what_is_neither_file_nor_folder_is_refused_unopened(kind: str, folder: Path) -> None:
    odd = folder / "odd"
    if kind == "fifo":
        os.mkfifo(odd)
    else:
        odd.symlink_to({"link to a file": "report.json", "link to a folder": "csv", "dangling link": "none"}[kind])
    with pytest.raises(InputError, match="odd: neither a file nor a folder"):
        read(folder)


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "report.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="larger than the limit of 512 MiB"):
        read(folder)


def test_an_empty_folder_inside_is_seen(folder: Path) -> None:
    (folder / "pdf").mkdir()
    assert "pdf/" in read(folder)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        read(tmp_path / name)


def test_every_form_is_a_function_of_the_report_and_the_result_lies_beside_it(tmp_path: Path) -> None:
    result = make.report(tmp_path, make.framework(make.edge("door-is-locked")), make.row("door-is-locked", "pass"))
    assert len(report_files(result)) > len(FORMS)
    assert report_files(result) == report_files(result)
    assert report_files(result)["gate-result.json"] == (tmp_path / "gate-result.json").read_bytes()


def test_two_forms_of_one_name_are_a_mistake_that_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.report_files.FORMS", (*FORMS, lambda report: {"report.md": b""}))
    with pytest.raises(ValueError, match=r"two forms write report\.md"):
        report_files(make.report(tmp_path, make.framework(make.edge("door-is-locked"))))
