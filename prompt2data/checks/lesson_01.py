"""Checks of lesson 01. All run on given data; none calls a model."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from prompt2data.checks.core import GlobalRandomState, Wrong, call, close, exercise, expect, records, texts, wrong_if
from prompt2data.i18n import N_, _

_ROWS = [
    {"instruction": "How warm should the water be? ", "generation": "  About 30 degrees.\n", "model_name": "m"},
    {"instruction": "Why salt?", "generation": None, "model_name": "m"},
    {"instruction": "Why wait?", "generation": "   \n", "model_name": "m"},
    {"instruction": "Is 'None' an answer?", "generation": "None", "model_name": "m"},
]
_PAIRS = [
    {"prompt": "How warm should the water be?", "completion": "About 30 degrees."},
    {"prompt": "Is 'None' an answer?", "completion": "None"},
]


@exercise(
    N_("Look at the four rows: which have something in `generation` after `.strip()`?"),
    N_("`(row['generation'] or '').strip()` is empty for `None` and for spaces alike."),
)
def pairs(prompts: Sequence[str], to_pairs: Callable[[list[dict]], Any]) -> None:
    """Exercise 1.1: eight prompts, and rows to clean pairs."""
    _eight_prompts(prompts)
    given = copy.deepcopy(_ROWS)
    answer = records(call(to_pairs, given), columns=("prompt", "completion"))
    wrong_if(given != _ROWS, _("`to_pairs` changed the rows it was given."), hint=_("Make new dictionaries."))
    trimmed = [{key: pair[key] for key in ("prompt", "completion")} for pair in answer]
    completions = [pair["completion"] for pair in answer]
    if len(answer) == len(_ROWS):
        message = _("Rows without a generation are still there.")
    elif any(not str(text or "").strip() for text in completions):
        message = _("A pair with an empty completion is still there.")
    elif "None" not in completions:
        message = _("The text 'None' is a generation too; only the value `None` is missing.")
    elif any(text != text.strip() for pair in trimmed for text in pair.values()):
        message = _("Some texts still have spaces or line breaks around them.")
    elif sorted(trimmed, key=str) == sorted(_PAIRS, key=str):
        message = _("The pairs are right, but their order changed.")
    else:
        message = _("These are not the pairs of the given rows.")
    wrong_if(trimmed != _PAIRS, message, expected=_PAIRS, actual=answer)
    expect(sorted(answer[0]), sorted(_PAIRS[0]), _("A clean pair has the keys `prompt` and `completion` only."))
    expect(records(call(to_pairs, [])), [], _("No rows should give no pairs."))


def _eight_prompts(prompts: Sequence[str]) -> None:
    if isinstance(prompts, str) or not hasattr(prompts, "__len__"):
        raise Wrong(_("`prompts` should be a list of eight texts."), actual=prompts)
    prompts = list(prompts)
    wrong_if(len(prompts) != 8, _("`prompts` should have eight texts."), expected=8, actual=len(prompts))
    if any(not isinstance(prompt, str) or not prompt.strip() for prompt in prompts):
        raise Wrong(_("Each prompt should be a text with something in it."), actual=prompts)
    if len({prompt.strip().lower() for prompt in prompts}) != 8:
        repeated = Counter(prompt.strip().lower() for prompt in prompts).most_common(1)[0][0]
        raise Wrong(_("Two of the prompts are the same."), actual=repeated)


@exercise(
    N_("A text of w words has w - n + 1 runs of n words, or none if it is shorter."),
    N_("Collect the runs of all texts in one list; divide the size of its set by its length."),
)
def distinct_share(function: Callable[[list[str], int], float]) -> None:
    """Exercise 1.2: distinct-n, pooled over all texts."""
    if (nothing := call(function, [], 2)) is None:
        raise Wrong(_("The function returned None."), hint=_("Is there a `return`?"))
    if not close(nothing, 0.0) or not close(call(function, ["one"], 2), 0.0):
        raise Wrong(_("Without any run of n words the answer is 0.0."), expected=0.0, actual=nothing)
    given = ["the dough rests", "the dough rests", "the loaf cools down"]
    expected, actual = 5 / 7, call(function, given, 2)
    for value, message in (
        (500 / 7, _("This is a percentage; the share goes from 0 to 1.")),
        (5, _("This is the number of different runs; divide it by the number of all runs.")),
        (7, _("This is the number of all runs.")),
        (2 / 7, _("This is the share of repeated runs; the share of different ones is wanted.")),
        (1.0, _("This treats each text by itself; a run that comes in two texts counts as a repeat.")),
        (6 / 9, _("Some runs cross from one text into the next.")),
        (7 / 10, _("This counts single words; `n` is 2 here.")),
        (6 / 10, _("This counts single words; `n` is 2 here.")),
    ):
        wrong_if(close(actual, value), message, expected=expected, actual=actual)
    message = _("For these texts and n = 2 the share is different: {texts}")
    wrong_if(not close(actual, expected), message, expected=expected, actual=actual, texts=given)
    for text, n, expected, message in (
        ("The dough the DOUGH", 1, 0.5, _("'The' and 'the' are the same word here.")),
        ("a b a b a", 3, 2 / 3, _("With n = 3, 'a b a b a' has three runs, two of them different.")),
    ):
        if not close(actual := call(function, [text], n), expected):
            raise Wrong(message, expected=expected, actual=actual)


@exercise(
    N_("`random.Random(seed)` is a generator of its own: nothing else draws from it."),
    N_("Give every topic its own shuffled list of (beginning, format) pairs, and let topics take turns."),
)
def build_prompts(function: Callable[..., list[str]]) -> None:
    """Exercise 1.3: balanced prompts without repeats, under a seed of their own."""
    topics, beginnings = ["flour", "salt", "steam"], ["How", "Why"]
    formats = ["{beginning}|{topic}|A", "{beginning}|{topic}|B"]
    arguments = (topics, beginnings, formats)

    with GlobalRandomState() as state:
        first = texts(call(function, *arguments, k=7, seed=0))
    if state.changed:
        raise Wrong(_("The global random state changed."), hint=_("Neither `random.seed` nor `random.shuffle` here."))

    expect(len(first), 7, _("The number of prompts is not k."))
    allowed = {form.format(topic=t, beginning=b) for t in topics for b in beginnings for form in formats}
    for prompt in first:
        message = _("A prompt is not one of the formats with a topic and a beginning filled in.")
        wrong_if(prompt not in allowed, message, expected=min(allowed), actual=prompt)
    everything = texts(call(function, *arguments, k=12, seed=1))
    for prompts in (first, everything):
        if len(set(prompts)) < len(prompts):
            raise Wrong(_("A combination comes twice."), actual=Counter(prompts).most_common(1)[0])
    for seed in range(5):
        counts = Counter(prompt.split("|")[1] for prompt in call(function, *arguments, k=7, seed=seed))
        if max(counts.values()) - min(counts.get(topic, 0) for topic in topics) > 1:
            raise Wrong(_("The topics are not balanced."), expected=_("2, 2 and 3 prompts"), actual=dict(counts))

    with GlobalRandomState():
        random.seed(123)  # a learner's function that reads the global state must not get the same one twice
        again = texts(call(function, *arguments, k=7, seed=0))
    expect(again, first, _("The same seed gave two different lists."))
    others = [texts(call(function, *arguments, k=7, seed=seed)) for seed in range(1, 6)]
    if all(other == first for other in others):
        raise Wrong(_("Different seeds give the same list: the seed is not used."), actual=first)
    try:
        too_many = function(*arguments, k=13, seed=0)
    except ValueError:
        return
    except Exception as error:
        message = _("With too few combinations a ValueError is wanted.")
        raise Wrong(message, expected="ValueError", actual=type(error).__name__) from error
    raise Wrong(_("There are only 12 combinations, but 13 prompts raised no ValueError."), actual=too_many)
