"""Checks of lesson 01. All run on given data; none calls a model."""

from __future__ import annotations

import copy
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from prompt2data.checks.core import Wrong, call, exercise, number, plain, records, texts, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.checks.judge import Properties, Task, case, drawn
from prompt2data.i18n import N_, _

# -- 1.1 ----------------------------------------------------------------------------------------------------------


def _to_pairs(rows: list[dict]) -> list[dict]:
    return [
        {"prompt": row["instruction"].strip(), "completion": row["generation"].strip()}
        for row in rows
        if (row["generation"] or "").strip()
    ]


def _pairs_of(answer: Any) -> list[dict]:
    pairs = records(answer, columns=("prompt", "completion"))
    for pair in pairs:
        message = _("A clean pair has the keys `prompt` and `completion` only.")
        wrong_if(len(pair) > 2, message, expected=["completion", "prompt"], actual=sorted(pair))
    return pairs


def _row(generation: str | None, instruction: str = "Why salt?") -> dict:
    return {"instruction": instruction, "generation": generation, "model_name": "m"}


_NONE = N_("The text 'None' is a generation too; only the value `None` is missing.")
_EMPTY = N_("A pair with an empty completion is still there.")
_SPACES = N_("Some texts still have spaces or line breaks around them.")
_INSIDE = N_("Only what stands around a text goes; what stands between its words stays.")
TO_PAIRS = Task(
    _to_pairs,
    (
        case([_row(None)], says=N_("Rows without a generation are still there.")),
        case([_row("")], says=_EMPTY),
        case([_row("  \n")], says=_EMPTY),
        case([_row("None")], says=_NONE),
        case([_row(" About 30 degrees.\n")], says=_SPACES),
        case([_row("Taste.", "Why salt? ")], says=_SPACES),
        case([_row("One.\n\n Two,  three.")], says=_INSIDE),
        case([_row("Taste.", "Why\n  salt?")], says=_INSIDE),
        case([_row("0"), _row("0"), _row("Ｓalt 🧂 muối 塩 소금\u3000", "Warum Salz?\t")]),
        case([_row("b", "2"), _row(None), _row("c", "1"), _row(" "), _row("a", "3")]),
    ),
    N_("These are not the pairs of the given rows."),
    {_NONE: lambda rows: [pair for pair in _to_pairs(rows) if pair["completion"] != "None"]},
    view=_pairs_of,
    unchanged=N_("`to_pairs` changed the rows it was given."),
    order=N_("The pairs are right, but their order changed."),
    hints={N_("`to_pairs` changed the rows it was given."): N_("Make new dictionaries.")},
)


@exercise(
    N_("Look at the rows of the call: which have something in `generation` after `.strip()`?"),
    N_("`(row['generation'] or '').strip()` is empty for `None` and for spaces alike."),
)
def pairs(prompts: Sequence[str], to_pairs: Callable[[list[dict]], Any]) -> None:
    """Exercise 1.1: eight prompts, and rows to clean pairs."""
    _eight_prompts(prompts)
    TO_PAIRS.judge(to_pairs)


def _eight_prompts(prompts: Any) -> None:
    prompts = plain(sorted(prompts, key=str) if isinstance(prompts, set | frozenset) else prompts)
    wrong_if(not isinstance(prompts, list), _("`prompts` should be a list of eight texts."), actual=prompts)
    wrong_if(len(prompts) != 8, _("`prompts` should have eight texts."), expected=8, actual=len(prompts))
    if any(not isinstance(prompt, str) or not _folded(prompt) for prompt in prompts):
        raise Wrong(_("Each prompt should be a text with something in it."), actual=prompts)
    [(folded, times)] = Counter(map(_folded, prompts)).most_common(1)
    wrong_if(times > 1, _("Two of the prompts are the same."), actual=folded)


def _folded(prompt: str) -> str:
    """A prompt without what makes no other one of it: capitals, spaces, punctuation; "C" and "C++" are two."""
    text = unicodedata.normalize("NFKC", prompt).casefold()
    kept = (
        sign for sign in text if unicodedata.category(sign)[0] not in "PC" or sign in "#%&*+-/@\\" or sign.isspace()
    )
    return " ".join("".join(kept).split())


# -- 1.2 ----------------------------------------------------------------------------------------------------------


def _runs(texts: list[str], n: int, split: Callable[[str], list[str]] = lambda text: text.lower().split()) -> list:
    found = map(split, texts)
    return [tuple(words[start : start + n]) for words in found for start in range(len(words) - n + 1)]


def _distinct(texts: list[str], n: int, runs: Callable[..., list] = _runs) -> float:
    grams = runs(texts, n)
    return len(set(grams)) / len(grams) if grams else 0.0


def _mean(texts: list[str], n: int) -> float:
    shares = [_distinct([text], n) for text in texts if _runs([text], n)]
    return sum(shares) / len(shares) if shares else 0.0


