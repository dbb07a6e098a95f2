"""No rule takes more than time in proportion to the length of a text, whatever the text repeats.

Small models that are stuck write such texts by the thousand. Measured is the processor time of this thread, on a text
and on one ten times as long, so a busy machine changes nothing.
"""

from __future__ import annotations

import gc
import time

import pytest

from prompt2data.quality import (
    broken,
    calls,
    chain,
    contamination,
    conversations,
    datasheet,
    duplicates,
    evolutions,
    exchanges,
    fields,
    language,
    pairs,
    preferences,
    quantities,
    report,
    selection,
    texts,
    vocabulary,
)

UNITS = (
    ".",
    "> ",
    ": ",
    "\n-",
    "***\n",
    "a",
    "7-",
    "a.",
    "www.",
    " ",
    "\n",
    "because ",
    '"',
    "(",
    "<",
    "{{",
    "我",
    "ก",
    "🍞",
    "\n.",
    "A",
    "'A",
    "Why ",
    "? ",
    "#",
    "|",
    "[",
    "1. ",
    "。",
    "は",
    "가 ",
    "é",
    "a@",
    "://",
    "_",
    "you are a ",
    "i'm ",
    "here is the ",
    "come up with a ",
    "user: ",
    "\x00",
    "\ud83d",
    "a\n",
    "không ",
    "`",
)
LONG, SHORT = 100_000, 10_000

# Columns and messages hold the text at the end, in the middle and as a whole
CALLS = {
    "empty": lambda text: texts.empty(row(text)),
    "leak": lambda text: texts.leak(row(text)),
    "refusal": lambda text: texts.refusal(row(text)),
    "length": lambda text: texts.length(row(text)),
    "joined": lambda text: texts.joined(*texts.columns([row(text)])),
    "loop": lambda text: broken.loop(row(text)),
    "blob": lambda text: broken.blob(row(text)),
    "reasoning": lambda text: broken.reasoning(row(text)),
    "unfinished": lambda text: broken.unfinished(row(text)),
    "echo": lambda text: exchanges.echo(row(text)),
    "copy": lambda text: exchanges.copy(row(text)),
    "roles": lambda text: exchanges.roles(row(text)),
    "no request": lambda text: exchanges.no_request(row(text)),
    "language": lambda text: language.language_of(text),
    "question_in": lambda text: pairs.question_in(text),
    "pair": lambda text: pairs.why_drop({"prompt": text + "?", "completion": text}),
    "evolution": lambda text: evolutions.why_drop("How is bread baked?", text),
    "answer": lambda text: evolutions.why_drop_answer(text),
    "request": lambda text: conversations.reads_like_request(text),
    "conversation": lambda text: conversations.why_drop(
        [{"role": "user", "content": text}, {"role": "assistant", "content": text}], 1
    ),
    "preference": lambda text: preferences.why_drop(
        {"instruction": text, "generations": [text, "b"], "ratings": [1, 2]}, 1
    ),
    "call": lambda text: calls.why_drop("minutes", 20, "scones", text),
    "amounts": lambda text: quantities.quantities(quantities.plainly(text)),
    "personal data": lambda text: datasheet.personal_data([{"a": text}], ["a"]),
    "words": lambda text: (vocabulary.words(text), vocabulary.plain(text), fields.tokens(text)),
    "near": lambda text: duplicates.near([text, "b"]),
    "exact": lambda text: duplicates.exact([text, "b"]),
    "run": lambda text: contamination.common_run(text, "Which gas do yeast cells give off that lifts the dough?"),
    "complexity": lambda text: selection.complexity_stand_in(text),
    "report": lambda text: report.render_report(chain.run_chain([row(text)], []), "title"),
}


def row(text):
    return {"instruction": text, "response": text + " and so on"}


def cost(call, text):
    """The processor time of a call in seconds, without collecting the garbage of the tests before."""
    gc.disable()
    started = time.thread_time()
    try:
        call(text)
        return time.thread_time() - started
    finally:
        gc.enable()


def too_slow(call, long, short):
    """The seconds that a call took if they are out of proportion, 0 if not; ten times the text may cost 30 times.

    The least of some measurements counts: a neighbour on the same core makes any one of them slower.
    """
    spent = cost(call, long)
    if spent < 0.5:
        return 0.0
    short_spent = min(cost(call, short) for _ in range(5))
    for _ in range(2):
        if spent > 30 * short_spent:
            spent = min(spent, cost(call, long))
    return spent if spent > 30 * short_spent else 0.0


@pytest.mark.parametrize("name", CALLS)
def test_ten_times_the_text_takes_ten_times_as_long(name):
    """Ten times as long takes a hundred times where a rule begins anew at every character."""
    call, slow = CALLS[name], {}
    call("Bake it. And then?")  # what is loaded once costs no text anything
    for unit in UNITS:
        long, short = (f"Bake it. {unit * (size // len(unit))} And then?" for size in (LONG, SHORT))
        if spent := too_slow(call, long, short):
            slow[unit] = round(spent, 2)
    assert not slow, (name, slow)


def test_the_test_sees_what_grows_with_the_square():
    import re

    greedy = re.compile(r"a+b")
    assert too_slow(greedy.search, "a" * 30_000, "a" * 3_000)
