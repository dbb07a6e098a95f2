"""Checks of lesson 02. All run on given data and scripted proposers; none calls a model."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from prompt2data.checks.core import Wrong, call, exercise, expect, texts, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.i18n import N_, _
from prompt2data.metrics import rouge_l

# -- 2.1 ----------------------------------------------------------------------------------------------------------

# Line -> the text that it should become
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
    N_("`re.sub(pattern, '', line)` removes what a pattern finds; `^` ties it to the beginning."),
    N_("A mark is `(\\d+[.)]|[-*•])` with at least one space, `\\s+`, behind it."),
)
def clean_lines(function: Callable[[list[str]], Any]) -> None:
    """Exercise 2.1: instructions without list marks, empty lines and repeats."""
    for line, expected in _LINES.items():
        actual = texts(call(function, [line]))
        if len(actual) != 1:
            raise Wrong(_("One line with text in it should give one text: {line}"), actual=actual, line=repr(line))
        expect(actual[0], expected, _mark_mistake(line, expected, actual[0]))
    if any(not text.strip() for text in texts(call(function, ["", "Why salt?", "   "]))):
        short = call(function, ["", "Why salt?"])
        raise Wrong(_("Empty lines are still there."), expected=["Why salt?"], actual=short)
    repeated = ["2. Why rye?", "1. Why salt?", "3. Why rye?", "Why salt?", "Which flour?"]
    kept, cleaned = ["Why rye?", "Why salt?", "Which flour?"], texts(call(function, list(repeated)))
    if sorted(cleaned) == sorted(kept):
        expect(cleaned, kept, _("The texts are right, but their order changed."))
    if len(cleaned) > len(kept):
        message = _("A text that came before is still there a second time.")
        hint = _("Two lines may differ in their numbers alone: look for repeats after cleaning.")
        expect(cleaned, kept, message, hint=hint)
    expect(cleaned, kept, _("These are not the texts of the given lines."))
    expect(list(call(function, [])), [], _("No lines should give no texts."))
    given = list(repeated)
    call(function, given)
    wrong_if(given != repeated, _("`clean_lines` changed the list it was given."), hint=_("Make a new list."))


def _mark_mistake(line: str, expected: str, actual: str) -> str:
    if actual != actual.strip() and actual.strip() == expected:
        return _("There are still spaces around a text.")
    if expected == line:
        return _("What was taken away here belongs to the instruction; a list mark is followed by a space.")
    if actual.lstrip().startswith(_LIST_MARKS):
        return _("The list mark is still there.")
    return _("This line was cleaned into something else.")


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
    N_("One text in the pool that is too similar is enough; how the others look does not matter."),
    N_("`all(rouge_l(candidate, text) < threshold for text in pool)`, and a look at the empty candidate."),
)
def is_novel(function: Callable[[str, list[str], float], Any]) -> None:
    """Exercise 2.2: ROUGE-L below the threshold with every text of the pool."""
    answer = call(function, _STRANGER, list(_POOL), 0.7)
    wrong_if(answer is None, _("The function returned None."), hint=_("Is there a `return`?"))
    if not answer:
        if call(function, _POOL[0], list(_POOL), 0.7):
            raise Wrong(_("A copy is called novel, and a stranger is not: the answer is the wrong way round."))
        raise Wrong(_("This text shares hardly a word with the pool, but is not called novel."), actual=_STRANGER)
    if call(function, _POOL[-1], list(_POOL), 0.7):
        raise Wrong(_("A text that stands in the pool, word for word, is called novel."), actual=_POOL[-1])
    value = rouge_l(_TWIN, _POOL[0])
    message = _("A text with one word less than a text in the pool is called novel; their ROUGE-L is {value:.2f}.")
    hint = _("Compare with the most similar text: not with the first, the last or the average one.")
    for pool in (_POOL, _POOL[::-1]):
        expect(bool(call(function, _TWIN, list(pool), 0.7)), False, message, hint=hint, value=value)
    message = _("With a threshold of 0.99 a ROUGE-L of {value:.2f} is still novel: is `threshold` used?")
    expect(bool(call(function, _TWIN, list(_POOL), 0.99)), True, message, value=value)
    message = _("'flour water' and 'flour salt' have a ROUGE-L of exactly 0.5. At the threshold a text is not novel.")
    expect(bool(call(function, "flour water", ["flour salt"], 0.5)), False, message)
    expect(bool(call(function, "Why salt?", [], 0.7)), True, _("With an empty pool everything is novel."))
    for empty in ("", "   "):
        novel = call(function, empty, list(_POOL), 0.7) or call(function, empty, [], 0.7)
        expect(bool(novel), False, _("A candidate without any word is never novel."))


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
    """A proposer that gives these answers in turn, repeats the last one, and records its calls."""

    def __init__(self, answers: Sequence[Any], budget: int) -> None:
        self.answers, self.budget = list(answers), budget
        self.seen: list[list[str]] = []

    def __call__(self, examples: Any) -> Any:
        if isinstance(examples, str) or not isinstance(examples, Sequence):
            raise Wrong(_("`propose` should be given a list of examples."), actual=examples)
        self.seen.append(list(examples))
        if (n := len(self.seen)) > self.budget:
            raise Wrong(_("`propose` was called more often than the budget allows."), expected=self.budget, actual=n)
        answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
        return list(answer) if isinstance(answer, list) else answer


def _run(
    function: Callable, answers: Sequence[Any], n: int, budget: int, k: int = 3, **kwargs: Any
) -> tuple[list[str], _Scripted]:
    """The result of one run, and the proposer that it called."""
    propose, seeds = _Scripted(answers, budget), list(_SEEDS)
    result = texts(call(function, seeds, propose, n, budget, k, **kwargs))
    if seeds != _SEEDS:
        raise Wrong(_("The list of seeds changed."), hint=_("Begin with a copy: `list(seeds)`."), actual=seeds)
    return result, propose


@exercise(
    N_("Two things end the loop: `n` accepted ones, or `budget` calls. Count calls, whatever they bring."),
    N_("`for candidate in propose(examples) or []:` goes over nothing if the answer is None or empty."),
)
def bootstrap(function: Callable[..., list[str]]) -> None:
    """Exercise 2.3: the loop, with proposers that behave and proposers that do not."""
    with GlobalRandomState() as state:
        _plain_run(function)
    if state.changed:
        raise Wrong(_("The global random state changed."), hint=_("`random.Random(seed)` is a generator of its own."))
    _awkward_proposers(function)
    _limits(function)
    _examples(function)


def _plain_run(function: Callable) -> None:
    expected = _FRESH[:3]
    result, _propose = _run(function, [[text] for text in expected], n=3, budget=3)
    if set(_SEEDS) & set(result):
        expect(result, expected, _("The answer holds the new instructions only, without the seeds."))
    if sorted(result) == sorted(expected):
        expect(result, expected, _("The new instructions are not in the order of acceptance."))
    expect(result, expected, _("Three calls gave one novel candidate each."))


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
        expect(result, [fresh], message)


def _limits(function: Callable) -> None:
    result, propose = _run(function, [_FRESH], n=2, budget=3)
    if len(result) > 2:
        expect(result, _FRESH[:2], _("One answer had more than enough, and more than n were taken."))
    expect(result, _FRESH[:2], _("The first n novel candidates of an answer are wanted."))
    expect(len(propose.seen), 1, _("`propose` was called again although there were n already."))
    for answer in (None, [], [_SEEDS[0]]):
        result, propose = _run(function, [answer], n=2, budget=5)
        message = _("The model never offers anything new: the loop ends when the budget is spent.")
        wrong_if(result or len(propose.seen) != 5, message, expected=_("5 calls"), actual=len(propose.seen))
    for n, budget in ((0, 3), (3, 0)):
        result, propose = _run(function, [_FRESH], n=n, budget=budget)
        message = _("With n = {n} and budget = {budget} there is nothing to do.")
        wrong_if(result or propose.seen, message, actual=result, n=n, budget=budget)


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
    # By now everything fresh has been offered: both kinds should turn up in about thirty draws.
    shown = {text for examples in propose.seen[len(_FRESH) :] for text in examples}
    if not shown & set(_FRESH):
        raise Wrong(_("What was accepted never serves as an example: draw from the pool, not from the seeds."))
    wrong_if(not shown & set(_SEEDS), _("The seeds never serve as examples: they are part of the pool."))
    result, small = _run(function, [_FRESH[:1]], n=1, budget=1, k=50)
    if sorted(small.seen[0]) != sorted(_SEEDS):
        expect(small.seen[0], _SEEDS, _("With k larger than the pool, all of the pool should be shown."))

    with GlobalRandomState():
        random.seed(123)  # a function that reads the global state must not get the same one twice
        again = _run(function, script, n=99, budget=40, k=3)[1].seen
    if again != propose.seen:
        raise Wrong(_("The same seed drew different examples."), expected=propose.seen[0], actual=again[0])
    if all(_run(function, script, n=99, budget=40, k=3, seed=seed)[1].seen == again for seed in (1, 2, 3)):
        raise Wrong(_("Different seeds draw the same examples: `seed` is not used."))
