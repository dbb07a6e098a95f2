"""The evolution tree: who was made from whom, by which operator, and how far each has drifted from its root.

EvolutionTree(rows, similarity=lambda root, text: cosine([root], [text])[0], limit=0.7)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

import numpy as np

from prompt2data.i18n import _
from prompt2data.widgets.family import Node, Similarity, grow
from prompt2data.widgets.view import Pages, View, finite, index_from_page
from prompt2data.widgets.worddiff import WordDiff, diff

CLOSE, DRIFTING = 0.85, 0.6  # the least similarity to the root that has this word; below the second it is "far"
LEAVES = "BREADTH"  # the operator whose children are meant to leave their root

PAGE = 40  # lines of the tree at a time
STORED = 20  # nodes in the form without a kernel
_FAMILIES = 3  # roots among these
_OPERATORS = 8  # rows of the table
_LONGEST_TEXT, _STORED_TEXT = 1_200, 400  # characters of a text that are compared
_LONGEST_PATH = 8  # nodes
_SMALL = 30  # nodes up to which a forest is fully open at first

# From far to close, ever lighter: distinct with any colour vision and in grey, and readable below dark text.
_SCALE = (0.2, 0.6, 1.0), ((226, 113, 29), (253, 193, 92), (255, 247, 214))  # similarities, and their colours


@dataclass(frozen=True)
class Chip:
    """A similarity as it is shown: number, word, background."""

    number: str
    word: str
    background: str


def chip(similarity: float) -> Chip:
    """How a similarity to the root is shown."""
    word = _("close") if similarity >= CLOSE else _("drifting") if similarity >= DRIFTING else _("far")
    similarities, colours = _SCALE
    channels = (round(float(np.interp(similarity, similarities, channel))) for channel in zip(*colours, strict=True))
    return Chip(f"{similarity:.2f}", word, "#{:02x}{:02x}{:02x}".format(*channels))


class EvolutionTree(View):
    """Generations as a tree: the operator on each edge, the words that changed, the drift from the root.

    Args:
        edges: rows, each an evolution: a list of dictionaries, a `datasets.Dataset` or a pandas table. The parent is
            in the column "parent" or "instruction", the child in "child", "evolved_instruction" or "generation" (the
            first of them that the first row has). Optional: "operator"; "reason", which is "kept", None, or why the
            child was dropped; "similarity", a number: how similar the child is to its *root*.
        similarity: `similarity(root, text)`, for children whose row has no number.
        limit: the least similarity to the root, from 0 to 1, that is within the limit on drift.

    Raises:
        TypeError: if `edges` is not a table, or a similarity not a number.
        ValueError: if a column is missing, or the limit is not from 0 to 1.
    """

    part_names = ("intro", "controls", "status", "tree", "detail", "operators")
    templates = "evolution"
    chip = staticmethod(chip)  # for the templates
    scale: ClassVar = {"close": f"{CLOSE:.2f}", "drifting": f"{DRIFTING:.2f}"}  # for the legend

    def __init__(self, edges: Any, similarity: Similarity | None = None, limit: float = 0.7) -> None:
        self.limit = _checked(limit)
        self.dropped = True  # whether dropped nodes are shown
        self.nodes = grow(edges, similarity)
        self._roots = [node for node in self.nodes if node.parent is None]
        self.measured = any(node.similarity is not None for node in self.nodes)
        self._pages = Pages(PAGE)
        # At first a child that has children itself, and one that was kept.
        self.chosen = max(self._children(), key=lambda node: (bool(node.children), not node.reason), default=None)
        self.opened: set[Node] = set()
        if len(self.nodes) <= _SMALL:
            self.opened.update(self.nodes)
        elif self.chosen is not None:
            self.opened.update(self.chosen.path)
            self._pages.turn_to(self._lines().index(self.chosen))
        super().__init__()

    def title(self) -> str:
        return _("Evolution tree")

    def summary(self) -> str:
        return f"{self.title()} · {self.size()}"

    # -- drawing ------------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if name in ("controls", "detail"):
            return bool(self.nodes) and not static
        return bool(self.nodes) or static or name != "tree"

    def part_status(self, static: bool) -> str:
        measured = [node for node in self._children() if node.similarity is not None]
        beyond = [node for node in measured if self.is_beyond(node)]
        chosen = None if static else self.chosen
        return self.render(
            "status",
            n=_rows(measured),
            beyond=_rows(beyond),
            leaving=_rows(filter(self.is_leaving, beyond)),
            operator=LEAVES,
            diff=chosen and _difference(chosen),
        )

    def part_tree(self, static: bool) -> str:
        if static:
            return self._stored()
        lines = self._lines()
        shown = self._pages.shown(lines)
        return self.render(
            "tree",
            nodes=shown,
            above=shown[0].parent if shown else None,
            current=self.chosen if self.chosen in shown else next(iter(shown), None),
            first=self._pages.first + 1,
            n=len(lines),
        )

    def part_detail(self, static: bool) -> str:
        node = self.chosen
        assert node is not None  # as there are nodes
        path = node.path
        shortened = path if len(path) <= _LONGEST_PATH else [path[0], *path[1 - _LONGEST_PATH :]]
        return self.render(
            "detail",
            node=node,
            diff=_difference(node),
            path=shortened,
            gap=len(path) - len(shortened),
        )

    def part_operators(self, static: bool) -> str:
        groups: dict[str, list[Node]] = {}
        for node in self._children():
            groups.setdefault(node.operator, []).append(node)
        if not any(groups):
            return ""
        rows = []
        for operator, nodes in sorted(groups.items(), key=lambda item: -_rows(item[1])):
            values = [node.similarity for node in nodes if node.similarity is not None for _time in range(node.times)]
            beyond = _rows(node for node in nodes if self.is_beyond(node))
            rows.append((operator, _rows(nodes), beyond, median(values) if values else None))
        return self.render("operators", rows=rows[:_OPERATORS], more=len(rows[_OPERATORS:]))

    def _stored(self) -> str:
        """Some of each of the first families as nested lists."""
        families, left = [], STORED
        for index, root in enumerate(self._roots[:_FAMILIES]):
            share = max(1, left // (min(len(self._roots), _FAMILIES) - index))
            chosen, queue = {root}, self._telling(root)
            while queue and len(chosen) < share:
                node = queue.pop(0)
                chosen.add(node)
                further = self._telling(node)
                queue = further[:2] + queue + further[2:]
            left -= len(chosen)
            families.append(self._branch(root, chosen))
        return self.render("stored", families=families, more=len(self._roots) - len(families))

    def _branch(self, node: Node, chosen: set[Node]) -> dict[str, Any]:
        children = self.visible(node.children)
        return {
            "node": node,
            "diff": _difference(node, _STORED_TEXT),
            "children": [self._branch(child, chosen) for child in children if child in chosen],
            "more": sum(child not in chosen for child in children),
        }

    def _telling(self, node: Node) -> list[Node]:
        """Its children, the most telling first: those with children, then dropped and kept ones of each operator."""
        turns: Counter[tuple[str, bool]] = Counter()
        order: dict[Node, tuple[bool, int, bool]] = {}
        for child in self.visible(node.children):
            kept = not child.reason
            order[child] = (not child.children, turns[child.operator, kept], kept)
            turns[child.operator, kept] += 1
        return sorted(order, key=order.__getitem__)

    # -- what it knows ------------------------------------------------------------------------------------------------

    def size(self) -> str:
        """The numbers of roots and children, in words."""
        children = [node for node in self.nodes if node.parent is not None]
        return _("Roots: {roots}. Children: {n}, of these kept: {kept}.").format(
            roots=len(self._roots), n=_rows(children), kept=_rows(node for node in children if not node.reason)
        )

    def _children(self) -> list[Node]:
        """All nodes that were made from another, without dropped ones where these are hidden."""
        return [node for node in self.nodes if node.parent is not None and (self.dropped or not node.reason)]

    def siblings(self, node: Node) -> list[Node]:
        """The node and its visible siblings."""
        return self.visible(self._roots if node.parent is None else node.parent.children)

    def visible(self, nodes: list[Node]) -> list[Node]:
        """Those of the nodes that are shown inside an open branch."""
        # A dropped node that leads to a kept one stays, since the kept one could not be reached without it.
        return [node for node in nodes if self.dropped or node.leads or node.parent is None]

    def is_leaving(self, node: Node) -> bool:
        """Whether the operator that made it is meant to leave the root."""
        return node.operator.strip().upper() == LEAVES

    def is_beyond(self, node: Node) -> bool:
        """Whether it is known to have drifted further than the limit allows."""
        # The cosine of a copy is 1 only up to rounding.
        return node.similarity is not None and node.similarity < self.limit - 1e-6

    def _lines(self) -> list[Node]:
        """The nodes that are not inside a closed branch, from top to bottom."""
        lines: list[Node] = []
        waiting = self._roots[::-1]
        while waiting:
            node = waiting.pop()
            lines.append(node)
            if node in self.opened:
                waiting += self.visible(node.children)[::-1]
        return lines

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_choose(self, value: str) -> None:
        self.chosen = self.nodes[index_from_page(value, len(self.nodes))]
        self.redraw("tree", "detail", "status")

    def do_toggle(self, value: str) -> None:
        node = self.nodes[index_from_page(value, len(self.nodes))]
        self.opened ^= {node}
        if self.chosen is not None and node not in self.opened and node in self.chosen.path:
            self.chosen = node  # the chosen node stays in sight
        self._turn_to(node)

    def do_open_all(self, value: str) -> None:
        self.opened = {node for node in self.nodes if node.children}
        self._turn_to(self.chosen)

    def do_close_all(self, value: str) -> None:
        self.opened = set()
        if self.chosen is not None:
            self.chosen = self.chosen.path[0]
        self._turn_to(self.chosen)

    def do_page(self, value: str) -> None:
        self._pages.turn(value, len(self._lines()))
        self.redraw("tree")

    def do_limit(self, value: str) -> None:
        self.limit = _checked(finite(value))
        self.redraw("tree", "status", "detail", "operators")

    def do_dropped(self, value: str) -> None:
        self.dropped = value == "true"
        self._turn_to(self.chosen)
        self.redraw("status", "operators")

    def _turn_to(self, node: Node | None) -> None:
        """Show the page with this node, and with the first of its children."""
        lines = self._lines()
        index = lines.index(node) if node in lines else 0
        children = len(node.children) if node in self.opened else 0
        self._pages.turn_to(index)
        if index + min(children, PAGE // 2) >= self._pages.first + PAGE:
            self._pages.first = index
        self.redraw("tree", "detail")


def _rows(nodes: Iterable[Node]) -> int:
    """How many rows of the table these nodes stand for."""
    return sum(node.times for node in nodes)


def _difference(node: Node, longest: int = _LONGEST_TEXT) -> WordDiff | None:
    return None if node.parent is None else diff(node.parent.text, node.text, longest)


def _checked(limit: Any) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
        raise ValueError(_("The limit on drift is a number from 0 to 1."))
    return float(limit)