def _each(texts: list[str], n: int) -> float:
    grams = _runs(texts, n)
    return sum(len(set(_runs([text], n))) for text in texts) / len(grams) if grams else 0.0


def _random_texts(number: int) -> list[str]:
    rng = random.Random(number)
    known = "dough Dough salt rye in muối 塩 🧂".split()
    return [" ".join(rng.choices(known, k=rng.randint(0, 6))) for _text in range(4)]


_NO_RUN = N_("Without any run of n words the answer is 0.0.")
_CASE = N_("'The' and 'the' are the same word here.")
_SPLIT = N_("Words are what `text.lower().split()` gives: any number of spaces and line breaks lies between them.")
_THREE = N_("With n = 3, 'a b a b a' has three runs, two of them different.")
_SINGLE = N_("This counts single words; `n` is 2 here.")
_ITSELF = N_("This treats each text by itself; a run that comes in two texts counts as a repeat.")
DISTINCT = Task(
    _distinct,
    (
        case([], 2, says=_NO_RUN),
        case(["one"], 2, says=_NO_RUN),
        case(["", "  "], 1, says=_NO_RUN),
        case(["one"], 1),
        case(["the dough rests", "the dough rests", "the loaf cools down"], 2),
        case(["The dough the DOUGH"], 1, says=_CASE),
        case(["a b a b a"], 3, says=_THREE),
        case(["a  b", "a\n b", "\ta b "], 2, says=_SPLIT),
        case(["a b", "b a"], 2, says=N_("'a b' and 'b a' are two different runs.")),
        case(["ab c", "a bc"], 2, says=N_("'ab c' and 'a bc' are two different runs.")),
        case(["salt, salt", "salt. salt"], 1, says=_SPLIT),
        case(["Straße", "Strasse"], 1, says=N_("`lower()` leaves these two words different.")),
        *drawn(lambda number: case(_random_texts(number), 1 + number % 4), 12),
    ),
    N_("For these texts and this n the share is different."),
    {
        N_("This is a percentage; the share goes from 0 to 1."): lambda texts, n: 100 * _distinct(texts, n),
        N_("This is the number of different runs; divide it by the number of all runs."): lambda texts, n: len(
            set(_runs(texts, n))
        ),
        N_("This is the number of all runs."): lambda texts, n: len(_runs(texts, n)),
        N_("This is the share of repeated runs; the share of different ones is wanted."): (
            lambda texts, n: 1 - _distinct(texts, n),
            lambda texts, n: 1 - _distinct(texts, n) if _runs(texts, n) else 0.0,
        ),
        _ITSELF: (_mean, _each),
        N_("Some runs cross from one text into the next."): lambda texts, n: _distinct([" ".join(texts)], n),
        _SINGLE: (lambda texts, n: _distinct(texts, 1), lambda texts, n: _distinct([" ".join(texts)], 1)),
        _CASE: partial(_distinct, runs=partial(_runs, split=str.split)),
        N_("`n` may be any number; this counts runs of two words only."): lambda texts, n: _distinct(texts, 2),
        N_("These are runs of letters; runs of words are wanted."): partial(
            _distinct, runs=partial(_runs, split=lambda text: list(text.lower()))
        ),
        N_("This is the share of different texts; the share of different runs of n words is wanted."): (
            lambda texts, n: len(set(texts)) / len(texts) if texts else 0.0
        ),
        _THREE: (lambda texts, n: _distinct(texts, min(n, 2)), lambda texts, n: float(bool(_runs(texts, n)))),
        _SPLIT: (
            partial(_distinct, runs=partial(_runs, split=lambda text: text.lower().split(" "))),
            partial(_distinct, runs=partial(_runs, split=lambda text: re.findall(r"\w+", text.lower()))),
        ),
    },
    view=number,
    unchanged=N_("`distinct_share` changed the list it was given."),
    hints={N_("`distinct_share` changed the list it was given."): N_("Make a new list.")},
)


@exercise(
    N_("A text of w words has w - n + 1 runs of n words, or none if it is shorter."),
    N_("Collect the runs of all texts in one list; divide the size of its set by its length."),
)
def distinct_share(function: Callable[[list[str], int], float]) -> None:
    """Exercise 1.2: distinct-n, pooled over all texts."""
    DISTINCT.judge(function)


# -- 1.3 ----------------------------------------------------------------------------------------------------------


