"""The card as a page shows it: what stands openly, what is folded, what is marked, and that nothing in it acts."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup

from prompt2data.checks import core, diff
from prompt2data.checks.card import COLORS, CheckCard, Marked
from prompt2data.checks.core import Wrong, call, exercise
from prompt2data.checks.diff import compare
from tests.hostile import TEXTS

TAGS = {"div", "p", "strong", "span", "code", "ins", "del", "small", "details", "summary", "ul", "li"}
ATTRIBUTES = {"style", "role"}


class Balanced(HTMLParser):
    """Fails for a tag that is not closed where it should be, and for one that has no business in a card."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS and {name for name, _value in attributes} <= ATTRIBUTES
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.fixture
def shown_card(monkeypatch):
    """`shown_card(check, *answers)`: the card that a check shows."""
    monkeypatch.delenv("PROMPT2DATA_STRICT", raising=False)
    cards: list[CheckCard] = []
    monkeypatch.setattr(core, "_show", cards.append)

    def run(check, *answers) -> CheckCard:
        check(*answers)
        return cards[-1]

    return run


def soup(card: CheckCard) -> BeautifulSoup:
    html = card._repr_html_()
    Balanced(html)
    return BeautifulSoup(html, "html.parser")


def wrong(**parts) -> CheckCard:
    """The card of an answer that is wrong in this way."""
    return core._wrong_card(Wrong("No.", **parts), (), 0)


# -- what it says -------------------------------------------------------------------------------------------------


def test_symbol_and_title_come_first_and_are_announced():
    page = soup(CheckCard("passed", "Passed.", progress=[("1.1", True)], hints=["a"]))
    (region,) = page.select("[role=status]")
    assert region.get_text().split() == ["✔", "Passed."]
    assert page.get_text().startswith("✔ Passed.")
    assert not region.select("details, ul"), "hints and progress are not read out with every try"


def test_general_hints_unfold_one_after_the_other(shown_card):
    @exercise("look <b>closer", "it is 42", "42, I say")
    def check(answer):
        raise Wrong("No.", hint="This one fits.")

    page = soup(shown_card(check, 1))
    assert [one.get_text() for one in page.select("summary")] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3"]
    outer = page.find("details")
    assert len(page.div.find_all("details", recursive=False)) == 1
    for text in ("look <b>closer", "it is 42", "42, I say"):
        summary, paragraph, *inner = outer.find_all(recursive=False)
        assert summary.name == "summary" and paragraph.get_text() == text and "open" not in outer.attrs
        outer = inner[0] if inner else None
    assert outer is None
    assert "hint: This one fits." in page.select_one("[role=status]").get_text(), "it stands openly"


def test_no_hints_without_a_failed_attempt(shown_card):
    @exercise("look closer")
    def check(answer):
        pass

    assert not soup(shown_card(check, 1)).select("details") and not soup(shown_card(check, ...)).select("details")


def test_progress_is_a_list_in_words():
    page = soup(CheckCard("passed", "Passed.", progress=[("1.1", True), ("1.2", False)], note="A <note>."))
    assert [item.get_text() for item in page.select("ul > li")] == ["✔ 1.1 passed", "○ 1.2 open"]
    text = repr(CheckCard("passed", "Passed.", progress=[("1.1", True), ("1.2", False)], note="A <note>."))
    assert text == "✔ Passed.\nExercises of this lesson: ✔ 1.1 · ○ 1.2\nA <note>."
    assert "A <note>." in page.get_text()


def test_it_reads_well_without_styles():
    page = soup(wrong(expected="one two  three", actual="one two three"))
    for tag in page.find_all(True):
        tag.attrs = {}
    rows = [row.get_text() for row in page.select("p")]
    assert rows[:3] == ["✘ No.", "expected: 'one two␣␣three'", "your answer: 'one two␣three'"]
    assert "<ins>" in str(page) and "<del>" in str(page) and "missing from your answer" in rows[3]


