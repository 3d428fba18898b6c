"""Boxes and arrows: laid out in columns from left to right, drawn as SVG, written as Mermaid.

The same nodes and arrows give the same bytes. Text is cut where it would leave its box; the whole of it is in the
node's <title>, which browsers show and screen readers read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from markupsafe import Markup, escape

from compliance.visible import shown
from policies.masking import masked, masked_name, without

Kind = Literal["outside", "edge", "compute", "store", "log", "control"]

_BOX_WIDTH, _BOX_HEIGHT = 190, 46
_COLUMN_GAP, _ROW_GAP, _MARGIN = 96, 18, 12
_LINE_CHARACTERS = 27
_SWEEPS = 4  # passes over the columns that order their boxes; more change nothing that can be seen
_MERMAID_WORD = re.compile(r"[^\w .,:/()@*+=-]")


@dataclass(frozen=True, order=True)
class Node:
    """A box: a heading, and what is below it in smaller letters. `id` is unique in its diagram."""

    id: str
    heading: str
    detail: str
    kind: Kind

    def __post_init__(self) -> None:
        """What looks like a credential is masked, in the id as in the ids that arrows name."""
        object.__setattr__(self, "id", masked_name(self.id))
        for name in ("heading", "detail"):
            object.__setattr__(self, name, masked(getattr(self, name)))


@dataclass(frozen=True, order=True)
class Arrow:
    """From one node to another, by their ids."""

    source: str
    target: str
    label: str = ""

    def __post_init__(self) -> None:
        """Masks; see Node."""
        for name in ("source", "target", "label"):
            object.__setattr__(self, name, masked_name(getattr(self, name)))

    @property
    def turned(self) -> "Arrow":
        """The same the other way round."""
        return Arrow(self.target, self.source, self.label)


@dataclass(frozen=True)
class Diagram:
    """What `requirement` asks to be shown. `notes` say what is not shown, and why; `kind` is one for all stacks."""

    id: str
    requirement: str
    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    notes: tuple[str, ...] = ()
    kind: str = ""

    def __post_init__(self) -> None:
        """Masks the notes, which quote values."""
        object.__setattr__(self, "notes", tuple(map(masked, self.notes)))

    def without(self, known: Sequence[str]) -> "Diagram":
        """The same with these credentials masked."""
        return replace(
            self,
            nodes=tuple(
                replace(one, heading=without(one.heading, known), detail=without(one.detail, known))
                for one in self.nodes
            ),
            arrows=tuple(replace(one, label=without(one.label, known)) for one in self.arrows),
            notes=tuple(without(note, known) for note in self.notes),
        )

    @property
    def svg(self) -> Markup:
        """The picture as an element to put into a page; its colours are classes of the page's style."""
        return _svg(self)

    @property
    def mermaid(self) -> str:
        """The same as text that GitHub and GitLab draw."""
        return _mermaid(self)


def _columns(diagram: Diagram) -> list[list[str]]:
    """Ids of the nodes by column: each node right of all that point at it, but for arrows that would close a circle."""
    after: dict[str, list[str]] = defaultdict(list)
    for arrow in sorted(diagram.arrows):
        after[arrow.source].append(arrow.target)
    depth = _depths([node.id for node in sorted(diagram.nodes)], after)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for id_ in sorted(depth):
        columns[depth[id_]].append(id_)
    neighbours: dict[str, set[str]] = defaultdict(set)
    for arrow in diagram.arrows:
        neighbours[arrow.source].add(arrow.target)
        neighbours[arrow.target].add(arrow.source)
    for sweep in range(_SWEEPS):
        order = columns if sweep % 2 == 0 else columns[::-1]
        for left, right in pairwise(order):
            _sort_by_neighbours(right, left, neighbours)
    return columns


