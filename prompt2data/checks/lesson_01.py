"""Checks of lesson 01. All run on given data; none calls a model."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from prompt2data.checks.core import Wrong, call, close, exercise, records
from prompt2data.i18n import _

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
    hints=(
        lambda: _("Look at the four rows: which have something in `generation` after `.strip()`?"),
        lambda: _("`(row['generation'] or '').strip()` is empty for `None` and for spaces alike."),
    )
)
def pairs(prompts: Sequence[str], to_pairs: Callable[[list[dict]], Any]) -> None:
    """Exercise 1.1: eight prompts, and rows to clean pairs."""
    _eight_prompts(prompts)
    given = copy.deepcopy(_ROWS)
    answer = records(call(to_pairs, given), columns=("prompt", "completion"))
    if given != _ROWS:
        raise Wrong(_("`to_pairs` changed the rows it was given."), hint=_("Make new dictionaries."))
    if len(answer) == len(_ROWS):
        raise Wrong(_("Rows without a generation are still there."), expected=_PAIRS, actual=answer)
    completions = [pair["completion"] for pair in answer]
    if any(not str(text or "").strip() for text in completions):
        raise Wrong(_("A pair with an empty completion is still there."), expected=_PAIRS, actual=answer)
    if "None" not in completions:
        raise Wrong(
            _("The text 'None' is a generation too; only the value `None` is missing."), expected=_PAIRS, actual=answer
        )
    if any(text != text.strip() for pair in answer for text in (pair["prompt"], pair["completion"])):
        raise Wrong(_("Some texts still have spaces or line breaks around them."), expected=_PAIRS, actual=answer)
    trimmed = [{key: pair[key] for key in ("prompt", "completion")} for pair in answer]
    if sorted(trimmed, key=str) == sorted(_PAIRS, key=str) and trimmed != _PAIRS:
        raise Wrong(_("The pairs are right, but their order changed."), expected=_PAIRS, actual=answer)
    if trimmed != _PAIRS:
        raise Wrong(_("These are not the pairs of the given rows."), expected=_PAIRS, actual=answer)
    extra = set(answer[0]) - {"prompt", "completion"}
    if extra:
        raise Wrong(
            _("A clean pair has the keys `prompt` and `completion` only."),
            expected=sorted(_PAIRS[0]),
            actual=sorted(answer[0]),
        )
    if call(to_pairs, []) is None or list(call(to_pairs, [])) != []:
        raise Wrong(_("No rows should give no pairs."), expected=[], actual=call(to_pairs, []))


def _eight_prompts(prompts: Sequence[str]) -> None:
    if isinstance(prompts, str) or not hasattr(prompts, "__len__"):
        raise Wrong(_("`prompts` should be a list of eight texts."), actual=prompts)
    prompts = list(prompts)
    if len(prompts) != 8:
        raise Wrong(_("`prompts` should have eight texts."), expected=8, actual=len(prompts))
    if any(not isinstance(prompt, str) or not prompt.strip() for prompt in prompts):
        raise Wrong(_("Each prompt should be a text with something in it."), actual=prompts)
    if len({prompt.strip().lower() for prompt in prompts}) != 8:
        repeated = Counter(prompt.strip().lower() for prompt in prompts).most_common(1)[0][0]
        raise Wrong(_("Two of the prompts are the same."), actual=repeated)


@exercise(
    hints=(
        lambda: _("A text of w words has w - n + 1 runs of n words, or none if it is shorter."),
        lambda: _("Collect the runs of all texts in one list; divide the size of its set by its length."),
    )
)
def distinct_share(function: Callable[[list[str], int], float]) -> None:
    """Exercise 1.2: distinct-n, pooled over all texts."""
    if (nothing := call(function, [], 2)) is None:
        raise Wrong(_("The function returned None."), hint=_("Is there a `return`?"))
    if not close(nothing, 0.0) or not close(call(function, ["one"], 2), 0.0):
        raise Wrong(_("Without any run of n words the answer is 0.0."), expected=0.0, actual=nothing)
    texts = ["the dough rests", "the dough rests", "the loaf cools down"]
    expected, actual = 5 / 7, call(function, texts, 2)
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
        if close(actual, value):
            raise Wrong(message, expected=expected, actual=actual)
    if not close(actual, expected):
        raise Wrong(
            _("For these texts and n = 2 the share is different: {texts}").format(texts=texts),
            expected=expected,
            actual=actual,
        )
    if not close(call(function, ["The dough the DOUGH"], 1), 0.5):
        raise Wrong(
            _("'The' and 'the' are the same word here."),
            expected=0.5,
            actual=call(function, ["The dough the DOUGH"], 1),
        )
    if not close(call(function, ["a b a b a"], 3), 2 / 3):
        raise Wrong(
            _("With n = 3, 'a b a b a' has three runs, two of them different."),
            expected=2 / 3,
            actual=call(function, ["a b a b a"], 3),
        )


@exercise(
    hints=(
        lambda: _("`random.Random(seed)` is a generator of its own: nothing else draws from it."),
        lambda: _("Give every topic its own shuffled list of (beginning, format) pairs, and let topics take turns."),
    )
)
def build_prompts(function: Callable[..., list[str]]) -> None:
    """Exercise 1.3: balanced prompts without repeats, under a seed of their own."""
    topics, beginnings = ["flour", "salt", "steam"], ["How", "Why"]
    formats = ["{beginning}|{topic}|A", "{beginning}|{topic}|B"]
    arguments = (topics, beginnings, formats)

    python_state, numpy_state = random.getstate(), np.random.get_state()
    first = _prompts(call(function, *arguments, k=7, seed=0))
    touched = random.getstate() != python_state or not _same_numpy_state(numpy_state, np.random.get_state())
    random.setstate(python_state)
    np.random.set_state(numpy_state)
    if touched:
        raise Wrong(_("The global random state changed."), hint=_("Neither `random.seed` nor `random.shuffle` here."))

    if len(first) != 7:
        raise Wrong(_("The number of prompts is not k."), expected=7, actual=len(first))
    allowed = {form.format(topic=t, beginning=b) for t in topics for b in beginnings for form in formats}
    strange = [prompt for prompt in first if prompt not in allowed]
    if strange:
        raise Wrong(
            _("A prompt is not one of the formats with a topic and a beginning filled in."),
            expected=sorted(allowed)[0],
            actual=strange[0],
        )
    everything = _prompts(call(function, *arguments, k=12, seed=1))
    for prompts in (first, everything):
        if len(set(prompts)) < len(prompts):
            raise Wrong(_("A combination comes twice."), actual=Counter(prompts).most_common(1)[0])
    for seed in range(5):
        counts = Counter(prompt.split("|")[1] for prompt in call(function, *arguments, k=7, seed=seed))
        if max(counts.values()) - min(counts.get(topic, 0) for topic in topics) > 1:
            raise Wrong(_("The topics are not balanced."), expected=_("2, 2 and 3 prompts"), actual=dict(counts))

    random.seed(123)  # a learner's function that reads the global state must not get the same one twice
    again = _prompts(call(function, *arguments, k=7, seed=0))
    random.setstate(python_state)
    if again != first:
        raise Wrong(_("The same seed gave two different lists."), expected=first, actual=again)
    others = [_prompts(call(function, *arguments, k=7, seed=seed)) for seed in range(1, 6)]
    if all(other == first for other in others):
        raise Wrong(_("Different seeds give the same list: the seed is not used."), actual=first)
    try:
        too_many = function(*arguments, k=13, seed=0)
    except ValueError:
        return
    except Exception as error:
        raise Wrong(
            _("With too few combinations a ValueError is wanted."), expected="ValueError", actual=type(error).__name__
        ) from error
    raise Wrong(_("There are only 12 combinations, but 13 prompts raised no ValueError."), actual=too_many)


def _prompts(answer: Any) -> list[str]:
    if answer is None:
        raise Wrong(_("The function returned None."), hint=_("Is there a `return`?"))
    if isinstance(answer, str) or not hasattr(answer, "__iter__"):
        raise Wrong(_("The answer should be a list of texts."), actual=answer)
    answer = list(answer)
    if not all(isinstance(prompt, str) for prompt in answer):
        raise Wrong(_("The answer should be a list of texts."), actual=answer)
    return answer


def _same_numpy_state(a: tuple, b: tuple) -> bool:
    return a[0] == b[0] and np.array_equal(a[1], b[1]) and a[2:] == b[2:]
