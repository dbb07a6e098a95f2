"""Checks of lesson 02. All run on given data and scripted proposers; none calls a model."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import combinations
from typing import Any

from prompt2data.checks.core import Wrong, call, exercise, plain, returned, texts
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.checks.judge import Case, Properties, Task, case, drawn
from prompt2data.i18n import N_, _
from prompt2data.metrics import rouge_l
from prompt2data.quality.instructions import clean
from prompt2data.quality.vocabulary import words
from prompt2data.untrusted import safe_repr

# -- 2.1 ----------------------------------------------------------------------------------------------------------


def _without_repeated(lines: list[str]) -> list[str]:
    times = Counter(text for line in lines for text in clean([line]))
    return [text for text, number in times.items() if number == 1]


def _random_lines(number: int) -> list[str]:
    rng = random.Random(number)
    marks = ["", "", " ", "1. ", "27) ", "- ", "*  ", "  • ", "1400. "]
    bodies = "Why rye?|why rye?|Why rye|2 kg?|3.5 kg?|- 2|*so*|Warum Salz?|塩 🧂?|Bake - 1. *".split("|")
    lines = [rng.choice(marks) + rng.choice(bodies) + rng.choice(["", "", "  "]) for _line in range(3 + number)]
    return rng.sample([*lines, "", "   "], 4 + number)


_REPEAT = N_("A text that came before is still there a second time.")
_NO_REPEAT = N_("A line was left out that came before in another spelling or as a part only; that is no repeat.")
_LINES = {
    N_("Empty lines are still there."): ["", "   "],
    N_("This line was cleaned into something else."): ["Rye?", "Rye I?", "Rye, I?", "1. Warum so, muối 塩 🧂?"],
    N_("There are still spaces around a text."): ["  Rye?", "Rye?  ", "-   Rye?"],
    N_("The list mark is still there."): ["1. Rye?", "1) Rye?", "- Rye?", "* Rye?", "• Rye?", "  - Rye?", "  7) Rye?"],
    N_("The number in a list mark may have any number of digits."): ["12) Rye?", "12. Rye?", "100. Rye?", "2026) Rye?"],
    N_("What was taken away here belongs to the instruction; a list mark is followed by a space."): [
        *("3.5 kg?", "-5 degrees?", "*Rye* or oat?", "1.5) or 1.6?")
    ],
    N_("A number without a dot or a bracket is no list mark."): ["500 g of rye?"],
    N_("The exercise names no such list mark; this line stays."): ["a) or b)?", "# Rye, or oat?", "Rye. Or so?"],
    N_("One list mark goes from a line, and no more."): ["1. 2. Rye?", "- 1. Rye?", "* * Oats?", "3) - Rye?"],
    N_("The same signs further on are no list marks."): ["- Rye, *", "Rye - 2?", "1. Rye 2. oat?", "Rye 1) oat -"],
    N_("Only what stands around a text goes; what stands between its words stays."): ["Rye  or   oat?"],
    N_("An instruction need not end with a full stop or a question mark."): ["Why rye"],
}
CLEAN_LINES = Task(
    clean,
    (
        case([], says=N_("No lines should give no texts.")),
        *(case([line], says=says) for says, lines in _LINES.items() for line in lines),
        *(case([line, "2. Rye?"], says=_REPEAT) for line in ("2. Rye?", "Rye?", "1. Rye?", "  Rye?")),
        case(["Rye?", "Oat?", "Rye?"], says=_REPEAT),
        *(case(["Why rye?", line], says=_NO_REPEAT) for line in ("why rye?", "Why rye!", "rye?", "Why rye?!")),
        *drawn(lambda number: case(_random_lines(number)), 12),
    ),
    N_("These are not the texts of the given lines."),
    {N_("Of a text that comes more than once, the first one stays; here it is gone, too."): _without_repeated},
    view=texts,
    unchanged=N_("`clean_lines` changed the list it was given."),
    order=N_("The texts are right, but their order changed."),
    hints={
        _REPEAT: N_("Two lines may differ in their numbers alone: look for repeats after cleaning."),
        N_("`clean_lines` changed the list it was given."): N_("Make a new list."),
    },
)


@exercise(
    N_("`re.sub(pattern, '', line)` removes what a pattern finds; `^` ties it to the beginning."),
    N_("A mark is `(\\d+[.)]|[-*•])` with at least one space, `\\s+`, behind it."),
)
def clean_lines(function: Callable[[list[str]], Any]) -> None:
    """Exercise 2.1: instructions without list marks, empty lines and repeats."""
    CLEAN_LINES.judge(function)


# -- 2.2 ----------------------------------------------------------------------------------------------------------


def _is_novel(candidate: str | None, pool: list[str], threshold: float = 0.7) -> bool:
    return bool(words(candidate)) and all(rouge_l(candidate or "", text) < threshold for text in pool)


def _judged(function: Callable[..., Any], candidate: str, pool: list[str], threshold: float) -> bool:
    right = _is_novel(candidate, pool, threshold)  # before the pool can change
    answer = call(function, candidate, pool, threshold)
    return bool(returned(answer) if right else answer)  # nothing given back is as good as no


def _random_pool(number: int) -> Case:
    rng = random.Random(number)
    some = "Rye salt, flour water! oat dough".split()
    texts = [" ".join(rng.choices(some, k=rng.randint(1, 7))) for _text in range(6)]
    # No ROUGE-L of texts so short is exactly one of these thresholds.
    return case(texts[0], texts[1 : rng.randint(4, 6)], rng.choice([0.31, 0.43, 0.59, 0.71, 0.83]))


_POOL = ["Can rye rise alone?", "List three kinds of flour.", "Why is my crust so pale?", "What does yeast do?"]
_COPY = N_("A text that stands in the pool, word for word, is called novel.")
_STRANGER = N_("This text shares hardly a word with the pool, but is not called novel.")
_ONE_LESS = N_("A text with one word less than a text in the pool is called novel; their ROUGE-L is {value:.2f}.")
_MOST_SIMILAR = N_("Compare with the most similar text: not with the first, the last or the average one.")
_NINETY_NINE = N_("With a threshold of 0.99 a ROUGE-L of {value:.2f} is still novel: is `threshold` used?")
_NO_WORD = N_("A candidate without any word is never novel.")
_CANDIDATES: Mapping[str, Iterable[tuple[str, list[str], float]]] = {
    N_("With an empty pool everything is novel."): [(text, [], 0.7) for text in ("Rye?", "塩はなぜ？", "Мука?")],
    _NO_WORD: [(text, pool, 0.7) for text in ("", "   ", " ?! ", "...") for pool in ([], _POOL)],
    _COPY: [
        *(("Rye?", pool, 0.7) for pool in (["Rye?"], ["Rye?", "Why salt?"], ["Why salt?", "Rye?"])),
        *((text, _POOL, 0.7) for text in _POOL),
    ],
    _STRANGER: [("Salt?", ["Rye?"], 0.7), ("Can sourdough be frozen for months?", _POOL, 0.7)],
    _ONE_LESS: [("a b c", [*one, "a b c d", *other], 0.7) for one in ([], _POOL) for other in ([], _POOL)],
    _NINETY_NINE: [("a b c", ["a b c d"], 0.99)],
    N_("With a threshold of 0.3 a ROUGE-L of 0.40 is not novel: is `threshold` used?"): [("rye b", ["rye or c"], 0.3)],
    N_("'flour water' and 'flour salt' have a ROUGE-L of exactly 0.5. At the threshold a text is not novel."): [
        ("flour water", ["flour salt"], 0.5)
    ],
    N_("ROUGE-L looks at the order of the words, too."): [("water flour", ["flour water"], 0.7)],
    N_("ROUGE-L looks at the length of both texts."): [("a", ["a b c d"], 0.7), ("a b c d", ["a"], 0.7)],
    N_("Capitals and punctuation make no difference to `rouge_l`."): [("WHY IS MY CRUST SO PALE", _POOL, 0.7)],
}
IS_NOVEL = Task(
    _is_novel,
    # The texts with one word less all have this ROUGE-L.
    [
        *(case(*given, says=says, values={"value": 6 / 7}) for says, cases in _CANDIDATES.items() for given in cases),
        *drawn(_random_pool, 40),
    ],
    N_("`rouge_l` says otherwise about these texts."),
    {
        N_("A copy is called novel, and a stranger is not: the answer is the wrong way round."): (
            lambda *given: not _is_novel(*given),
            lambda candidate, pool, threshold: any(rouge_l(candidate, text) >= threshold for text in pool),
            lambda *given: bool(given[0].strip()) and not _is_novel(*given),
        ),
        _COPY: (lambda *_given: True, lambda candidate, *_given: bool(candidate.strip())),
        _STRANGER: lambda *_given: False,
    },
    play=_judged,
    unchanged=N_("`is_novel` changed the pool it was given."),
    hints={_COPY: _MOST_SIMILAR, _ONE_LESS: _MOST_SIMILAR},
)


@exercise(
    N_("One text in the pool that is too similar is enough; how the others look does not matter."),
    N_("`all(rouge_l(candidate, text) < threshold for text in pool)`, and a look at the empty candidate."),
)
def is_novel(function: Callable[[str, list[str], float], Any]) -> None:
    """Exercise 2.2: ROUGE-L below the threshold with every text of the pool."""
    IS_NOVEL.judge(function)


# -- 2.3 ----------------------------------------------------------------------------------------------------------


class _Scripted:
    """A proposer that gives these answers in turn, repeats the last one, and records what it is shown."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.budget, self.seen = answers, 0, list[Any]()

    def __repr__(self) -> str:
        return f"<propose gives {', '.join(map(repr, self.answers))}>"

    def __call__(self, examples: Any) -> Any:
        listed = hasattr(examples, "__len__") and not isinstance(examples, str | dict | set | frozenset)
        self.seen.append(list(map(str, plain(examples))) if listed else safe_repr(examples))
        self.look()
        answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
        return list(answer) if isinstance(answer, list) else answer

    def look(self) -> None:
        """Raise `Wrong` if there were too many calls."""
        if (n := len(self.seen)) > self.budget:
            raise Wrong(_("`propose` was called more often than the budget allows."), expected=self.budget, actual=n)


