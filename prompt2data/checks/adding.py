"""What `add_tool` of exercise 8.3 should do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from prompt2data.checks.core import call, records, wrong_if
from prompt2data.checks.judge import Case, Properties, Task, case, drawn, same
from prompt2data.i18n import N_, _
from prompt2data.untrusted import safe_repr

Call = dict[str, Any]
Row = dict[str, Any]


class _Write:
    """A `write` that knows what to say for the calls of some temperatures, and notes which calls it is asked for."""

    def __init__(self, sentences: Mapping[int, Any]) -> None:
        self.sentences, self.asked = sentences, list[Any]()

    def __repr__(self) -> str:
        return f"<write gives, by celsius, {self.sentences}>"

    def __call__(self, call: Any) -> Any:
        number = call.get("celsius") if isinstance(call, Mapping) else None
        self.asked.append(number if isinstance(number, int) else safe_repr(call))
        found = self.sentences.get(self.asked[-1])
        return list(found) if isinstance(found, list) else found


class _WhyDrop:
    """A `why_drop` that wants a call's number in its sentence, or nothing, and notes what is no call and no text."""

    def __init__(self, wants_number: bool) -> None:
        self.wants_number, self.strange = wants_number, list[str]()

    def __repr__(self) -> str:
        return f"<why_drop gives {'a reason if celsius is not in the sentence' if self.wants_number else 'None'}>"

    def __call__(self, call: Any, sentence: Any) -> str | None:
        if not isinstance(call, Mapping) or not isinstance(sentence, str | None):
            self.strange.append(safe_repr((call, sentence)))
            return "number"
        return "number" if self.wants_number and str(call.get("celsius")) not in (sentence or "") else None


def _text(sentence: Any) -> str:
    return sentence.strip() if isinstance(sentence, str) else ""


def _key(row: Row) -> str:
    return _text(row["sentence"]).lower()


def _most(rows: Iterable[Row]) -> int:
    return max(Counter(row["call"]["tool"] for row in rows).values(), default=0)


def _add_tool(
    rows: list[Row], calls: list[Call], write: _Write, why_drop: _WhyDrop, dropped: bool = False
) -> list[Row]:
    found, most = list(rows), len(rows) + _most(rows)
    for wanted in calls:
        if len(found) == most:
            break
        new = [{"sentence": _text(said), "call": wanted} for said in write(wanted) or []]
        fits = [row for row in new if bool(why_drop(wanted, row["sentence"])) == dropped]
        fits = [row for row in fits if _key(row) not in ("", *map(_key, found))]
        found += fits[:1]
    return found


def _added(
    function: Callable[..., Any], rows: list[Row], calls: list[Call], write: _Write, why_drop: _WhyDrop
) -> Properties:
    """What is to be said about the rows that a function adds, and about what it asks for."""
    (old, dealt), script, judge = deepcopy((rows, calls)), _Write(write.sentences), _WhyDrop(why_drop.wants_number)
    answer = records(call(function, rows, calls, write, why_drop), ("sentence", "call"))
    there = [{name: mine.get(name) for name in row} for row, mine in zip(old, answer, strict=False)]
    message = _("The answer begins with all old rows, as they are and in their order.")
    wrong_if(not same(there, old), message, expected=old, actual=answer[: len(old)])
    right, new = _add_tool(old, dealt, script, judge)[len(old) :], answer[len(old) :]
    asked = len(script.asked)
    said, keys = [row["sentence"] for row in new], list(map(_key, answer))
    places = [next((place for place, one in enumerate(dealt) if same(one, row["call"])), -1) for row in new]
    known = [(text, dealt[place]) for text, place in zip(said, places, strict=True) if place >= 0]
    return Properties(
        swapped=why_drop.strange[:1],
        call=[row["call"] for row, place in zip(new, places, strict=True) if place < 0],
        blank=[text for text in said if not _text(text)],
        space=[text for text in said if _text(text) and text != text.strip()],
        others=[text for text, one in known if _text(text) not in map(_text, script(one) or [])],
        reason=[text for text, one in known if judge(one, text)],
        seen=[text for place, text in enumerate(said, len(old)) if keys[place] in keys[:place]],
        several=[text for text, place in zip(said, places, strict=True) if places.count(place) > 1],
        order=places == sorted(places),
        many=max(len(new), len(right)),
        few=len(new),
        first=said,
        again=[number for number, times in Counter(map(str, write.asked)).items() if times > 1],
        late=write.asked[asked:],
        asked=write.asked,
    )


_TALK, _RING = {"tool": "none"}, {"tool": "timer", "minutes": 75, "for": "starter"}
_TOOLS: list[Call] = [
    _TALK,
    _RING,
    {"tool": "oven", "celsius": 230, "for": "focaccia"},
    {"tool": "scale", "grams": 75, "of": "oats"},
]


def _row(sentence: str, wanted: Call = _TALK, **more: Any) -> Row:
    return {"sentence": sentence, "call": wanted, **more}


def _dealt(what: str, rows: list[Row], sentences: dict[int, Any], wants_number: bool = True) -> Case:
    calls = [{"tool": "fridge", "celsius": number, "for": "dough"} for number in sentences]
    return case(rows, calls, _Write(sentences), _WhyDrop(wants_number), values={"what": what})


