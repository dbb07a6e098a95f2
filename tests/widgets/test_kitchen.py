"""The kitchen: what is asked, what is shown of what comes, where the hands stop, and the exam's table.

How it draws is tested with engines that answer what a test wants; how it asks, with the embedded model.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset

from prompt2data import kitchen
from prompt2data.widgets.kitchen import INSTRUMENTS, Kitchen
from tests.hostile import TEXTS

SENTENCE = "Wake me in 75 minutes, the starter will be ready then."
TIMER = {"tool": "timer", "minutes": 75, "for": "starter"}
OVEN = {"tool": "oven", "celsius": 230, "for": "focaccia"}
SCALE = {"tool": "scale", "grams": 250, "of": "rye flour"}
NONE = {"tool": "none"}
RLO = "\u202e"


class Says:
    """An engine that answers what it is told, and notes what it was asked."""

    def __init__(self, *answers: str | None | Exception) -> None:
        self.answers, self.asked, self.loads = list(answers), [], 0

    def load(self) -> None:
        self.loads += 1

    def mark(self) -> int:
        return len(self.asked)

    def rewind(self, mark: int) -> None:
        assert mark == len(self.asked) - 1

    def generate(self, inputs: list[list[dict]], **settings: object) -> list[dict]:
        self.asked.append((inputs, settings))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [{"generations": [answer]}]


def shown(output: str | dict | None, chat: str | None = "Good morning!", **options: object) -> Kitchen:
    text = json.dumps(output) if isinstance(output, dict) else output
    return Kitchen(Says(chat), Says(text), **{"sentence": SENTENCE, **options})


def send(widget: Kitchen, name: str, value: object = "") -> None:
    widget._receive(widget, {"do": name, "value": value}, [])


def say(widget: Kitchen, *sentences: str) -> None:
    """Say these one right after the other, and let the kernel go on until both models have answered."""

    async def play() -> None:
        for sentence in sentences:
            send(widget, "sentence", sentence)
            send(widget, "ask")
        while widget.working:
            await asyncio.sleep(0)

    asyncio.run(play())


def soup(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def words(element: BeautifulSoup) -> str:
    return " ".join(element.get_text(" ").split())


def instruments(widget: Kitchen, static: bool = False) -> dict[str, str]:
    """Each instrument's name, and what stands under it."""
    page = soup(widget.part("answers", static))
    found = [one.find("div") for one in page.select(".p2d-instruments > li")]
    return {one.find("b").text: words(one).removeprefix(one.find("b").text).strip() for one in found}


def hands(widget: Kitchen) -> list[float]:
    """The angle of the hand of each instrument."""
    page = soup(widget.part("answers", static=True))
    turned = [svg.select("g")[-1]["transform"] for svg in page.select("svg")]
    return [float(re.fullmatch(r"rotate\((-?[\d.]+)\)", one)[1]) for one in turned]


def status(widget: Kitchen) -> str:
    return words(soup(widget.parts["status"]))


REST = {"Timer": "at rest", "Oven": "at rest", "Scale": "at rest"}
AT_REST = [0, -135, -135]


# -- what moves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "moved", "said", "angles"),
    [
        (TIMER, {"Timer": "75 minutes starter"}, "Timer: 75 minutes, starter", [150, -135, -135]),
        (TIMER | {"minutes": 1}, {"Timer": "1 minute starter"}, "Timer: 1 minute, starter", [2, -135, -135]),
        (OVEN, {"Oven": "230 °C focaccia"}, "Oven: 230 °C, focaccia", [0, 72, -135]),
        (SCALE, {"Scale": "250 g rye flour"}, "Scale: 250 g, rye flour", [0, -135, -67.5]),
        (NONE, {}, "No tool is called: all three stay at rest.", AT_REST),
    ],
)
def test_an_instrument_moves_and_the_others_rest(call, moved, said, angles) -> None:
    widget = shown(call)
    for static in (False, True):
        assert instruments(widget, static) == REST | moved
    assert status(widget) == said and hands(widget) == angles
    page = soup(widget.parts["answers"])
    assert words(page.select_one(".p2d-kitchen-bubble")) == "Good morning!"
    assert words(page.select_one(".p2d-code")) == json.dumps(call)
    assert len(page.select(".p2d-moved")) == len(moved)
    assert widget.summary() == f"The kitchen: {said}"


