"""Checks of lesson 02. All run on given data and scripted proposers; none calls a model."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from prompt2data.checks.core import Wrong, call, exercise
from prompt2data.i18n import _
from prompt2data.metrics import nearest, rouge_l

# -- 2.1 ----------------------------------------------------------------------------------------------------------

# Line given -> text wanted, and what is wrong where it is still there or was taken away.
_LINES = {
    "1. Why does bread need salt?": "Why does bread need salt?",
    "12) List two kinds of rye flour.": "List two kinds of rye flour.",
    "- How hot is a hot oven?": "How hot is a hot oven?",
    "* Explain what gluten is.": "Explain what gluten is.",
    "  • Name one use for old bread.  ": "Name one use for old bread.",
    "500 grams of flour: how much water?": "500 grams of flour: how much water?",
    "3.5 grams of dry yeast: is that enough?": "3.5 grams of dry yeast: is that enough?",
    "-5 degrees: can dough rest outside?": "-5 degrees: can dough rest outside?",
}
_LIST_MARKS = ("1.", "12)", "-", "*", "•")


@exercise(
    hints=(
        lambda: _("`re.sub(pattern, '', line)` removes what a pattern finds; `^` ties it to the beginning."),
        lambda: _("A mark is `(\\d+[.)]|[-*•])` with at least one space, `\\s+`, behind it."),
    )
)
def clean_lines(function: Callable[[list[str]], Any]) -> None:
    """Exercise 2.1: instructions without list marks, empty lines and repeats."""
    for line, expected in _LINES.items():
        actual = _texts(call(function, [line]))
        if len(actual) != 1:
            raise Wrong(
                _("One line with text in it should give one text: {line}").format(line=repr(line)),
                actual=actual,
            )
        if actual[0] == expected:
            continue
        raise Wrong(_mark_mistake(line, expected, actual[0]), expected=expected, actual=actual[0])
    if any(not text.strip() for text in _texts(call(function, ["", "Why salt?", "   "]))):
        raise Wrong(
            _("Empty lines are still there."),
            expected=["Why salt?"],
            actual=call(function, ["", "Why salt?"]),
        )
    repeated = ["2. Why rye?", "1. Why salt?", "3. Why rye?", "Why salt?", "Which flour?"]
    expected, actual = ["Why rye?", "Why salt?", "Which flour?"], _texts(call(function, list(repeated)))
    if sorted(actual) == sorted(expected) and actual != expected:
        raise Wrong(_("The texts are right, but their order changed."), expected=expected, actual=actual)
    if len(actual) > len(expected):
        raise Wrong(
            _("A text that came before is still there a second time."),
            expected=expected,
            actual=actual,
            hint=_("Two lines may differ in their numbers alone: look for repeats after cleaning."),
        )
    if actual != expected:
        raise Wrong(_("These are not the texts of the given lines."), expected=expected, actual=actual)
    if list(call(function, [])) != []:
        raise Wrong(_("No lines should give no texts."), expected=[], actual=call(function, []))
    given = list(repeated)
    call(function, given)
    if given != repeated:
        raise Wrong(_("`clean_lines` changed the list it was given."), hint=_("Make a new list."))


def _mark_mistake(line: str, expected: str, actual: str) -> str:
    if actual != actual.strip() and actual.strip() == expected:
        return _("There are still spaces around a text.")
    if expected == line:
        return _("What was taken away here belongs to the instruction; a list mark is followed by a space.")
    if actual.lstrip().startswith(_LIST_MARKS):
        return _("The list mark is still there.")
    return _("This line was cleaned into something else.")


def _texts(answer: Any) -> list[str]:
    if answer is None:
        raise Wrong(_("The function returned None."), hint=_("Is there a `return`?"))
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise Wrong(_("The answer should be a list of texts."), actual=answer)
    answer = list(answer)
    if not all(isinstance(text, str) for text in answer):
        raise Wrong(_("The answer should be a list of texts."), actual=answer)
    return answer


# -- 2.2 ----------------------------------------------------------------------------------------------------------

_POOL = [
    "How long should the dough rest in a cold kitchen?",
    "List three kinds of flour for rye bread.",
    "Why is my crust so pale?",
    "Explain to a child what yeast does.",
]
_TWIN = "How long should dough rest in a cold kitchen?"  # of the first in the pool, one word left out
_STRANGER = "Can sourdough be frozen for months?"


@exercise(
    hints=(
        lambda: _("One text in the pool that is too similar is enough; how the others look does not matter."),
        lambda: _("`all(rouge_l(candidate, text) < threshold for text in pool)`, and a look at the empty candidate."),
    )
)
def is_novel(function: Callable[[str, list[str], float], Any]) -> None:
    """Exercise 2.2: ROUGE-L below the threshold with every text of the pool."""
    answer = call(function, _STRANGER, list(_POOL), 0.7)
    if answer is None:
        raise Wrong(_("The function returned None."), hint=_("Is there a `return`?"))
    if not answer:
        if call(function, _POOL[0], list(_POOL), 0.7):
            raise Wrong(_("A copy is called novel, and a stranger is not: the answer is the wrong way round."))
        raise Wrong(_("This text shares hardly a word with the pool, but is not called novel."), actual=_STRANGER)
    if call(function, _POOL[-1], list(_POOL), 0.7):
        raise Wrong(_("A text that stands in the pool, word for word, is called novel."), actual=_POOL[-1])
    for pool in (_POOL, _POOL[::-1]):
        if call(function, _TWIN, list(pool), 0.7):
            raise Wrong(
                _(
                    "A text with one word less than a text in the pool is called novel; their ROUGE-L is {value:.2f}."
                ).format(value=rouge_l(_TWIN, _POOL[0])),
                expected=False,
                actual=True,
                hint=_("Compare with the most similar text: not with the first, the last or the average one."),
            )
    similarity = nearest(_TWIN, _POOL)[1]
    if not call(function, _TWIN, list(_POOL), 0.99):
        raise Wrong(
            _("With a threshold of 0.99 a ROUGE-L of {value:.2f} is still novel: is `threshold` used?").format(
                value=similarity
            ),
            expected=True,
            actual=False,
        )
    if call(function, "flour water", ["flour salt"], 0.5):
        raise Wrong(
            _("'flour water' and 'flour salt' have a ROUGE-L of exactly 0.5. At the threshold a text is not novel."),
            expected=False,
            actual=True,
        )
    if not call(function, "Why salt?", [], 0.7):
        raise Wrong(_("With an empty pool everything is novel."), expected=True, actual=False)
    for empty in ("", "   "):
        if call(function, empty, list(_POOL), 0.7) or call(function, empty, [], 0.7):
            raise Wrong(_("A candidate without any word is never novel."), expected=False, actual=True)


# -- 2.3 ----------------------------------------------------------------------------------------------------------

_SEEDS = [
    "How long should dough rest?",
    "List three kinds of flour.",
    "Why is my crust pale?",
    "Explain what yeast does.",
    "Can I freeze a loaf?",
]
_FRESH = [
    "Describe the smell of rye.",
    "Where do bakers buy stone mills?",
    "Suggest toppings for flat pizza tonight.",
    "Is butter better than oil?",
    "Translate this recipe into French.",
    "When was sliced toast invented?",
]


class _Scripted:
    """A proposer that plays the given answers one after the other, the last one for ever, and remembers its calls."""

    def __init__(self, answers: Sequence[Any], budget: int) -> None:
        self.answers, self.budget = list(answers), budget
        self.seen: list[list[str]] = []

    def __call__(self, examples: Any) -> Any:
        if isinstance(examples, str) or not isinstance(examples, Sequence):
            raise Wrong(_("`propose` should be given a list of examples."), actual=examples)
        self.seen.append(list(examples))
        if len(self.seen) > self.budget:
            raise Wrong(
                _("`propose` was called more often than the budget allows."),
                expected=self.budget,
                actual=len(self.seen),
            )
        answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
        return list(answer) if isinstance(answer, list) else answer


def _run(function: Callable, answers: Sequence[Any], n: int, budget: int, k: int = 3, **kwargs: Any):
    """The answer to one run, and the proposer that was called."""
    propose, seeds = _Scripted(answers, budget), list(_SEEDS)
    result = _texts(call(function, seeds, propose, n, budget, k, **kwargs))
    if seeds != _SEEDS:
        raise Wrong(_("The list of seeds changed."), hint=_("Begin with a copy: `list(seeds)`."), actual=seeds)
    return result, propose


@exercise(
    hints=(
        lambda: _("Two things end the loop: `n` accepted ones, or `budget` calls. Count calls, whatever they bring."),
        lambda: _("`for candidate in propose(examples) or []:` goes over nothing if the answer is None or empty."),
    )
)
def bootstrap(function: Callable[..., list[str]]) -> None:
    """Exercise 2.3: the loop, with proposers that behave and proposers that do not."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    _plain_run(function)
    touched = random.getstate() != python_state or not _same(np.random.get_state(), numpy_state)
    random.setstate(python_state)
    np.random.set_state(numpy_state)
    if touched:
        raise Wrong(_("The global random state changed."), hint=_("`random.Random(seed)` is a generator of its own."))
    _awkward_proposers(function)
    _limits(function)
    _examples(function)


