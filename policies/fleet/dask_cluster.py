"""The engine for many machines: a Dask cluster, one of several processes here or the one at an address."""

import contextlib
import importlib
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from policies.errors import InputError
from policies.fleet.processes import MAX_DEATHS, Answers, died
from policies.fleet.worker import Answer, Task

INSTALL = "python -m pip install distributed"
CONNECT_SECONDS = 30
_ASKING_SECONDS = 5.0
_BATCH = 4  # tasks that go to a worker and come back together: the cluster's own work is by the batch
_BATCHES_PER_WORKER = 2  # so that none waits
_SETTINGS = {
    "distributed.scheduler.allowed-failures": MAX_DEATHS - 1,
    "distributed.worker.profile.enabled": False,  # it looks at every frame a hundred times a second, for nobody
}
LOST = "the Dask cluster is gone; with --resume the same command goes on from here"

Batch = tuple[Task, ...]


def answers(
    tasks: Iterable[Task], judge: Callable[[Task], Answer], workers: int, scheduler: str | None, scratch: Path
) -> Answers:
    """Every task with its answer, in the order in which they come.

    Without `scheduler` the cluster is one of `workers` processes on this machine, which leaves no trace but in
    `scratch`. What a dead worker had is given to another one, and Dask itself counts the deaths: a batch of tasks that
    none outlives is taken apart, and a task is refused.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise InputError(f"--engine dask needs a package more: {INSTALL}") from None
    with _client(distributed, workers, scheduler, scratch) as client:
        waiting, room = _batches(iter(tasks)), _Room(client)
        suspects: deque[Batch] = deque()
        under_way: dict[Any, Batch] = {}
        done = distributed.as_completed(loop=client.loop, with_results=True, raise_errors=False)
        while True:
            while len(under_way) < room.size() and (batch := suspects.popleft() if suspects else next(waiting, ())):
                future = client.submit(_each, judge, batch, pure=False)
                under_way[future] = batch
                done.add(future)
            if not under_way:
                return
            future, result = next(done)
            batch = under_way.pop(future)
            answered = _answers(future.status, result, batch, distributed)
            future.release()
            if answered is None:
                suspects.extend((task,) for task in batch)
            else:
                yield from zip(batch, answered, strict=True)


def _batches(tasks: Iterator[Task]) -> Iterator[Batch]:
    while batch := tuple(itertools.islice(tasks, _BATCH)):
        yield batch


def _each(judge: Callable[[Task], Answer], batch: Batch) -> list[Answer]:
    """What runs in a worker of the cluster."""
    return [judge(task) for task in batch]


class _Room:
    """How many batches may be under way: workers come and go, and answers must not heap up here."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked = -_ASKING_SECONDS
        self._size = 0

    def size(self) -> int:
        """As many as the cluster has work for; it is asked now and then only, since that takes its time."""
        now = time.monotonic()
        if now - self._asked >= _ASKING_SECONDS:
            self._asked = now
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
            self._size = _BATCHES_PER_WORKER * max(1, len(workers))
        return self._size


def _answers(status: str, result: Any, batch: Batch, distributed: Any) -> list[Answer] | None:
    """The answers to a batch; None when no worker outlived it, and which task is the reason has to be found out."""
    if isinstance(result, list):
        return result
    error = result[1] if status == "error" else None
    if error is None:
        raise InputError(LOST)
    if isinstance(error, distributed.KilledWorker):
        return [died(batch[0])] if len(batch) == 1 else None
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:100]
    needs = "scheduler and workers need this project on PYTHONPATH, and the Dask that runs here"
    raise InputError(f"--engine dask: the cluster cannot judge ({reason}): {needs}")


@contextlib.contextmanager
def _client(distributed: Any, workers: int, scheduler: str | None, scratch: Path) -> Iterator[Any]:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what becomes of workers shows in the answers
    importlib.import_module("dask").config.set(_SETTINGS)
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                security=True,  # whoever reaches a worker can have it run anything: keys of this run's own keep it shut
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                local_directory=str(scratch),
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS)
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        name = type(error).__name__
        raise InputError(f"--scheduler {scheduler}: no Dask scheduler with a worker answers there ({name})") from None
    with client:
        yield client
