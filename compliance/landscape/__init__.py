"""What the judged stacks are, drawn and listed from the same documents that were judged.

documents.py    the gate's inputs, read again, and only if they are still those that were judged
inventories.py  lists that the standard asks for: components, keys and certificates, protocols, technologies
network.py      subnets and their routes; who may talk to whom (1.2.3)
data_flow.py    the ways that data takes between what serves, stores and logs it (1.2.4)
diagram.py      boxes and arrows, as SVG and as Mermaid

A diagram shows what the configuration says. That data which counts flows along an arrow is the entity's to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from compliance.landscape.data_flow import data_flow, log_flow
from compliance.landscape.diagram import Diagram
from compliance.landscape.documents import Unseen, read
from compliance.landscape.inventories import Inventory, inventories
from compliance.landscape.network import connections, subnets
from policies.documents import Document
from policies.known_secrets import known_secrets
from policies.recorded_result import RecordedResult


@dataclass(frozen=True)
class StackDiagrams:
    """The diagrams of one stack; a stack without a network has fewer."""

    stack: str
    diagrams: tuple[Diagram, ...]


@dataclass(frozen=True)
class Landscape:
    """Inventories over all stacks, diagrams of each, and the inputs that could not be shown."""

    inventories: tuple[Inventory, ...]
    stacks: tuple[StackDiagrams, ...]
    unseen: tuple[Unseen, ...]

    @cached_property
    def artefacts(self) -> frozenset[str]:
        """Names, as in ARTEFACTS, of the inventories with a row and of the kinds of diagram that some stack has."""
        lists = {f"inventory-{one.id}" for one in self.inventories if one.rows}
        return frozenset(lists | {f"diagram-{one.kind}" for stack in self.stacks for one in stack.diagrams})


NOTHING = Landscape((), (), ())
# What edges.toml may name. An inventory has the name of its CSV file.
ARTEFACTS = (
    *(f"inventory-{one.id}" for one in inventories(())),
    *("diagram-subnets", "diagram-connections", "diagram-data-flow", "diagram-log-flow"),
)


def landscape(result: RecordedResult) -> Landscape:
    """The landscape of what `result` says was judged."""
    documents, unseen = read(result.inputs)
    drawn = [StackDiagrams(one.stack, tuple(_diagrams(one))) for one in documents]
    return Landscape(inventories(documents), tuple(one for one in drawn if one.diagrams), unseen)


def _diagrams(document: Document) -> Iterator[Diagram]:
    known = known_secrets(document.graph)
    for draw in (subnets, connections, data_flow, log_flow):
        diagram = draw(document)
        if diagram:
            yield diagram.without(known) if known else diagram
