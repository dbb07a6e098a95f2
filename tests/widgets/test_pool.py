"""The pool explorer: what a reader of lesson 02's log learns from it, and what it does with a log of any kind."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset

from prompt2data.ground.segmentation import words
from prompt2data.metrics import nearest, rouge_l
from prompt2data.widgets import pool as explorer
from prompt2data.widgets.overlap import overlap
from prompt2data.widgets.pool import PoolExplorer
from tests.hostile import TEXTS

SEEDS = ["Why does my loaf stay flat in the oven?", "Can I bake sourdough without a closed pot?"]
LINES = [
    (1, "Can I bake sourdough using a starter?"),  # 0.667: novel, and close
    (1, "What is the difference between bread flour and cake flour?"),  # novel
    (1, "Yes, you can."),  # no request
    (1, "Why does my loaf stay flat?"),  # 0.8: too similar to a seed
    (2, "What is the difference between baking bread and making cakes?"),  # 0.7: exactly the threshold
    (2, "What is the difference between bread flour and cake flour?"),  # an exact copy
    (2, "Name a cake"),  # unfinished
    (2, "How long should dough rest before it is shaped?"),  # novel
]
REASONS = {"Yes, you can.": "no request", "Name a cake": "unfinished"}


def grown(lines=LINES, novel_only: bool = True, threshold: float = 0.7) -> list[dict]:
    """The log of lesson 02's `grow`."""
    pool, log = list(SEEDS), []
    for number, text in lines:
        place, similarity = nearest(text, pool)
        verdict = REASONS.get(text) or ("too similar" if similarity >= threshold else "novel")
        entry = {"round": number, "instruction": text, "most similar in the pool": pool[place]}
        log.append({**entry, "ROUGE-L": round(similarity, 2), "exact": text in pool, "verdict": verdict})
        if verdict == "novel" or (verdict == "too similar" and not novel_only):
            pool.append(text)
    return log


def send(widget: PoolExplorer, name: str, value: object = "") -> None:
    """What happens when a page sends this."""
    widget._receive(widget, {"do": name, "value": value}, [])
    assert widget.failure == ""


def soup(widget: PoolExplorer, part: str) -> BeautifulSoup:
    return BeautifulSoup(widget.parts[part], "html.parser")


def text(widget: PoolExplorer, part: str) -> str:
    return " ".join(soup(widget, part).get_text(" ").split())


def listed(widget: PoolExplorer) -> list[int]:
    return [int(option["data-value"]) for option in soup(widget, "decisions").select("[role=option]")]


# -- the words behind the number --------------------------------------------------------------------------------------

