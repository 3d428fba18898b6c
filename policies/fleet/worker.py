"""What runs in a worker: one input to its part. It knows nothing of the others, and keeps nothing but the policies."""

import contextlib
import functools
import gc
import hashlib
import os
import platform
import resource
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from policies import attestation, disk, documents, gate, requirements
from policies.documents import Document
from policies.errors import InputError
from policies.fleet import content, storage
from policies.fleet.part import Part, Terms, pack, part
from policies.model import Assessment
from policies.result import order

Status = Literal["judged", "kept", "refused", "foreign"]


@dataclass(frozen=True)
class Task:
    """One input to judge; `known` is the digest of its content when an earlier run judged it on the same terms."""

    input: str
    terms: Terms
    known: str | None = None


@dataclass(frozen=True)
class Answer:
    """What became of a task: a packed part, the word that what is known holds, or the reason why it was refused.

    `foreign` is the answer of a worker that would judge by other policies. `worker` names it, `peak_bytes` is the most
    memory that it has needed so far, 0 where that is not known.
    """

    status: Status
    part: bytes = b""
    reason: str = ""
    worker: str = ""
    peak_bytes: int = 0


_one_at_a_time = threading.Lock()  # judging is not made for threads, and gains nothing by them


def judge(task: Task) -> Answer:
    """Judges one input; whatever is wrong with it becomes the answer."""
    with _one_at_a_time, _garbage_left():
        try:
            return replace(_answer(task), worker=_name(), peak_bytes=peak_bytes())
        except InputError as error:
            reason = str(error)
        except Exception as error:  # one input must not end the run, nor look judged
            reason = f"{task.input}: internal error: {type(error).__name__}: {error}"
    return Answer("refused", reason=" ".join(reason.split()), worker=_name(), peak_bytes=peak_bytes())


def version(policies: tuple[str, ...] | None, *, with_checkov: bool) -> str:
    """The digest of everything but the input that decides a verdict: policies, what is asked, tools."""
    lines = [attestation.policy_set_digest(gate.selected(policies)), platform.python_version()]
    lines += [disk.sha256(requirements.EDGES)] if disk.exists(requirements.EDGES) else []
    if with_checkov:
        from policies import checkov

        lines.append(checkov.checkov_version())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# Asked once a process, whose policies stay as they were imported whatever becomes of their files.
_own_version = functools.cache(version)
_measures = functools.cache(gate.measures)


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _answer(task: Task) -> Answer:
    terms = task.terms
    if _own_version(terms.policies, with_checkov=terms.with_checkov) != terms.version:
        return Answer("foreign")
    with storage.fetched(task.input) as fetched:
        try:
            before = content.digest(fetched.path)
            if before == task.known:
                return Answer("kept")
            judged = _part(task, fetched, before)
            if content.digest(fetched.path) != before:
                raise InputError(f"{fetched.path}: changed while it was judged")
        except InputError as error:
            raise InputError(fetched.named(str(error))) from None
    return Answer("judged", pack(judged))


def _part(task: Task, fetched: storage.Fetched, digest: str) -> Part:
    [document] = documents.read([fetched.path])
    files = tuple(Path(fetched.named(str(file))) for file in document.files)
    document = replace(document, path=fetched.named(document.path), files=files)
    if task.terms.names == "path":
        document = document.named(document.path)
    has_modules = gate.has_modules(document)
    assessments = sorted(_assessments(document, task.terms, has_modules), key=order)
    return part(task.terms, digest, document, has_modules, assessments)


def _assessments(document: Document, terms: Terms, has_modules: bool) -> list[Assessment]:
    found = gate.assessed(document, gate.judges(terms.policies, with_modules=has_modules), _measures())
    if terms.with_checkov:
        from policies import checkov

        found += checkov.assess(document.graph, document.stack, _measures().requirements, document.kind)
    return found


@contextlib.contextmanager
def _garbage_left() -> Iterator[None]:
    """Judging one input is a short run: garbage is looked for when it is over, which bounds what a worker holds."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
        _keep_what_stays()


@functools.cache
def _keep_what_stays() -> None:
    """Once the first input has had everything imported: what is left then is looked at by no later collection."""
    gc.freeze()


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
