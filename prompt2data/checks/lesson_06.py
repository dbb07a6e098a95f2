"""Checks on the exercises of lesson 06 (preference data). They run on given answers, texts, pairs and ratings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, close, exercise, records
from prompt2data.i18n import _
from prompt2data.metrics import share

Rows = list[dict[str, Any]]

# -- 6.1 ----------------------------------------------------------------------------------------------------------


def _answer(instruction: str, generation: str | None, model: str) -> dict[str, Any]:
    return {"instruction": instruction, "generation": generation, "model_name": model}


_SALT, _FLOUR = "Why salt?", "Which flour?"
_ANSWERS: Rows = [
    _answer(_SALT, "For the taste.", "small"),
    _answer(_FLOUR, "Rye.", "small"),
    _answer(_SALT, "It slows the yeast.", "large"),
    _answer(_FLOUR, None, "large"),
    _answer(_SALT, " For the taste.\n", "large"),
    _answer(_FLOUR, "  ", "large"),
    _answer(_FLOUR, "Wheat.", "large"),
    _answer(_FLOUR, "For the taste.", "small"),
]
_GROUPS: Rows = [
    {
        "instruction": _SALT,
        "generations": ["For the taste.", "It slows the yeast."],
        "generation_models": ["small", "large"],
    },
    {
        "instruction": _FLOUR,
        "generations": ["Rye.", "Wheat.", "For the taste."],
        "generation_models": ["small", "large", "small"],
    },
]
_GROUP_COLUMNS = ("instruction", "generations", "generation_models")


@exercise(
    hints=(
        lambda: _("Go through the rows once, and keep a dictionary from each instruction to what was found for it."),
        lambda: _(
            "found.setdefault(row['instruction'], {}) gives a dictionary for each instruction: from an answer, "
            "stripped, to its model. Dictionaries keep their order, and hold a key once."
        ),
    )
)
def group(answer: Any) -> None:
    """Exercise 6.1: one row for each instruction, with all its answers."""
    given = deepcopy(_ANSWERS)
    rows = records(call(answer, given), _GROUP_COLUMNS)
    if given != _ANSWERS:
        raise Wrong(_("Your function changes the rows it is given: make new ones."))
    asked = [row["instruction"] for row in rows]
    if sorted(set(asked)) == sorted({_SALT, _FLOUR}) and len(asked) > 2:
        raise Wrong(
            _("An instruction has more than one row: its answers do not stand next to each other."),
            expected=[_SALT, _FLOUR],
            actual=asked,
        )
    if asked != [_SALT, _FLOUR]:
        raise Wrong(
            _("There should be one row for each instruction, in the order in which they first came."),
            expected=[_SALT, _FLOUR],
            actual=asked,
        )
    for row, expected in zip(rows, _GROUPS, strict=True):
        _compare_group(row, expected)
    if records(call(answer, [])):
        raise Wrong(_("Without any rows there is nothing to group: the list should be empty."))


def _compare_group(row: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    texts, models = (list(row[column]) for column in _GROUP_COLUMNS[1:])
    shown = {"expected": expected["generations"], "actual": texts}
    if any(text is None or not str(text).strip() for text in texts):
        raise Wrong(_("An answer without text is still there."), **shown)
    if any(text != text.strip() for text in texts):
        raise Wrong(_("There are spaces or line breaks around an answer: store it without."), **shown)
    if len(set(texts)) < len(texts):
        raise Wrong(_("The same answer is there twice."), **shown)
    if sorted(texts) == sorted(expected["generations"]) and texts != expected["generations"]:
        raise Wrong(_("The answers should keep the order in which they first came."), **shown)
    if texts != expected["generations"]:
        lost = [text for text in expected["generations"] if text not in texts]
        hint = _("An answer may be the same as one to another instruction.") if lost == ["For the taste."] else ""
        raise Wrong(_("These are not the answers to {instruction}").format(instruction=expected["instruction"]),
                    hint=hint, **shown)  # fmt: skip
    if models != expected["generation_models"]:
        if len(models) != len(texts):
            message = _("There should be as many models as answers.")
        else:
            message = _("`generation_models` does not say who wrote which answer first.")
        raise Wrong(message, expected=expected["generation_models"], actual=models)


# -- 6.2 ----------------------------------------------------------------------------------------------------------


def _section(number: Any, rating: str, heading: str = "#### Output for Text {}") -> str:
    return f"{heading.format(number)}\n{rating}\nRationale: It is clear, and correct as far as it goes."


_PLAIN = "\n\n".join([_section(1, "Rating: 4"), _section(2, "Rating: 2")])
# (text, n, expected, what it is)
_OUTPUTS: tuple[tuple[str | None, int, list[int | None], Callable[[], str]], ...] = (
    (_PLAIN, 2, [4, 2], lambda: _("an output as it should be")),
    ("Here are my ratings.\n\n" + _PLAIN, 2, [4, 2], lambda: _("a polite first line")),
    ("Rating: 5 is my favourite.\n\n" + _PLAIN, 2, [4, 2], lambda: _("a rating line before the first heading")),
    (_PLAIN.replace("\n", "\n\n"), 2, [4, 2], lambda: _("blank lines everywhere")),
    (_section(2, "Rating: 2"), 2, [None, 2], lambda: _("a rating for the second text only")),
    (_section(1, "Rating: 4"), 2, [4, None], lambda: _("a rating for the first text only")),
    ("\n".join([_section(2, "Rating: 2"), _section(1, "Rating: 4")]), 2, [4, 2], lambda: _("the texts in another "
     "order")),
    (_section(1, "I like it.") + "\n" + _section(2, "Rating: 3"), 2, [None, 3], lambda: _("a text without a rating")),
    (_section(1, "**Rating:** 4", "**Output for Text {}**"), 1, [4], lambda: _("bold headings")),
    (_section(1, "**Rating**: 4/5", "Output for Text {}:"), 1, [4], lambda: _("a heading without marks, and a rating "
     "like 4/5")),
    (_section(1, "rating: 3 (good)", "### output for text {}"), 1, [3], lambda: _("everything in lower case")),
    (_section(1, "Rating: 9") + "\n" + _section(2, "Rating: 0"), 2, [None, None], lambda: _("ratings out of range")),
    (_section(1, "Rating: N/A") + "\n" + _section(2, "Rating: 5"), 2, [None, 5], lambda: _("a rating that is `N/A`")),
    (_section(1, "Rating: 4\nRating: 2"), 1, [None], lambda: _("two rating lines for one text")),
    (_section(1, "Rating: 4") + "\n" + _section(1, "Rating: 5"), 1, [None], lambda: _("two sections for one text")),
    (_section(1, "Rating: 4") + " I gave it Rating: 4 at first.", 1, [4], lambda: _("a rationale that mentions "
     "a rating")),
    (_section(1, "Rating: ４"), 1, [4], lambda: _("a full-width digit")),
    (_section(3, "Rating: 4") + "\n" + _section(1, "Rating: 1"), 2, [1, None], lambda: _("a heading for a text that "
     "does not exist")),
    ("\n".join(_section(k, f"Rating: {1 + k % 5}") for k in range(1, 12)), 11, [1 + k % 5 for k in range(1, 12)],
     lambda: _("eleven texts")),
    ("I cannot rate these.", 3, [None, None, None], lambda: _("an output without any rating")),
    ("", 2, [None, None], lambda: _("an empty output")),
    (None, 2, [None, None], lambda: _("no output at all (`None`)")),
)  # fmt: skip


@exercise(
    hints=(
        lambda: _("Begin with a list of `n` times None, and write into the place that a heading names."),
        lambda: _(
            "re.split with a group in its pattern keeps the numbers of the headings: [before, '1', section, '2', "
            "section]. In each section, re.findall the lines that begin with the word Rating."
        ),
    )
)
def parse_ratings(answer: Any) -> None:
    """Exercise 6.2: ratings out of a judge's text, never shifted."""
    for text, n, expected, what in _OUTPUTS:
        actual = call(answer, text, n)
        if actual is None or isinstance(actual, str | Mapping) or not hasattr(actual, "__iter__"):
            raise Wrong(_("The answer should be a list with an entry for each text."), expected=expected, actual=actual)
        actual = list(actual)
        if len(actual) != n:
            raise Wrong(
                _("The list should have exactly {n} entries: {what}.").format(n=n, what=what()),
                expected=expected,
                actual=actual,
                hint=_("The text begins: {text}").format(text=repr((text or "")[:80])),
            )
        bad = [value for value in actual if value is not None and (isinstance(value, bool) or value not in range(1, 6))]
        if bad:
            raise Wrong(
                _("An entry is neither a whole number from 1 to 5 nor None: {what}.").format(what=what()),
                expected=expected,
                actual=actual,
            )
        if actual != expected:
            _explain_ratings(expected, actual, what(), text)


