"""Checks on the exercises of lesson 06 (preference data). They run on given answers, texts, pairs and ratings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, close, exercise, expect, records, wrong_if
from prompt2data.i18n import N_, _, translated
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
# instruction -> its answers, and their models
_GROUPS = {
    _SALT: (["For the taste.", "It slows the yeast."], ["small", "large"]),
    _FLOUR: (["Rye.", "Wheat.", "For the taste."], ["small", "large", "small"]),
}
_GROUP_COLUMNS = ("instruction", "generations", "generation_models")


@exercise(
    N_("Go through the rows once, and keep a dictionary from each instruction to what was found for it."),
    N_(
        "found.setdefault(row['instruction'], {}) gives a dictionary for each instruction: from an answer, "
        "stripped, to its model. Dictionaries keep their order, and hold a key once."
    ),
)
def group(answer: Any) -> None:
    """Exercise 6.1: one row for each instruction, with all its answers."""
    given = deepcopy(_ANSWERS)
    rows = records(call(answer, given), _GROUP_COLUMNS)
    wrong_if(given != _ANSWERS, _("Your function changes the rows it is given: make new ones."))
    asked, instructions = [row["instruction"] for row in rows], list(_GROUPS)
    if set(asked) == set(instructions) and len(asked) > 2:
        message = _("An instruction has more than one row: its answers do not stand next to each other.")
    else:
        message = _("There should be one row for each instruction, in the order in which they first came.")
    expect(asked, instructions, message)
    for row in rows:
        _compare_group(row, *_GROUPS[row["instruction"]])
    wrong_if(records(call(answer, [])), _("Without any rows there is nothing to group: the list should be empty."))


def _compare_group(row: Mapping[str, Any], right_texts: list[str], right_models: list[str]) -> None:
    texts, models = list(row["generations"]), list(row["generation_models"])
    compare = partial(expect, texts, right_texts)
    if any(text is None or not str(text).strip() for text in texts):
        compare(_("An answer without text is still there."))
    if any(text != text.strip() for text in texts):
        compare(_("There are spaces or line breaks around an answer: store it without."))
    if len(set(texts)) < len(texts):
        compare(_("The same answer is there twice."))
    if sorted(texts) == sorted(right_texts):
        compare(_("The answers should keep the order in which they first came."))
    lost = [text for text in right_texts if text not in texts]
    hint = _("An answer may be the same as one to another instruction.") if lost == ["For the taste."] else ""
    compare(_("These are not the answers to {instruction}"), hint=hint, instruction=row["instruction"])
    if len(models) != len(texts):
        expect(models, right_models, _("There should be as many models as answers."))
    expect(models, right_models, _("`generation_models` does not say who wrote which answer first."))


# -- 6.2 ----------------------------------------------------------------------------------------------------------


def _section(number: Any, rating: str, heading: str = "#### Output for Text {}") -> str:
    return f"{heading.format(number)}\n{rating}\nRationale: It is clear, and correct as far as it goes."


_PLAIN = "\n\n".join([_section(1, "Rating: 4"), _section(2, "Rating: 2")])
# (text, n, expected, what it is)
_OUTPUTS: tuple[tuple[str | None, int, list[int | None], str], ...] = (
    (_PLAIN, 2, [4, 2], N_("an output as it should be")),
    ("Here are my ratings.\n\n" + _PLAIN, 2, [4, 2], N_("a polite first line")),
    ("Rating: 5 is my favourite.\n\n" + _PLAIN, 2, [4, 2], N_("a rating line before the first heading")),
    (_PLAIN.replace("\n", "\n\n"), 2, [4, 2], N_("blank lines everywhere")),
    (_section(2, "Rating: 2"), 2, [None, 2], N_("a rating for the second text only")),
    (_section(1, "Rating: 4"), 2, [4, None], N_("a rating for the first text only")),
    ("\n".join([_section(2, "Rating: 2"), _section(1, "Rating: 4")]), 2, [4, 2], N_("the texts in another order")),
    (_section(1, "I like it.") + "\n" + _section(2, "Rating: 3"), 2, [None, 3], N_("a text without a rating")),
    (_section(1, "**Rating:** 4", "**Output for Text {}**"), 1, [4], N_("bold headings")),
    (_section(1, "**Rating**: 4/5", "Output for Text {}:"), 1, [4],
     N_("a heading without marks, and a rating like 4/5")),
    (_section(1, "rating: 3 (good)", "### output for text {}"), 1, [3], N_("everything in lower case")),
    (_section(1, "Rating: 9") + "\n" + _section(2, "Rating: 0"), 2, [None, None], N_("ratings out of range")),
    (_section(1, "Rating: N/A") + "\n" + _section(2, "Rating: 5"), 2, [None, 5], N_("a rating that is `N/A`")),
    (_section(1, "Rating: 4\nRating: 2"), 1, [None], N_("two rating lines for one text")),
    (_section(1, "Rating: 4") + "\n" + _section(1, "Rating: 5"), 1, [None], N_("two sections for one text")),
    (_section(1, "Rating: 4") + " I gave it Rating: 4 at first.", 1, [4], N_("a rationale that mentions a rating")),
    (_section(1, "Rating: ４"), 1, [4], N_("a full-width digit")),
    (_section(3, "Rating: 4") + "\n" + _section(1, "Rating: 1"), 2, [1, None],
     N_("a heading for a text that does not exist")),
    ("\n".join(_section(k, f"Rating: {1 + k % 5}") for k in range(1, 12)), 11, [1 + k % 5 for k in range(1, 12)],
     N_("eleven texts")),
    ("I cannot rate these.", 3, [None, None, None], N_("an output without any rating")),
    ("", 2, [None, None], N_("an empty output")),
    (None, 2, [None, None], N_("no output at all (`None`)")),
)  # fmt: skip


@exercise(
    N_("Begin with a list of `n` times None, and write into the place that a heading names."),
    N_(
        "re.split with a group in its pattern keeps the numbers of the headings: [before, '1', section, '2', "
        "section]. In each section, re.findall the lines that begin with the word Rating."
    ),
)
def parse_ratings(answer: Any) -> None:
    """Exercise 6.2: ratings out of a judge's text, never shifted."""
    for text, n, expected, marked in _OUTPUTS:
        what, actual = translated(marked), call(answer, text, n)
        if actual is None or isinstance(actual, str | Mapping) or not hasattr(actual, "__iter__"):
            raise Wrong(_("The answer should be a list with an entry for each text."), expected=expected, actual=actual)
        actual = list(actual)
        hint, begins = _("The text begins: {text}"), repr((text or "")[:80])
        if len(actual) != n:
            message = _("The list should have exactly {n} entries: {what}.")
        elif any(isinstance(value, bool) or value not in (None, *range(1, 6)) for value in actual):
            message = _("An entry is neither a whole number from 1 to 5 nor None: {what}.")
        elif actual != expected:
            message = _rating_mistake(expected, actual)
        else:
            continue
        raise Wrong(message, expected=expected, actual=actual, hint=hint, n=n, what=what, text=begins)