@pytest.mark.parametrize("one", INSTRUMENTS, ids=lambda one: one.tool)
def test_a_hand_stops_at_the_end_of_its_dial_and_the_words_go_on(one) -> None:
    unit, thing = kitchen.TOOLS[one.tool].parameters
    ends = []
    for number in (one.end - 1, one.end, one.end + 1, kitchen.LARGEST):
        widget = shown({"tool": one.tool, unit: number, thing: "starter"})
        place = INSTRUMENTS.index(one)
        ends.append(hands(widget)[place])
        told = list(instruments(widget).values())[place]
        assert f"{number:,}" in told and f"{number:,}" in status(widget)
        assert ("beyond the dial" in told) == (number > one.end)
    assert ends[0] < ends[1] == ends[2] == ends[3] == one.start + one.sweep


def test_a_thousand_minutes() -> None:
    widget = shown(TIMER | {"minutes": 1000})
    assert instruments(widget)["Timer"] == "1,000 minutes starter beyond the dial"
    assert status(widget) == "Timer: 1,000 minutes, starter" and hands(widget)[0] == 360


@pytest.mark.parametrize(
    "output",
    [
        "Sure! I have set the timer.",
        'Sure! {"tool": "timer", "minutes": 75, "for": "starter"}',
        '{"tool": "timer", "minutes": "75", "for": "starter"}',
        '{"tool": "timer", "minutes": 75}',
        '{"tool": "fridge", "celsius": 4, "for": "dough"}',
        "",
        " \n",
        None,
    ],
)
def test_what_is_no_call_is_shown_as_text_and_moves_nothing(output: str | None) -> None:
    widget = shown(output, chat=output)
    assert status(widget) == "This is no call: nothing moves." and hands(widget) == AT_REST
    page = soup(widget.part("answers", static=True))
    for place in (".p2d-code", ".p2d-kitchen-bubble"):
        assert words(page.select_one(place)) == ((output or "").strip() or "(no text)")
    assert page.text.count("This is no call: nothing moves.") == 1 and instruments(widget) == REST


def test_the_dials_have_their_numbers() -> None:
    texts = [[one.text for one in svg.select("text")] for svg in soup(shown(NONE).parts["answers"]).select("svg")]
    assert texts == [
        ["0", "30", "60", "90", "120", "150"],
        ["0", "50", "100", "150", "200", "250", "300"],
        ["0", "250", "500", "750", "1000"],
    ]
    assert all(svg["aria-hidden"] == "true" for svg in soup(shown(NONE).parts["answers"]).select("svg"))


def test_hands_turn_from_where_they_were() -> None:
    widget = Kitchen(Says("Hi"), Says(json.dumps(TIMER), json.dumps(OVEN)), sentence=SENTENCE)

    def turning() -> list[str]:
        return [one["style"] for one in soup(widget.parts["answers"]).select(".p2d-turn-hand")]

    assert turning() == ["--p2d-from: 0.0deg"] and len(soup(widget.parts["answers"]).select(".p2d-turn-arc")) == 1
    pictures = []
    widget.observe(lambda change: pictures.append(turning()), "parts")
    say(widget, "Heat the oven to 230 for the focaccia.")
    # To rest first, and then the oven's; a part that is drawn again for another reason turns nothing again.
    assert ["--p2d-from: 150.0deg"] in pictures and pictures[-1] == ["--p2d-from: -135.0deg"]
    assert soup(widget.static()).select(".p2d-turn-hand, .p2d-turn-arc") == []


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_both_are_asked_as_in_the_lesson() -> None:
    untouched, trained = Says("Good morning!"), Says(json.dumps(TIMER))
    widget = Kitchen(untouched, trained, sentence=f" {SENTENCE}\n")
    messages = [{"role": "system", "content": kitchen.SYSTEM}, {"role": "user", "content": SENTENCE}]
    wanted = ([messages], {"max_new_tokens": 28, "temperature": 0})
    assert untouched.asked == trained.asked == [wanted]
    say(widget, "Weigh 250 grams of rye flour.")
    assert untouched.asked[1] == trained.asked[1] and "Weigh 250" in str(trained.asked[1])
    assert untouched.loads == trained.loads == 2  # a later cell may have unloaded them
    assert widget.asked == "Weigh 250 grams of rye flour."
    assert "Weigh 250 grams" in soup(widget.part("answers", static=True)).text