def _explain_ratings(expected: list, actual: list, what: str, text: str | None) -> None:
    given = [value for value in expected if value is not None]
    taken = [value for value in actual if value is not None]
    if sorted(given) == sorted(taken) and given:
        message = _("A text got the rating of another one: {what}.")
    elif len(taken) > len(given):
        message = _("A text got a rating that is not its own, or is none: {what}.")
    elif len(taken) < len(given):
        message = _("A rating was not found: {what}.")
    else:
        message = _("A rating is wrong: {what}.")
    raise Wrong(
        message.format(what=what),
        expected=expected,
        actual=actual,
        hint=_("The text begins: {text}").format(text=repr((text or "")[:80])),
    )


# -- 6.3 ----------------------------------------------------------------------------------------------------------


def _pair(place: int, damage: str, longer: bool) -> dict[str, str]:
    good, bad = f"Good answer {place}", f"Bad answer {place}"
    if longer:
        bad += ", and a good many words more"
    return {"instruction": f"Question {place}", "good": good, "bad": bad, "damage": damage}


_PAIRS: Rows = [_pair(place, "wrong" if place % 3 == 0 else "truncated", place % 2 == 0) for place in range(12)]
_GOOD = {pair["good"] for pair in _PAIRS}


def _knows(instruction: str, first: str, second: str) -> int | None:
    return 1 if first in _GOOD else 2


