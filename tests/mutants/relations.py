"""Whether a failed assessment has to do with what was changed: a mutant counts as killed by a related policy only."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from policies.expressions import references
from policies.graph import ResourceGraph
from tests.mutants.judging import REFUSED, Kill
from tests.mutants.operators import Mutant

# As far as the longest chain that a policy follows: from a rule of a security group to whoever rotates a login.
_STEPS = 5
# Everybody refers to these, so that a way through them connects nothing; it may begin or end there.
_SHARED = ("data.", "aws_kms_key.", "aws_vpc.", "aws_sns_topic.")
# Tied to what they are about by names (metrics, log groups, zones), not by references.
_BY_NAME = ("aws_cloudwatch_metric_alarm.", "aws_cloudwatch_log_group.", "aws_route53_query_log.")


class Relations:
    """Who refers to whom in a stack, either way round."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._neighbours: dict[str, set[str]] = defaultdict(set)
        self._near: dict[str, set[str]] = {}
        for edge in graph.edges():
            if not edge.path.startswith("depends_on"):
                self._neighbours[edge.source].add(edge.target)
                self._neighbours[edge.target].add(edge.source)

    def is_related(self, mutant: Mutant, kill: Kill) -> bool:
        """Whether the assessment is on the changed resource, near it, about it, or on the stack as a whole."""
        everywhere = not kill.address or kill.policy == REFUSED or mutant.type == "provider"
        if everywhere or mutant.address.startswith(_BY_NAME):
            return True
        ends = {mutant.address, *_named(mutant.body)}  # what it refers to now, and, by the graph, what it did before
        if any(kill.address in self._reached(address) for address in ends):
            return True
        return any(address in kill.message for address in (*ends, *self._neighbours[mutant.address]))

    def _reached(self, address: str) -> set[str]:
        if address not in self._near:
            found, border = {address}, {address}
            for _ in range(_STEPS):
                passable = {one for one in border if one == address or not one.startswith(_SHARED)}
                border = {other for one in passable for other in self._neighbours[one]} - found
                found |= border
            self._near[address] = found
        return self._near[address]


def _named(value: Any) -> Iterator[str]:
    """The addresses that a body refers to, but for those that everybody does."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(inner) if key not in ("//", "depends_on") else ()
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, str):
        found = (reference.subject.partition("[")[0] for reference in references(value))
        yield from (address for address in found if not address.startswith(_SHARED))