def _rating_mistake(expected: list[int | None], actual: list[int | None]) -> str:
    right, given = ([value for value in ratings if value is not None] for ratings in (expected, actual))
    if sorted(right) == sorted(given) and right:
        return _("A text got the rating of another one: {what}.")
    if len(given) > len(right):
        return _("A text got a rating that is not its own, or is none: {what}.")
    if len(given) < len(right):
        return _("A rating was not found: {what}.")
    return _("A rating is wrong: {what}.")


# -- 6.3 ----------------------------------------------------------------------------------------------------------


def _pair(number: int, damage: str, longer: bool) -> dict[str, str]:
    good, bad = f"Good answer {number}", f"Bad answer {number}"
    if longer:
        bad += ", and a good many words more"
    return {"instruction": f"Question {number}", "good": good, "bad": bad, "damage": damage}


_PAIRS: Rows = [_pair(number, "wrong" if number % 3 == 0 else "truncated", number % 2 == 0) for number in range(12)]
_GOOD = {pair["good"] for pair in _PAIRS}


Judge = Callable[[str, str, str], int | None]  # (instruction, first answer, second answer) -> 1, 2 or undecided
# (judge, what it is)
_JUDGES: tuple[tuple[Judge, str], ...] = (
    (lambda _question, first, _second: 1 if first in _GOOD else 2, N_("a judge that is always right")),
    (lambda _question, _first, _second: 1, N_("a judge that always takes the first place")),
    (lambda _question, _first, _second: None, N_("a judge that never decides")),
    (lambda _question, first, _second: 1 if first in _GOOD else None,
     N_("a judge that decides only when the good answer stands first")),
    (lambda _question, first, second: 1 if len(first) < len(second) else 2,
     N_("a judge that takes the shorter answer")),
)  # fmt: skip


