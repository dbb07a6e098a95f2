"""The evolution tree: what stands where, what changes when the reader does something, what is stored."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset

from prompt2data.widgets import evolution
from prompt2data.widgets.evolution import EvolutionTree, chip
from prompt2data.widgets.family import Node, grow
from prompt2data.widgets.worddiff import WordRun, diff
from tests.hostile import TEXTS

ROOT, CHILD = "Fold a dough.", "Fold a dough in four lines."
ROWS = [
    {"parent": ROOT, "child": CHILD, "operator": "CONSTRAINTS", "reason": "kept", "similarity": 0.9},
    {"parent": ROOT, "child": ROOT, "operator": "DEEPENING", "reason": "copy", "similarity": 1.0},
    {"parent": ROOT, "child": "Bake a cake.", "operator": "BREADTH", "reason": "kept", "similarity": 0.3},
    {"parent": CHILD, "child": "Fold it. First rest.", "operator": "DEEPENING", "reason": "kept", "similarity": 0.65},
    {"parent": "Name a flour.", "child": None, "operator": "BREADTH", "reason": "empty", "similarity": None},
]


def do(widget: EvolutionTree, name: str, value: object = "") -> None:
    widget._receive(widget, {"do": name, "value": str(value)}, [])


def soup(widget: EvolutionTree, part: str) -> BeautifulSoup:
    return BeautifulSoup(widget.parts[part], "html.parser")


def lines(widget: EvolutionTree) -> list[str]:
    """The tree's lines as a reader sees them, without what only a screen reader says."""
    found = soup(widget, "tree")
    for hidden in found.select(".p2d-hidden, .p2d-twist"):
        hidden.decompose()
    return [" ".join(item.get_text(" ").split()) for item in found.select('[role="treeitem"]')]


def item(widget: EvolutionTree, text: str) -> Any:
    return next(one for one in soup(widget, "tree").select('[role="treeitem"]') if text in one.get_text())


def words(widget: EvolutionTree, part: str) -> str:
    return " ".join(soup(widget, part).get_text(" ").split())


# -- the trees --------------------------------------------------------------------------------------------------------


def family(*pairs: tuple) -> list[tuple]:
    """(level, text, elsewhere) of the nodes, from top to bottom."""
    nodes = grow([dict(zip(("parent", "child", "reason"), pair, strict=False)) for pair in pairs])

    def below(node: Node) -> list[tuple]:
        return [(node.level, node.text, node.elsewhere), *(one for child in node.children for one in below(child))]

    return [one for node in nodes if node.parent is None for one in below(node)]


def test_generations_are_nested() -> None:
    assert family(("a", "b"), ("x", "y"), ("b", "c"), ("a", "d")) == [
        (1, "a", False), (2, "b", False), (3, "c", False), (2, "d", False), (1, "x", False), (2, "y", False),
    ]  # fmt: skip


def test_a_copy_is_a_leaf_and_its_parent_still_a_root() -> None:
    assert family(("a", "a", "copy"), ("a", "b")) == [(1, "a", False), (2, "a", False), (2, "b", False)]


def test_a_cycle_ends() -> None:
    assert family(("a", "b"), ("b", "c"), ("c", "a")) == [
        (1, "a", False), (2, "b", False), (3, "c", False), (4, "a", True),
    ]  # fmt: skip
    assert family(("a", "b"), ("b", "c"), ("c", "b"))[-1] == (4, "b", True)
    assert family(("a", "a")) == [(1, "a", False), (2, "a", False)]


def test_a_text_of_two_parents_has_its_children_once_where_fewest_were_dropped() -> None:
    found = family(("a", "b", "leak"), ("x", "b", "kept"), ("b", "c"))
    assert found == [(1, "a", False), (2, "b", True), (1, "x", False), (2, "b", False), (3, "c", False)]


def test_many_that_share_children_stay_as_many_as_the_rows() -> None:
    layers = [(f"{layer}-{a}", f"{layer + 1}-{b}") for layer in range(20) for a in range(3) for b in range(3)]
    assert len(family(*layers)) == len(layers) + 3