def _plain_run(function: Callable) -> None:
    result, _propose = _run(function, [_FRESH[:1], _FRESH[1:2], _FRESH[2:3]], n=3, budget=3)
    if set(_SEEDS) & set(result):
        raise Wrong(
            _("The answer holds the new instructions only, without the seeds."),
            expected=_FRESH[:3],
            actual=result,
        )
    if sorted(result) == sorted(_FRESH[:3]) and result != _FRESH[:3]:
        raise Wrong(_("The new instructions are not in the order of acceptance."), expected=_FRESH[:3], actual=result)
    if result != _FRESH[:3]:
        raise Wrong(_("Three calls gave one novel candidate each."), expected=_FRESH[:3], actual=result)


def _awkward_proposers(function: Callable) -> None:
    fresh = _FRESH[0]
    for answers, message in (
        ([[fresh, None, "", "   "]], _("An empty candidate was accepted.")),
        ([None, [], [fresh]], _("An answer that was None or empty should cost one call, and nothing else.")),
        ([["How long should the dough rest?", fresh]], _("A candidate that is nearly a seed was accepted.")),
        ([[fresh, fresh, "Describe the smell of rye!"]], _("Twins in one answer were both accepted.")),
        ([[fresh], [fresh], [fresh]], _("A candidate from an earlier call was accepted again.")),
    ):
        result, _propose = _run(function, answers, n=4, budget=len(answers))
        if result != [fresh]:
            raise Wrong(message, expected=[fresh], actual=result)