def _report(pairs: Rows, judge: Judge) -> dict[str, dict[str, Any]]:
    verdicts: dict[str, list[tuple[int | None, int | None]]] = {}
    for pair in pairs:
        question, good, bad = pair["instruction"], pair["good"], pair["bad"]
        verdicts.setdefault(pair["damage"], []).append((judge(question, good, bad), judge(question, bad, good)))
    report = {}
    for damage, both in verdicts.items():
        n, right, same_place = len(both), both.count((1, 2)), both.count((1, 1)) + both.count((2, 2))
        report[damage] = {"n": n, "right": right, "same_place": same_place, "low": share(right, n).low}
    return report


def _row(answers: Any, ratings: Any, instruction: str | None = "Why salt?") -> dict[str, Any]:
    return {"instruction": instruction, "generations": answers, "ratings": ratings}


_NAN = float("nan")
# (row, margin, (chosen, rejected) or None, what it is)
_RATED: tuple[tuple[dict[str, Any], float, tuple[str, str] | None, str], ...] = (
    (_row(["Taste.", "No idea."], [4, 2]), 1, ("Taste.", "No idea."), N_("two answers, far apart")),
    (_row(["No idea.", "Taste.", "Yeast."], [1.5, 4.0, 3.0]), 1, ("Taste.", "No idea."), N_("three answers")),
    (_row(["Taste.", "No idea."], [-1.0, -2.5]), 1, ("Taste.", "No idea."), N_("ratings below zero")),
    (_row(["No idea.", "Taste."], [0, 1]), 1, ("Taste.", "No idea."), N_("a rating of 0, exactly one margin away")),
    (_row(["Taste.", "No idea."], [3, 3]), 1, None, N_("a tie")),
    (_row(["Taste.", "No idea."], [3, 3]), 0, None, N_("a tie, with a margin of 0")),
    (_row(["Taste.", "No idea."], [3.4, 3.0]), 0.5, None, N_("ratings closer than the margin")),
    (_row(["Taste.", "No idea."], [4, None]), 1, None, N_("a rating that is None")),
    (_row(["Taste.", "No idea.", "Yeast."], [4, None, 1]), 1, ("Taste.", "Yeast."),
     N_("three answers, one of them without a rating")),
    (_row(["Taste.", "No idea.", "Yeast."], [_NAN, 4, 1]), 1, ("No idea.", "Yeast."),
     N_("a rating that is NaN, in the first place")),
    (_row(["Taste.", "No idea."], [_NAN, 1]), 1, None, N_("two answers, one of them rated NaN")),
    (_row(["Taste.", "No idea.", "Yeast."], [2, float("inf"), 4]), 1, ("Yeast.", "Taste."),
     N_("a rating that is infinite")),
    (_row(["", "Taste.", "No idea."], [5, 4, 2]), 1, ("Taste.", "No idea."),
     N_("an empty answer with the best rating")),
    (_row(["Taste.", "No idea.", None], [4, 2, 1]), 1, ("Taste.", "No idea."), N_("an answer that is None")),
    (_row(["Taste.", " \n"], [4, 1]), 1, None, N_("an answer of nothing but spaces")),
    (_row(["Taste.", "Taste. "], [4, 1]), 1, None, N_("two ratings for the same words")),
    (_row(["Taste.", "No idea.", "Yeast."], [4, 1]), 1, None, N_("three answers and two ratings")),
    (_row(["Taste.", "No idea."], [4, 1], "  "), 1, None, N_("an empty instruction")),
    (_row(["Taste."], [5]), 1, None, N_("a single answer")),
    (_row([], []), 1, None, N_("no answers at all")),
)  # fmt: skip
_PREFERENCE_COLUMNS = ("prompt", "chosen", "rejected")


