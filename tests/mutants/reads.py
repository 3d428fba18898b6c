"""Which parts of a stack an assessment looks at: what it did not look at cannot change its verdict.

A policy is a deterministic function of what it reads: the graph's resources, and their bodies. Both are watched here,
the bodies by their outermost attributes. A verdict whose reads a mutant does not touch is the baseline's; that this
holds is tested against full runs (test_judging.py), not believed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from policies import graph as graphs
from policies.graph import ResourceGraph
from policies.resources import Resource

# (address, argument), (address, EVERY) for a whole body, ("type", type) for who there is of a type.
Read = tuple[str, str]
EVERY = "*"
POPULATION = "type"


class Recorder:
    """Collects the reads of whatever is judged at the moment."""

    def __init__(self) -> None:
        self.reads: set[Read] = set()

    def during(self, work: Callable[[], Any]) -> tuple[Any, set[Read]]:
        """What `work` returns, and what it read; that counts for whoever asked for it, too."""
        outer, self.reads = self.reads, set()
        try:
            return work(), self.reads
        finally:
            self.reads = outer | self.reads


class WatchedBody(dict[str, Any]):
    """A resource body that notes which of its arguments are looked at."""

    def __init__(self, body: dict[str, Any], address: str, recorder: Recorder) -> None:
        super().__init__(body)
        self.address, self.recorder = address, recorder

    def _note(self, key: str) -> None:
        self.recorder.reads.add((self.address, key))

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._note(EVERY)
        return super().__iter__()

    def __len__(self) -> int:
        self._note(EVERY)
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self._note(EVERY)
        return super().__eq__(other)

    __hash__ = None

    def keys(self) -> Any:
        self._note(EVERY)
        return super().keys()

    def values(self) -> Any:
        self._note(EVERY)
        return super().values()

    def items(self) -> Any:
        self._note(EVERY)
        return super().items()


class WatchedGraph(ResourceGraph):
    """A resource graph that notes who was asked for; what it works out once counts for everyone who uses it."""

    def __init__(self, graph: ResourceGraph, recorder: Recorder) -> None:
        self.recorder = recorder
        self.state = 0
        self.link_reads: dict[tuple[str, str], set[Read]] = {}
        self.identifier_reads: set[Read] = set()
        super().__init__(graph.resources, graph.providers)
        for resource in self.resources:
            watch(resource, recorder)
            resource.scope.module.graph = self  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        """Another one in each state, so that nothing kept for the graph as it was is taken for the graph as it is."""
        return self.state

    def _note(self, *types: str) -> None:
        self.recorder.reads.update((POPULATION, type_) for type_ in types)

    def get(self, address: str) -> Resource | None:
        self._note(address.rpartition(".")[0])
        return super().get(address)

    def at(self, address: str) -> tuple[Resource, ...]:
        self._note(address.partition("[")[0].rpartition(".")[0])
        return super().at(address)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        self._note(*types)
        return super().of_type(*types)

    def edges(self) -> Iterator[graphs.Edge]:
        self._note(EVERY)
        return super().edges()

    def referrers(self, resource: Resource, type_: str, path: str) -> tuple[Resource, ...]:
        key = (type_, path)
        if key not in self._links:
            made, reads = self.recorder.during(lambda: graphs._Links(self, type_, path))
            self._links[key], self.link_reads[key] = made, reads
        self.recorder.reads |= self.link_reads[key]
        return super().referrers(resource, type_, path)

    def _identified(self, value: str) -> list[Resource]:
        if self._by_identifier is None:
            _, self.identifier_reads = self.recorder.during(lambda: super(WatchedGraph, self)._identified(value))
            self.identifier_reads.add((POPULATION, EVERY))
        self.recorder.reads |= self.identifier_reads
        return super()._identified(value)

    @contextmanager
    def changed(self, resource: Resource, arguments: Iterable[str], body: dict[str, Any]) -> Iterator[None]:
        """For a while the resource has this body, which differs in these arguments; what is kept of it is set aside."""
        before = (resource.body, resource.written)
        kept = (self._links, self.link_reads, self._by_identifier, self.identifier_reads)
        touched = {(resource.address, argument) for argument in (*arguments, EVERY)}
        self._links = {key: links for key, links in self._links.items() if not touched & self.link_reads[key]}
        self.link_reads = {key: self.link_reads[key] for key in self._links}
        self._by_identifier = None if touched & self.identifier_reads else self._by_identifier
        put(resource, {key: value for key, value in body.items() if key != "//"})
        resource.written = body
        self.state += 1
        try:
            yield
        finally:
            self.state += 1
            put(resource, before[0])
            resource.written = before[1]
            self._links, self.link_reads, self._by_identifier, self.identifier_reads = kept


def watch(resource: Resource, recorder: Recorder) -> None:
    """Puts watched bodies in the place of the resource's own."""
    put(resource, WatchedBody(dict(resource.body), resource.address, recorder))
    if resource.written is not None:
        resource.written = WatchedBody(dict(resource.written), resource.address, recorder)


def put(resource: Resource, body: Any) -> None:
    """Makes this the resource's body; a resource is its own outermost block, which knows it under another name."""
    resource.body = body
    resource._body = body