def _run(function: Callable, seeds: list, script: _Scripted, n: int, budget: int, k: int, **seed: int) -> tuple:
    """What one run gives, and what its proposer saw."""
    propose = copy.copy(script)
    propose.budget, propose.seen = budget, []
    result = texts(call(function, seeds, propose, n, budget, k, **seed))
    propose.look()  # the answer may have caught the error
    return result, propose.seen


def _shown(function: Callable, seeds: list[str], script: _Scripted, seed: int, budget: int, **more: int) -> Properties:
    """What is to be said about the examples that are drawn, where each answer has one novel candidate or none."""
    run = lambda seed: _run(function, list(seeds), script, budget=budget, seed=seed, **more)[1]  # noqa: E731
    with GlobalRandomState() as state:
        seen = run(seed)
    with GlobalRandomState():
        random.seed(123)  # a function that reads the global state must not get the same one twice
        again = run(seed)
        others = [run(seed + other) for other in (1, 2, 3)]
    fresh, k, long = [text for answer in script.answers for text in answer], more["k"], budget > 100
    draws = [(drawn if isinstance(drawn, list) else [], [*seeds, *fresh[:call]]) for call, drawn in enumerate(seen)]
    # From here on the pool stays as it is: in a long run all of it should turn up, in any company.
    late = [[sorted(drawn) for drawn in run[len(fresh) :] if isinstance(drawn, list)] for run in (seen, *others)]
    times, pairs = (Counter(some for run in late for drawn in run for some in combinations(drawn, m)) for m in (1, 2))
    often = sum(map(len, late)) * k / len(seeds + fresh)
    together = often * (k - 1) / (len(seeds + fresh) - 1)
    return Properties(
        state=state.changed,
        lists=[drawn for drawn in seen if not isinstance(drawn, list)][:1],
        all=[len(set(drawn)) for drawn, pool in draws if len(pool) < k],
        number=[len(drawn if len(drawn) > k else set(drawn)) for drawn, pool in draws if len(pool) >= k][:99],
        strangers=[text for drawn, pool in draws for text in drawn if text not in pool][:1],
        anew=long and len(set(map(tuple, late[0]))) < 3,
        accepted=not long or any((text,) in times for text in fresh),
        seeds=not long or any((text,) in times for text in seeds),
        again=again == seen,
        seed=not long or any(other != seen for other in others),
        spread=[text for text in seeds + fresh if long and abs(times[(text,)] - often) > 5 * often**0.5],
        pairs=[list(pair) for pair, number in pairs.items() if long and number > together + 6 * together**0.5][:1],
    )