@pytest.mark.parametrize("blank", ["", "  ", "\u200b \ufeff", None])
def test_without_a_sentence_it_says_so_and_asks_nobody(blank: str | None) -> None:
    untouched, trained = Says("Hi"), Says("Hi")
    widget = Kitchen(untouched, trained, sentence=blank)
    assert status(widget) == "Write a sentence first." and untouched.asked == trained.asked == []
    assert instruments(widget) == REST and soup(widget.parts["answers"]).select(".p2d-kitchen-bubble") == []
    assert "Timer" in widget.static() and widget.summary() == "The kitchen"

    widget = shown(TIMER)
    say(widget, blank or "")
    assert status(widget) == "Write a sentence first." and not widget.working
    assert instruments(widget)["Timer"] == "75 minutes starter" and len(widget.engines["chat"].asked) == 1
    say(widget, SENTENCE)
    assert status(widget) == "Timer: 75 minutes, starter" and len(widget.engines["chat"].asked) == 2


def test_a_long_sentence_is_cut_and_that_is_told() -> None:
    widget = shown(TIMER)
    for length in (300, 301, 100_000):
        say(widget, "x" * length)
        assert widget.asked == "x" * 300
        assert "x" * 301 not in str(widget.engines["output"].asked)
        told = "Timer: 75 minutes, starter" + (" Only the first 300 characters were read." if length > 300 else "")
        assert status(widget) == told
        assert len(widget.part("controls")) < 2_000
    say(widget, SENTENCE)
    assert status(widget) == "Timer: 75 minutes, starter"
    assert "Only the first 300" in status(shown(TIMER, sentence="x" * 400))


def test_a_new_sentence_while_it_is_busy_takes_the_place_of_the_other() -> None:
    widget = shown(TIMER)
    say(widget, "one", "two", "three", "three")
    for engine in widget.engines.values():
        assert [inputs[0][1]["content"] for inputs, _settings in engine.asked] == [SENTENCE, "three"]
    assert widget.asked == "three" and widget.asking == "" and not widget.working


def test_a_sentence_between_the_two_answers_is_the_one_that_is_answered() -> None:
    widget = shown(TIMER)

    async def play() -> None:
        send(widget, "sentence", "one")
        send(widget, "ask")
        assert status(widget) == "Both models are asked …"
        while widget.asking != "output":
            await asyncio.sleep(0)
        assert "…" in soup(widget.parts["answers"]).select_one(".p2d-code").text and instruments(widget) == REST
        send(widget, "sentence", "two")
        send(widget, "ask")
        while widget.working:
            await asyncio.sleep(0)

    asyncio.run(play())
    assert [inputs[0][1]["content"] for inputs, _ in widget.engines["output"].asked] == [SENTENCE, "two"]
    assert status(widget) == "Timer: 75 minutes, starter"


@pytest.mark.parametrize("which", ["chat", "output"])
def test_an_error_of_a_model_is_told_and_the_next_sentence_is_answered(which: str) -> None:
    widget = shown(TIMER)
    widget.engines[which].answers = [MemoryError("no <b>room</b>"), json.dumps(OVEN)]
    say(widget, "Heat the oven to 230 for the focaccia.")
    assert status(widget) == "no <b>room</b>" and soup(widget.parts["status"]).b is None
    assert not widget.working and hands(widget) == AT_REST and "(no text)" in widget.parts["answers"]
    widget.engines["output"].answers = [json.dumps(OVEN)]
    say(widget, "Heat the oven to 230 for the focaccia.")
    assert status(widget) == "Oven: 230 °C, focaccia" and widget.failure == ""


def test_the_embedded_model_is_asked_and_leaves_no_trace(llm) -> None:
    messages = [{"role": "system", "content": kitchen.SYSTEM}, {"role": "user", "content": SENTENCE}]
    (wanted,) = llm.generate([messages], max_new_tokens=28, temperature=0)
    before = llm.mark()
    widget = Kitchen(llm, llm, sentence=SENTENCE)
    assert widget.chat == widget.output == wanted["generations"][0] and widget.call is None
    assert status(widget) == "This is no call: nothing moves." and widget.chat.strip() in soup(widget.static()).text
    assert llm.mark() == before


# -- hostile texts ----------------------------------------------------------------------------------------------------


def structure(html: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag.name, tuple(sorted(tag.attrs))) for tag in soup(html).find_all(True)]


def drawn(widget: Kitchen) -> Iterator[list[tuple[str, tuple[str, ...]]]]:
    for name in ("intro", "controls", "answers"):
        for static in (False, True):
            yield structure(widget.part(name, static))


