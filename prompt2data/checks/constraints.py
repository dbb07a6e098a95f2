"""What exercise 3.3 is judged by: constraints with verifiers, and evolutions under a drift limit."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import combinations, takewhile
from typing import Any

import numpy as np

from prompt2data.checks.core import Wrong, call, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.checks.judge import Properties, Task, case
from prompt2data.i18n import N_, _
from prompt2data.quality.vocabulary import words
from prompt2data.untrusted import visible

_DRAWS = 400  # so many that a value which can come does come
_WORDS = ("butter", "rye", "salt", "steam")
_KINDS = {"limit": "Use at most {} words.", "mention": "Mention {}.", "avoid": "Do not mention {}."}
_ADDED = re.compile(r" (?:Use at most (?P<limit>\d+) words|Mention (?P<mention>\w+)|Do not mention (?P<avoid>\w+))\.")

_Step = tuple[str, str]  # the kind of a constraint, and what fills its gap
_Child = tuple[str, Callable[[str], bool]]
_Battery = list[tuple[str, bool, str]]  # answers, whether they are right, and what a wrong verdict is told


class _Rng(random.Random):
    """A generator that a card can show; copies begin anew."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __repr__(self) -> str:
        return f"Random({self.number})"

    def __deepcopy__(self, _memo: Any) -> _Rng:
        return _Rng(self.number)


def _meets(answer: str, *steps: _Step) -> bool:
    return all(
        len(answer.split()) <= int(value) if kind == "limit" else (value in words(answer)) == (kind == "mention")
        for kind, value in steps
    )


def _constrain(instruction: str, rng: random.Random) -> _Child:
    free = [word for word in _WORDS if word not in words(instruction)]
    kind = rng.choice([*_KINDS] if free else ["limit"])
    step = kind, str(rng.randint(5, 30) if kind == "limit" else rng.choice(free))
    return f"{instruction} {_KINDS[kind].format(step[1])}", lambda answer: _meets(answer, step)


def _evolve(root: str, rng: random.Random, similarity: Any, limit: float, generations: int = 3) -> _Child:
    child = root
    for _generation in range(generations):
        longer, _verify = _constrain(child, rng)
        if similarity(root, longer) < limit:
            break
        child = longer
    return child, lambda answer: _meets(answer, *_steps(root, child))


def _made(function: Callable[..., Any], *arguments: Any, **options: Any) -> _Child:
    """A child and its verifier, from whatever a learner's function gives."""
    answer = call(function, *arguments, **options)
    if not isinstance(answer, list) or len(answer) != 2:
        raise Wrong(_("Two things should come back: the child and its `verify`."), actual=answer)
    child, verify = answer
    wrong_if(not isinstance(child, str), _("The child should be a text."), actual=child)
    wrong_if(not callable(verify), _("`verify` should be a function that takes an answer."), actual=verify)
    return child, verify


def _steps(instruction: str, child: str) -> list[_Step]:
    """The constraints that were added to an instruction; raises `Wrong` where something else was."""
    steps, place = list[_Step](), len(instruction)
    while match := _ADDED.match(child, place):
        kind, place = str(match.lastgroup), match.end()
        steps.append((kind, match[kind]))
        if kind == "limit" and not 5 <= int(match[kind]) <= 30:
            raise Wrong(_("The number of words should be from 5 to 30."), actual=match[0].strip())
        if kind != "limit" and match[kind] not in _WORDS:
            raise Wrong(_("The word should be one of `WORDS`."), expected=_WORDS, actual=match[0].strip())
    message = _("What was added is not one of `KINDS` with its gap filled.")
    wrong_if(place < len(child), message, expected="Mention salt.", actual=child[place:].strip())
    return steps


def _verified(child: str, verify: Callable[[str], bool], battery: _Battery) -> None:
    for answer, right, mistake in battery:
        if bool(verdict := call(verify, answer)) != right:
            message, told = _("{mistake} The child: {child}"), visible(f"verify({answer!r})", 400)
            raise Wrong(message, expected=right, actual=verdict, given=told, mistake=mistake, child=repr(child))


def _still_verified(made: list[tuple[str, Callable[[str], bool], _Battery]]) -> None:
    for child, verify, battery in made:
        try:
            _verified(child, verify, battery)
        except Wrong as wrong:
            message = _("A right `verify` went wrong when more children were made: it must keep its own draw.")
            raise Wrong(message, hint=_("The child: {child}"), child=child) from wrong


