"""The command line as its user meets it: files, exit codes, one clear line when something is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compliance.__main__ import main
from compliance.provenance import in_utc, provenance
from policies.errors import InputError
from tests.compliance import gate_results as make

REPOSITORY = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid")
    times = {"GIT_COMMITTER_DATE": "2026-01-31T12:00:00+02:00", "GIT_AUTHOR_DATE": "2026-01-31T12:00:00+02:00"}
    subprocess.run([GIT, "-C", folder, *identity, *arguments], check=True, env=os.environ | times)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    (tmp_path / "file").write_text("1")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_report_writes_its_files_and_ends_with_0_whatever_the_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "deep" / "report"
    assert (
        main(["report", str(make.SAMPLE), "--output", str(output), "--time", "2026-01-31T12:00:00Z", "--pdf=no"]) == 0
    )
    assert {"gate-result.json", "index.html", "report.json", "report.md"} <= {one.name for one in output.iterdir()}
    document = json.loads((output / "report.json").read_text())
    assert document["provenance"]["time"] == "2026-01-31T12:00:00Z"
    assert document["summary"]["verdicts"]["contradicts"] > 0
    assert "contradicts" in capsys.readouterr().err


def test_the_command_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "compliance", "report", str(make.SAMPLE), "--output", str(tmp_path), "--pdf=no"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "index.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no such file"),
        (b"", "the file is empty"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\xfa", "not valid"),
        (b'{"schema": "gate-result/1", "assessments": [', "not valid JSON"),
        (b'{"schema": "sarif"}', 'expected "gate-result/1"'),
        (b"[" * 100_000, "nested"),
    ],
)
def test_a_result_that_cannot_be_read_ends_with_3_and_one_line(
    content: bytes | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gate-result.json"
    if content is not None:
        file.write_bytes(content)
    assert main(["report", str(file), "--output", str(tmp_path / "out")]) == 3
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--time", "yesterday"], "'yesterday' is not an ISO 8601 time"),
        (["--time", "2026-01-31T12:00:00"], "has no offset"),
        (["--output", "{file}"], "cannot be written"),
        (["--output", "{file}/below"], "cannot be written"),
    ],
)
def test_other_bad_input_ends_with_3_and_one_line(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    given = [argument.replace("{file}", str(file)) for argument in arguments]
    assert main(["report", str(make.SAMPLE), "--output", str(tmp_path / "out"), *given]) == 3
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["print"], ["report", "--colour"], ["lint", "\x1b[31m\nx"]])
def test_an_unknown_command_line_ends_with_3_and_one_printable_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 3
    line = capsys.readouterr().err.removesuffix("\n")
    assert line.startswith("compliance: ")
    assert line.isprintable()


def test_the_linter_accepts_the_data_of_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == 0
    assert "351 identifiers" in capsys.readouterr().out


def test_without_a_given_time_the_commit_names_it(repository: Path) -> None:
    origin = provenance("r.json", None, repository)
    assert (origin.time, origin.time_source, origin.is_dirty) == ("2026-01-31T10:00:00Z", "commit", False)
    assert len(origin.commit or "") == 40


def test_a_given_time_wins_over_the_commit(repository: Path) -> None:
    origin = provenance("r.json", "2026-05-01T00:00:00-01:00", repository)
    assert (origin.time, origin.time_source) == ("2026-05-01T01:00:00Z", "argument")


@pytest.mark.parametrize("name", ["file", "untracked"])
def test_a_changed_or_new_file_makes_the_work_tree_dirty(name: str, repository: Path) -> None:
    (repository / name).write_text("2")
    assert provenance("r.json", None, repository).is_dirty is True


def test_outside_git_there_is_no_time_and_no_commit(tmp_path: Path) -> None:
    origin = provenance("r.json", None, tmp_path)
    assert (origin.time, origin.time_source, origin.commit, origin.is_dirty) == (None, None, None, None)


def test_a_repository_without_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert provenance("r.json", None, tmp_path).commit is None


def test_a_time_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError):
        in_utc("2026-02-30T00:00:00Z")
