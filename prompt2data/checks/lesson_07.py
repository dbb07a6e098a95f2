"""Checks on the exercises of lesson 07 (quality). They run on given rows; none calls a model."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from math import isnan
from typing import Any

from prompt2data.checks.choosing import CHANGES, PERCENTILE, SELECT
from prompt2data.checks.core import Wrong, call, exercise, plain, records, returned, wrong_if
from prompt2data.checks.judge import Case, Properties, Task, case, drawn, same
from prompt2data.i18n import N_, _, translated
from prompt2data.untrusted import safe_repr

Row = dict[str, Any]


def _rows(column: str, *values: Any) -> list[Row]:
    """Rows with these values in a column, or without it for `...`."""
    return [{"id": n} | ({} if value is ... else {column: value}) for n, value in enumerate(values)]


def _bare(row: Row) -> Row:
    """A row without what is missing: a table has every column in every row."""
    missing = lambda value: value is None or (isinstance(value, float) and isnan(value))  # noqa: E731
    return {name: v for name, v in row.items() if not (missing(v) and name in ("instruction", "response"))}


def _places(answer: Any, rows: list[Row], given: list[Row]) -> list[int]:
    """Where the kept rows stood; raises `Wrong` where they are not what was `given`. `rows`: what became of that."""
    places = []
    for row in records(answer):
        found = [place for place, one in enumerate(given) if same(_bare(one), _bare(row))]
        message = _("The kept rows were changed: return them as they are.")
        wrong_if(not found, message if same(rows, given) else translated(CHANGES), actual=row)
        left = [place for place in found if place not in places]
        wrong_if(not left, _("The same row is kept twice."), actual=row)
        places.append(left[0])
    wrong_if(places != sorted(places), _("The kept rows are not in the order they had."), actual=places)
    return places


# -- 7.1 ----------------------------------------------------------------------------------------------------------


def _words(row: Row) -> list[str]:
    return re.findall(r"\w+", (row.get("instruction") or "").lower())


def _dedup(rows: list[Row]) -> list[Row]:
    earlier = lambda place: map(_words, rows[:place])  # noqa: E731
    return [row for place, row in enumerate(rows) if not _words(row) or _words(row) not in earlier(place)]


def _kept(function: Callable[..., Any], rows: list[Row]) -> list[Any]:
    """What a function keeps of rows, as the texts of their instructions."""
    given = deepcopy(rows)
    places = _places(call(function, rows), rows, given)
    keys = [tuple(_words(row)) for row in given]
    for place in set(range(len(given))) - set(places):
        first = keys[place] and keys[place] not in keys[:place] and keys[place] in keys[place + 1 :]
        message = _("Of rows with the same words the first one stays.")
        wrong_if(first, message, expected=given[place], actual=[given[p] for p in places])
    return [given[place] for place in places]


def _group(says: str, what: str, *instructions: Any) -> Case:
    return case(_rows("instruction", *instructions), says=says, values={"what": what})


def _random_instructions(number: int) -> Case:
    rng = random.Random(number)
    found: list[Any] = ["Bread?"]
    some = rng.choices("rye salt mì мука 塩 빵 2".split(), k=rng.randint(1, 6))
    for _row in range(rng.randint(2, 9)):
        words = rng.choice([some, [*some, "rye"], ["塩", *some], some[::-1]])
        text = rng.choice([" ", "  ", ", ", " - ", "\n", "。 "]).join(words)
        text = rng.choice([text, text.upper(), text.title()])
        found.append(rng.choice([text, f"{text} ", f"{text}?", f"{text}！", text, None, ...]))
    return case(_rows("instruction", *found))


_STILL = N_("Still there: {what}.")
_GONE = N_("Dropped, although no earlier row has its words: {what}.")
_SAME, _CAPITALS = N_("the same text"), N_("the same words in capitals")
_SPACED, _PUNCTUATED = N_("the same words with other spaces"), N_("the same words with other punctuation")
DEDUP = Task(
    _dedup,
    (
        case([], says=N_("Without rows nothing is kept.")),
        _group(_GONE, N_("the first of its group"), "Why salt?"),
        _group(_STILL, _SAME, "Rye?", "Rye?"),
        _group(_STILL, _SAME, "Why salt?", "How hot?", "Why salt?"),
        _group(_STILL, _SAME, "Why salt?", "How hot?", "Why salt?", "How hot?", "Why salt?"),
        _group(_STILL, _SAME, "Why?", None, "None", "None"),
        _group(_STILL, _CAPITALS, "Why salt?", "WHY SALT?"),
        _group(_STILL, _CAPITALS, "Bột mì?", "BỘT MÌ?"),
        _group(_STILL, _CAPITALS, "Мука?", "МУКА?"),
        _group(_STILL, _SPACED, "Why  salt?", "  Why salt? "),
        _group(_STILL, _SPACED, "Why salt?", "Why\n\tsalt?\n"),
        _group(_STILL, _PUNCTUATED, "Why salt", "“Why, salt?!”"),
        _group(_STILL, _PUNCTUATED, "Why salt", "Why - salt ?"),
        _group(_STILL, _PUNCTUATED, "为什么放盐", "为什么放盐？"),
        _group(_GONE, N_("a question that differs in one word"), "Salt?", "Rye?"),
        _group(_GONE, N_("a question that differs in one word"), "Bò là gì?", "Bơ là gì?", "Bo la gi?"),
        _group(_GONE, N_("a text without any word"), "Why?", ""),
        _group(_GONE, N_("the same words and one more"), "Why salt", "Why salt now"),
        _group(_GONE, N_("the same words and one more"), "Why salt now", "Why salt"),
        _group(_GONE, N_("a question with a word twice"), "Very salt?", "Very very salt?"),
        _group(_GONE, N_("the same words in another order"), "Is rye?", "Rye is?"),
        _group(_GONE, N_("the same letters in other words"), "Why so me", "Why some"),
        _group(_GONE, N_("a question with another number"), "Why 1 kilo?", "Why 2 kilo?"),
        _group(_GONE, N_("a question in another script"), "为什么放盐？", "塩はなぜ？"),
        _group(_GONE, N_("a question in another script"), "Мука 1", "Соль 1"),
        _group(_GONE, N_("an instruction that is None"), "Why?", None),
        _group(_GONE, N_("another instruction that is None"), "Why?", None, None),
        _group(_GONE, N_("a row without an instruction"), "Why?", ..., ...),
        _group(_GONE, N_("a row without an instruction"), "Why?", None, ...),
        _group(_GONE, N_("the text 'None'"), "Why?", None, "None"),
        *drawn(_random_instructions, 24),
    ),
    N_("These are not the first rows of each group, and those without an instruction."),
    play=_kept,
    unchanged=CHANGES,
)


@exercise(
    N_("Make a key of each instruction that is the same for the same words, and remember the keys you saw."),
    N_(r"key = tuple(re.findall(r'\w+', instruction.lower())). A row is dropped if its key was seen before."),
)
def dedup(answer: Any) -> None:
    """Exercise 7.1: rows without exact duplicates."""
    DEDUP.judge(answer)


# -- 7.2 ----------------------------------------------------------------------------------------------------------


class _Filter:
    """A `why_drop` that notes which rows it sees."""

    def __init__(self, name: str, why_drop: Callable[[Row], str | None]) -> None:
        self.__name__, self.why_drop, self.seen = name, why_drop, set[Any]()

    def __call__(self, row: Any) -> str | None:
        if isinstance(row, Mapping) or hasattr(row, "to_dict"):
            self.seen.add(safe_repr(plain(dict(row).get("id"))))
        return self.why_drop(row)

    def __repr__(self) -> str:
        return self.__name__


class _Repeats(_Filter):
    """A filter that remembers: it drops a row that it saw before."""

    def __call__(self, row: Any) -> str | None:
        before = set(self.seen)
        super().__call__(row)
        return "vague" if self.seen == before else None


def _run_filters(rows: list[Row], filters: list) -> tuple[list[Row], dict[str, int]]:
    verdicts = [_verdict(row, filters) for row in rows]
    kept = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict is None]
    return kept, dict(Counter(filter(None, verdicts)))


def _verdict(row: Row, filters: Sequence[Callable]) -> str | None:
    try:
        return next(filter(None, (why_drop(row) for why_drop in filters)), None)
    except Exception:
        return "error"


def _filtered(function: Callable[..., Any], rows: list[Row], filters: list[_Filter]) -> Properties:
    """What is to be said about the rows that a function keeps, and about its counts."""
    (given, fresh), other, watched = deepcopy((rows, filters)), deepcopy((rows, filters)), tuple(filters)
    answer = call(function, rows, filters)
    message = _("The same call gives something else when it comes again: what does it remember?")
    wrong_if(not same(again := call(function, *other), answer), message, expected=answer, actual=again)
    kept, counts = _pair(answer)
    places = _places(kept, rows, given)
    verdicts = [_verdict(row, fresh) for row in given]
    total, number = sum(counts.values()), len(given)
    if total + len(places) < number:
        message = _("Rows got lost: {kept} kept and {dropped} counted, of {n}.")
        hint = _("A row on which a filter raises an error is dropped with the reason `error`.")
        hint = hint if number - total - len(places) == verdicts.count("error") else ""
        raise Wrong(message, hint=hint, kept=len(places), dropped=total, n=number)
    strange = sorted(safe_repr(reason) for reason in counts if reason not in _REASONS)
    return Properties(
        raising=[place for place in places if verdicts[place] == "error"],
        kept=[given[place] for place in places],
        error="error" in counts,
        strange=strange,
        twice=max(number, total + len(places)),
        counts=counts,
        seen=[safe_repr(old) for new, old in zip(fresh, watched, strict=True) if not old.seen <= new.seen],
    )


def _pair(answer: Any) -> tuple[Any, dict[str, int]]:
    """The kept rows and the counts that are not 0."""
    answer = returned(answer)
    wrong = not isinstance(answer, list) or len(answer) != 2
    wrong_if(wrong, _("Return two things: the kept rows, and the counts."), actual=answer)
    kept, counts = answer
    numbers = counts.values() if isinstance(counts, Mapping) else [None]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        raise Wrong(_("The second thing should be a dictionary of counts: reason → number of rows."), actual=counts)
    return kept, {reason: n for reason, n in counts.items() if n}


def _length(row: Row) -> str | None:
    number = len(row["response"].split())
    return "too short" if number < 3 else "too long" if number > 8 else None


_REASONS = ("empty", "too short", "too long", "refusal", "vague", "error")
_FILTERS = (
    _Filter("emptiness", lambda row: None if row["response"].strip() else "empty"),
    _Filter("length", _length),
    _Filter("manners", lambda row: "refusal" if "sorry" in row["response"].lower() else None),
    _Filter("brevity", lambda row: "too short" if len(row["response"]) < 12 else None),
    _Filter("numbers", lambda row: None if int(row["response"].split()[-2]) else "vague"),  # mostly a ValueError
    _Filter("zero", lambda row: "vague" if 1 / row["id"] < 0.2 else None),
)
_EMPTINESS, _LENGTH, _MANNERS, _BREVITY, _NUMBERS, _ZERO = _FILTERS
_BAKE, _SORRY = "Bake it for half an hour.", "I am sorry, I cannot tell."
_RESPONSES = (
    *(_BAKE, _SORRY, None, ..., "  ", "", "Sorry.", "No.", "塩を少し。", "Bake it for 30 minutes.", "Take a rest."),
    "Knead it, let it rest, shape it, let it rise, then bake it.",
)


def _random_chain(number: int) -> Case:
    rng = random.Random(number)
    rows = _rows("response", _BAKE, *rng.choices(_RESPONSES, k=rng.randint(2, 9)))
    return case(rows, rng.sample(_FILTERS, rng.randint(1, 5)))


RUN_FILTERS = Task(
    _run_filters,
    (
        case([], [_EMPTINESS]),
        case(_rows("response", _BAKE), []),
        case(_rows("response", _BAKE), [_EMPTINESS]),
        case(_rows("response", " "), [_EMPTINESS]),
        case(_rows("response", None), [_EMPTINESS]),
        case(_rows("response", " ", ""), [_EMPTINESS]),
        case(_rows("response", " ", None), [_EMPTINESS]),
        case(_rows("response", _BAKE, ...), [_LENGTH]),
        case(_rows("response", "No.", ""), [_EMPTINESS, _LENGTH]),
        case(_rows("response", "Sorry."), [_LENGTH, _MANNERS]),
        case(_rows("response", "Sorry."), [_MANNERS, _NUMBERS]),
        case(_rows("response", "No.", "Take a rest.", "Oil it so."), [_LENGTH, _BREVITY]),
        case(_rows("response", _BAKE, _BAKE), [_ZERO, _NUMBERS]),
        case(_rows("response", *_RESPONSES), [_EMPTINESS, _LENGTH, _MANNERS]),
        case(_rows("response", *_RESPONSES[:4]), [_LENGTH, _Filter("search", lambda row: next(iter(())))]),
        case([{"response": _BAKE}] * 3, [_Repeats("repeats", lambda row: None)]),
        *drawn(_random_chain, 20),
    ),
    {
        "raising": N_("A row on which a filter raises an error is kept: drop it with the reason `error`."),
        "kept": N_("These are not the rows that pass all filters."),
        "error": N_("A row on which a filter raises an error is dropped with the reason `error`."),
        "strange": N_("Count only the rows that are dropped, under the reasons that the filters give."),
        "twice": N_("A row is counted more than once: after its first reason, leave it."),
        "counts": N_("The counts are not right: a row counts for the first reason that applies."),
        "seen": N_("A filter still sees rows that an earlier one has dropped."),
    },
    play=_filtered,
    unchanged=CHANGES,
)


@exercise(
    N_("For each row, go through the filters and stop at the first that gives a reason."),
    N_(
        "try: reason = why_drop(row); except Exception: reason = 'error'. A row without a reason goes to the kept "
        "ones, any other raises the count of its reason by one."
    ),
)
def run_filters(answer: Any) -> None:
    """Exercise 7.2: rows that pass all filters, and a count for every reason."""
    RUN_FILTERS.judge(answer)


# -- 7.3 ----------------------------------------------------------------------------------------------------------


@exercise(
    N_("Sort the places of the rows by quality, go through them, and compare each with the list of taken ones."),
    N_("all(1 - embeddings[place] @ embeddings[other] >= min_distance for other in chosen)"),
)
def select(answer: Any) -> None:
    """Exercise 7.3: the best rows that are far enough from each other."""
    SELECT.judge(answer)


# -- 7.4 ----------------------------------------------------------------------------------------------------------


@exercise(
    N_("random.Random(seed) is a generator of your own; its method sample draws without putting back."),
    N_("100 * sum((value < own) + (value == own) / 2 for value in drawn) / draws"),
)
def percentile(answer: Any) -> None:
    """Exercise 7.4: where a selection stands among random ones."""
    PERCENTILE.judge(answer)