def _one_constraint(kind: str, value: str) -> _Battery:
    """Answers to one constraint."""
    if kind == "limit":
        n, shorter = int(value), _("A shorter answer than the limit should pass.")
        exact = _("An answer with exactly as many words as allowed should pass.")
        over = _("An answer with one word too many should not pass.")
        return [
            *((text, True, exact) for text in ("word " * n, "well-baked\n" * n)),
            *((text, True, shorter) for text in ("", "word " * (n - 1), "  word\n\n" * (n - 1))),
            *((text * (n + 1), False, over) for text in ("word ", "word\t", "- ", "塩\n")),
        ]
    has, lacks = _("This answer has the word."), _("This answer does not have the word.")
    loud, inside = (
        _("This answer has the word, in capitals and with a comma."),
        _("This answer has the word only inside longer words."),
    )
    others, mention = " ".join(word for word in _WORDS if word != value), kind == "mention"
    return [
        (f"The {value} is there", mention, has),
        (f"{value.upper()}, of course!", mention, loud),
        *((text, mention, has) for text in (value, f'Take\n("{value}")!')),
        *((text, not mention, lacks) for text in ("Nothing of the kind.", "", others)),
        *((text.format(value), not mention, inside) for text in ("{}ed", "un{}", "Un{0}ed pre{0}", "{}öl")),
    ]


def _drawn(function: Callable[..., Any], instruction: str) -> Properties:
    """What is to be said about the children of one instruction."""
    made, children, steps = [], [], []
    with GlobalRandomState() as state:
        for number in range(_DRAWS):
            child, verify = _made(function, instruction, _Rng(number))
            message = _("The child should begin with the instruction and a space.")
            wrong_if(not child.startswith(f"{instruction} "), message, expected=f"{instruction} …", actual=child)
            found = _steps(instruction, child)
            message = _("What was added is not one of `KINDS` with its gap filled.")
            wrong_if(len(found) != 1, message, expected="Mention salt.", actual=child[len(instruction) + 1 :])
            children.append(child)
            steps += found
            if number < 40:
                made.append((child, verify, _one_constraint(*found[0])))
                _verified(*made[-1])
        _still_verified(made)
    with GlobalRandomState():
        random.seed(123)  # a function that reads the global state must not get the same one twice
        np.random.seed(123)
        again = [_made(function, instruction, _Rng(number))[0] for number in range(40)]
    free = {word for word in _WORDS if word not in words(instruction)}
    drawn = {step for step in steps if step[0] != "limit"}
    inside = {step for step in drawn if step[1] in instruction.lower()}
    return Properties(
        state=state.changed,
        again=again == children[:40],
        used=not free or len(set(children[:8])) > 1,
        left=[] if free else sorted(drawn)[:1],
        mentioned=sorted(step for step in drawn if step[1] not in free)[:1],
        kinds=sorted({kind for kind, _value in steps}),
        inside=sorted(inside),
        words=sorted(drawn),
        numbers=[] if free else sorted({int(value) for kind, value in steps if kind == "limit"}),
    )


CONSTRAIN = Task(
    _constrain,
    [
        case("Describe a good crust."),
        case("Describe salted buttermilk in a streamer."),
        case("3 {n} for {word}: 塩 or SALT,\nmuối or rye? Use at most 2 words. 🧂\n"),
        case("Butter, rye, salt or steam: what is it that every baker needs first of all, and why?"),
    ],
    {
        "state": N_("The global random state changed: draw from `rng` alone."),
        "again": N_("The same `rng` gave two different children: something is drawn from another source."),
        "used": N_("Eight different `rng` gave the same child: is `rng` used?"),
        "left": N_("No word is left, so only the first kind remains."),
        "mentioned": N_("The instruction mentions this word already: a constraint on it may contradict."),
        "kinds": N_("In 400 draws one kind of constraint never came."),
        "inside": N_("`salted` does not mention `salt`: the word is still free."),
        "words": N_("In 400 draws one of the words that are free never came."),
        "numbers": N_("In 400 draws one of the numbers from 5 to 30 never came."),
    },
    play=_drawn,
)


class _Similarity:
    """A similarity that gives each new child the next of its values, and remembers what it was asked."""

    def __init__(self, *values: float) -> None:
        self.values, self.asked, self.found = values, list[tuple[Any, Any]](), dict[str, float]()

    def __repr__(self) -> str:
        return f"similarity<{', '.join(map(str, self.values))}>"

    def __call__(self, one: Any, other: Any) -> float:
        self.asked.append((one, other))
        child = max(str(one), str(other), key=len)
        return (
            1.0
            if one == other
            else self.found.setdefault(child, self.values[min(len(self.found), len(self.values) - 1)])
        )