@pytest.mark.parametrize("background, text", COLORS.values(), ids=COLORS)
def test_colours_have_contrast_of_their_own(background, text):
    def light(color):
        channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((light(background), light(text)))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_no_text_colour_without_a_background():
    html = CheckCard("wrong", "No.", [("a", Marked([("x", True)], "ins"))], progress=[("1.1", True)])._repr_html_()
    for tag in BeautifulSoup(html, "html.parser").find_all(style=True):
        names = {rule.split(":")[0].strip() for rule in tag["style"].split(";")}
        assert ("color" in names) == ("background-color" in names)


# -- what it marks ------------------------------------------------------------------------------------------------


def marks(expected, actual) -> tuple[list[str], list[str]] | None:
    both = compare(expected, actual)
    return both and tuple([text for text, differs in parts if differs] for parts in both)


@pytest.mark.parametrize(
    "expected, actual, marked",
    [
        ("Knead it for ten minutes.", "Knead it for two minutes.", (["ten"], ["two"])),
        ("Why do you knead?", "Why do you knead? ", ([], [" "])),
        ("a rye loaf with some salt", "a white bun with some salt", (["rye loaf"], ["white bun"])),
        ("system\nHi\n", "system\nHi", (["\\n"], [])),
        ("水は三十度です。", "水は四十度です。", (["三"], ["四"])),
        ("it's warm", 'it\'s "warm"', ([], ['"', '"'])),
        (["a", "b", "c"], ["a", "c"], (["'b'"], [])),
        (["Why rye?", "Why salt?"], ["Why rye?", "Why malt?"], (["salt"], ["malt"])),
        (("a", 1), ("a", 2), (["1"], ["2"])),
        ({"a": 1, "b": [1, 2]}, {"b": [1, 3], "c": 0}, (["'a': 1", "2"], ["3", "'c': 0"])),
        ([{"prompt": "Why?", "n": 1}], [{"prompt": "Why? ", "n": 1}], ([], [" "])),
    ],
)
def test_what_differs_is_marked(expected, actual, marked):
    assert marks(expected, actual) == marked
    page = soup(wrong(expected=expected, actual=actual))
    assert bool(page.select("code ins")) == bool(marked[0]) and bool(page.select("code del")) == bool(marked[1])
    rows = [row.get_text() for row in page.select("p")]
    assert rows[1].replace("␣", " ") == f"expected: {expected!r}"
    assert rows[2].replace("␣", " ") == f"your answer: {actual!r}"


@pytest.mark.parametrize(
    "expected, actual",
    [
        (42, 41),
        (True, False),
        ("ValueError", "KeyError"),
        ([], ["a"]),
        ("a text", None),
        ([1, 2], (1, 2)),
        ("entirely different words", "nothing of that kind here"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),  # equal
        (1, type("One", (), {"__repr__": lambda self: "1"})()),  # they look the same
        ("a" * 5_000, "a" * 5_001),
        ("a, b. " * 240, "b, a. " * 240),
    ],
)
def test_where_marks_would_not_help_there_are_none(expected, actual):
    assert compare(expected, actual) is None
    page = soup(wrong(expected=expected, actual=actual))
    assert not page.select("ins, del") and not page.select("small")
    assert [row.get_text().split(":")[0] for row in page.select("p")[1:]] == ["expected", "your answer"]


def test_one_of_the_two_alone_is_not_compared():
    assert repr(wrong(expected="a b")) == "✘ No.\nexpected: 'a b'"
    assert repr(wrong(actual=None)) == "✘ No.\nyour answer: None"


def test_the_text_form_marks_with_carets():
    assert repr(wrong(expected="水 is warm", actual="水 is cold")).splitlines()[1:] == [
        "expected: '水 is warm'",
        "                 ^^^^",
        "your answer: '水 is cold'",
        "                    ^^^^",
    ]


def test_the_text_form_lists_what_differs_in_long_lines():
    long = "the dough rests in a warm place, in the bowl, until it has grown to twice its size, which takes "
    said = repr(wrong(expected=long + "one hour", actual=long + "two hours ")).splitlines()
    assert said[2] == " + one hour" and said[4] == " - two hours "