MEAN = (*TEXTS, "</script><script>window.hacked = 1</script>", f"{RLO}nettimrew", "q" * 10_000)


@pytest.mark.parametrize("text", MEAN, ids=range(len(MEAN)))
def test_hostile_texts_are_text(text: str) -> None:
    innocent = list(drawn(shown("innocent")))
    widget = shown(text, chat=text, sentence=text)
    assert list(drawn(widget)) == innocent
    assert sum(map(len, widget.parts.values())) < 30_000
    assert not set("\u202e\u2066\x1b\x00\x08") & set("".join(widget.parts.values()) + widget.static())


def test_hostile_things_are_text() -> None:
    innocent = list(drawn(shown(TIMER)))
    things = [text[:900] for text in TEXTS] + ["q" * 900, "\u05e9\u05de\u05e8\u05d9\u05dd"]
    read = [call for text in things if (call := kitchen.parse_call(json.dumps(TIMER | {"for": text})))]
    assert len(read) > 8  # the others hold what cannot be printed, and are no calls
    for call in read:
        widget = shown(call)
        assert list(drawn(widget)) == innocent
        assert sum(map(len, widget.parts.values())) < 30_000 and len(status(widget)) < 200
        assert "p2d-text" in soup(widget.parts["answers"]).select_one(".p2d-moved span:last-of-type")["class"]


@pytest.mark.parametrize("name", ["chat", "call", "_ask", "positions", "__init__", "", None, 3])
def test_a_page_can_do_nothing_else(name: object) -> None:
    widget = shown(TIMER)
    parts = widget.parts
    send(widget, name, "x")
    assert widget.parts == parts and len(widget.engines["chat"].asked) == 1


# -- the exam ---------------------------------------------------------------------------------------------------------

ROWS = kitchen.exam_rows("a")
RIGHT = [row["call"] for row in ROWS]


def marked(outputs: list[str | None]) -> kitchen.Exam:
    return kitchen.exam(outputs, RIGHT)


def table(widget: Kitchen) -> list[list[str]]:
    rows = soup(widget.part("exam", static=True)).select("tbody tr")
    return [[words(cell) for cell in row.select("td")] for row in rows]


def test_the_exam_as_a_table() -> None:
    outputs: list[str | None] = [kitchen.to_json(call) for call in RIGHT]
    timer = next(place for place, call in enumerate(RIGHT) if call["tool"] == "timer")
    scale = next(place for place, call in enumerate(RIGHT) if call["tool"] == "scale" and place > timer + 2)
    wrong = {
        timer: kitchen.to_json(RIGHT[timer] | {"minutes": 7}),
        timer + 1: "Sure! <b>dough</b>",
        timer + 2: None,
        scale: kitchen.to_json(OVEN | {"celsius": 7}),
    }
    for place, output in wrong.items():
        outputs[place] = output
    widget = shown(TIMER, exam=marked(outputs), rows=ROWS)
    lines = table(widget)
    assert [line[0] for line in lines] == ["✘"] * 4 + ["✔"] * 8
    assert [line[1] for line in lines[:4]] == [ROWS[place]["sentence"] for place in wrong]
    minutes, thing = RIGHT[timer]["minutes"], RIGHT[timer]["for"]
    assert lines[0][2:] == [f"Timer: {minutes} minutes, {thing}", f"Timer: 7 minutes , {thing}"]
    assert lines[1][3] == "Sure! <b>dough</b>" and lines[2][3] == "(no text)" and lines[4][3] == "the same"
    page = soup(widget.part("exam", static=True))
    assert [words(one) for one in page.select("tbody tr")[0].select("mark")] == ["7 minutes"]
    assert page.select("tbody tr")[3].select("mark")[0].text == "Oven" and page.b is None
    exam = marked(outputs)
    said = f"{exam.calls.exact.k} of {exam.calls.exact.n} calls exact, {exam.none.exact.k} of {exam.none.exact.n} times"
    assert said in page.caption.text and words(page).endswith(f"… and {len(ROWS) - 12} more")
    labels = [one["aria-label"] for one in page.select("[role=img]")]
    assert labels == ["wrong"] * 4 + ["right"] * 8
    folded = soup(widget.parts["exam"])
    assert said in folded.summary.text and len(folded.details.select("tbody tr")) == 12
    assert not folded.details.has_attr("open")