def _build_prompts(topics: list[str], beginnings: list[str], formats: list[str], k: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    ways = [(beginning, form) for beginning in beginnings for form in formats]
    if k > len(topics) * len(ways):
        raise ValueError(k)
    order = rng.sample(topics, len(topics))
    shuffled = {topic: rng.sample(ways, len(ways)) for topic in order}
    found = [(order[place % len(order)], place // len(order)) for place in range(k)]
    return [
        form.format(topic=topic, beginning=beginning)
        for topic, turn in found
        for beginning, form in [shuffled[topic][turn]]
    ]


class _Elsewhere(str):
    """A text as it is in another process, where all hashes are others."""

    def __hash__(self) -> int:
        return hash((str(self), "elsewhere"))


def _built(
    function: Callable[..., Any], topics: list[str], beginnings: list[str], formats: list[str], k: int, seed: int
) -> Properties:
    """What is to be said about the prompts that a function builds."""
    given = copy.deepcopy((topics, beginnings, formats))
    made = {form.format(topic=t, beginning=b): t for t in topics for b in beginnings for form in formats}
    with GlobalRandomState() as state:
        prompts = texts(call(function, topics, beginnings, formats, k=k, seed=seed))
    elsewhere = prompts
    with GlobalRandomState():
        random.seed(123)  # a function that reads the global state must not get the same one twice
        more = [texts(call(function, *copy.deepcopy(given), k=k, seed=seed + other)) for other in range(24)]
        # short lists without a seed are often alike by chance: eight times in a row they are not
        again = all(texts(call(function, *copy.deepcopy(given), k=k, seed=seed)) == prompts for _ in range(8))
        with suppress(Wrong):  # whoever looks up a text of another class does not find it
            elsewhere = texts(call(function, *([*map(_Elsewhere, some)] for some in given), k=k, seed=seed))
    of_topics = Counter(made.get(prompt) for prompt in prompts)
    counts = [of_topics[topic] for topic in given[0]]
    few_ways = len(made) < 4 or k < 2
    return Properties(
        state=state.changed,
        number=len(prompts),
        strangers=[prompt for prompt in prompts if prompt not in made][:1],
        repeats=[prompt for prompt, times in Counter(prompts).items() if times > 1][:1],
        spread=max(1, max(counts, default=0) - min(counts, default=0)),
        again=again,
        process=elsewhere == prompts or not again,
        seeds=few_ways or any(other != prompts for other in more),
        few=min(k, len(given[0])) > 4 and len(set(map(tuple, more))) < 12,
    )


_TOO_MANY = N_("There are fewer combinations than prompts wanted, and no ValueError was raised.")
_TOPICS, _BEGINNINGS = ["flour", "salt", "steam"], ["How", "Why"]
_FORMATS = ["{beginning}|{topic}|A", "{beginning}|{topic}|B"]
BUILD_PROMPTS = Task(
    _build_prompts,
    (
        case(_TOPICS, _BEGINNINGS, _FORMATS, k=13, seed=0, says=_TOO_MANY),
        case(["rye"], ["How"], ["{topic} {beginning}"], k=2, seed=3, says=_TOO_MANY),
        case([], ["How"], ["{topic} {beginning}"], k=1, seed=3, says=_TOO_MANY),
        case([*_TOPICS, "rye"], _BEGINNINGS, _FORMATS, k=17, seed=2, says=_TOO_MANY),
        case(_TOPICS, _BEGINNINGS, _FORMATS, k=7, seed=0),
        case(_TOPICS, _BEGINNINGS, _FORMATS, k=12, seed=1),
        case(["rye"], ["How"], ["{topic} {beginning}"], k=1, seed=3),
        *(case(["muối", "塩"], ["A", "B", "C"], ["{topic}{beginning}?"], k=k, seed=5) for k in (0, 1, 3, 4, 6)),
        *(case([*_TOPICS, "rye", "ovens"], [*_BEGINNINGS, "When"], _FORMATS, k=k, seed=k) for k in (2, 13, 24, 30)),
    ),
    {
        "state": N_("The global random state changed."),
        "number": N_("The number of prompts is not k."),
        "strangers": N_("A prompt is not one of the formats with a topic and a beginning filled in."),
        "repeats": N_("A combination comes twice."),
        "spread": N_("The topics are not balanced: their numbers of prompts differ by more than one."),
        "again": N_("The same seed gave two different lists."),
        "process": N_(
            "In another process the same seed gives another list: what comes out of a set has no fixed order."
        ),
        "seeds": N_("Different seeds give the same list: the seed is not used."),
        "few": N_("Many seeds give the same list: there are only a few different ones."),
    },
    play=_built,
    unchanged=N_("`build_prompts` changed the lists it was given."),
    hints={
        N_("The global random state changed."): N_("Neither `random.seed` nor `random.shuffle` here."),
        N_("`build_prompts` changed the lists it was given."): N_("Make a new list."),
    },
)


@exercise(
    N_("`random.Random(seed)` is independent: nothing else draws from it."),
    N_("Give every topic its own shuffled list of (beginning, format) pairs, and let topics take turns."),
)
def build_prompts(function: Callable[..., list[str]]) -> None:
    """Exercise 1.3: balanced prompts without repeats, under a seed of their own."""
    BUILD_PROMPTS.judge(function)
    with GlobalRandomState() as state, suppress(Wrong):
        call(function, ["rye"], ["How"], ["{topic} {beginning}"], 2, 0)
    wrong_if(state.changed, _("Where it raises a ValueError, the function does not put the random state back."))
