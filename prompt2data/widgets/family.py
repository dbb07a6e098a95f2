"""Evolutions as family trees, from rows with a parent and a child each.

A text is identified by what it says. Its children are attached once, at the position that is reached with the fewest
dropped texts on the way, so cycles end and no branch is drawn twice.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt2data.ground.rows import is_missing, records
from prompt2data.i18n import _
from prompt2data.untrusted import safe_str

PARENT = ("parent", "instruction")  # columns that may hold the parent; the first that the rows have counts
CHILD = ("child", "evolved_instruction", "generation")
KEPT = "kept"

Similarity = Callable[[str, str], float]


@dataclass(eq=False, repr=False)
class Node:
    """A text at one position in a tree."""

    number: int  # index among all nodes
    text: str  # "" if missing
    parent: Node | None = None  # None for a root
    operator: str = ""  # that made it from its parent
    reason: str = ""  # why it was dropped, or "" if it was kept
    similarity: float | None = None  # to the text of its root, or None if unknown
    times: int = 1  # number of equal rows
    level: int = 1  # of a root, 2 of its children, and so on
    elsewhere: bool = False  # whether its children are below another node with this text
    leads: bool = True  # whether it or any of its descendants was kept
    children: list[Node] = field(default_factory=list)

    @property
    def path(self) -> list[Node]:
        """Its ancestors from the root on, and the node itself."""
        path = [self]
        while path[-1].parent is not None:
            path.append(path[-1].parent)
        return path[::-1]


@dataclass
class _Edge:
    parent: str
    child: str
    operator: str
    reason: str
    similarity: float | None
    times: int = 0

    @property
    def linked(self) -> bool:
        """Whether its child can be a parent: many rows may have an empty child, but those are not one text."""
        return bool(self.child.strip())


def grow(rows: Any, similarity: Similarity | None = None) -> list[Node]:
    """Build the nodes of all trees: roots first, in the order of the rows, and each parent before its children.

    Args:
        rows: a list of dictionaries, a `datasets.Dataset` or a pandas table. Columns: one of `PARENT`, one of `CHILD`,
            and optionally "operator", "reason" ("kept", or why it was dropped) and "similarity" (to the root).
        similarity: `similarity(root, text)`, called where a row has no number.

    Raises:
        TypeError: if `rows` is not a table, or a similarity not a number.
        ValueError: if a column is missing.
    """
    edges = _edges(records(rows))
    by_parent: dict[str, list[_Edge]] = {}
    for edge in edges:
        by_parent.setdefault(edge.parent, []).append(edge)
    homes = _homes(edges, by_parent)
    nodes = [Node(number, text) for number, text in enumerate(text for text, home in homes.items() if home is None)]
    measure = functools.cache(similarity or (lambda _root, _text: None))
    waiting = deque((node, node) for node in nodes)
    while waiting:
        root, parent = waiting.popleft()
        for edge in by_parent[parent.text]:
            node = Node(len(nodes), edge.child, parent, edge.operator, edge.reason, edge.similarity, edge.times)
            node.level, node.leads = parent.level + 1, not edge.reason
            if node.similarity is None and edge.linked:
                node.similarity = _number(measure(root.text, node.text))
            if edge.linked and edge.child in by_parent:
                if homes[edge.child] is edge:
                    waiting.append((root, node))
                else:
                    node.elsewhere = edge.child != edge.parent
            parent.children.append(node)
            nodes.append(node)
    for node in reversed(nodes):
        if node.leads and node.parent is not None:
            node.parent.leads = True
    return nodes


def _homes(edges: Iterable[_Edge], by_parent: Mapping[str, list[_Edge]]) -> dict[str, _Edge | None]:
    """For each text that is a parent, the edge below which its children are attached, or None for a root."""
    made = {edge.child for edge in edges if edge.linked and edge.child != edge.parent}
    homes: dict[str, _Edge | None] = {}
    kept: deque[tuple[str, _Edge | None]] = deque((text, None) for text in by_parent if text not in made)
    dropped: deque[tuple[str, _Edge | None]] = deque()
    rest = iter(by_parent)
    while True:
        if not kept and not dropped:
            # Texts that no root leads to form cycles; the first text of each becomes a root.
            start = next((text for text in rest if text not in homes), None)
            if start is None:
                return homes
            kept.append((start, None))
        text, edge = (kept or dropped).popleft()
        if text in homes:
            continue
        homes[text] = edge
        for child in by_parent[text]:
            if child.linked and child.child in by_parent and child.child not in homes:
                (dropped if child.reason else kept).append((child.child, child))


def _edges(rows: list[dict[str, Any]]) -> list[_Edge]:
    """One edge for all equal rows, in the order of the first of each."""
    if not rows:
        return []
    names = [next((name for name in choice if name in rows[0]), "") for choice in (PARENT, CHILD)]
    if "" in names:
        message = _("A row needs its parent in the column {parent}, and its child in the column {child}.")
        raise ValueError(message.format(parent=" / ".join(PARENT), child=" / ".join(CHILD)))
    edges: dict[tuple[str, str, str, str], _Edge] = {}
    for row in records(rows, names):
        parent, child, operator, reason = (_text(row.get(name)) for name in (*names, "operator", "reason"))
        key = (parent if parent.strip() else "", child, operator, "" if reason.strip() in ("", KEPT) else reason)
        similarity = _number(row.get("similarity"))
        edge = edges.setdefault(key, _Edge(*key, similarity))
        edge.times += 1
        edge.similarity = similarity if edge.similarity is None else edge.similarity
    return list(edges.values())


def _text(value: Any) -> str:
    return "" if is_missing(value) else safe_str(value)


def _number(value: Any) -> float | None:
    if is_missing(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    except (TypeError, ValueError):
        raise TypeError(_("A similarity should be a number, not {type}.").format(type=type(value).__name__)) from None
    return number if math.isfinite(number) else None