def test_a_difference_far_inside_is_shown():
    words = [f"word{n}" for n in range(150)]
    page = soup(wrong(expected=" ".join(words), actual=" ".join(words).replace("word75", "other")))
    assert [one.get_text() for one in page.select("code ins, code del")] == ["word75", "other"]
    assert all(len(code.get_text()) < 200 and " … " in code.get_text() for code in page.select("code"))


def test_comparing_is_given_up_where_it_would_take_long(monkeypatch):
    comparisons = []

    class Counting(SequenceMatcher):
        def __init__(self, isjunk, a, b, autojunk):
            comparisons.append(sum(a.count(item) for item in b) * min(len(a), len(b)))
            super().__init__(isjunk, a, b, autojunk)

    monkeypatch.setattr(diff, "SequenceMatcher", Counting)
    for expected, actual in [
        ("." * 1490, ".," * 740),
        ([0] * 490, [1, 0] * 240),
        ("a b " * 370, "b a " * 370),
        ([["."] * 3] * 80, [[","] * 3] * 80),
        ("a b " * 40, "b a " * 40),
    ]:
        compare(expected, actual)
    assert comparisons and sum(comparisons) <= 30_000_000


# -- what must not act --------------------------------------------------------------------------------------------


class Says:
    """A value with a `repr` of its own."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def raising(text):
    def answer():
        raise ValueError(text)

    return answer


PLACES = {
    "expected": lambda text: Wrong("No.", expected=text),
    "actual": lambda text: Wrong("No.", actual=text),
    "both": lambda text: Wrong("No.", expected=f"a few words, and {text}", actual=f"a few words and {text} more"),
    "inside": lambda text: Wrong("No.", expected={"a": [text], text: 1}, actual={"a": [text, "b"], text: 2}),
    "repr": lambda text: Wrong("No.", expected=["a", 1], actual=["a", Says(text)]),
    "message": lambda text: Wrong(text, hint=text),
    "error": raising,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_nothing_of_an_answer_acts(shown_card, place, number):
    @exercise(TEXTS[number])
    def check(answer):
        if place == "error":
            call(raising(TEXTS[number]))
        raise PLACES[place](TEXTS[number])

    card = shown_card(check, 1)
    html, text = card._repr_html_(), repr(card)
    Balanced(html)
    html.encode("utf-8"), text.encode("utf-8")
    page = BeautifulSoup(html, "html.parser")
    for said in (page.get_text(), text):
        assert said.startswith("✘ ") and len(said) < 10_000
        assert not [one for one in said if unicodedata.category(one) in ("Cc", "Cf", "Cs") and one not in "\n\t"]


def test_classes_that_misbehave():
    class Raises:
        def __repr__(self):
            raise RuntimeError("</div>")

    class NoText:
        def __repr__(self):
            return 3

    class Text(str):
        def __len__(self):
            return 1

        def __getitem__(self, place):
            return self

        def __str__(self):
            return self

    class Odd:
        def __repr__(self):
            return Text("<b>" * 10_000)

    class Other:
        count = 0

        def __repr__(self):
            Other.count += 1
            return f"other {Other.count}"

    endless: list = ["a"]
    endless.append(endless)
    deep: list = []
    for _round in range(10_000):
        deep = [deep]
    values = [Raises(), NoText(), Odd(), Other(), endless, deep, Text("<i>a")]
    for value in [*values, *([value] for value in values), *({"a": 1, "b": value} for value in values)]:
        for other in ("a", ["a", "b"], {"a": 1}, value):
            soup(wrong(expected=other, actual=value))
    assert "<Raises: RuntimeError>" in repr(wrong(actual=Raises()))


def test_an_error_that_cannot_be_told(shown_card):
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    def answer():
        raise Broken

    @exercise()
    def check(given):
        call(given)

    answer.__name__ = "</div><script>"
    card = shown_card(check, answer)
    assert "Broken" in soup(card).get_text()
