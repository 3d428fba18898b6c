"""The engine for many machines: a Dask cluster, one of several processes here or the one at an address."""

import contextlib
import importlib
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from policies.errors import InputError
from policies.fleet.processes import MAX_DEATHS, WAITING_PER_WORKER, Answers, died
from policies.fleet.worker import Answer, Task

INSTALL = "python -m pip install distributed"
CONNECT_SECONDS = 30
_ASKING_SECONDS = 5.0
_SETTINGS = {
    "distributed.scheduler.allowed-failures": MAX_DEATHS - 1,
    "distributed.worker.profile.enabled": False,  # it looks at every frame a hundred times a second, for nobody
}
_LOST = "the Dask cluster is gone; with --resume the same command goes on from here"


def answers(
    tasks: Iterable[Task], judge: Callable[[Task], Answer], workers: int, scheduler: str | None, scratch: Path
) -> Answers:
    """Every task with its answer, in the order in which they come.

    Without `scheduler` the cluster is one of `workers` processes on this machine, which leaves no trace but in
    `scratch`. A task whose worker dies is given to another one; Dask itself counts the deaths.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise InputError(f"--engine dask needs a package more: {INSTALL}") from None
    with _client(distributed, workers, scheduler, scratch) as client:
        waiting, room = iter(tasks), _Room(client)
        under_way: dict[Any, Task] = {}
        done = distributed.as_completed(loop=client.loop, with_results=True, raise_errors=False)
        while True:
            for task in itertools.islice(waiting, max(room.size() - len(under_way), 0)):
                future = client.submit(judge, task, pure=False)
                under_way[future] = task
                done.add(future)
            if not under_way:
                return
            future, result = next(done)
            task = under_way.pop(future)
            yield task, _answer(future.status, result, task, distributed)
            future.release()


class _Room:
    """How many tasks may be under way: workers come and go, and answers must not heap up here."""

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
            self._size = WAITING_PER_WORKER * max(1, len(workers))
        return self._size


def _answer(status: str, result: Any, task: Task, distributed: Any) -> Answer:
    if isinstance(result, Answer):
        return result
    error = result[1] if status == "error" else None
    if error is None:
        raise InputError(_LOST)
    if isinstance(error, distributed.KilledWorker):
        return died(task)
    reason = " ".join(f"{type(error).__name__}: {error}".split())  # other versions of Dask, or no such module there
    raise InputError(f"--engine dask: a worker cannot judge ({reason[:300]})")


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
