"""Evolutions as family trees: from rows with a parent and a child each, to nodes that know their place.

Texts are known by what they say. A text has its children under it once, where it is reached with the fewest dropped
ones on the way, so that cycles end and no branch is drawn twice.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt2data.i18n import _

PARENT = ("parent", "instruction")  # columns that may hold the parent, the first of them that the rows have
CHILD = ("child", "evolved_instruction", "generation")
KEPT = "kept"

Similarity = Callable[[str, str], float]


@dataclass
class Node:
    """A text at one place of a tree.

    Attributes:
        text: what it says; "" where there is none.
        parent: number of its parent, None for a root.
        root: number of its root; its own for a root.
        level: 1 for a root, 2 for its children, and so on.
        operator: what made it from its parent, or "".
        reason: why it was dropped, or "" for one that was kept.
        similarity: to its root's text, or None where nobody knows.
        times: how many rows say the same.
        elsewhere: whether it has children that stand under another node with this text.
        leads: whether it was kept, or any of its descendants.
        children: their numbers.
    """

    text: str
    parent: int | None
    root: int
    level: int
    operator: str = ""
    reason: str = ""
    similarity: float | None = None
    times: int = 1
    elsewhere: bool = False
    leads: bool = True
    children: list[int] = field(default_factory=list)


@dataclass
class _Edge:
    parent: str
    child: str
    operator: str
    reason: str
    similarity: float | None
    times: int = 1

    @property
    def linked(self) -> bool:
        """Whether its child can be a parent: many rows have an empty child, and these are not one text."""
        return bool(self.child.strip())


def grow(rows: Any, similarity: Similarity | None = None) -> list[Node]:
    """The nodes of all trees: roots first, in the order of the rows, and each parent before its children.

    Args:
        rows: a list of dictionaries, a `datasets.Dataset` or a pandas table. Columns: one of `PARENT`, one of `CHILD`,
            and, if there are any, "operator", "reason" ("kept", or why it was dropped) and "similarity" (to the root).
        similarity: `similarity(root, text)`, called where a row has no number of its own.

    Raises:
        TypeError: if `rows` is no table, or a similarity no number. ValueError: if a column is missing.
    """
    edges = _edges(_records(rows))
    from_text: dict[str, list[_Edge]] = {}
    for edge in edges:
        from_text.setdefault(edge.parent, []).append(edge)
    homes = _homes(edges, from_text)
    nodes: list[Node] = []
    waiting: deque[tuple[str, int]] = deque()
    for text, edge in homes.items():
        if edge is None:
            waiting.append((text, len(nodes)))
            nodes.append(Node(text, None, len(nodes), 1))
    known: dict[tuple[int, str], float | None] = {}
    while waiting:
        text, number = waiting.popleft()
        here = nodes[number]
        for edge in from_text[text]:
            node = Node(edge.child, number, here.root, here.level + 1, edge.operator, edge.reason, times=edge.times)
            node.leads = not edge.reason
            node.similarity = edge.similarity
            if node.similarity is None and similarity is not None and edge.linked:
                key = (here.root, edge.child)
                if key not in known:
                    known[key] = _number(similarity(nodes[here.root].text, edge.child))
                node.similarity = known[key]
            if edge.linked and edge.child in from_text:
                if homes[edge.child] is edge:
                    waiting.append((edge.child, len(nodes)))
                else:
                    node.elsewhere = edge.child != edge.parent
            here.children.append(len(nodes))
            nodes.append(node)
    for node in reversed(nodes):
        if node.leads and node.parent is not None:
            nodes[node.parent].leads = True
    return nodes


def _homes(edges: Iterable[_Edge], from_text: Mapping[str, list[_Edge]]) -> dict[str, _Edge | None]:
    """For each text that is a parent, the edge under which its children stand, or None for a root."""
    somebodys = {edge.child for edge in edges if edge.linked and edge.child != edge.parent}
    homes: dict[str, _Edge | None] = {}
    kept: deque[tuple[str, _Edge | None]] = deque((text, None) for text in from_text if text not in somebodys)
    dropped: deque[tuple[str, _Edge | None]] = deque()
    rest = iter(from_text)
    while True:
        if not kept and not dropped:
            # What no root leads to are cycles: the first text of each counts as a root.
            start = next((text for text in rest if text not in homes), None)
            if start is None:
                return homes
            kept.append((start, None))
        text, edge = (kept or dropped).popleft()
        if text in homes:
            continue
        homes[text] = edge
        for further in from_text[text]:
            if further.linked and further.child in from_text and further.child not in homes:
                (dropped if further.reason else kept).append((further.child, further))


def _edges(rows: list[dict[str, Any]]) -> list[_Edge]:
    """One edge for all rows that say the same, in the order of the first of each."""
    if not rows:
        return []
    names = [next((name for name in choice if name in rows[0]), None) for choice in (PARENT, CHILD)]
    if None in names:
        raise ValueError(
            _("A row needs its parent in the column {parent}, and its child in the column {child}.").format(
                parent=_one_of(PARENT), child=_one_of(CHILD)
            )
        )
    found: dict[tuple[str, str, str, str], _Edge] = {}
    for place, row in enumerate(rows):
        for name in names:
            if name not in row:
                raise ValueError(_("Row {place} lacks the column {column}.").format(place=place, column=name))
        parent, child, operator, reason = (_text(row.get(name)) for name in (*names, "operator", "reason"))
        key = (parent if parent.strip() else "", child, operator, "" if reason.strip() in ("", KEPT) else reason)
        value = _number(row.get("similarity"))
        edge = found.setdefault(key, _Edge(*key, value, 0))
        edge.times += 1
        edge.similarity = value if edge.similarity is None else edge.similarity
    return list(found.values())


def _records(rows: Any) -> list[dict[str, Any]]:
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas
        rows = rows.to_dict("records")
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise TypeError(_("The evolutions should be a list of rows, each a dictionary."))
    rows = list(rows)
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(_("Row {place} is not a dictionary.").format(place=place))
    return rows


def _one_of(names: tuple[str, ...]) -> str:
    return " / ".join(names)


def _text(value: Any) -> str:
    """pandas has NaN where a text is missing."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(_("A similarity should be a number, not {type}.").format(type=type(value).__name__)) from None
    return number if math.isfinite(number) else None