def _bootstrap(seeds: list, propose: Callable, n: int, budget: int, k: int, seed: int = 0, most: float = 0) -> list:
    rng, new = random.Random(seed), list[str]()
    for _call in range(budget):
        if len(new) >= n:
            break
        pool = [*seeds, *new]
        for candidate in propose(rng.sample(pool, min(k, len(pool)))) or []:
            if len(new) < (most or n) and _is_novel(candidate, [*seeds, *new]):
                new.append(candidate)
    return new


def _script(answers: list[Any], n: int, budget: int, k: int = 3, says: str = "", **seed: int) -> Case:
    values = {"n": n, "budget": budget}
    return case(_SEEDS, _Scripted(*answers), n=n, budget=budget, k=k, says=says, values=values, **seed)


def _random_script(number: int) -> Case:
    rng = random.Random(number)
    some = [*_FRESH, *_FRESH, *_SEEDS, "How long should the dough rest?", "Is butter now an oil?", "", None]
    answers = [rng.choices(some, k=rng.randint(3, 5)) if rng.random() < 0.9 else None for _answer in range(3)]
    return _script([*answers, rng.choices(some, k=3)], rng.randint(1, 9), rng.randint(2, 6), rng.randint(1, 6))


_SEEDS = ["How long should dough rest?", "List three kinds of flour.", "Why is my crust pale?", "Can I freeze a loaf?"]
_FRESH = ["What smells of rye?", "Where do mills stand?", "Suggest pizza toppings.", "Is butter an oil?", "Draw it!"]
_ONE, _TWO, _THREE, _FOUR, _FIVE = ([text] for text in _FRESH)
_ANSWERS: Mapping[str, Iterable[list[Any]]] = {
    N_("Three calls gave one novel candidate each."): [[_ONE, _TWO, _THREE]],
    "": [[_ONE]],
    N_("An empty candidate was accepted."): [[[nothing]] for nothing in (None, "", "   ")],
    N_("An answer that was None or empty should cost one call, and nothing else."): [
        *([None, _ONE], [[], _ONE], [*[None, []] * 4, _ONE])
    ],
    N_("The loop goes on after an answer without anything novel."): [[_SEEDS[:1], _ONE], [*[_SEEDS[:1]] * 8, _ONE]],
    N_("Every candidate of an answer counts, not only the first."): [[_ONE + _TWO]],
    N_("After a candidate that is refused, the same answer may have a novel one."): [[[_SEEDS[0], None, *_ONE]]],
    N_("A candidate that is nearly a seed was accepted."): [
        [_SEEDS[3:]],
        [_SEEDS],
        [["Can I freeze a loaf now?"]],
    ],
    N_("A candidate was accepted that has a ROUGE-L of 0.73 with a seed."): [[["Why is my old crust soft?"]]],
    N_("A candidate was refused that has a ROUGE-L of only 0.67 with a seed."): [[["Why is my old crust so soft?"]]],
    N_("Twins in one answer were both accepted."): [[_ONE + _ONE], [[*_ONE, "What smells of rye!"]]],
    N_("A candidate from an earlier call was accepted again."): [[_ONE, _ONE, _ONE], [_ONE, _TWO, _ONE]],
    N_("`budget` counts the calls of `propose`, not the candidates."): [[_ONE + _TWO, _THREE + _FOUR]],
}
_NO_END = N_("The model never offers anything new: the loop ends when the budget is spent.")
_NOTHING_TO_DO = N_("With n = {n} and budget = {budget} there is nothing to do.")
_LIMITS = (
    *(_script([answer], 2, 5, says=_NO_END) for answer in (None, [], _SEEDS[:1])),
    *(_script([_FRESH], n, budget, says=_NOTHING_TO_DO) for n, budget in ((0, 3), (3, 0))),
    *drawn(_random_script, 20),
)
ACCEPTED = Task(
    _bootstrap,
    (
        *(_script(script, 4, len(script), says=says) for says, scripts in _ANSWERS.items() for script in scripts),
        _script([_FRESH[:3]], 2, 3, says=N_("The first n novel candidates of an answer are wanted.")),
        *_LIMITS,
    ),
    N_("These are not the novel candidates that the calls brought."),
    {
        N_("The answer holds the new instructions only, without the seeds."): (
            lambda seeds, *more: [*seeds, *_bootstrap(seeds, *more)],
            lambda seeds, propose, n, *more: [*seeds, *_bootstrap(seeds, propose, n - len(seeds), *more)],
        ),
        N_("`n` is the number of new instructions; the seeds do not count."): (
            lambda seeds, propose, n, *more: _bootstrap(seeds, propose, n - len(seeds), *more)
        ),
        N_("One answer had more than enough, and more than n were taken."): (
            partial(_bootstrap, most=float("inf")),
            lambda seeds, propose, n, budget, k: _bootstrap(seeds, propose, n, budget, k, most=n + 1),
        ),
    },
    play=lambda *given, **options: _run(*given, **options)[0],
    unchanged=N_("The list of seeds changed."),
    order=N_("The new instructions are not in the order of acceptance."),
    hints={N_("The list of seeds changed."): N_("Begin with a copy: `list(seeds)`.")},
)
CALLS = Task(
    _bootstrap,
    (_script([_FRESH[:3]], 2, 3, says=N_("`propose` was called again although there were n already.")), *_LIMITS),
    N_("`propose` was called more often than needed, or not often enough."),
    play=lambda *given, **options: len(_run(*given, **options)[1]),
)
SHOWN = Task(
    _bootstrap,
    (
        _script([_ONE, _TWO, _THREE, _FOUR, []], 99, 300, seed=0),
        *(_script([_ONE, _TWO, _THREE, _FOUR, _FIVE, []], 99, 9, k, seed=1) for k in (1, 4, 8, 50)),
    ),
    {
        "state": N_("The global random state changed."),
        "lists": N_("`propose` should be given a list of examples."),
        "all": N_("With k larger than the pool, all of the pool should be shown."),
        "number": N_("`propose` should see k different examples."),
        "strangers": N_("An example is not in the pool."),
        "anew": N_("The examples are the same in every call: draw them anew."),
        "accepted": N_("What was accepted never serves as an example: draw from the pool, not from the seeds."),
        "seeds": N_("The seeds never serve as examples: they are part of the pool."),
        "again": N_("The same seed drew different examples."),
        "seed": N_("Different seeds draw the same examples: `seed` is not used."),
        "spread": N_("Some texts of the pool are drawn too often or too seldom; each should be as likely as another."),
        "pairs": N_("Some texts of the pool are drawn together too often: which ones meet should be chance, too."),
    },
    play=_shown,
    hints={N_("The global random state changed."): N_("`random.Random(seed)` is independent.")},
)


@exercise(
    N_("Two things end the loop: `n` accepted ones, or `budget` calls. Count calls, whatever they bring."),
    N_("`for candidate in propose(examples) or []:` goes over nothing if the answer is None or empty."),
)
def bootstrap(function: Callable[..., list[str]]) -> None:
    """Exercise 2.3: the loop, with proposers that behave and proposers that do not."""
    for task in (ACCEPTED, CALLS, SHOWN):
        task.judge(function)
