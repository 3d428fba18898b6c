"""What a run holds does not grow with the rows of its result: they pass through."""

import gc
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.__main__ import main
from policies.fleet import outputs
from policies.fleet.folder import WorkingFolder
from policies.fleet.merge import Merged
from policies.fleet.part import Facts, Terms, chunks, pack, unpack
from policies.fleet.worker import Task, judge, version
from policies.result import Conditions
from tests.benchmarks.generated_fleet import write_fleet

RESOURCES = 200


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[WorkingFolder]:
    kept = WorkingFolder(tmp_path / "kept")
    yield kept
    kept.close()


def keep(folder: WorkingFolder, tmp_path: Path, stacks: int) -> Merged:
    """The merge of so many stacks, alike but for their names."""
    write_fleet(tmp_path / "fleet", 1, RESOURCES)
    terms = Terms(version(None, with_checkov=False))
    judged = unpack(judge(Task(str(tmp_path / "fleet" / "stack-000000"), terms)).part)
    assert judged
    facts: list[tuple[str, Facts]] = []
    for number in range(stacks):
        facts.append((f"{number}", replace(judged.facts, path=f"{number}", stack=f"stack-{number:06}")))
        folder.keep(f"{number}", pack(replace(judged, facts=facts[-1][1])))
    return Merged(folder, facts, [], Conditions("2026-01-01", "development"), with_checkov=False)


def test_merging_ten_times_as_many_stacks_holds_no_more_rows(folder: WorkingFolder, tmp_path: Path) -> None:
    peaks, sizes = [], []
    for stacks in (6, 60):
        merged = keep(folder, tmp_path / str(stacks), stacks)
        tracemalloc.start()
        outputs.write(merged, "json", tmp_path / "result.json", 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        sizes.append((tmp_path / "result.json").stat().st_size)
    one_stack = sizes[0] / 6
    assert sizes[1] > 9 * sizes[0]
    assert peaks[1] - peaks[0] < one_stack / 2  # the facts of 54 stacks more, and no rows


def test_rows_of_a_large_stack_pass_in_pieces(folder: WorkingFolder, tmp_path: Path) -> None:
    rows = b'  {"policy": "x"},\n' * 1_000_000
    pieces = list(chunks(zlib.compress(rows)))
    assert b"".join(pieces) == rows
    assert max(map(len, pieces)) <= 1024 * 1024


def test_format_that_is_refused_keeps_no_other_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fleet(tmp_path / "fleet", 1, RESOURCES)
    monkeypatch.setattr(outputs, "MAX_HELD", 100)
    monkeypatch.chdir(tmp_path)
    formats = ("--format", "sarif=a.sarif", "--format", "json=a.json")
    assert main(["fleet", "fleet/*", "--workers", "1", "--no-waivers", "--no-progress", *formats]) == 3
    gc.enable()  # which the command line leaves to its end
    assert "--format sarif: " in capsys.readouterr().err
    assert not Path("a.sarif").exists()
    assert Path("a.json").stat().st_size


def test_format_that_holds_all_refuses_what_is_too_much(
    folder: WorkingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = keep(folder, tmp_path, 3)
    monkeypatch.setattr(outputs, "MAX_HELD", 100)
    with pytest.raises(outputs.InputError, match=r"assessments are more than the 100 that it holds: text and json"):
        outputs.write(merged, "sarif", tmp_path / "result.sarif", 1)
    outputs.write(merged, "json", tmp_path / "result.json", 1)
    outputs.write(merged, "text", tmp_path / "result.txt", 1)
