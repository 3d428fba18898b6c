"""Workers may die, and a run may be killed: what is judged in the end is the same, and nothing is judged in vain."""

import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from policies.errors import InputError
from policies.fleet import dask_cluster, processes
from policies.fleet.folder import WorkingFolder
from policies.fleet.inputs import Inputs
from policies.fleet.part import Terms
from policies.fleet.progress import Progress
from policies.fleet.run import run
from policies.fleet.worker import Answer, Task, judge, version
from policies.result import Conditions
from tests.policies.conftest import ROOT, write
from tests.policies.fleet.conftest import IMDS, PASSES, Estate, needed

KEPT = ("--resume", "kept")
END_SECONDS = 60  # far more than a worker needs to see that its run is gone


def test_worker_that_is_killed_changes_nothing_in_the_result(estate: Estate, engine: tuple[str, ...]) -> None:
    undisturbed = estate.check(*(f"estate/s{number}" for number in range(7)))
    estate.mark("s3", deaths=1)
    fleet = estate.fleet("estate/*", *engine)
    assert not list(estate.marks.glob("s3.*"))  # a worker took it, and died
    assert fleet.out == undisturbed.out
    assert fleet.code == undisturbed.code


def test_input_that_no_worker_outlives_is_refused_alone(estate: Estate, engine: tuple[str, ...]) -> None:
    estate.mark("s3", deaths=9)
    fleet = estate.fleet("estate/*", *engine)
    assert fleet.code == 3
    reason = "estate/s3: the process that judged it died 3 times: out of memory?"
    assert fleet.json["refused"] == [{"path": "estate/s3", "reason": reason}]
    assert len(fleet.json["inputs"]) == 6


def test_run_that_is_killed_goes_on_where_it_was(estate: Estate, engine: tuple[str, ...]) -> None:
    estate.mark("s4")
    killed = estate.fleet("estate/*", *engine, *KEPT)
    assert killed.code == -signal.SIGKILL
    assert not killed.out
    for worker in estate.workers():
        assert select.select([worker], [], [], END_SECONDS)[0], "a worker outlived the run that it worked for"
    finished = len([one for one in (estate.folder / "kept" / "parts").glob("*/*") if not one.name.startswith(".")])
    assert finished
    estate.read()
    resumed = estate.fleet("estate/*", *engine, *KEPT)
    assert len(estate.read()) == 7 - finished
    assert f"{7 - finished} judged, {finished} kept" in resumed.err
    assert resumed.out == estate.check(*(f"estate/s{number}" for number in range(7))).out


def test_finished_run_is_not_made_again(estate: Estate) -> None:
    first = estate.fleet("estate/*", *KEPT)
    estate.read()
    again = estate.fleet("estate/*", *KEPT)
    assert not estate.read()
    assert "7 kept" in again.err
    assert (again.code, again.out) == (first.code, first.out)


def test_changed_input_is_judged_again_and_no_other(estate: Estate) -> None:
    estate.fleet("estate/*", *KEPT)
    estate.read()
    estate.add("s1", PASSES)
    (estate.folder / "estate" / "s2" / "sources.json").write_text('{"s2": {"file": "infra/x.py", "line": 3}}')
    (estate.folder / "estate" / "s4" / "terraform.tfvars").write_text("")
    (estate.folder / "estate" / "s5" / "more.tf.json").write_text('{"resource": {"aws_instance": {"i": {}}}}')
    resumed = estate.fleet("estate/*", *KEPT)
    assert sorted(estate.read()) == ["s1", "s2", "s4", "s5"]
    assert resumed.out == estate.check(*(f"estate/s{number}" for number in range(7))).out


def test_other_options_judge_again_and_other_waivers_do_not(estate: Estate) -> None:
    estate.fleet("estate/*", *KEPT)
    estate.read()
    estate.fleet("estate/*", *KEPT, *IMDS)
    assert len(estate.read()) == 7
    estate.fleet("estate/*", *KEPT, *IMDS, "--names", "path")
    assert len(estate.read()) == 7
    estate.fleet("estate/*", *KEPT, *IMDS, "--names", "path", "--environment", "production", "--today", "2026-01-02")
    assert not estate.read()