def test_repeated_rows_are_one_node_and_empty_children_no_parents() -> None:
    nodes = grow([{"parent": "a", "child": "b"}] * 3 + [{"parent": "a", "child": " "}, {"parent": "", "child": "z"}])
    assert [(node.text, node.times) for node in nodes] == [("a", 1), ("", 1), ("b", 3), (" ", 1), ("z", 1)]
    assert [node.parent and node.parent.number for node in nodes] == [None, None, 0, 0, 1]


@pytest.mark.parametrize(
    "row",
    [
        {"parent": "a", "child": "b", "root": "a", "generation": 1},  # the edges of the exercise
        {"instruction": "a", "evolved_instruction": "b", "model_name": "m"},
        {"parent": "a", "generation": "b"},
    ],
)
def test_the_shapes_of_rows_that_the_lesson_has(row: dict) -> None:
    assert [node.text for node in grow([row])] == ["a", "b"]


@pytest.mark.parametrize("table", [list, Dataset.from_list, pd.DataFrame, iter])
def test_any_kind_of_table(table: Any) -> None:
    assert lines(EvolutionTree(table(ROWS))) == lines(EvolutionTree(ROWS))
    assert len(lines(EvolutionTree(table(ROWS)))) == 7


@pytest.mark.parametrize(
    "rows, error, said",
    [
        ("abc", TypeError, "list of rows"),
        (5, TypeError, "list of rows"),
        ({"parent": "a", "child": "b"}, TypeError, "list of rows"),
        (["a"], TypeError, "Row 0 is not a dictionary"),
        ([{"text": "a"}], ValueError, "parent / instruction"),
        ([{"parent": "a", "child": "b"}, {"parent": "a"}], ValueError, "Row 1 lacks the column child"),
        ([{"parent": "a", "child": "b", "similarity": "near"}], TypeError, "should be a number, not str"),
    ],
)
def test_other_rows_are_refused_in_one_sentence(rows: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        EvolutionTree(rows)


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan"), "0.7", None, True])
def test_a_limit_is_a_number_from_0_to_1(limit: Any) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        EvolutionTree(ROWS, limit=limit)


def test_similarity_to_the_root_is_computed_only_for_rows_without_it() -> None:
    asked = []

    def similarity(root: str, text: str) -> float:
        asked.append((root, text))
        return 0.5

    rows = [{"parent": "a", "child": "b", "similarity": 0.9}, *[{"parent": "b", "child": "c"}] * 2]
    nodes = grow([*rows, {"parent": "b", "child": "c", "operator": "other"}, {"parent": "b", "child": ""}], similarity)
    assert asked == [("a", "c")]
    assert [node.similarity for node in nodes] == [None, 0.9, 0.5, 0.5, None]


# -- words ------------------------------------------------------------------------------------------------------------


def test_kept_dropped_and_added_words() -> None:
    found = diff("Write a short loaf.", "Write a loaf in four lines!")
    assert found.merged == [
        WordRun("same", "Write a", " "), WordRun("del", "short", " "), WordRun("same", "loaf", " "),
        WordRun("del", ".", " "), WordRun("ins", "in four lines!", ""),
    ]  # fmt: skip
    assert (found.kept, found.dropped, found.added) == (3, 1, 3)  # a full stop is no word
    assert "".join(piece.text + piece.space for piece in found.first) == "Write a short loaf."
    assert "".join(piece.text + piece.space for piece in found.second) == "Write a loaf in four lines!"


@pytest.mark.parametrize(
    "first, second, counts",
    [
        ("", "", (0, 0, 0)),
        (None, "a b", (0, 0, 2)),
        ("a b", "a b", (2, 0, 0)),
        ("解释什么是酵母。", "详细解释什么是酵母。", (7, 0, 2)),
        ("don't well-kept", "don't kept", (1, 1, 1)),
        ("me\u0323t mo\u0302\u0323t", "me\u0323t hai", (1, 1, 1)),  # Vietnamese with marks of their own
    ],
)
def test_words_of_any_language(first: Any, second: Any, counts: tuple[int, int, int]) -> None:
    found = diff(first, second)
    assert (found.kept, found.dropped, found.added) == counts


def test_only_the_beginning_of_a_long_text_is_compared() -> None:
    for text in ("!" * 5_000, "a b " * 5_000, "ab ba b a " * 5_000, *TEXTS):
        found = diff(text, text[1:] + "x")
        assert sum(len(piece.text) for piece in found.merged) < 30_000
        if len(text) > 1_200:
            assert f"{len(text):,} characters in all" in found.merged[-1].text


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_each_line_says_operator_text_reason_and_drift() -> None:
    assert lines(EvolutionTree(ROWS, limit=0.7)) == [
        "Fold a dough.",
        "CONSTRAINTS Fold a dough in four lines. 0.90 close",
        "DEEPENING Fold it. First rest. below the limit 0.65 drifting",
        "DEEPENING Fold a dough. dropped: copy 1.00 close",
        "BREADTH Bake a cake. below the limit, as intended 0.30 far",
        "Name a flour.",
        "BREADTH (empty) dropped: empty",
    ]


def test_a_tree_for_screen_readers() -> None:
    widget = EvolutionTree(ROWS)
    items = soup(widget, "tree").select('[role="tree"][aria-label] > [role="treeitem"]')
    assert [one["aria-level"] for one in items] == ["1", "2", "3", "2", "2", "1", "2"]
    assert [one.get("aria-expanded") for one in items] == ["true", "true", None, None, None, "true", None]
    assert [(one["aria-posinset"], one["aria-setsize"]) for one in items[1:5]] == [
        ("1", "3"), ("1", "1"), ("2", "3"), ("3", "3"),
    ]  # fmt: skip
    assert [one["tabindex"] for one in items].count("0") == 1
    assert [one["aria-selected"] for one in items].count("true") == 1
    assert len({one["id"] for one in items}) == len(items) and all(one["id"].startswith(widget.uid) for one in items)


def test_choosing_shows_the_words_and_the_way_from_the_root() -> None:
    widget = EvolutionTree(ROWS)
    do(widget, "choose", item(widget, "First rest.")["data-value"])
    detail = soup(widget, "detail")
    assert [one.text for one in detail.select("del")] == ["a dough in four lines"]
    assert [one.text for one in detail.select("ins")] == ["it", "First rest."]
    assert "kept 1, added 3, dropped 5" in words(widget, "detail")
    assert [one.get_text(" ").split()[0] for one in detail.select("ol li")] == ["Fold", "CONSTRAINTS", "DEEPENING"]
    assert "0.65 drifting below the limit" in words(widget, "detail")
    assert item(widget, "First rest.")["aria-selected"] == "true" == item(widget, "First rest.")["aria-selected"]
    do(widget, "choose", 0)
    assert "Root" in words(widget, "detail") and not soup(widget, "detail").select("del, ins")


@pytest.mark.parametrize("value", ["", "-1", "99", "1.0", "٣", "9" * 5_000, "x"])
@pytest.mark.parametrize("name", ["choose", "toggle"])
def test_an_unknown_node_changes_nothing(name: str, value: str) -> None:
    widget = EvolutionTree(ROWS)
    before = widget.parts
    do(widget, name, value)
    assert widget.parts == before


def test_branches_open_and_close() -> None:
    widget = EvolutionTree(ROWS)
    do(widget, "choose", item(widget, "First rest.")["data-value"])
    do(widget, "toggle", 0)
    assert lines(widget)[0] == "Fold a dough. 3 children" and len(lines(widget)) == 3
    assert item(widget, "Fold a dough.")["aria-selected"] == "true"  # what is chosen stays in sight
    do(widget, "close_all")
    assert lines(widget) == ["Fold a dough. 3 children", "Name a flour. 1 child"]
    do(widget, "open_all")
    assert len(lines(widget)) == 7


def test_the_limit_marks_and_counts() -> None:
    widget = EvolutionTree(ROWS, limit=0.7)
    assert words(widget, "status").startswith("Below the limit 0.70: 2 of 4 children. From BREADTH")
    assert words(widget, "status").split(" words:")[0].endswith("to leave the root: 1.")
    controls = widget.parts["controls"]
    do(widget, "limit", "0.2")
    assert "Below the limit 0.20: 0 of 4 children." in words(widget, "status")
    assert "below the limit" not in " ".join(lines(widget)) and "BREADTH, which" not in words(widget, "status")
    assert "below the limit 0.20" in words(widget, "operators")
    assert widget.parts["controls"] == controls
    do(widget, "limit", "0.65")  # exactly at the limit is within it
    assert "Below the limit 0.65: 1 of 4" in words(widget, "status")
    do(widget, "limit", "nan")
    assert "a number from 0 to 1" in words(widget, "status")
    do(widget, "limit", "0.5")
    assert "a number from" not in words(widget, "status")


def test_dropped_nodes_can_be_hidden_unless_they_lead_to_kept_ones() -> None:
    rows = [
        *ROWS,
        {"parent": ROOT, "child": "so", "operator": "DEEPENING", "reason": "statement", "similarity": 0.8},
        {"parent": "so", "child": "Why so?", "operator": "DEEPENING", "reason": "kept", "similarity": 0.7},
    ]
    widget = EvolutionTree(rows)
    do(widget, "dropped", "false")
    shown = " | ".join(lines(widget))
    assert "copy" not in shown and "(empty)" not in shown
    assert "dropped: statement" in shown and "Why so?" in shown
    assert "of 4 children" in words(widget, "status") and "Kept children by operator" in words(widget, "operators")
    do(widget, "dropped", "true")
    assert "dropped: copy" in " | ".join(lines(widget))


def test_the_table_counts_rows_by_operator() -> None:
    widget = EvolutionTree([*ROWS, ROWS[2]])
    rows = [[cell.text for cell in row.select("th, td")] for row in soup(widget, "operators").select("tbody tr")]
    assert rows == [
        ["BREADTH", "3", "2", "0.30 far"],
        ["DEEPENING", "2", "1", "0.82 drifting"],
        ["CONSTRAINTS", "1", "0", "0.90 close"],
    ]


def test_without_similarity_there_is_no_drift_to_speak_of() -> None:
    widget = EvolutionTree([{"parent": "a", "child": "b"}])
    assert "range" not in widget.parts["controls"] and words(widget, "status").startswith("words:")
    assert "limit" not in widget.parts["tree"] and widget.parts["operators"] == ""


def test_nothing_to_show() -> None:
    widget = EvolutionTree([])
    assert "no evolutions" in words(widget, "intro")
    for name in ("open_all", "close_all", "page", "dropped"):
        do(widget, name, "next")
    assert not lines(widget) and "no evolutions" in widget.static()


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_read_and_darken_with_the_distance() -> None:
    values = [chip(n / 100) for n in range(-100, 151)]
    light = [_luminance(one.background) for one in values]
    assert all((one + 0.05) / (_luminance("#1a1a1a") + 0.05) >= 4.5 for one in light)
    assert light == sorted(light) and light[100] < light[190] - 0.3
    assert [chip(value).word for value in (1.0, 0.85, 0.84, 0.6, 0.59, -0.2)] == ["close"] * 2 + ["drifting"] * 2 + [
        "far"
    ] * 2


# -- many, long, hostile ----------------------------------------------------------------------------------------------


def test_thousands_are_paged_and_small() -> None:
    rows = [{"parent": f"root {n % 300}", "child": f"child {n}", "operator": f"op {n}"} for n in range(5_000)]
    widget = EvolutionTree(rows, similarity=lambda _root, text: len(text) / 20)
    assert len(lines(widget)) == evolution.PAGE and "lines 1 to 40 of 317" in words(widget, "tree")
    do(widget, "open_all")
    seen: Counter[str] = Counter()
    while True:
        seen.update(re.findall(r'data-value="(\d+)">\n', widget.parts["tree"]))
        if 'id="' + widget.uid + '-next" aria-disabled' in widget.parts["tree"]:
            break
        do(widget, "page", "next")
    assert len(seen) == 5_300 and set(seen.values()) == {1}
    do(widget, "page", "next")
    assert len(lines(widget)) == 20
    do(widget, "page", "back")
    assert "More children of: root" in words(widget, "tree")
    assert all(len(part) < 100_000 for part in widget.parts.values())
    assert "… and 4992 more operators." in words(widget, "operators")
    assert len(widget.static()) < 60_000 and "… and 297 more." in widget.static()


def test_a_long_line_of_descent() -> None:
    widget = EvolutionTree([{"parent": f"{n}", "child": f"{n + 1}"} for n in range(3_000)])
    do(widget, "open_all")
    for _time in range(100):
        do(widget, "page", "next")
    assert lines(widget)[-1] == "3000"
    do(widget, "choose", 3_000)
    assert "… 2993 generations …" in words(widget, "detail")
    assert all(len(part) < 100_000 for part in widget.parts.values())
    assert len(re.findall("<li>", widget.static())) <= evolution.STORED + 3


def test_opening_the_last_line_of_a_page_shows_its_children() -> None:
    rows = [{"parent": f"root {n:02}", "child": f"child {n:02}"} for n in range(40)]
    widget = EvolutionTree(rows)
    do(widget, "close_all")
    do(widget, "toggle", 39)
    assert lines(widget) == ["root 39", "child 39"]
    do(widget, "page", "back")
    assert lines(widget)[0] == "root 00 1 child"


def _tags(html: str) -> list[str]:
    """The tags and their attributes, as the template wrote them."""
    found = BeautifulSoup(html.split("</style>")[-1], "html.parser").find_all(True)
    return [f"{one.name} {' '.join(sorted(one.attrs))}" for one in found if one.name not in ("ins", "del")]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_are_text(text: str) -> None:
    def shown(text: str) -> tuple[list[str], list[str]]:
        rows = [
            {"parent": f"{text} a", "child": f"{text} b", "operator": text, "reason": text, "similarity": 0.3},
            {"parent": f"{text} b", "child": f"b {text}", "operator": text, "reason": "kept", "similarity": 0.3},
        ]
        widget = EvolutionTree(rows)
        do(widget, "choose", 2)
        assert all(len(part) < 100_000 for part in widget.parts.values()) and len(widget.static()) < 60_000
        for html in (*widget.parts.values(), widget.static()):
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2060-\u206f\ud800-\udfff]", html)
        return [tag for part in widget.parts.values() for tag in _tags(part)], _tags(widget.static())

    assert shown(text) == shown("an innocent text")