@exercise(
    N_(
        "For the report: call the judge twice for each pair, and look at the two verdicts together. (1, 2) is "
        "right, (1, 1) and (2, 2) are the same place. For the pairs: throw out what cannot be compared before you "
        "compare anything."
    ),
    N_(
        "usable = [(rating, answer) for … in zip(ratings, answers) if rating is not None and isfinite(rating) and "
        "(answer or '').strip()]; then max and min by rating, and only then the margin and the texts."
    ),
)
def preferences(report: Any, to_preferences: Any) -> None:
    """Exercise 6.3: the exam of a judge, and preference rows from ratings."""
    for judge, what in _JUDGES:
        _check_report(report, judge, translated(what))
    for row, margin, expected, what in _RATED:
        _check_preference(to_preferences, row, margin, expected, translated(what))
    several = [deepcopy(_RATED[0][0]), deepcopy(_RATED[4][0]), _row(["a b", "c d"], [1, 5], "Second?")]
    pairs = records(call(to_preferences, several, 1), _PREFERENCE_COLUMNS)
    expect(len(pairs), 2, _("Three rows, one of them a tie, should give two pairs."))


def _check_report(function: Any, judge: Judge, what: str) -> None:
    expected = _report(_PAIRS, judge)
    actual = call(function, deepcopy(_PAIRS), judge)
    if not isinstance(actual, Mapping):
        raise Wrong(_("judge_report should return a dictionary."), expected=expected, actual=actual)
    message = _("There should be one entry for each kind of damage.")
    wrong_if(set(actual) != set(expected), message, expected=sorted(expected), actual=sorted(map(str, actual)))
    messages = {
        "n": _("`n` is wrong: count the pairs, not the verdicts ({what})."),
        "right": _("`right` is wrong: the good answer has to win in both orders ({what})."),
        "same_place": _(
            "`same_place` is wrong: the same place has to win in both orders, and None is no place ({what})."
        ),
        "low": _("`low` is wrong: it is the lower end of the interval, share(right, n).low ({what})."),
    }
    for kind, counts in expected.items():
        mine = actual[kind]
        if not isinstance(mine, Mapping) or set(counts) - set(mine):
            raise Wrong(_("Each entry should be a dictionary with these keys."), expected=sorted(counts), actual=mine)
        for key, value in counts.items():
            if not close(mine[key], value):
                raise Wrong(messages[key], expected={kind: counts}, actual={kind: dict(mine)}, what=what)


def _check_preference(
    function: Any, row: dict[str, Any], margin: float, expected: tuple[str, str] | None, what: str
) -> None:
    given = deepcopy(row)
    result = call(function, [given], margin)
    if str(given) != str(row):  # NaN is not equal to itself
        raise Wrong(_("Your function changes the row it is given: work on a copy."))
    pairs = records(result, _PREFERENCE_COLUMNS)
    if expected is None:
        expect(pairs, [], _("This should not become a pair: {what}."), what=what)
        return
    wrong_if(not pairs, _("This should become a pair: {what}."), expected=expected, actual=pairs, what=what)
    wrong_if(len(pairs) > 1, _("One row gives at most one pair: {what}."), actual=pairs, what=what)
    texts = tuple(_text_of_message(pairs[0][column], column) for column in _PREFERENCE_COLUMNS)
    if texts[1:] == expected[::-1]:
        expect(texts[1:], expected, _("Chosen and rejected are the wrong way round: {what}."), what=what)
    for column, text, right in zip(_PREFERENCE_COLUMNS, texts, (row["instruction"], *expected), strict=True):
        expect(text, right, _("`{column}` holds the wrong text: {what}."), column=column, what=what)


def _text_of_message(value: Any, column: str) -> str:
    """The text of the one message that a column should hold."""
    role = "user" if column == "prompt" else "assistant"
    message = value[0] if isinstance(value, list | tuple) and len(value) == 1 else None
    if message is ...:
        raise NotAttempted
    if not isinstance(message, Mapping) or message.get("role") != role or not isinstance(message.get("content"), str):
        right = [{"role": role, "content": "…"}]
        fault = _("`{column}` should be a list of one message with the role `{role}`.")
        raise Wrong(fault, expected=right, actual=value, column=column, role=role)
    return message["content"].strip()