def test_other_policies_judge_again(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Policies are known by the digest of their code, which decides what is kept and who may judge."""
    before = version(None, with_checkov=False)
    monkeypatch.setattr("policies.attestation.policy_set_digest", lambda _policies: "of a policy that was changed")
    assert version(None, with_checkov=False) != before


def test_worker_with_other_policies_does_not_judge(estate: Estate) -> None:
    answer = judge(Task(str(estate.folder / "estate" / "s0"), Terms("of another version")))
    assert answer.status == "foreign"
    assert not answer.part


def test_part_that_was_damaged_is_judged_again(estate: Estate) -> None:
    first = estate.fleet("estate/*", *KEPT)
    parts = sorted(one for one in (estate.folder / "kept" / "parts").glob("*/*"))
    parts[0].write_bytes(parts[0].read_bytes()[:-7])
    parts[1].write_bytes(b"")
    estate.read()
    assert estate.fleet("estate/*", *KEPT).out == first.out
    assert len(estate.read()) == 2


def test_two_runs_do_not_share_a_folder(estate: Estate) -> None:
    (estate.folder / "kept").mkdir()
    with (estate.folder / "kept" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = estate.fleet("estate/*", *KEPT)
    assert run.code == 3
    assert run.err == "policies: kept: another run is using it\n"


def _at_once(task: Task) -> Answer:
    return Answer("refused", reason=task.input)


def test_tasks_are_taken_as_they_are_needed() -> None:
    """However many inputs there are, few are under way: what waits for the run is bounded."""
    taken: list[int] = []

    def tasks() -> Iterator[Task]:
        for number in range(1000):
            taken.append(number)
            yield Task(str(number), Terms(""))

    answers = processes.answers(tasks(), _at_once, workers=1)
    next(answers)
    assert len(taken) <= processes.WAITING_PER_WORKER
    assert len(list(answers)) == 999


def test_engine_that_loses_an_input_ends_the_run(estate: Estate) -> None:
    """A result without it would look like a fleet without it."""

    def losing(tasks: Iterable[Task], judge: Callable[[Task], Answer]) -> Iterator[tuple[Task, Answer]]:
        return ((task, judge(task)) for task in tasks if not task.input.endswith("s3"))

    folder = WorkingFolder(estate.folder / "kept")
    wanted = tuple(str(estate.folder / "estate" / f"s{number}") for number in range(5))
    terms = Terms(version(None, with_checkov=False))
    with pytest.raises(InputError, match=r"1 inputs were not judged, such as .*s3: run again"):
        run(Inputs(wanted, ()), terms, Conditions("2026-01-01", "x"), losing, folder, Progress(5, shown=False))
    folder.close()


def test_absent_dask_is_one_line_that_says_how_to_install_it(estate: Estate) -> None:
    (estate.marks / "distributed.py").write_text("raise ImportError('not installed')\n")
    run = estate.fleet("estate/*", "--engine", "dask")
    assert run.code == 3
    assert run.err == "policies: --engine dask needs a package more: python -m pip install distributed\n"


def test_scheduler_that_does_not_answer_is_one_line(estate: Estate) -> None:
    needed("distributed")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        run = estate.fleet("estate/*", "--engine", "dask", "--scheduler", address)
    assert run.code == 3
    assert run.err.splitlines()[-1].startswith(f"policies: --scheduler {address}: no Dask scheduler with a worker")
    assert "Traceback" not in run.err


@contextlib.contextmanager
def cluster(estate: Estate, path: str) -> Iterator[str]:
    """A Dask cluster of its own processes, which import from `path`; its address."""
    program = write(estate.folder / "cluster.py", _CLUSTER)
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "FLEET_MARKS": str(estate.marks),
        "FLEET_KEPT": str(estate.folder / "kept"),
    }
    command = [sys.executable, str(program)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=estate.folder, env=environment, text=True, **pipes) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


_CLUSTER = """\
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def test_existing_cluster_judges(estate: Estate) -> None:
    needed("distributed")
    with cluster(estate, str(ROOT)) as address:
        fleet = estate.fleet("estate/*", "--engine", "dask", "--scheduler", address)
    assert fleet.out == estate.check(*(f"estate/s{number}" for number in range(7))).out


def test_cluster_without_this_project_is_one_line(estate: Estate) -> None:
    needed("distributed")
    with cluster(estate, str(estate.folder)) as address:
        run = estate.fleet("estate/*", "--engine", "dask", "--scheduler", address)
    assert run.code == 3
    assert run.err.splitlines()[-1].endswith("need this project on PYTHONPATH, and the Dask that runs here")
    assert "Traceback" not in run.err


def test_cluster_that_is_lost_ends_the_run_which_can_go_on(estate: Estate) -> None:
    needed("distributed")
    estate.mark("s4")
    with cluster(estate, f"{estate.marks}:{ROOT}") as address:
        lost = estate.fleet("estate/*", "--engine", "dask", "--scheduler", address, *KEPT)
    assert lost.code == 3
    assert not lost.out
    assert lost.err.splitlines()[-1] == f"policies: {dask_cluster.LOST}"
    assert estate.fleet("estate/*", *KEPT).out == estate.check(*(f"estate/s{number}" for number in range(7))).out
