"""The evolution tree: who was made from whom, by which operator, and how far each has drifted from its root.

EvolutionTree(rows, similarity=lambda root, text: cosine([root], [text])[0], limit=0.7)
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from prompt2data.i18n import _
from prompt2data.widgets.family import Node, Similarity, grow
from prompt2data.widgets.view import View, render
from prompt2data.widgets.worddiff import Diff, diff

CLOSE, DRIFTING = 0.85, 0.6  # from which similarity to the root these words are used; below the second it is "far"
LEAVES = "BREADTH"  # the operator whose children are meant to leave their root

PAGE = 40  # lines of the tree at a time
STORED = 20  # nodes in the form without a kernel
_FAMILIES = 3  # roots among these
_OPERATORS = 8  # rows of the table
_LONGEST_TEXT, _STORED_TEXT = 1_200, 400  # characters of a text that are compared
_SMALL = 30  # nodes of a forest that opens whole

# From close to far, ever deeper: told apart with any colour vision and in grey. Dark text can be read on all of them.
_SCALE = ((1.0, (255, 247, 214)), (0.6, (253, 193, 92)), (0.2, (226, 113, 29)))


@dataclass(frozen=True)
class Chip:
    """A similarity as it is shown: number, word, background."""

    number: str
    word: str
    background: str


def chip(similarity: float | None) -> Chip | None:
    """How a similarity to the root is shown; None where nobody knows it."""
    if similarity is None:
        return None
    word = _("close") if similarity >= CLOSE else _("drifting") if similarity >= DRIFTING else _("far")
    return Chip(f"{similarity:.2f}", word, _color(similarity))


def _color(similarity: float) -> str:
    value = min(max(similarity, _SCALE[-1][0]), _SCALE[0][0])
    for (high, light), (low, deep) in pairwise(_SCALE):
        if value >= low:
            share = (value - low) / (high - low)
            return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in zip(light, deep, strict=True))
    raise AssertionError("the scale ends at its last value")


class EvolutionTree(View):
    """Generations as a tree: the operator on each edge, the words that changed, the drift from the root.

    Args:
        edges: rows, each an evolution: a list of dictionaries, a `datasets.Dataset` or a pandas table. The parent
            stands in the column "parent" or "instruction", the child in "child", "evolved_instruction" or "generation"
            (the first of them that the first row has). May have: "operator"; "reason", which is "kept", None, or why
            the child was dropped; "similarity", a number: how similar the child is to its *root*.
        similarity: `similarity(root, text)`, for children whose row has no number.
        limit: the least similarity to the root, from 0 to 1, that is within the limit on drift.

    Raises:
        TypeError: if `edges` is no table, or a similarity no number.
        ValueError: if a column is missing, or the limit is not from 0 to 1.
    """

    part_names = ("intro", "controls", "status", "tree", "detail", "operators")

    def __init__(self, edges: Any, similarity: Similarity | None = None, limit: float = 0.7) -> None:
        self._limit = _checked(limit)
        self._nodes = grow(edges, similarity)
        self._measured = any(node.similarity is not None for node in self._nodes)
        self._dropped = True  # whether dropped ones are shown
        self._first = 0  # the first line of the page
        children = [number for number, node in enumerate(self._nodes) if node.parent is not None]
        self._chosen = max(children, key=lambda number: self._worth(number), default=None)
        self._open: set[int] = set()
        if len(self._nodes) <= _SMALL:
            self._open = set(range(len(self._nodes)))
        elif self._chosen is not None:
            self._open = {self._chosen, *self._path(self._chosen)}
            self._first = self._lines().index(self._chosen) // PAGE * PAGE
        super().__init__()

    def title(self) -> str:
        return _("Evolution tree")

    def summary(self) -> str:
        return f"{self.title()}. {self._size()}"

    # -- drawing ------------------------------------------------------------------------------------------------------

    def part_intro(self, static: bool) -> str:
        return render("evolution_intro", label=self.title(), size=self._size(), empty=not self._nodes, static=static)

    def part_controls(self, static: bool) -> str:
        if static or not self._nodes:
            return ""
        return render(
            "evolution_controls", uid=self.uid, limit=self._limit, dropped=self._dropped, measured=self._measured
        )

    def part_status(self, static: bool) -> str:
        counted = [node for node in self._children() if node.similarity is not None]
        far = [node for node in counted if self._beyond(node)]
        leaving = sum(node.times for node in far if _leaves(node))
        said = None if static or self._chosen is None else self._difference(self._nodes[self._chosen])
        return render(
            "evolution_status",
            failure=self.failure,
            n=sum(node.times for node in counted),
            beyond=sum(node.times for node in far),
            leaving=leaving,
            operator=LEAVES,
            limit=f"{self._limit:.2f}",
            said=said,
        )

    def part_tree(self, static: bool) -> str:
        if static:
            return self._stored()
        if not self._nodes:
            return ""
        lines = self._lines()
        shown = lines[self._first : self._first + PAGE]
        above = self._nodes[shown[0]].parent if shown else None
        return render(
            "evolution_tree",
            uid=self.uid,
            lines=[self._line(number) for number in shown],
            above=None if above is None else self._nodes[above],
            current=self._chosen if self._chosen in shown else shown[0] if shown else None,
            first=self._first + 1,
            last=self._first + len(shown),
            n=len(lines),
            **self._scale(),
        )

    def part_detail(self, static: bool) -> str:
        if static or self._chosen is None:
            return ""
        node = self._nodes[self._chosen]
        return render(
            "evolution_detail",
            node=node,
            chip_=chip(node.similarity),
            parent=None if node.parent is None else self._nodes[node.parent],
            diff=self._difference(node),
            beyond=self._beyond(node),
            leaves=_leaves(node),
            path=[(one, chip(one.similarity)) for one in map(self._nodes.__getitem__, self._shortened_path())],
            gap=len(self._path(self._chosen)) + 1 - len(self._shortened_path()),
        )

    def part_operators(self, static: bool) -> str:
        groups: dict[str, list[Node]] = {}
        for node in self._children():
            groups.setdefault(node.operator, []).append(node)
        if not any(groups):
            return ""
        rows = []
        for name, nodes in sorted(groups.items(), key=lambda item: -sum(node.times for node in item[1])):
            values = [node.similarity for node in nodes if node.similarity is not None for _time in range(node.times)]
            rows.append(
                {
                    "operator": name,
                    "n": sum(node.times for node in nodes),
                    "beyond": sum(node.times for node in nodes if self._beyond(node)),
                    "median": chip(median(values)) if values else None,
                }
            )
        return render(
            "evolution_operators",
            rows=rows[:_OPERATORS],
            more=len(rows[_OPERATORS:]),
            measured=self._measured,
            limit=f"{self._limit:.2f}",
            dropped=self._dropped,
        )

    def _stored(self) -> str:
        """Some of each of the first families as nested lists."""
        roots = [number for number, node in enumerate(self._nodes) if node.parent is None and self._shown(node)]
        families, left = [], STORED
        for place, root in enumerate(roots[:_FAMILIES]):
            share = max(1, left // (min(len(roots), _FAMILIES) - place))
            chosen, queue = {root}, self._telling(root)
            while queue and len(chosen) < share:
                number = queue.pop(0)
                chosen.add(number)
                further = self._telling(number)
                queue = further[:2] + queue + further[2:]
            left -= len(chosen)
            families.append(self._branch(root, chosen))
        return render("evolution_stored", families=families, more=len(roots) - len(families), **self._scale())

    def _scale(self) -> dict[str, Any]:
        return {"measured": self._measured, "close": f"{CLOSE:.2f}", "drifting": f"{DRIFTING:.2f}"}

    def _branch(self, number: int, chosen: set[int]) -> dict[str, Any]:
        node = self._nodes[number]
        children = [child for child in node.children if self._shown(self._nodes[child])]
        return {
            **self._line(number),
            "diff": self._difference(node, _STORED_TEXT),
            "children": [self._branch(child, chosen) for child in children if child in chosen],
            "more": sum(child not in chosen for child in children),
        }

    def _telling(self, number: int) -> list[int]:
        """Its children, the most telling first: those with children, then dropped and kept ones of each operator."""
        children = [child for child in self._nodes[number].children if self._shown(self._nodes[child])]
        turns: Counter[tuple[str, bool]] = Counter()
        order: dict[int, tuple[bool, int, bool]] = {}
        for child in children:
            node = self._nodes[child]
            kind = (node.operator, not node.reason)
            order[child] = (not node.children, turns[kind], not node.reason)
            turns[kind] += 1
        return sorted(children, key=order.__getitem__)

    def _line(self, number: int) -> dict[str, Any]:
        """What one line of the tree says."""
        node = self._nodes[number]
        siblings = self._roots() if node.parent is None else self._nodes[node.parent].children
        shown = [one for one in siblings if self._shown(self._nodes[one])]
        return {
            "number": number,
            "node": node,
            "chip": chip(node.similarity),
            "beyond": self._beyond(node),
            "leaves": _leaves(node),
            "open": number in self._open,
            "below": sum(self._shown(self._nodes[child]) for child in node.children),
            "place": shown.index(number) + 1,
            "siblings": len(shown),
            "chosen": number == self._chosen,
        }

    # -- what it knows ------------------------------------------------------------------------------------------------

    def _size(self) -> str:
        children = [node for node in self._nodes if node.parent is not None]
        kept = sum(node.times for node in children if not node.reason)
        return _("Roots: {roots}. Children: {n}, of these kept: {kept}.").format(
            roots=len(self._nodes) - len(children), n=sum(node.times for node in children), kept=kept
        )

    def _roots(self) -> list[int]:
        return [number for number, node in enumerate(self._nodes) if node.parent is None]

    def _children(self) -> list[Node]:
        """All that were made from another, but for the dropped ones where these are hidden."""
        return [node for node in self._nodes if node.parent is not None and (self._dropped or not node.reason)]

    def _shown(self, node: Node) -> bool:
        # A dropped one that leads to a kept one stays: otherwise the kept one would hang in the air.
        return self._dropped or node.leads or node.parent is None

    def _beyond(self, node: Node) -> bool:
        # Of a copy the cosine is 1 but for rounding.
        return node.similarity is not None and node.similarity < self._limit - 1e-6

    def _worth(self, number: int) -> tuple[bool, bool]:
        """By which a node is looked at first: one with children, one that was kept."""
        return bool(self._nodes[number].children), not self._nodes[number].reason

    def _difference(self, node: Node, longest: int = _LONGEST_TEXT) -> Diff | None:
        return None if node.parent is None else diff(self._nodes[node.parent].text, node.text, longest)

    def _path(self, number: int) -> list[int]:
        """The ancestors of a node, the root first."""
        path: list[int] = []
        parent = self._nodes[number].parent
        while parent is not None:
            path.append(parent)
            parent = self._nodes[parent].parent
        return path[::-1]

    def _shortened_path(self) -> list[int]:
        path = [*self._path(self._chosen), self._chosen]
        return path if len(path) <= 8 else [path[0], *path[-7:]]

    def _lines(self) -> list[int]:
        """The nodes that are not inside a closed branch, from top to bottom."""
        lines: list[int] = []
        waiting = self._roots()[::-1]
        while waiting:
            number = waiting.pop()
            if not self._shown(self._nodes[number]):
                continue
            lines.append(number)
            if number in self._open:
                waiting += self._nodes[number].children[::-1]
        return lines

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_choose(self, value: str) -> None:
        number = self._numbered(value)
        if number is not None:
            self._chosen = number
            self.redraw("tree", "detail", "status")

    def do_toggle(self, value: str) -> None:
        number = self._numbered(value)
        if number is None:
            return
        self._open ^= {number}
        if self._chosen is not None and number not in self._open and number in self._path(self._chosen):
            self._chosen = number  # what is chosen stays in sight
        self._turn_to(number)

    def do_open_all(self, value: str) -> None:
        self._open = {number for number, node in enumerate(self._nodes) if node.children}
        self._turn_to(self._chosen)

    def do_close_all(self, value: str) -> None:
        self._open = set()
        if self._chosen is not None:
            self._chosen = self._nodes[self._chosen].root
        self._turn_to(self._chosen)

    def do_page(self, value: str) -> None:
        first = self._first + (PAGE if value == "next" else -PAGE)
        if first < len(self._lines()):
            self._first = max(first, 0)
        self.redraw("tree")

    def do_limit(self, value: str) -> None:
        self._limit = _checked(_parsed(value))
        self.redraw("tree", "status", "detail", "operators")

    def do_dropped(self, value: str) -> None:
        self._dropped = value == "true"
        self._turn_to(self._chosen)
        self.redraw("status", "operators")

    def _turn_to(self, number: int | None) -> None:
        """Show the page with this node, and the first of its children with it."""
        lines = self._lines()
        place = lines.index(number) if number in lines else 0
        children = len(self._nodes[number].children) if number in self._open else 0
        if not self._first <= place < self._first + PAGE:
            self._first = place // PAGE * PAGE
        if place + min(children, PAGE // 2) >= self._first + PAGE:
            self._first = place
        self.redraw("tree", "detail")

    def _numbered(self, value: str) -> int | None:
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
        return number if 0 <= number < len(self._nodes) else None


def _leaves(node: Node) -> bool:
    return node.operator.strip().upper() == LEAVES


def _parsed(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def _checked(limit: Any) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit) or not 0 <= limit <= 1:
        raise ValueError(_("The limit on drift is a number from 0 to 1."))
    return float(limit)