def _limits(function: Callable) -> None:
    result, propose = _run(function, [_FRESH], n=2, budget=3)
    if len(result) > 2:
        raise Wrong(
            _("One answer had more than enough, and more than n were taken."),
            expected=_FRESH[:2],
            actual=result,
        )
    if result != _FRESH[:2]:
        raise Wrong(_("The first n novel candidates of an answer are wanted."), expected=_FRESH[:2], actual=result)
    if len(propose.seen) > 1:
        raise Wrong(
            _("`propose` was called again although there were n already."),
            expected=1,
            actual=len(propose.seen),
        )
    for answer in (None, [], [_SEEDS[0]]):
        result, propose = _run(function, [answer], n=2, budget=5)
        if result or len(propose.seen) != 5:
            raise Wrong(
                _("The model never offers anything new: the loop ends when the budget is spent."),
                expected=_("5 calls"),
                actual=len(propose.seen),
            )
    for n, budget in ((0, 3), (3, 0)):
        result, propose = _run(function, [_FRESH], n=n, budget=budget)
        if result or propose.seen:
            raise Wrong(
                _("With n = {n} and budget = {budget} there is nothing to do.").format(n=n, budget=budget),
                actual=result,
            )


def _examples(function: Callable) -> None:
    script = [[text] for text in _FRESH] + [[]]
    result, propose = _run(function, script, n=99, budget=40, k=3)
    known = list(_SEEDS)
    for number, examples in enumerate(propose.seen):
        if len(examples) != 3 or len(set(examples)) != 3:
            raise Wrong(_("`propose` should see k different examples."), expected=3, actual=examples)
        if set(examples) - set(known):
            raise Wrong(_("An example is not in the pool."), actual=sorted(set(examples) - set(known)))
        known += _FRESH[number : number + 1]
    if len({tuple(sorted(examples)) for examples in propose.seen}) < 3:
        raise Wrong(_("The examples are the same in every call: draw them anew."), actual=propose.seen[:3])
    # By now everything fresh has been offered: both kinds should turn up in some thirty draws.
    shown = {text for examples in propose.seen[len(_FRESH) :] for text in examples}
    if not shown & set(_FRESH):
        raise Wrong(_("What was accepted never serves as an example: draw from the pool, not from the seeds."))
    if not shown & set(_SEEDS):
        raise Wrong(_("The seeds never serve as examples: they are part of the pool."))
    result, small = _run(function, [_FRESH[:1]], n=1, budget=1, k=50)
    if sorted(small.seen[0]) != sorted(_SEEDS):
        raise Wrong(
            _("With k larger than the pool, all of the pool should be shown."), expected=_SEEDS, actual=small.seen[0]
        )

    state = random.getstate()
    random.seed(123)  # a function that reads the global state must not get the same one twice
    again = _run(function, script, n=99, budget=40, k=3)[1].seen
    random.setstate(state)
    if again != propose.seen:
        raise Wrong(_("The same seed drew different examples."), expected=propose.seen[0], actual=again[0])
    if all(_run(function, script, n=99, budget=40, k=3, seed=seed)[1].seen == again for seed in (1, 2, 3)):
        raise Wrong(_("Different seeds draw the same examples: `seed` is not used."))


def _same(a: tuple, b: tuple) -> bool:
    return a[0] == b[0] and np.array_equal(a[1], b[1]) and a[2:] == b[2:]