def _all_constraints(root: str, child: str, similarity: _Similarity, steps: list[_Step]) -> _Battery:
    """Answers with every choice of the words, in every length that matters, also to a child that was dropped."""
    seen = [child, *(text for text in similarity.found if text.startswith(root))]
    lengths = {
        0,
        99,
        *(int(value) + more for text in seen for value in re.findall(r"most (\d+)", text) for more in (0, 1)),
    }
    chosen = [choice for size in range(len(_WORDS) + 1) for choice in combinations(_WORDS, size)]
    answers = [
        " ".join([*choice, *["well"] * (length - len(choice))]) for choice in chosen for length in sorted(lengths)
    ]
    met = _("This answer meets every constraint, and the `verify` of `evolve` says no.")
    met = met if steps else _("The root came back without a constraint, so any answer will do.")
    broken = _("This answer breaks a constraint, but `evolve` lets it pass: it should ask for all.")
    return [(answer, right, met if right else broken) for answer in answers for right in [_meets(answer, *steps)]]


def _evolved(
    function: Callable[..., Any], root: str, rng: _Rng, similarity: _Similarity, limit: float, **options: int
) -> Properties:
    """What is to be said about a child, and about what `similarity` was asked for it."""
    generations, values = options.get("generations", 3), similarity.values
    reached = len(list(takewhile(lambda value: value >= limit, [*values, *[values[-1]] * generations][:generations])))
    with GlobalRandomState() as state:
        child, verify = _made(function, root, rng, similarity, limit, **options)
    message = _("The child should still begin with the root.")
    wrong_if(not child.startswith(root), message, expected=f"{root} …", actual=child)
    steps, asked = _steps(root, child), list(similarity.asked)
    battery = _all_constraints(root, child, similarity, steps) if len(steps) == reached else []
    _verified(child, verify, battery)
    with GlobalRandomState():
        random.seed(123)
        np.random.seed(123)
        others = [
            _made(function, root, _Rng(rng.number + more), _Similarity(*values), limit, **options)[0]
            for more in range(8)
        ]
    _still_verified([(child, verify, battery)])
    return Properties(
        state=state.changed,
        asked=bool(asked),
        texts=[pair for pair in asked if not all(isinstance(text, str) for text in pair)][:1],
        parents=[pair for pair in asked if root not in pair][:1],
        more=max(len(steps), generations),
        below=any(child.startswith(text) and value < limit for text, value in similarity.found.items()),
        unasked=child if child not in similarity.found and child != root else "",
        on=max(len(steps), reached),
        equal=len(steps) < reached and limit in values,
        number=len(steps),
        again=others[0] == child,
        used=not reached or len(set(others)) > 1,
    )


EVOLVE = Task(
    _evolve,
    [
        case(root, _Rng(number), _Similarity(*values), limit, values={"limit": limit}, **options)
        for number, root in enumerate(["Why rye?", "Name 3 {n} for {word}. Mention salt.", "塩 hay muối? 🧂\n"])
        for limit, values, options in list[tuple[float, list[float], dict[str, Any]]](
            [
                (0.5, [1.0], {}),
                (0.5, [0.9, 0.7], {"generations": 1}),
                (0.5, [0.9, 0.8, 0.7, 0.6], {"generations": 4}),
                (0.5, [0.9, 0.2, 1.0], {}),
                (0.5, [0.2, 1.0], {}),
                (0.5, [0.9, 0.5, 0.4, 1.0], {}),
                (0.0, [0.0, -0.1, 1.0], {"generations": 2}),
                (1.0, [1.0, 0.99, 1.0], {}),
            ]
        )
    ],
    {
        "state": N_("The global random state changed: draw from `rng` alone."),
        "asked": N_("`similarity` was never called."),
        "texts": N_("`similarity` takes two texts, the root and a child."),
        "parents": N_("A child was compared with its parent: small steps add up, so compare it with the root."),
        "more": N_("There are more constraints than generations."),
        "below": N_("The child below the limit came back; the last one within the limit is wanted."),
        "unasked": N_("`similarity` was never asked about the child that came back."),
        "on": N_("A child below the limit ends it: no other is tried in its place."),
        "equal": N_("The limit {limit} allows a similarity of exactly {limit}: only a lower one stops."),
        "number": N_("The number of constraints is not right here."),
        "again": N_("The same `rng` gave two different children: something is drawn from another source."),
        "used": N_("Eight different `rng` gave the same child: is `rng` used?"),
    },
    play=_evolved,
)