@pytest.mark.parametrize(("wrong", "of_them"), [(0, 0), (3, 3), (6, 6), (20, 6), (44, 8), (48, 12)])
def test_how_many_of_each_are_shown(wrong: int, of_them: int) -> None:
    widget = shown(TIMER, exam=marked([None] * wrong + [kitchen.to_json(call) for call in RIGHT[wrong:]]), rows=ROWS)
    assert [line[0] for line in table(widget)] == ["✘"] * of_them + ["✔"] * (12 - of_them)


def test_rows_that_are_closed_are_not_shown() -> None:
    everything = ROWS + kitchen.exam_rows("b")
    exam = kitchen.exam([None] * len(everything), [row["call"] for row in everything])
    widget = shown(TIMER, exam=exam, rows=ROWS)
    assert widget.exam.rows == exam.rows[: len(ROWS)] and f"and {len(ROWS) - 12} more" in widget.part("exam", True)
    few = shown(TIMER, exam=exam, rows=ROWS[:5])
    assert len(table(few)) == 5 and "more" not in few.part("exam", True)


def test_rows_may_be_any_table() -> None:
    exam = marked([kitchen.to_json(call) for call in RIGHT])
    wanted = table(shown(TIMER, exam=exam, rows=ROWS))
    for rows in (Dataset.from_list(ROWS), pd.DataFrame(ROWS)):
        assert table(shown(TIMER, exam=exam, rows=rows)) == wanted


def test_calls_of_a_tool_of_ones_own_are_told_in_its_words() -> None:
    fields = {"celsius": kitchen.Parameter(int, "a number"), "for": kitchen.Parameter(str, "what")}
    own = {"fridge": kitchen.Tool("cool", fields)}
    call = {"tool": "fridge", "celsius": 4, "for": "pizza dough"}
    exam = kitchen.exam([json.dumps(call), "{}"], [call, call], kitchen.TOOLS | own)
    rows = [{"sentence": "Cool the pizza dough to 4 degrees.", "call": call}] * 2
    assert [line[2] for line in table(shown(TIMER, exam=exam, rows=rows))] == ["fridge: 4 °C, pizza dough"] * 2


def test_an_exam_that_does_not_fit_is_refused_in_words() -> None:
    exam = marked([None] * len(ROWS))
    with pytest.raises(ValueError, match="together"):
        shown(TIMER, exam=exam)
    with pytest.raises(ValueError, match="together"):
        shown(TIMER, rows=ROWS)
    with pytest.raises(TypeError, match=r"`kitchen\.exam` returned"):
        shown(TIMER, exam={"timer": {"n": 3}}, rows=ROWS)
    for rows in (ROWS[1:], [*ROWS, ROWS[0]], [{"sentence": "x", "call": None}]):
        with pytest.raises(ValueError, match="rows of this exam, in its order"):
            shown(TIMER, exam=exam, rows=rows)
    with pytest.raises(ValueError, match="lacks the column sentence"):
        shown(TIMER, exam=exam, rows=[{"call": call} for call in RIGHT])
    with pytest.raises(TypeError, match="list of rows"):
        shown(TIMER, exam=exam, rows="half a")


def test_hostile_texts_in_the_exam_are_text() -> None:
    calls = [TIMER] * len(TEXTS)

    def exam(texts: list[str]) -> str:
        rows = [{"sentence": text, "call": TIMER} for text in texts]
        widget = shown(TIMER, exam=kitchen.exam(texts, calls), rows=rows)
        return widget.part("exam", True)

    for start in (0, 8):
        texts = list(TEXTS[start:] + TEXTS[:start])
        assert structure(exam(texts)) == structure(exam(["innocent"] * len(texts)))
        assert len(exam(texts)) < 30_000


def test_what_is_stored_is_complete_and_small() -> None:
    outputs = [None if place % 3 else kitchen.to_json(call) for place, call in enumerate(RIGHT)]
    widget = shown(TIMER, exam=marked(outputs), rows=ROWS)
    page = soup(widget.static())
    assert not page.select("button, input, textarea, select, details, script, [data-act], [data-input]")
    assert len(page.select("table")) == 1 and len(page.select(".p2d-instruments > li")) == 3
    assert SENTENCE in page.text and "Good morning!" in page.text and "75 minutes" in page.text
    assert "Run this cell" in page.text and len(widget.static()) < 45_000
    assert not soup(shown(TIMER).static()).select("table")
    assert widget.static() == widget.static()