@pytest.mark.parametrize("value", [None, "", 5, 2.5, ["a"], {"a": 1}, b"x", True])
def test_values_that_are_not_texts(value: Any) -> None:
    widget = EvolutionTree([{"parent": value, "child": value, "operator": value, "reason": value}] * 2)
    assert len(lines(widget)) == 2


# -- what is stored ---------------------------------------------------------------------------------------------------


def test_the_stored_form_needs_no_kernel() -> None:
    html = str(EvolutionTree(ROWS).static())
    assert html == str(EvolutionTree(ROWS).static())
    stored = BeautifulSoup(html, "html.parser")
    assert not stored.select("input, button, [id], [data-act], [tabindex], [role=tree]")
    grandchild = stored.select_one("ul > li > ul > li > ul > li")
    assert grandchild.get_text(" ").split()[0] == "DEEPENING"
    assert grandchild.select_one("del").text == "a dough in four lines" and "0.65 drifting" in grandchild.text
    assert "dropped: copy" in stored.text and "below the limit, as intended" in stored.text


def test_the_stored_form_shows_families_with_grandchildren_first() -> None:
    rows = [
        {"parent": f"root {n}", "child": f"child {n}-{m}", "operator": "DEEPENING", "similarity": 0.8}
        for n in range(8)
        for m in range(20)
    ]
    rows += [{"parent": f"child {n}-19", "child": f"grandchild {n}", "similarity": 0.7} for n in range(8)]
    html = str(EvolutionTree(rows).static())
    text = BeautifulSoup(html, "html.parser").get_text(" ")
    text = re.sub(r"\s+", " ", text)
    assert "grandchild 0" in text and "… and 5 more." in text and "From 0.85 on: close" in text
    nodes = [one for one in BeautifulSoup(html, "html.parser").select("li") if not one.text.strip().startswith("…")]
    assert len(nodes) == evolution.STORED and len(html) < 60_000


def test_the_stored_form_shows_a_dropped_one_and_each_operator_early() -> None:
    rows = [{"parent": "a", "child": f"b {n}", "operator": f"{n // 30}", "reason": "kept"} for n in range(60)]
    rows += [{"parent": "a", "child": "c", "operator": "1", "reason": "copy"}]
    stored = BeautifulSoup(str(EvolutionTree(rows).static()), "html.parser")
    assert "dropped: copy" in stored.text and {one.text for one in stored.select("li li > b")} == {"0", "1"}


def test_one_line_for_places_with_text_only() -> None:
    assert EvolutionTree(ROWS).summary() == "Evolution tree · Roots: 2. Children: 5, of these kept: 3."