def _random_tool(seed: int) -> Case:
    rng = random.Random(seed)
    rows = [_row(f"So {place}.", rng.choice(_TOOLS[: rng.randint(1, 4)])) for place in range(rng.randint(1, 6))]
    rows.append(_row(rng.choice(["Cool it. ", "COOL IT.", "Chill it to 3."])))
    sentences = {}
    for number in rng.sample(range(2, 9), rng.randint(3, 6)):
        own = [f"Chill it to {number}.", f" chill it to {number}.", f"CHILL it to {number}!", f"To {number}.\n"]
        some = [*own, *own, "Cool it.", "cool it. ", "Chill it to 3.", "Cool it", "3, 4, 5, 6.", None, " "]
        sentences[number] = rng.choice([rng.choices(some, k=rng.randint(1, 4))] * 4 + [None, []])
    return _dealt(N_("several tools, and several sentences for a call"), rows, sentences, rng.random() < 0.5)


_ONE, _TWO = [_row("Hello.")], [_row("Hello."), _row("Bye.")]
_3, _4, _5 = "Cool to 3.", "Cool to 4.", "Cool to 5."
_FREQUENT = N_("how many rows the most frequent old tool has decides")
_SAID = N_("a sentence is there already")
_NOTHING = N_("`write` gives nothing for a call")
ADD_TOOL = Task(
    _add_tool,
    (
        _dealt(N_("there are no old rows"), [], {3: [_3]}),
        _dealt(N_("there is no call"), _ONE, {}),
        _dealt(N_("one call, one sentence"), _ONE, {3: [_3]}),
        _dealt(N_("one row is enough"), _ONE, {3: [_3], 4: [_4]}),
        _dealt(N_("there are fewer calls than rows are wanted"), _TWO, {3: [_3]}),
        _dealt(N_("two calls, one sentence each"), _TWO, {4: [_4], 3: [_3]}),
        _dealt(N_("the second sentence can be taken"), _ONE, {3: ["Cool it.", _3]}),
        _dealt(N_("two sentences can be taken"), _ONE, {3: [_3, "To 3."]}),
        _dealt(N_("two sentences can be taken"), _TWO, {3: ["To 3.", _3], 4: [_4, "To 4."]}),
        _dealt(N_("no sentence for the first call can be taken"), _ONE, {3: ["Cool it.", _4], 4: [_4]}),
        *(_dealt(_NOTHING, _ONE, {3: nothing, 4: [_4]}) for nothing in (None, [], [None], [""], [" \n"])),
        _dealt(N_("`why_drop` never gives a reason"), _ONE, {3: [None, "", " ", "Cool it."]}, False),
        _dealt(N_("there is white space around the sentence"), _ONE, {3: [f" {_3}\n"]}),
        _dealt(N_("the sentence is in capitals"), _ONE, {3: [_3.upper()]}),
        *(_dealt(_SAID, [_row(old)], {3: [_3, "To 3."]}) for old in (_3, _3.upper(), f" {_3}", "cool to 3.\n")),
        *(_dealt(_SAID, _ONE, {3: [f"{text}", _3]}, False) for text in ("Hello.", "HELLO.", "hello. ")),
        *(
            _dealt(_SAID, _TWO, {3: ["Cool it."], 4: [text, _4]}, False)
            for text in ("Cool it.", "cool IT.", " Cool it.")
        ),
        _dealt(N_("a sentence was dropped for one call and fits the next"), _TWO, {3: [_4, _3], 4: [_4]}),
        _dealt(N_("a sentence that was left over from one call fits the next"), _TWO, {3: [_3, _5], 5: [_5]}, False),
        _dealt(_FREQUENT, [_row("Ring.", _RING), _row("Hello.")], {3: [_3], 4: [_4]}),
        _dealt(_FREQUENT, [*_TWO, _row("Ring.", _RING)], {3: [_3], 4: [_4], 5: [_5]}),
        _dealt(_FREQUENT, [_row("Ring.", _RING), *_TWO], {3: [_3], 4: [_4], 5: [_5]}),
        _dealt(
            N_("an old row has one more column, and white space around its sentence"),
            [_row(" Hello. ", half="a")],
            {3: [_3]},
        ),
        *drawn(_random_tool, 25),
    ),
    {
        "swapped": N_("`why_drop` takes the call first and a sentence second."),
        "call": N_("The `call` of a new row is the dictionary for which `write` was asked."),
        "blank": N_("A new row has no sentence: None and white space are none."),
        "space": N_("A new sentence has white space at its ends."),
        "others": N_("A new sentence is not one that `write` gave for its call: change nothing but the white space."),
        "reason": N_("A new row has a sentence for which `why_drop` gives a reason."),
        "seen": N_("An earlier row, old or new, has this sentence: capitals and white space at its ends do not count."),
        "several": N_("A call has several new rows: it gets the first sentence that can be taken, and no other."),
        "order": N_("The new rows are not in the order of their calls."),
        "many": N_("There are more new rows than the most frequent old tool has ({what})."),
        "few": N_("There are too few new rows ({what})."),
        "first": N_("Each call gets the first of its sentences that can be taken ({what})."),
        "again": N_("`write` was asked more than once for the same call."),
        "late": N_("`write` was asked for more calls although there were enough rows ({what})."),
        "asked": N_("`write` should be asked for one call after the other until there are enough rows ({what})."),
    },
    {
        N_(
            "It is the other way round: a sentence is taken if `why_drop` gives None, and dropped if it gives a reason."
        ): (partial(_add_tool, dropped=True))
    },
    play=_added,
    unchanged=N_("`add_tool` changes what it is given: build a new list."),
)
