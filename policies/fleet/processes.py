"""The engine for one machine: worker processes, of which any may die."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from policies.fleet.worker import Answer, Task

MAX_DEATHS = 3  # of workers over one input, before it is taken to be the reason
WAITING_PER_WORKER = 4  # tasks that are sent ahead, so that no worker waits and no answers heap up

Answers = Iterator[tuple[Task, Answer]]


def answers(tasks: Iterable[Task], judge: Callable[[Task], Answer], workers: int) -> Answers:
    """Every task with its answer, in the order in which they come.

    Which of the tasks under way a dead worker died of is not known: they are done again, each alone. One that takes its
    worker along three times is refused.
    """
    waiting = iter(tasks)
    suspects: deque[Task] = deque()
    while True:
        with _Pool(workers) as pool:
            under_way: dict[Future[Answer], Task] = {}
            try:
                for task in waiting:
                    under_way[pool.submit(judge, task)] = task
                    if len(under_way) >= workers * WAITING_PER_WORKER:
                        yield from _finished(under_way)
                while under_way:
                    yield from _finished(under_way)
                return
            except BrokenProcessPool:
                suspects.extend(under_way.values())
        while suspects:
            suspect = suspects.popleft()
            yield suspect, _alone(suspect, judge)


def _finished(under_way: dict[Future[Answer], Task]) -> Answers:
    """What is done, once something is."""
    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
    for future in done:
        answer = future.result()  # a broken pool leaves its tasks where they are
        yield under_way.pop(future), answer


def _alone(task: Task, judge: Callable[[Task], Answer]) -> Answer:
    for _ in range(MAX_DEATHS):
        with _Pool(1) as pool:
            try:
                return pool.submit(judge, task).result()
            except BrokenProcessPool:
                continue
    return died(task)


def died(task: Task) -> Answer:
    """The answer for a task that no worker outlived."""
    reason = f"{task.input}: the process that judged it died {MAX_DEATHS} times: out of memory?"
    return Answer("refused", reason=reason)


class _Pool(ProcessPoolExecutor):
    """Processes that start afresh, since this one may have threads, and end with it."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, multiprocessing.get_context("spawn"), _begin)

    def __exit__(self, *error: object) -> None:
        self.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides when it is interrupted
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
