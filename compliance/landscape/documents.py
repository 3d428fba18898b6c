"""The documents that the gate judged, read once more."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policies import documents
from policies.documents import Document
from policies.errors import InputError
from policies.recorded_result import Input


@dataclass(frozen=True)
class Unseen:
    """An input that could not be shown, and why."""

    stack: str
    path: str
    reason: str


def read(inputs: Iterable[Input]) -> tuple[tuple[Document, ...], tuple[Unseen, ...]]:
    """The documents of `inputs` that are what they were when they were judged, and those that are not."""
    seen: list[Document] = []
    unseen: list[Unseen] = []
    for one in inputs:
        try:
            (document,) = documents.read([Path(one.path)], one.stack)
        except InputError as error:
            unseen.append(Unseen(one.stack, one.path, f"it cannot be read any more: {error}"))
            continue
        if document.sha256 == one.sha256:
            seen.append(document)
        else:
            unseen.append(Unseen(one.stack, one.path, "it has changed since it was judged"))
    return tuple(seen), tuple(unseen)
