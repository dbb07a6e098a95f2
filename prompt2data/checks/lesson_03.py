"""Checks of lesson 03. All run on given data; none calls a model."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from prompt2data.checks.constraints import CONSTRAIN, EVOLVE
from prompt2data.checks.core import call, exercise, records, wrong_if
from prompt2data.checks.judge import Properties, Task, case, drawn
from prompt2data.i18n import N_, _
from prompt2data.quality.evolutions import LEAKS, REFUSALS, STOPWORDS
from prompt2data.quality.vocabulary import lowered, words

# -- 3.1 ----------------------------------------------------------------------------------------------------------

_COLUMNS = ("root", "generation", "parent", "child")


def _edges(rows: list[dict]) -> list[dict]:
    return [
        dict(zip(_COLUMNS, (row["instruction"], generation, parent, child), strict=True))
        for row in rows
        for chain in [row["evolved_instructions"] if "evolved_instructions" in row else [row["evolved_instruction"]]]
        for generation, (parent, child) in enumerate(zip([row["instruction"], *chain], chain, strict=False), start=1)
    ]


def _without_copies(column: str, renumber: bool) -> Callable[[list[dict]], list[dict]]:
    def edges(rows: list[dict]) -> list[dict]:
        found = []
        for row in rows:
            kept = [edge for edge in _edges([row]) if edge["child"] != edge[column]]
            found += [{**edge, "generation": place} for place, edge in enumerate(kept, 1)] if renumber else kept
        return found

    return edges


def _found(function: Callable[..., Any], rows: list[dict]) -> Properties:
    """What is to be said about the edges that a function gives, in whatever order."""
    edges = records(call(function, rows), columns=_COLUMNS)
    roots, instructions = [edge["root"] for edge in edges], [row["instruction"] for row in rows]
    children = [child for row in rows for child in row.get("evolved_instructions", [])]
    ordered = lambda *columns: sorted([tuple(edge[column] for column in columns) for edge in edges], key=repr)  # noqa: E731
    return Properties(
        none=edges if not rows else [],
        letters=[edge for edge in edges if isinstance(edge["child"], str) and len(edge["child"]) == 1][:1],
        texts=[edge for edge in edges if not isinstance(edge["child"], str)][:1],
        single=[row for row in rows if "evolved_instruction" in row and row["instruction"] not in roots][:1],
        number=len(edges),
        zero=[edge for edge in edges if edge["generation"] == 0][:1],
        strangers=[root for root in roots if root not in [*instructions, *children]][:1],
        first=[edge for edge in edges if edge["generation"] == 1 and edge["parent"] != edge["root"]][:1],
        root=ordered("root"),
        generation=ordered("root", "generation"),
        parent=ordered("root", "generation", "parent"),
        child=ordered(*_COLUMNS),
    )


def _one(child: str, root: str = "Name a grain.") -> dict:
    return {"model_name": "m", "evolved_instruction": child, "instruction": root}


def _all(*children: str, root: str = "Explain salt.") -> dict:
    return {"instruction": root, "evolved_instructions": list(children), "model_name": "m"}


def _random_rows(number: int) -> list[dict]:
    rng = random.Random(number)
    texts = [f"Why {word}? {rng.randrange(4)}" for word in rng.choices("rye salt muối 塩 🧂".split(), k=12)]
    rows = [_all(*rng.choices(texts, k=rng.randint(1, 5)), root=rng.choice(texts)) for _row in range(3)]
    return rng.sample([*rows, _one(texts[0], texts[1]), _one(texts[2], texts[3])], 5)


_edge_case = partial(case, values={"column": "child"})
EDGES = Task(
    _edges,
    [
        *map(
            _edge_case,
            (
                [],
                [_one("Name a grain without gluten.")],
                [_one("Name a grain without gluten."), _one("", "Name a grain that needs little water.")],
                [_all("Explain salt in dough.")],
                [_all("Explain salt in dough.", "Explain salt in dough.", "Explain salt in a cold dough.")],
                [_all("Explain salt.", "Why salt?", "Explain salt.", "Why salt?")],
                [_all("Why salt?", "", " Why\n salt? ")],
                [_one("Name a grain."), _all("Name two.", "Name three.", root="Name a grain."), _one("Name two.")],
            ),
        ),
        *drawn(lambda number: _edge_case(_random_rows(number)), 12),
    ],
    {
        "none": N_("No rows should give no edges."),
        "letters": N_("A child is a single letter: `evolved_instruction` is a text, not a list."),
        "texts": N_("A child should be one text."),
        "single": N_("The row with one text, `evolved_instruction`, gave no edge."),
        "number": N_("The number of edges is not the number of evolutions."),
        "zero": N_("Generations are counted from 1."),
        "strangers": N_("The root of an edge is the instruction of its row."),
        "first": N_("The parent of a row's first evolution is its instruction."),
        "root": N_("From the second generation on, the parent is the previous child; the root never changes."),
        "generation": N_("The generations of each row are 1, 2, 3 and so on."),
        "parent": N_("From the second generation on, the parent is the previous child; the root never changes."),
        "child": N_("An edge has the wrong {column}."),
    },
    {
        N_("An evolution that copies its parent is an edge too."): [
            _without_copies(column, renumber) for column in ("parent", "root") for renumber in (False, True)
        ]
    },
    play=_found,
    unchanged=N_("`edges` changed the rows it was given."),
    hints={N_("`edges` changed the rows it was given."): N_("Make new dictionaries.")},
)


@exercise(
    N_("Bring both shapes to one first: a list of texts, which has one element for `evolved_instruction`."),
    N_("Walk along the list with `enumerate(…, start=1)`, and let each child become the next parent."),
)
def edges(function: Callable[[list[dict]], Any]) -> None:
    """Exercise 3.1: rows of both shapes to edges."""
    EDGES.judge(function)


# -- 3.2 ----------------------------------------------------------------------------------------------------------


_REASONS = ("empty", "leak", "refusal", "stopwords", "copy")


def _why_drop(parent: str, child: str | None) -> str | None:
    low = lowered(child).strip()
    fits = (
        not low,
        any(leak in low and leak not in parent.lower() for leak in LEAKS),
        low.startswith(REFUSALS),
        all(word in STOPWORDS for word in words(low)),
        words(low) == words(parent),
    )
    return _REASONS[fits.index(True)] if any(fits) else None


def _reason(answer: Any) -> str | None:
    """The reason that an answer gives; False and "" say no more than `None`."""
    if answer is None or answer is False or answer == "":
        return None
    wrong_if(not isinstance(answer, str), _("`why_drop` should return a reason, a text, or None."), actual=answer)
    wrong_if(answer not in _REASONS, _("The answer should be one of the five reasons, or None."), actual=answer)
    return answer


def _random_pair(number: int) -> tuple[str, str]:
    rng = random.Random(number)
    parent = ", ".join(rng.choices("How to bake this rye loaf in steam, given salt? Sorry prompt muối".split(), k=30))
    parts, place = parent.split(), rng.randrange(30)
    leak, refusal = rng.choice(LEAKS), rng.choice(REFUSALS).capitalize().replace("'", rng.choice("'’"))
    ways = (
        parent.upper().replace(",", "\n"),
        " ".join(rng.sample(parts, 30)),
        " ".join(parts[:place] + parts[place + 1 :]),
        f"{parent} {rng.choice(parts)}",
        f"{refusal} {parent}",
        f"{' '.join(parts[:place])} {refusal}",
        f"{refusal} {leak}",
        f"{parent} {leak.upper()}",
        " ".join(rng.sample(sorted(STOPWORDS), 9)) + rng.choice(["", " rye"]),
    )
    return f"{parent} {leak}" if rng.random() < 0.2 else parent, ways[number % len(ways)]


_LOAF = "Write a short recipe for a plain white loaf."
_MARK = "'"
_LEAKED = N_("This child holds words of the evolving prompt.")
_APOLOGY = N_("This child apologizes instead of rewriting.")
_CURLY = N_("This refusal has a curly apostrophe, ’ in place of '.")
_LOUD = N_("A refusal in capitals, or after white space, is a refusal too.")
_OWN = N_("The parent itself speaks of a rewritten prompt, so these words are no leak.")
_NONE = N_("A child of nothing but white space is empty.")
_PUNCTUATION = N_("This child is only punctuation.")
_SAME_WORDS = N_("This child differs from its parent only in case and punctuation.")
WHY_DROP = Task(
    _why_drop,
    (
        case(_LOAF, None, says=N_("A child that is `None` is empty.")),
        case(_LOAF, "", says=N_("A child without any text is empty.")),
        *(case(_LOAF, child, says=_NONE) for child in (" ", " \n\t ", "\u00a0\u3000")),
        *(case(_LOAF, f"Write a {leak} for rye.", says=_LEAKED) for leak in LEAKS),
        case(_LOAF, "A GIVEN PROMPT for rye.", says=N_("A leak in capitals is a leak too.")),
        case("What is a rewritten prompt?", "Rewrite the prompt: what is a rewritten prompt?",
             says=N_("The parent holds one of these leaks; the child holds another one as well.")),
        *(case(_LOAF, f"{refusal} the loaf is burnt.", says=_APOLOGY) for refusal in REFUSALS),
        *(case(_LOAF, f"{refusal.replace(_MARK, '’')} there is no recipe.", says=_CURLY)
          for refusal in REFUSALS if _MARK in refusal),
        *(case(_LOAF, child, says=_LOUD)
          for child in ("\n as an ai, I have never eaten any loaf.", "AS AN AI, I have never eaten a loaf.")),
        case(_LOAF, "i'm sorry, the rewritten prompt is empty.",
             says=N_("Two reasons fit this child; `leak` comes before `refusal`.")),
        case("Explain the given: prompt, and rewrite it for rye.", "explain the given prompt and rewrite it for rye",
             says=N_("Two reasons fit this child; `leak` comes before `copy`.")),
        case("Sorry, but why does a loaf of rye rise less?", "Sorry, but why does a loaf of rye rise less?",
             says=N_("Two reasons fit this child; `refusal` comes before `copy`.")),
        case("Explain.", "And what about it?", says=N_("All words of this child are stop words.")),
        *(case(_LOAF, child, says=_PUNCTUATION) for child in ("... !?", "…", "¿ — ?")),
        case("What is it, and why is it so, and how?", "what is it and why is it so and how",
             says=N_("Two reasons fit this child; `stopwords` comes before `copy`.")),
        *(case(text, text, says=N_("This child is its parent.")) for text in ("Name rye and salt.", _LOAF)),
        case(_LOAF, "write a short recipe, for a plain WHITE loaf!", says=_SAME_WORDS),
        case("Explain “baker's rye”.", "explain baker’s rye", says=_SAME_WORDS),
        case("Bánh mì: 塩, muối, bột mì?", "BÁNH MÌ 塩 muối bột MÌ", says=_SAME_WORDS),
        case(_LOAF, "Write a short recipe\n\nfor a plain white loaf.",
             says=N_("This child differs from its parent only in its line breaks.")),
        # Innocent look-alikes: they must be kept.
        case("Name a loaf.", "Name a loaf and a rye.",
             says=N_("This child repeats its parent and adds something: that is no copy.")),
        case(_LOAF, "Write a short recipe.",
             says=N_("This child has only some of its parent's words: that is no copy.")),
        case(_LOAF, "Write a recipe for a loaf: plain, white, short.",
             says=N_("This child has words of its parent in another order: that is no copy.")),
        *(case(_LOAF, f"{text} #sourdough?", says=N_("`prompt` alone or a hashtag is no leak."))
          for text in ("Why a prompt for", "Given rye, why")),
        case("What is a rewritten prompt?", "What is a rewritten prompt for a baker?", says=_OWN),
        case("What is a REWRITTEN PROMPT?", "What is a rewritten prompt for rye?", says=_OWN),
        case(_LOAF, "Write a note that says: I'm sorry, the loaf is burnt.",
             says=N_("An apology in the middle may be what the instruction asks for: a refusal begins with it.")),
        case(_LOAF, '"Sorry, we are closed": write a friendlier sign than this for the door of a bakery on Sundays.',
             says=N_("This child quotes an apology, and asks for something: that is no refusal.")),
        case(_LOAF, "I can't get my dough to rise. Why?",
             says=N_("`I can't` alone is no refusal: bakers have problems.")),
        case("Explain.", "Why rye?", says=N_("One word that is no stop word is enough to ask for something.")),
        case(_LOAF, "Why 塩 🧂?", says=N_("One word that is no stop word is enough to ask for something.")),
        case(_LOAF, "None", says=N_("The word `None` in a text is not the value `None`.")),
        case(_LOAF, "None of my loaves rise.", says=N_("The word `None` in a text is not the value `None`.")),
        *(case(_LOAF, child) for child in ("Rye is dense.", "Sorry loaves: how do I save them?")),
        case("Name a grain.", _LOAF, says=N_("The same child under another parent is no copy.")),
        case("Explain how to take a rye loaf apart, please.", "Explain how to take a rye loaf a part, please.",
             says=N_("'a part' and 'apart' are different words: that is no copy.")),
        *drawn(lambda number: case(*_random_pair(number)), 45),
    ),
    N_("For this parent and this child the reason is another."),
    {
        N_("This keeps every child, even one that is `None`."): lambda parent, child: None if parent else child,
        N_("This gives the same answer for every child."): [
            lambda parent, child, reason=reason: reason for reason in _REASONS
        ],
    },
    view=_reason,
    hints={N_("This keeps every child, even one that is `None`."): N_("Is there a `return`?")},
)  # fmt: skip


@exercise(
    N_("Write five `if` in the order of the list: the first that fits returns its reason."),
    N_("For leaks and refusals first mend the child: lower case, straight apostrophes, no outer spaces."),
    N_("For stop words and copies let `words(…)` do the work; `all(…)` of an empty list is True."),
)
def why_drop(function: Callable[[str, str | None], str | None]) -> None:
    """Exercise 3.2: the first reason that fits, and innocent look-alikes kept."""
    WHY_DROP.judge(function)


# -- 3.3 ----------------------------------------------------------------------------------------------------------


@exercise(
    N_("In `constrain` draw kind, number and word first; a `verify` defined inside it remembers them."),
    N_("In `evolve` compare each new child with `root` first, and collect the verifiers in a list."),
)
def constrain(function: Callable[..., Any], evolve: Callable[..., Any]) -> None:
    """Exercise 3.3: constraints with verifiers, and a drift limit."""
    CONSTRAIN.judge(function)
    EVOLVE.judge(evolve)