PAIRS = [
    ("What is the difference between a cake and a bread?", "What is a cake that is the difference between a and b?"),
    ("a b c d", "d c b a"),
    ("Don't over-proof, don't!", "don T over DON'T"),
    ("İstanbul's 3 K\u212a loaves — crème brûlée", "istanbul s 3 kk loaves creme br l e"),
    ("", "words"),
    ("…", "!"),
    ("same words", "same words"),
    ("你好 bread 面包 2", "bread 2"),
    ("面包要烤多久？", "面包要烤多长时间？"),
    ("ขนมปังต้องอบนานเท่าไร", "ต้องอบขนมปังนานไหม"),
    ("Nu\u0302\u0301ng ba\u0301nh mi\u0300", "nướng bánh mì 🍞"),
    ("ΛΌΓΟΣ — 🍞 🔥", "λόγος 🔥"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_marked_words_are_those_that_rouge_l_counts(a: str, b: str) -> None:
    found = overlap(a, b)
    assert found.rouge_l == rouge_l(a, b) == rouge_l(b, a)
    assert "".join(piece for piece, _common in found.candidate) == a
    assert "".join(piece for piece, _common in found.reference) == b
    for pieces in (found.candidate, found.reference):
        assert [token for piece, common in pieces if common for token in words(piece)] == found.common
        assert sum(common for _piece, common in pieces) == len(found.common)
    assert (found.candidate_words, found.reference_words) == (len(words(a)), len(words(b)))


def test_a_pair_shows_the_words_and_how_they_become_the_number() -> None:
    widget = PoolExplorer(SEEDS, grown())
    send(widget, "select", "5")
    sides = soup(widget, "pair").select(".p2d-pool-text")
    words = [[mark.get_text() for mark in side.select("mark")] for side in sides]
    assert words[0] == words[1] == "What is the difference between bread and".split()
    shown = text(widget, "pair")
    assert "7 words in common" in shown and "2 × 7 / (10 + 10) 0.700" in shown and "7 / 10" in shown
    assert "0.700 reaches the threshold of 0.7" in shown and "entered by decision 2" in shown
    send(widget, "select", "1")
    assert "0.667 is below the threshold" in text(widget, "pair") and "a seed" in text(widget, "pair")


def test_an_exact_copy_and_a_line_dropped_for_its_form_say_so() -> None:
    widget = PoolExplorer(SEEDS, grown())
    send(widget, "select", "6")
    assert "exact copy" in text(widget, "pair")
    send(widget, "select", "3")
    assert "exact copy" not in text(widget, "pair")
    assert "dropped for its form" in text(widget, "pair") and "the threshold" not in text(widget, "pair")


def test_rounding_in_the_log_does_not_change_the_verdict_shown() -> None:
    candidate = " ".join(f"w{n}" for n in range(16)) + " " + " ".join(f"x{n}" for n in range(7))  # 16 of 23 and 23
    row = {"round": 1, "instruction": candidate, "most similar in the pool": candidate.replace("x", "y")}
    widget = PoolExplorer([candidate.replace("x", "y")], [{**row, "ROUGE-L": 0.7, "verdict": "novel"}])
    assert "0.696 is below" in text(widget, "pair") and widget.changes() == []


# -- the pool grows ---------------------------------------------------------------------------------------------------


def test_the_pool_grows_decision_by_decision() -> None:
    log = grown()
    widget = PoolExplorer(SEEDS, log)
    assert "5 instructions, 2 of them seeds" in text(widget, "growth")
    sizes = []
    for step in range(len(log) + 1):
        send(widget, "step", str(step))
        sizes.append(int(re.search(r"pool: (\d+)", text(widget, "growth"))[1]))
        assert widget.selected is (widget.decisions[step - 1] if step else None)
        assert all(number <= step for number in listed(widget))
    assert sizes == [2, 3, 4, 4, 4, 4, 4, 4, 5]
    rows = [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in soup(widget, "growth").select("tr")]
    assert rows[1:] == [["1", "2", "1", "1", "4"], ["2", "1", "2", "1", "5"]]
    assert "no request 1" in text(widget, "growth") and "unfinished 1" in text(widget, "growth")
    assert soup(widget, "growth").li.get_text(strip=True) == LINES[-1][1]


def test_a_loop_without_the_filter_takes_in_what_is_similar() -> None:
    lines = [*LINES, (3, "Why does my loaf stay flat?"), (3, "What is the difference between baking bread and cakes?")]
    log = grown(lines, novel_only=False)
    with pytest.raises(ValueError, match="novel_only=False"):
        PoolExplorer(SEEDS, log)
    widget = PoolExplorer(SEEDS, log, novel_only=False)
    assert widget.pool(len(log))[2:] == [
        entry["instruction"] for entry in log if entry["verdict"] not in REASONS.values()
    ]
    send(widget, "threshold", "0.65")
    assert "the pool would be the same" in text(widget, "sides")


def test_controls_stay_while_they_are_used() -> None:
    widget = PoolExplorer(SEEDS, grown())
    before = [widget.parts[name] for name in ("controls", "filters", "trial")]
    for name, value in [("step", "3"), ("threshold", "0.5"), ("verdict", "0"), ("order", "newest"), ("select", "1")]:
        send(widget, name, value)
    assert [widget.parts[name] for name in ("controls", "filters", "trial")] == before


# -- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_is_sorted_by_closeness_or_age_and_filtered_by_verdict() -> None:
    widget = PoolExplorer(SEEDS, grown())
    assert listed(widget)[:3] == [5, 1, 4] and set(listed(widget)[-2:]) == {3, 7}
    assert widget.selected.number == 5
    send(widget, "order", "newest")
    assert listed(widget) == [8, 7, 6, 5, 4, 3, 2, 1] and widget.selected.number == 8
    options = {
        option.get_text(): option["value"] for option in soup(widget, "filters").select("[data-input=verdict] option")
    }
    send(widget, "verdict", options["too similar"])
    assert listed(widget) == [6, 5, 4]
    send(widget, "verdict", options["unfinished"])
    send(widget, "step", "3")
    assert listed(widget) == [] and "No decision so far" in text(widget, "decisions")
    send(widget, "verdict", "")
    assert listed(widget) == [3, 2, 1]


def test_pages_have_an_end_and_the_selected_decision_is_on_its_page() -> None:
    widget = PoolExplorer(SEEDS, grown(LINES * 3))
    send(widget, "order", "newest")
    assert len(listed(widget)) == 8 and "1–8 of 24" in text(widget, "decisions")
    send(widget, "page", "next")
    assert listed(widget)[0] == 16
    for _press in range(9):
        send(widget, "page", "next")
    assert listed(widget)[-1] == 1 and "17–24 of 24" in text(widget, "decisions")
    more = soup(widget, "decisions").select("[data-act=page]")[-1]
    assert more["aria-disabled"] == "true"
    send(widget, "select", "20")
    assert 20 in listed(widget)
    chosen = soup(widget, "decisions").select("[aria-selected=true]")
    assert [one["data-value"] for one in chosen] == ["20"] and chosen[0]["tabindex"] == "0"
    assert len(soup(widget, "decisions").select("[role=option][tabindex='0']")) == 1


# -- another threshold ------------------------------------------------------------------------------------------------


def test_another_threshold_names_who_changes_sides() -> None:
    widget = PoolExplorer(SEEDS, grown())
    assert "0 of 6" in text(widget, "sides") and "another pool" not in text(widget, "sides")
    send(widget, "threshold", "0.65")
    assert [one.number for one in widget.changes()] == [1]
    assert "1 of 6" in text(widget, "sides") and "would have met another pool" in text(widget, "sides")
    send(widget, "threshold", "0.75")
    assert [one.number for one in widget.changes()] == [5]
    send(widget, "threshold", "1.0")
    assert [one.number for one in widget.changes()] == [4, 5]  # the exact copy stays too similar
    send(widget, "step", "4")
    assert [one.number for one in widget.changes()] == [4]  # only what is decided already
    for one in soup(widget, "sides").select("[data-act=select]"):
        send(widget, "select", one["data-value"])
        assert widget.selected.number == int(one["data-value"])


@pytest.mark.parametrize("threshold", [0.3, 0.4, 0.5, 0.6, 0.8, 0.9])
def test_the_first_change_is_what_another_run_decides(threshold: float) -> None:
    widget = PoolExplorer(SEEDS, grown())
    send(widget, "threshold", str(threshold))
    other = [entry["verdict"] for entry in grown(threshold=threshold)]
    changed = [
        place
        for place, (one, verdict) in enumerate(zip(widget.decisions, other, strict=True), 1)
        if one.verdict != verdict
    ]
    assert [one.number for one in widget.changes()][:1] == changed[:1]


# -- what is stored ---------------------------------------------------------------------------------------------------


def test_the_stored_form_has_the_counts_and_the_closest_decisions() -> None:
    widget = PoolExplorer(SEEDS, grown(LINES * 5))
    page = BeautifulSoup(widget.static(), "html.parser")
    counts, closest = page.select("table")
    assert "40 decisions" in counts.caption.get_text()
    rows = closest.select("tbody tr")
    assert len(rows) == 8 and "0.700" in rows[0].get_text() and rows[0].select("mark")
    assert not page.select("button, input, select, textarea, [id], [tabindex], [data-act]")
    assert len(widget.static()) < 60_000
    send(widget, "step", "1")  # what a reader does leaves it as it is
    assert str(page) == str(BeautifulSoup(widget.static(), "html.parser"))


# -- any log, any text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, Dataset.from_list, pd.DataFrame, iter])
def test_a_log_may_be_any_table(kind) -> None:
    assert PoolExplorer(SEEDS, kind(grown())).pool(8) == PoolExplorer(SEEDS, grown()).pool(8)


def test_no_decisions_one_decision_and_no_seeds() -> None:
    empty = PoolExplorer([], [])
    assert "No decision" in text(empty, "growth") and empty.parts["controls"] == empty.parts["sides"] == ""
    assert "0 instructions" in empty.static()
    send(empty, "step", "5")
    send(empty, "select", "1")
    one = PoolExplorer(SEEDS, grown()[:1])
    assert listed(one) == [1] and one.selected.number == 1
    dropped = PoolExplorer(SEEDS, grown()[2:3])
    assert dropped.parts["sides"] == "" and "dropped for its form" in text(dropped, "pair")


def test_thousands_of_decisions_are_small_on_the_page_and_only_shown_ones_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    monkeypatch.setattr(explorer, "overlap", lambda *texts: compared.append(texts) or overlap(*texts))
    log = [{**row, "round": number} for number in range(500) for row in grown()]
    widget = PoolExplorer(SEEDS, log)
    send(widget, "threshold", "0.3")
    send(widget, "step", "3999")
    assert all(len(html) < 20_000 for html in widget.parts.values()) and len(widget.static()) < 60_000
    assert "left out" in text(widget, "growth") and "and 494 more" in text(widget, "sides")
    assert 0 < len(compared) < 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("one text", []), "list of texts"),
        ((None, []), "list of texts"),
        ((SEEDS, None), "None"),
        ((SEEDS, "text"), "list of rows"),
        ((SEEDS, [{"round": 1, "instruction": "x", "verdict": "novel"}]), "most similar in the pool"),
        ((SEEDS, ["text"]), "not a dictionary"),
        ((SEEDS, [], 70), "from 0 to 1"),
        ((SEEDS, [], "much"), "from 0 to 1"),
        ((SEEDS, [], float("nan")), "from 0 to 1"),
    ],
)
def test_bad_arguments_get_one_sentence(arguments: tuple, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        PoolExplorer(*arguments)


@pytest.mark.parametrize("name", ["step", "verdict", "order", "page", "select", "threshold"])
@pytest.mark.parametrize("value", ["", "nonsense", "-7", "1e999", "nan", "99999999", "0.5", "<b>", "1" * 5000])
def test_a_page_may_send_anything(name: str, value: str) -> None:
    widget = PoolExplorer(SEEDS, grown())
    send(widget, name, value)
    assert 0 <= widget.step <= 8 and 0 <= widget.trial <= 1


def row(value: object, verdict: object = "novel") -> dict:
    return {
        "round": value,
        "instruction": value,
        "most similar in the pool": value,
        "ROUGE-L": value,
        "verdict": verdict,
    }


def everything(widget: PoolExplorer) -> list[str]:
    """All HTML that the widget shows on the way through its actions."""
    pages = [*widget.parts.values()]
    actions = [
        ("threshold", "0.3"),
        ("threshold", "1"),
        ("order", "newest"),
        ("verdict", "2"),
        ("verdict", ""),
        ("step", "1"),
    ]
    for name, value in actions:
        send(widget, name, value)
        pages += widget.parts.values()
    return [*pages, str(widget.static())]


def tags(html: str) -> list[tuple[str, tuple[str, ...]]]:
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    found = [(tag.name, tuple(tag.attrs)) for tag in BeautifulSoup(html, "html.parser").find_all(True)]
    return [one for one in found if one[0] not in ("mark", "em")]  # how many words are marked depends on the text


@pytest.mark.parametrize("hostile", [*TEXTS, None, "", 7, 0.5, ["a"], {"b": 1}], ids=lambda value: repr(value)[:30])
def test_hostile_texts_are_text(hostile: object) -> None:
    def explorer(value: object) -> PoolExplorer:
        similar = {**row(value, "too similar"), "ROUGE-L": 1.0}
        return PoolExplorer([value], [{**row(value), "ROUGE-L": 0.0}, similar, row(value, f"dropped {value}")])

    shown, innocent = everything(explorer(hostile)), everything(explorer("harmless words"))
    for html in shown:
        assert len(html) < 60_000
        # A mark is a template's: nothing but a word in it.
        assert not BeautifulSoup(html, "html.parser").select("mark *, script, img, svg, iframe, a, [onclick], [onload]")
        assert "\x1b" not in html and "\u202e" not in html
    names = {name for html in innocent for name, _attributes in tags(html)}
    attributes = {one for html in innocent for _name, found in tags(html) for one in found}
    known = {"table", "caption", "tbody", "tr", "th", "td"}  # a pair that cannot be compared has no table
    for html in shown:
        assert {name for name, _attributes in tags(html)} <= names | known
        assert {one for _name, found in tags(html) for one in found} <= attributes
