"""Checks of lesson 03. All run on given data; none calls a model."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from prompt2data.checks.core import Wrong, call, exercise, expect, records, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.i18n import N_, _, translated

# -- 3.1 ----------------------------------------------------------------------------------------------------------

_ONE = {"instruction": "Name a grain.", "evolved_instruction": "Name a grain without gluten.", "model_name": "m"}
_ALL = {
    "instruction": "Explain salt.",
    "evolved_instructions": ["Explain salt in dough.", "Explain salt in dough.", "Explain salt in a cold dough."],
    "model_name": "m",
}
_COLUMNS = ("root", "generation", "parent", "child")
_EDGES = [
    ("Name a grain.", 1, "Name a grain.", "Name a grain without gluten."),
    ("Explain salt.", 1, "Explain salt.", "Explain salt in dough."),
    ("Explain salt.", 2, "Explain salt in dough.", "Explain salt in dough."),
    ("Explain salt.", 3, "Explain salt in dough.", "Explain salt in a cold dough."),
]


@exercise(
    N_("Bring both shapes to one first: a list of texts, which has one element for `evolved_instruction`."),
    N_("Walk along the list with `enumerate(…, start=1)`, and let each child become the next parent."),
)
def edges(function: Callable[[list[dict]], Any]) -> None:
    """Exercise 3.1: rows of both shapes to edges."""
    given = [copy.deepcopy(_ONE), copy.deepcopy(_ALL)]
    answer = records(call(function, given), columns=_COLUMNS)
    wrong_if(given != [_ONE, _ALL], _("`edges` changed the rows it was given."), hint=_("Make new dictionaries."))
    found = [tuple(edge[column] for column in _COLUMNS) for edge in answer]
    first = partial(Wrong, expected=_as_edge(_EDGES[0]), actual=answer[0] if answer else None)
    if any(isinstance(edge[3], str) and len(edge[3]) == 1 for edge in found):
        raise first(_("A child is a single letter: `evolved_instruction` is a text, not a list."))
    if any(not isinstance(edge[3], str) for edge in found):
        raise first(_("A child should be one text."))
    if not any(edge[0] == _ONE["instruction"] for edge in found):
        raise Wrong(_("The row with one text, `evolved_instruction`, gave no edge."), actual=answer)
    wrong_if(any(edge[1] == 0 for edge in found), _("Generations are counted from 1."), expected=1, actual=0)
    if len(found) == len(_EDGES) - 1 and not any(edge[2] == edge[3] for edge in found):
        message = _("An evolution that copies its parent is an edge too.")
        raise Wrong(message, expected=_as_edge(_EDGES[2]), actual=answer)
    expect(len(found), len(_EDGES), _("The number of edges is not the number of evolutions."))
    if all(edge[0] == edge[2] and edge[0] in (_ONE["instruction"], _ALL["instruction"]) for edge in found):
        third = next(edge for edge in answer if edge["generation"] == 3)
        message = _("From the second generation on, the parent is the child before, and the root stays.")
        raise Wrong(message, expected=_as_edge(_EDGES[3]), actual=third)
    for right in _EDGES:
        if right not in found:
            # The one that comes nearest, so that expected and actual differ in the mistake alone.
            near = max(found, key=lambda edge: sum(a == b for a, b in zip(edge, right, strict=True)))
            column = next(name for name, a, b in zip(_COLUMNS, near, right, strict=True) if a != b)
            message = _("An edge has the wrong {column}.")
            raise Wrong(message, expected=_as_edge(right), actual=_as_edge(near), column=column)
    expect(records(call(function, [])), [], _("No rows should give no edges."))


def _as_edge(values: tuple) -> dict[str, Any]:
    return dict(zip(_COLUMNS, values, strict=True))


# -- 3.2 ----------------------------------------------------------------------------------------------------------

_LOAF = "Write a short recipe for a plain white loaf."

# (parent, child, reason, the mistake if the answer is another)
_CASES: list[tuple[str, str | None, str | None, str]] = [
    (_LOAF, None, "empty", N_("A child that is `None` is empty.")),
    (_LOAF, "", "empty", N_("A child without any text is empty.")),
    (_LOAF, " \n\t ", "empty", N_("A child of nothing but white space is empty.")),
    (_LOAF, "#the rewritten prompt# asks for a recipe with rye.", "leak",
     N_("This child holds words of the evolving prompt.")),
    (_LOAF, "The GIVEN PROMPT asks for a recipe with rye.", "leak", N_("A leak in capitals is a leak too.")),
    (_LOAF, "I'm sorry, but I can't help with that.", "refusal", N_("This child apologizes instead of rewriting.")),
    (_LOAF, "I’m sorry, there is no recipe here.", "refusal",
     N_("This refusal has a curly apostrophe, ’ in place of '.")),
    (_LOAF, "\n AS AN AI, I have never eaten a loaf.", "refusal",
     N_("A refusal in capitals, or after white space, is a refusal too.")),
    (_LOAF, "I'm sorry, the rewritten prompt is empty.", "leak",
     N_("Two reasons fit this child; `leak` comes before `refusal`.")),
    (_LOAF, "And what about it?", "stopwords", N_("All words of this child are stop words.")),
    (_LOAF, "... !?", "stopwords", N_("This child is only punctuation.")),
    ("What is it?", "what is it", "stopwords", N_("Two reasons fit this child; `stopwords` comes before `copy`.")),
    (_LOAF, _LOAF, "copy", N_("This child is its parent.")),
    (_LOAF, "write a short recipe, for a plain WHITE loaf!", "copy",
     N_("This child differs from its parent only in case and punctuation.")),
    (_LOAF, "Write a short recipe\n\nfor a plain white loaf.", "copy",
     N_("This child differs from its parent only in its line breaks.")),
    # Innocent look-alikes: they must be kept.
    (_LOAF, "Write a short recipe for a plain white loaf without sugar.", None,
     N_("This child repeats its parent and adds something: that is no copy.")),
    (_LOAF, "Write a recipe for a loaf: plain, white, short.", None,
     N_("This child has words of its parent in another order: that is no copy.")),
    (_LOAF, "Write a prompt for a photo of a loaf, with the hashtag #sourdough.", None,
     N_("`prompt` alone or a hashtag is no leak.")),
    ("What makes a rewritten prompt good?", "What makes a rewritten prompt good for a baker?", None,
     N_("The parent itself speaks of a rewritten prompt, so these words are no leak.")),
    (_LOAF, "Write a short note that says: I'm sorry, the loaf is burnt.", None,
     N_("An apology in the middle may be what the instruction asks for: a refusal begins with it.")),
    (_LOAF, "I can't get my dough to rise. What should I change?", None,
     N_("`I can't` alone is no refusal: bakers have problems.")),
    (_LOAF, "Why rye?", None, N_("One word that is no stop word is enough to ask for something.")),
    (_LOAF, "None of my loaves are white. How do I bake one?", None,
     N_("The word `None` in a text is not the value `None`.")),
]  # fmt: skip


@exercise(
    N_("Write five `if` in the order of the list: the first that fits returns its reason."),
    N_("For leaks and refusals first mend the child: lower case, straight apostrophes, no outer spaces."),
    N_("For stop words and copies let `words(…)` do the work; `all(…)` of an empty list is True."),
)
def why_drop(function: Callable[[str, str | None], str | None]) -> None:
    """Exercise 3.2: the first reason that fits, and innocent look-alikes kept."""
    answers = [_reason(call(function, parent, child)) for parent, child, _right, _message in _CASES]
    if all(answer is None for answer in answers):
        raise Wrong(_("This keeps every child, even one that is `None`."), hint=_("Is there a `return`?"))
    wrong_if(len(set(answers)) == 1, _("This gives the same answer for every child."), actual=answers[0])
    for (_parent, child, right, message), answer in zip(_CASES, answers, strict=True):
        mistake = _("{mistake} The child: {child}")
        expect(answer, right, mistake, mistake=translated(message), child=repr(child))
    other = _reason(call(function, "Name a grain.", _LOAF))
    expect(other, None, _("The same child under another parent is no copy."))


def _reason(answer: Any) -> str | None:
    """The reason that an answer gives: `None` for anything false; case and outer spaces do not matter."""
    if answer is None or answer is False or answer == "":
        return None
    wrong_if(not isinstance(answer, str), _("`why_drop` should return a reason, a text, or None."), actual=answer)
    return answer.strip().lower()


# -- 3.3 ----------------------------------------------------------------------------------------------------------

_ROOT = "Describe a good crust."
_WORDS = ("butter", "rye", "salt", "steam")
_KINDS = {
    "limit": re.compile(r"Use at most (\d+) words\."),
    "mention": re.compile(r"Mention (\w+)\."),
    "avoid": re.compile(r"Do not mention (\w+)\."),
}


class _Draw(NamedTuple):
    """A constrained child: the kind of its constraint, the value in its gap, and its verifier."""

    child: str
    kind: str
    value: str
    verify: Callable[[str], bool]


@exercise(
    N_("In `constrain` draw kind, number and word first; a `verify` defined inside it remembers them."),
    N_("In `evolve` compare each new child with `root` first, and collect the verifiers in a list."),
)
def constrain(function: Callable[..., Any], evolve: Callable[..., Any]) -> None:
    """Exercise 3.3: constraints with verifiers, and a drift limit."""
    _draws(function)
    draws = []
    for seed in range(120):
        draws.append(_constrained(function, _ROOT, seed))
        _verified(draws[-1])
    for kind, pattern in _KINDS.items():
        message = _("In 120 draws one kind of constraint never came.")
        wrong_if(not any(draw.kind == kind for draw in draws), message, expected=pattern.pattern.replace("\\", ""))
    for draw in draws:
        try:
            _verified(draw)
        except Wrong as wrong:
            message = _("A right `verify` went wrong when more children were made: it must keep its own draw.")
            raise Wrong(message, hint=_("The child: {child}"), child=draw.child) from wrong
    _no_word_twice(function)
    _drift(evolve)
    _all_of_them(evolve)


def _pair(answer: Any) -> tuple[str, Callable[[str], bool]]:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong(_("Two things should come back: the child and its `verify`."), actual=answer)
    child, verify = answer
    wrong_if(not isinstance(child, str), _("The child should be a text."), actual=child)
    wrong_if(not callable(verify), _("`verify` should be a function that takes an answer."), actual=verify)
    return child, verify


def _constrained(function: Callable[..., Any], instruction: str, seed: int) -> _Draw:
    child, verify = _pair(call(function, instruction, random.Random(seed)))
    message = _("The child should begin with the instruction and a space.")
    wrong_if(not child.startswith(f"{instruction} "), message, expected=f"{instruction} …", actual=child)
    added = child[len(instruction) + 1 :]
    for kind, pattern in _KINDS.items():
        match = pattern.fullmatch(added)
        if match and kind == "limit" and not 5 <= int(match[1]) <= 30:
            raise Wrong(_("The number of words should be from 5 to 30."), actual=added)
        if match and kind != "limit" and match[1] not in _WORDS:
            raise Wrong(_("The word should be one of `WORDS`."), expected=_WORDS, actual=added)
        if match:
            return _Draw(child, kind, match[1], verify)
    raise Wrong(_("What was added is not one of `KINDS` with its gap filled."), expected="Mention salt.", actual=added)


def _draws(function: Callable[..., Any]) -> None:
    children = []
    for global_seed in (1, 2):  # a function that reads the global state must not get the same one twice
        with GlobalRandomState():
            random.seed(global_seed)
            np.random.seed(global_seed)
            with GlobalRandomState() as state:
                children.append([_pair(call(function, _ROOT, random.Random(seed)))[0] for seed in range(8)])
        wrong_if(state.changed, _("The global random state changed: draw from `rng` alone."))
    if children[0] != children[1]:
        raise Wrong(_("The same `rng` gave two different children: something is drawn from another source."))
    if len(set(children[0])) == 1:
        raise Wrong(_("Eight different `rng` gave the same child: is `rng` used?"), actual=children[0][0])


def _verified(draw: _Draw) -> None:
    if draw.kind == "limit":
        n = int(draw.value)
        cases = [
            ("word " * (n - 1), True, _("A shorter answer than the limit should pass.")),
            ("well-baked\n" * n, True, _("An answer with exactly as many words as allowed should pass.")),
            ("word " * (n + 1), False, _("An answer with one word too many should not pass.")),
        ]
    else:
        word, mention = draw.value, draw.kind == "mention"
        cases = [
            (f"The {word} is there", mention, _("This answer has the word.")),
            (f"{word.upper()}, of course!", mention, _("This answer has the word, in capitals and with a comma.")),
            ("Nothing of the kind.", not mention, _("This answer does not have the word.")),
            (f"un{word}ed pre{word}", not mention, _("This answer has the word only inside longer words.")),
        ]
    for answer, right, message in cases:
        verdict = call(draw.verify, answer)
        if bool(verdict) != right:
            mistake = _("{mistake} The child: {child}")
            raise Wrong(mistake, expected=right, actual=verdict, mistake=message, child=repr(draw.child))


def _no_word_twice(function: Callable[..., Any]) -> None:
    for seed in range(60):
        draw = _constrained(function, "Compare salt with STEAM, please.", seed)
        message = _("The instruction mentions this word already: a constraint on it may contradict.")
        wrong_if(draw.kind != "limit" and draw.value in ("salt", "steam"), message, actual=draw.child)
    for seed in range(20):
        draw = _constrained(function, "Butter, rye, salt or steam?", seed)
        wrong_if(draw.kind != "limit", _("No word is left, so only the first kind remains."), actual=draw.child)
    inside = "Describe salted buttermilk in a streamer."  # longer words do not use a word up
    if not any(_constrained(function, inside, seed).value in ("salt", "butter") for seed in range(120)):
        raise Wrong(_("`salted` does not mention `salt`: the word is still free."))


def _constraints(child: str) -> int:
    return sum(len(pattern.findall(child)) for pattern in _KINDS.values())


def _drift(evolve: Callable[..., Any]) -> None:
    asked: list[tuple[str, str]] = []

    def similarity(a: str, b: str) -> float:
        asked.append((a, b))
        return 1.0 - 0.25 * abs(_constraints(a) - _constraints(b))

    for limit, generations, reached in ((0.0, 3, 3), (0.5, 3, 2), (0.6, 3, 1), (0.9, 3, 0), (0.0, 1, 1)):
        asked.clear()
        child, verify = _pair(call(evolve, _ROOT, random.Random(4), similarity, limit, generations))
        if not child.startswith(_ROOT):
            raise Wrong(_("The child should still begin with the root."), expected=f"{_ROOT} …", actual=child)
        wrong_if(reached and not asked, _("`similarity` was never called."))
        if parents := [pair[0] for pair in asked if _ROOT not in pair]:
            message = _("A child was compared with its parent: small steps add up, so compare it with the root.")
            raise Wrong(message, expected=_ROOT, actual=parents[0])
        steps = _constraints(child)
        if steps > generations:
            raise Wrong(_("There are more constraints than generations."), expected=generations, actual=child)
        message = _("The child below the limit came back; the last one within the limit is wanted.")
        wrong_if(steps == reached + 1, message, expected=reached, actual=child)
        if steps != reached:
            message = _("The number of constraints is not right here.")
            if steps == reached - 1 and limit == 0.5:
                message = _("The limit {limit} allows a similarity of exactly {limit}: only a lower one stops.")
            raise Wrong(message, expected=reached, actual=child, limit=limit)
        passes = bool(reached or call(verify, "Any answer at all, as long as you like. " * 9))
        expect(passes, True, _("The root came back without a constraint, so any answer will do."))


def _all_of_them(evolve: Callable[..., Any]) -> None:
    for seed in range(12):
        child, verify = _pair(call(evolve, _ROOT, random.Random(seed), lambda a, b: 1.0, 0.5, 4))
        mention, avoid = _KINDS["mention"].findall(child), _KINDS["avoid"].findall(child)
        good = " ".join([*mention, "yes"])
        both = _("The child: {child} The answer: {answer}")
        met = _("This answer meets every constraint, and the `verify` of `evolve` says no.")
        broken = _("This answer breaks a constraint, but `evolve` lets it pass: it should ask for all.")
        faults = [good.replace(word, "well") for word in mention] + [f"{good} {word}" for word in avoid]
        if _KINDS["limit"].search(child):
            faults.append(good + " well" * 31)
        for answer, right, message in ((good, True, met), *((fault, False, broken) for fault in faults)):
            verdict = bool(call(verify, answer))
            expect(verdict, right, message, hint=both, child=repr(child), answer=repr(answer))