def _depths(ids: Sequence[str], after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The length of the longest way to each node, arrows back to a node under way left out."""
    order: list[str] = []
    back: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    for root in ids:
        stack = [(root, iter(after.get(root, ())))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            id_, targets = stack[-1]
            for target in targets:
                if state.get(target) == 1:
                    back.add((id_, target))
                elif target not in state:
                    state[target] = 1
                    stack.append((target, iter(after.get(target, ()))))
                    break
            else:
                state[id_] = 2
                order.append(id_)
                stack.pop()
    depth = dict.fromkeys(ids, 0)
    for id_ in reversed(order):
        for target in after.get(id_, ()):
            if (id_, target) not in back:
                depth[target] = max(depth[target], depth[id_] + 1)
    reached = {target for id_ in ids for target in after.get(id_, ()) if (id_, target) not in back}
    for id_ in ids:
        ahead = [depth[target] for target in after.get(id_, ()) if (id_, target) not in back]
        if id_ not in reached and ahead:
            depth[id_] = min(ahead) - 1  # a beginning stands beside what it leads to
    return depth


def _sort_by_neighbours(column: list[str], beside: Sequence[str], neighbours: Mapping[str, set[str]]) -> None:
    place = {id_: position for position, id_ in enumerate(beside)}
    own = {id_: position for position, id_ in enumerate(column)}

    def middle(id_: str) -> tuple[float, str]:
        places = [place[other] for other in neighbours[id_] if other in place]
        return (sum(places) / len(places) if places else float(own[id_]), id_)

    column.sort(key=middle)


def _svg(diagram: Diagram) -> Markup:
    columns = _columns(diagram)
    rows = max(len(column) for column in columns)
    height = 2 * _MARGIN + rows * _BOX_HEIGHT + (rows - 1) * _ROW_GAP
    corners: dict[str, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        free = height - 2 * _MARGIN - len(column) * _BOX_HEIGHT - (len(column) - 1) * _ROW_GAP
        for row, id_ in enumerate(column):
            x = _MARGIN + number * (_BOX_WIDTH + _COLUMN_GAP)
            corners[id_] = (x, _MARGIN + free / 2 + row * (_BOX_HEIGHT + _ROW_GAP))
    drawn = _drawn_once(diagram, corners)
    width = 2 * _MARGIN + len(columns) * _BOX_WIDTH + (len(columns) - 1) * _COLUMN_GAP
    if any(corners[arrow.target][0] <= corners[arrow.source][0] for arrow in drawn):
        width += _COLUMN_GAP  # where these arrows turn back
    marker = f"{diagram.id}-tip"
    parts = [
        Markup(
            '<svg class="diagram" id="{}" role="img" aria-labelledby="{}-title" viewBox="0 0 {} {}" width="{}" '
            'height="{}" xmlns="http://www.w3.org/2000/svg"><title id="{}-title">{}</title>'
            '<defs><marker id="{}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
        ).format(diagram.id, diagram.id, width, height, width, height, diagram.id, shown(diagram.title), marker)
    ]
    both = frozenset(diagram.arrows)
    parts += [_line(arrow, corners, marker, is_both=arrow.turned in both) for arrow in drawn]
    parts += [_box(node, *corners[node.id]) for node in diagram.nodes]
    return Markup("").join([*parts, Markup("</svg>")])


def _drawn_once(diagram: Diagram, corners: Mapping[str, tuple[float, float]]) -> list[Arrow]:
    """The arrows, but of two that go both ways with one label only that from left to right, or from top to bottom."""
    every = frozenset(diagram.arrows)
    return [
        arrow for arrow in diagram.arrows if arrow.turned not in every or corners[arrow.source] < corners[arrow.target]
    ]


def _box(node: Node, x: float, y: float) -> Markup:
    middle = x + _BOX_WIDTH / 2
    return Markup(
        '<g class="node {}"><title>{}</title><rect x="{:g}" y="{:g}" width="{}" height="{}" rx="5"/>'
        '<text x="{:g}" y="{:g}" class="heading">{}</text><text x="{:g}" y="{:g}" class="detail">{}</text></g>'
    ).format(
        node.kind,
        shown(f"{node.heading}: {node.detail}" if node.detail else node.heading),
        x,
        y,
        _BOX_WIDTH,
        _BOX_HEIGHT,
        middle,
        y + 19,
        _cut(node.heading),
        middle,
        y + 35,
        _cut(node.detail),
    )


def _line(arrow: Arrow, corners: Mapping[str, tuple[float, float]], marker: str, *, is_both: bool) -> Markup:
    (x1, y1), (x2, y2) = corners[arrow.source], corners[arrow.target]
    start_y, end_y = y1 + _BOX_HEIGHT / 2, y2 + _BOX_HEIGHT / 2
    if x2 > x1:
        start_x, end_x = x1 + _BOX_WIDTH, x2
        bend = _COLUMN_GAP / 2
    else:  # backwards, or within a column: round by the right
        start_x, end_x = x1 + _BOX_WIDTH, x2 + _BOX_WIDTH
        bend = _COLUMN_GAP * 0.8
    far = end_x - bend if x2 > x1 else end_x + bend
    path = f"M{start_x:g} {start_y:g}C{start_x + bend:g} {start_y:g} {far:g} {end_y:g} {end_x:g} {end_y:g}"
    label = Markup("")
    if arrow.label:
        # Near the arrow's tip, where arrows from different places are apart; before it, or after where it turns back.
        kind, beside = ("label", end_x - 10) if x2 > x1 else ("label after", end_x + 10)
        label = Markup('<text class="{}" x="{:g}" y="{:g}">{}</text>').format(
            kind, beside, end_y - 5, _cut(arrow.label)
        )
    start = Markup(' marker-start="url(#{})"').format(marker) if is_both else ""
    return Markup('<path class="arrow" d="{}"{} marker-end="url(#{})"/>').format(path, start, marker) + label


def _cut(text: str) -> str:
    visible = shown(text)
    return visible if len(visible) <= _LINE_CHARACTERS else visible[: _LINE_CHARACTERS - 1] + "…"


def _mermaid(diagram: Diagram) -> str:
    numbers = {node.id: f"n{number}" for number, node in enumerate(diagram.nodes)}
    lines = ["flowchart LR"]
    for node in diagram.nodes:
        text = _word(node.heading) + (f"<br/>{_word(node.detail)}" if node.detail else "")
        shape = ('[("', '")]') if node.kind == "store" else ('["', '"]')
        lines.append(f"  {numbers[node.id]}{shape[0]}{text}{shape[1]}")
    for arrow in diagram.arrows:
        label = f'|"{_word(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  {numbers[arrow.source]} -->{label} {numbers[arrow.target]}")
    return "\n".join(lines)


def _word(text: str) -> str:
    """Text that can end neither the quotes nor the block that it stands in."""
    return str(escape(_MERMAID_WORD.sub("_", shown(text)[:80])))