def _first(instruction: str, first: str, second: str) -> int | None:
    return 1


def _shorter(instruction: str, first: str, second: str) -> int | None:
    return 1 if len(first) < len(second) else 2


def _silent(instruction: str, first: str, second: str) -> int | None:
    return None


def _half(instruction: str, first: str, second: str) -> int | None:
    """Right when the good answer stands first, and cannot decide otherwise."""
    return 1 if first in _GOOD else None


_JUDGES: tuple[tuple[Callable[..., int | None], Callable[[], str]], ...] = (
    (_knows, lambda: _("a judge that is always right")),
    (_first, lambda: _("a judge that always takes the first place")),
    (_silent, lambda: _("a judge that never decides")),
    (_half, lambda: _("a judge that decides only when the good answer stands first")),
    (_shorter, lambda: _("a judge that takes the shorter answer")),
)


def _report(pairs: Rows, judge: Callable[..., int | None]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        counts = found.setdefault(pair["damage"], {"n": 0, "right": 0, "same_place": 0})
        both = tuple(judge(pair["instruction"], *order) for order in ((pair["good"], pair["bad"]),
                                                                        (pair["bad"], pair["good"])))  # fmt: skip
        counts["n"] += 1
        counts["right"] += both == (1, 2)
        counts["same_place"] += both in ((1, 1), (2, 2))
    for counts in found.values():
        counts["low"] = share(counts["right"], counts["n"]).low
    return found


def _row(answers: Any, ratings: Any, instruction: str | None = "Why salt?") -> dict[str, Any]:
    return {"instruction": instruction, "generations": answers, "ratings": ratings}


_NAN = float("nan")
# (row, margin, (chosen, rejected) or None, what it is)
_RATED: tuple[tuple[dict[str, Any], float, tuple[str, str] | None, Callable[[], str]], ...] = (
    (_row(["Taste.", "No idea."], [4, 2]), 1, ("Taste.", "No idea."), lambda: _("two answers, far apart")),
    (_row(["No idea.", "Taste.", "Yeast."], [1.5, 4.0, 3.0]), 1, ("Taste.", "No idea."), lambda: _("three answers")),
    (_row(["Taste.", "No idea."], [-1.0, -2.5]), 1, ("Taste.", "No idea."), lambda: _("ratings below zero")),
    (_row(["No idea.", "Taste."], [0, 1]), 1, ("Taste.", "No idea."), lambda: _("a rating of 0, exactly one margin "
     "away")),
    (_row(["Taste.", "No idea."], [3, 3]), 1, None, lambda: _("a tie")),
    (_row(["Taste.", "No idea."], [3, 3]), 0, None, lambda: _("a tie, with a margin of 0")),
    (_row(["Taste.", "No idea."], [3.4, 3.0]), 0.5, None, lambda: _("ratings closer than the margin")),
    (_row(["Taste.", "No idea."], [4, None]), 1, None, lambda: _("a rating that is None")),
    (_row(["Taste.", "No idea.", "Yeast."], [4, None, 1]), 1, ("Taste.", "Yeast."), lambda: _("three answers, one of "
     "them without a rating")),
    (_row(["Taste.", "No idea.", "Yeast."], [_NAN, 4, 1]), 1, ("No idea.", "Yeast."), lambda: _("a rating that is NaN, "
     "in the first place")),
    (_row(["Taste.", "No idea."], [_NAN, 1]), 1, None, lambda: _("two answers, one of them rated NaN")),
    (_row(["Taste.", "No idea.", "Yeast."], [2, float("inf"), 4]), 1, ("Yeast.", "Taste."), lambda: _("a rating that "
     "is infinite")),
    (_row(["", "Taste.", "No idea."], [5, 4, 2]), 1, ("Taste.", "No idea."), lambda: _("an empty answer with the best "
     "rating")),
    (_row(["Taste.", "No idea.", None], [4, 2, 1]), 1, ("Taste.", "No idea."), lambda: _("an answer that is None")),
    (_row(["Taste.", " \n"], [4, 1]), 1, None, lambda: _("an answer of nothing but spaces")),
    (_row(["Taste.", "Taste. "], [4, 1]), 1, None, lambda: _("two ratings for the same words")),
    (_row(["Taste.", "No idea.", "Yeast."], [4, 1]), 1, None, lambda: _("three answers and two ratings")),
    (_row(["Taste.", "No idea."], [4, 1], "  "), 1, None, lambda: _("an empty instruction")),
    (_row(["Taste."], [5]), 1, None, lambda: _("a single answer")),
    (_row([], []), 1, None, lambda: _("no answers at all")),
)  # fmt: skip
_PREFERENCE_COLUMNS = ("prompt", "chosen", "rejected")


@exercise(
    hints=(
        lambda: _(
            "For the report: call the judge twice for each pair, and look at the two verdicts together. (1, 2) is "
            "right, (1, 1) and (2, 2) are the same place. For the pairs: throw out what cannot be compared before you "
            "compare anything."
        ),
        lambda: _(
            "usable = [(rating, answer) for … in zip(ratings, answers) if rating is not None and isfinite(rating) and "
            "(answer or '').strip()]; then max and min by rating, and only then the margin and the texts."
        ),
    )
)
def preferences(report: Any, to_preferences: Any) -> None:
    """Exercise 6.3: the exam of a judge, and preference rows from ratings."""
    for judge, what in _JUDGES:
        _check_report(report, judge, what())
    for row, margin, expected, what in _RATED:
        _check_preference(to_preferences, row, margin, expected, what())
    several = [deepcopy(_RATED[0][0]), deepcopy(_RATED[4][0]), _row(["a b", "c d"], [1, 5], "Second?")]
    made = records(call(to_preferences, several, 1), _PREFERENCE_COLUMNS)
    if len(made) != 2:
        raise Wrong(_("Three rows, one of them a tie, should give two pairs."), expected=2, actual=len(made))


def _check_report(function: Any, judge: Callable[..., int | None], what: str) -> None:
    expected = _report(_PAIRS, judge)
    actual = call(function, deepcopy(_PAIRS), judge)
    if not isinstance(actual, Mapping):
        raise Wrong(_("judge_report should return a dictionary."), expected=expected, actual=actual)
    if set(actual) != set(expected):
        raise Wrong(_("There should be one entry for each kind of damage."), expected=sorted(expected),
                    actual=sorted(map(str, actual)))  # fmt: skip
    for kind, counts in expected.items():
        mine = actual[kind]
        if not isinstance(mine, Mapping) or set(counts) - set(mine):
            raise Wrong(_("Each entry should be a dictionary with these keys."), expected=sorted(counts), actual=mine)
        for key, value in counts.items():
            if close(mine[key], value):
                continue
            messages = {
                "n": _("`n` is wrong: count the pairs, not the verdicts ({what})."),
                "right": _("`right` is wrong: the good answer has to win in both orders ({what})."),
                "same_place": _("`same_place` is wrong: the same place has to win in both orders, and None is no place "
                                "({what})."),
                "low": _("`low` is wrong: it is the lower end of the interval, share(right, n).low ({what})."),
            }  # fmt: skip
            raise Wrong(messages[key].format(what=what), expected={kind: counts}, actual={kind: dict(mine)})


def _check_preference(
    function: Any, row: dict[str, Any], margin: float, expected: tuple[str, str] | None, what: str
) -> None:
    given = deepcopy(row)
    result = call(function, [given], margin)
    if str(given) != str(row):  # NaN is not equal to itself
        raise Wrong(_("Your function changes the row it is given: work on a copy."))
    made = records(result, _PREFERENCE_COLUMNS)
    if expected is None:
        if made:
            raise Wrong(_("This should not become a pair: {what}.").format(what=what), expected=[], actual=made)
        return
    if not made:
        raise Wrong(_("This should become a pair: {what}.").format(what=what), expected=expected, actual=made)
    if len(made) > 1:
        raise Wrong(_("One row gives at most one pair: {what}.").format(what=what), actual=made)
    wanted = [("prompt", "user", row["instruction"]), ("chosen", "assistant", expected[0]),
              ("rejected", "assistant", expected[1])]  # fmt: skip
    texts = [_said(made[0][column], column, role) for column, role, _text in wanted]
    if texts[1:] == [expected[1], expected[0]]:
        raise Wrong(_("Chosen and rejected are the wrong way round: {what}.").format(what=what), expected=expected,
                    actual=tuple(texts[1:]))  # fmt: skip
    for (column, _role, text), said in zip(wanted, texts, strict=True):
        if said != text:
            raise Wrong(_("`{column}` holds the wrong text: {what}.").format(column=column, what=what), expected=text,
                        actual=said)  # fmt: skip


def _said(value: Any, column: str, role: str) -> str:
    """The text of the one message that a column should hold."""
    message = value[0] if isinstance(value, list | tuple) and len(value) == 1 else None
    if message is ...:
        raise NotAttempted
    if not isinstance(message, Mapping) or message.get("role") != role or not isinstance(message.get("content"), str):
        raise Wrong(
            _("`{column}` should be a list of one message with the role `{role}`.").format(column=column, role=role),
            expected=[{"role": role, "content": "…"}],
            actual=value,
        )
    return message["content"].strip()
