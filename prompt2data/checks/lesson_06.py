"""Checks on the exercises of lesson 06 (preference data). They run on given answers, texts, pairs and ratings."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from prompt2data.checks.cases_06 import EXAMS, OUTPUTS, RATED, Judge, what_is
from prompt2data.checks.core import NotAttempted, Wrong, call, close, exercise, records, returned, wrong_if
from prompt2data.checks.judge import Task, case, drawn
from prompt2data.i18n import N_, _, translated
from prompt2data.metrics import share
from prompt2data.quality import preferences as made
from prompt2data.untrusted import safe_repr

Rows = list[dict[str, Any]]

# -- 6.1 ----------------------------------------------------------------------------------------------------------

_GROUP_COLUMNS = ("instruction", "generations", "generation_models")


def _answer(generation: str | None, instruction: str = "Why?", model: str = "small") -> dict[str, Any]:
    return {"instruction": instruction, "generation": generation, "model_name": model}


def _answers(*given: Any) -> Rows:
    return [_answer(*one) if isinstance(one, tuple) else _answer(one) for one in given]


def _groups_of(answer: Any) -> Rows:
    """The rows of an answer that have answers; raises `Wrong` where no right one has such rows."""
    rows = [{column: row[column] for column in _GROUP_COLUMNS} for row in records(answer, _GROUP_COLUMNS)]
    for row in rows:
        message = _("`{column}` should be a list of texts.")
        for column in _GROUP_COLUMNS[1:]:
            wrong_if(not isinstance(row[column], list), message, actual=row, column=column)
        texts, models = row["generations"], row["generation_models"]
        wrong_if(any(isinstance(text, int | list | dict) for text in texts), message, actual=row, column="generations")
        blank = any(not isinstance(text, str) or not text.strip() for text in texts)
        wrong_if(blank, _("An answer without text is still there."), actual=row)
        message = _("There are spaces or line breaks around an answer: store it without.")
        wrong_if(any(text != text.strip() for text in texts), message, actual=row)
        wrong_if(len(set(texts)) < len(texts), _("The same answer is there twice."), actual=row)
        wrong_if(len(models) != len(texts), _("There should be as many models as answers."), actual=row)
    asked = [row["instruction"] for row in rows]
    wrong_if(not all(isinstance(instruction, str) for instruction in asked), translated(_FIRST), actual=asked)
    message = _("An instruction has more than one row: its answers do not stand next to each other.")
    wrong_if(any(asked.count(instruction) > 1 for instruction in asked), message, actual=asked)
    return [row for row in rows if row["generations"]]


def _random_answers(seed: int) -> Rows:
    rng = random.Random(seed)
    words = [None, "", " \t", "Taste.", " Taste.\n", "taste.", "Yeast.", "Yeast. ", "塩 🧂", "0"]
    first = [(rng.choice(words[3:]), asked, rng.choice("abc")) for asked in rng.sample("QRS", 3)]  # sets the order
    more = [(rng.choice(words), rng.choice("QRS"), rng.choice("abc")) for _row in range(rng.randint(4, 9))]
    return _answers(*first, *more)


_WHO = N_("`generation_models` does not say who wrote which answer first.")
_ALL = N_("Each answer to an instruction belongs in its row, in the order in which they came.")
_FIRST = N_("There should be one row for each instruction, in the order in which they first came.")
_GIVEN = N_("These are not the answers that the rows hold.")
GROUP = Task(
    made.group,
    (
        case([], says=N_("Without any rows there is nothing to group: the list should be empty.")),
        *(case(_answers(text), says=N_("An answer without text is still there.")) for text in (None, "", " \t\u3000")),
        *(case(_answers(text), says=_GIVEN) for text in ("Taste.", "\n塩 🧂\xa0")),
        case(_answers("0", "None", "nan"), says=N_("Texts such as 'None' or '0' are answers, too.")),
        case(_answers("a", "b"), says=_ALL),
        case(_answers("b", "a"), says=N_("The answers should keep the order in which they first came.")),
        case(_answers("Yes", "yes"), says=N_("'Yes' and 'yes' are two different answers.")),
        case(_answers("a b", "a  b"), says=N_("Only spaces around an answer do not count; those inside do.")),
        case(_answers("Yes", ("Yes ", "Why?", "large"), ("No", "Why?", "large")), says=_WHO),
        case(_answers("Yes", (None, "Why?", "large"), ("No", "Why?", "large"), "So"), says=_WHO),
        case(_answers(("a", "Why?"), ("b", "How?")), says=_FIRST),
        case(_answers(("a", "Why?"), ("b", "why?")), says=N_("'Why?' and 'why?' are two different instructions.")),
        case(_answers("a", ("a", "How?")), says=N_("An answer may be the same as one to another instruction.")),
        case(_answers("a", ("b", "How?"), "c"), says=_ALL),
        *drawn(lambda seed: case(_random_answers(seed), says=_GIVEN), 20),
    ),
    _GIVEN,
    view=_groups_of,
    unchanged=N_("Your function changes the rows it is given: make new ones."),
)


@exercise(
    N_("Go through the rows once, and keep a dictionary from each instruction to what was found for it."),
    N_(
        "found.setdefault(row['instruction'], {}) gives a dictionary for each instruction: from an answer, "
        "stripped, to its model. Dictionaries keep their order, and hold a key once."
    ),
)
def group(answer: Any) -> None:
    """Exercise 6.1: one row for each instruction, with all its answers."""
    GROUP.judge(answer)


# -- 6.2 ----------------------------------------------------------------------------------------------------------


def _parse_ratings(text: str | None, n: int) -> list[int | None]:
    lines: list[list[str]] = [[] for _text in range(n)]
    parts = re.split(r"(?im)^[ #*]*output for text (\d+)[ #*:]*$", text or "")
    for number, section in zip(parts[1::2], parts[2::2], strict=True):
        if 1 <= int(number) <= n:
            lines[int(number) - 1] += re.findall(r"(?im)^[ *]*rating[ *]*:[ *]*(.*)$", section)
    digits = [re.match(r"\d+", mine[0]) if len(mine) == 1 else None for mine in lines]
    return [int(found[0]) if found and 1 <= int(found[0]) <= 5 else None for found in digits]


def _read(function: Callable[..., Any], text: str | None, n: int) -> None:
    """Let a function read ratings; raises `Wrong`, with what the text is, unless they are right."""
    right, what = _parse_ratings(text, n), what_is(text, n)
    found = returned(call(function, text, n))
    told = {"expected": right, "actual": found}
    wrong_if(not isinstance(found, list), _("The answer should be a list with an entry for each text."), **told)
    wrong_if(len(found) != n, _("The list should have exactly {n} entries: {what}."), n=n, what=what, **told)
    found = [None if safe_repr(value) in ("nan", "<NA>") else value for value in found]
    message = _("An entry is neither a whole number from 1 to 5 nor None: {what}.")
    wrong_if(any(value is not None and not _is_rating(value) for value in found), message, what=what, **told)
    other = _parse_ratings(text and unicodedata.normalize("NFKC", text), n)  # reads `²` as 2
    wrong_if(found not in (right, other), _rating_mistake(right, found), what=what, **told)


def _is_rating(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value in range(1, 6)


def _rating_mistake(*both: list[int | None]) -> str:
    right, found = (sorted(value for value in ratings if value is not None) for ratings in both)
    if right == found:
        return _("A text got the rating of another one: {what}.")
    if len(found) > len(right):
        return _("A text got the wrong rating, or something that is not a rating: {what}.")
    if len(found) < len(right):
        return _("A rating was not found: {what}.")
    return _("A rating is wrong: {what}.")


PARSE_RATINGS = Task(_parse_ratings, OUTPUTS, "", play=_read)


@exercise(
    N_("Begin with a list of `n` times None, and write into the place that a heading names."),
    N_(
        "re.split with a group in its pattern keeps the numbers of the headings: [before, '1', section, '2', "
        "section]. In each section, re.findall the lines that begin with the word Rating."
    ),
)
def parse_ratings(answer: Any) -> None:
    """Exercise 6.2: ratings out of a judge's text, never shifted."""
    PARSE_RATINGS.judge(answer)


# -- 6.3 ----------------------------------------------------------------------------------------------------------


def _judge_report(pairs: Rows, judge: Callable[[str, str, str], int | None]) -> dict[str, dict[str, Any]]:
    verdicts: dict[str, list[tuple[int | None, int | None]]] = {}
    for pair in pairs:
        question, good, bad = pair["instruction"], pair["good"], pair["bad"]
        verdicts.setdefault(pair["damage"], []).append((judge(question, good, bad), judge(question, bad, good)))
    report = {}
    for damage, both in verdicts.items():
        n, right, same_place = len(both), both.count((1, 2)), both.count((1, 1)) + both.count((2, 2))
        report[damage] = {"n": n, "right": right, "same_place": same_place, "low": share(right, n).low}
    return report


def _examined(function: Callable[..., Any], pairs: Rows, judge: Judge) -> None:
    """Let a function examine a judge; raises `Wrong` unless its report is right."""
    right, what = _judge_report(pairs, judge), translated(judge.what)
    asked, judge.asked = judge.asked, []
    found = returned(call(function, pairs, judge))
    message = _(
        "The judge should be asked about an instruction and its two answers: judge(instruction, first, second)."
    )
    wrong_if(strangers := [one for one in judge.asked if one not in asked], message, actual=strangers[:1])
    message = _("judge_report should return a dictionary.")
    wrong_if(not isinstance(found, Mapping), message, expected=right, actual=found)
    message = _("There should be one entry for each kind of damage.")
    wrong_if(set(found) != set(right), message, expected=sorted(right), actual=sorted(map(str, found)))
    messages = {
        "n": _("`n` is wrong: count the pairs, not the verdicts ({what})."),
        "right": _("`right` is wrong: the good answer has to win in both orders ({what})."),
        "same_place": _(
            "`same_place` is wrong: the same place has to win in both orders, and None is no place ({what})."
        ),
        "low": _("`low` is wrong: it is the lower end of the interval, share(right, n).low ({what})."),
    }
    unseen = [one for one in asked if one not in judge.asked]
    for kind, counts in right.items():
        mine = found[kind]
        if not isinstance(mine, Mapping) or set(counts) - set(mine):
            raise Wrong(_("Each entry should be a dictionary with these keys."), expected=sorted(counts), actual=mine)
        for key, value in counts.items():
            if isinstance(mine[key], str) or not close(mine[key], value):
                message = _("The judge never saw this pair in this order: show it every pair in both orders.")
                wrong_if(unseen and key != "n", message, actual=unseen[:1])
                raise Wrong(messages[key], expected={kind: counts}, actual={kind: mine}, what=what)


JUDGE_REPORT = Task(
    _judge_report, EXAMS, "", play=_examined, unchanged=N_("`judge_report` changes the pairs it is given.")
)
_PREFERENCE_COLUMNS = ("prompt", "chosen", "rejected")


def _ends(row: dict[str, Any]) -> list[list[str]]:
    """The answers with the best rating of a row that makes a pair, and those with the worst."""
    both = [two for two in zip(row["generations"], row["ratings"], strict=True) if two[0] and two[1] is not None]
    rated = [(text.strip(), rating) for text, rating in both if text.strip() and isfinite(rating)]
    ratings = [rating for _text, rating in rated]
    return [[text for text, rating in rated if rating == end] for end in (max(ratings), min(ratings))]


def _paired(function: Callable[..., Any], rows: Rows, margin: float) -> None:
    """Let a function make pairs; raises `Wrong` unless they are the right ones."""
    what = what_is(rows, margin)
    wanted = [(row["instruction"], *_ends(row)) for row in rows if made.why_drop(row, margin or 1e-9) is None]
    try:
        pairs = records(call(function, rows, margin), _PREFERENCE_COLUMNS)
    except Wrong as wrong:
        if margin == 0 and isinstance(wrong.__cause__, ValueError):
            return  # the course's own takes no such margin
        raise
    wrong_if(pairs and not wanted, _("This should not become a pair: {what}."), actual=pairs, what=what)
    if len(rows) == 1 and wanted:
        wrong_if(not pairs, _("This should become a pair: {what}."), expected=wanted[0][1:], actual=pairs, what=what)
        wrong_if(len(pairs) > 1, _("One row gives at most one pair: {what}."), actual=pairs, what=what)
    wrong_if(len(pairs) != len(wanted), _("Three rows, one of them a tie, should give two pairs."), actual=pairs)
    for pair, (instruction, best, worst) in zip(pairs, wanted, strict=True):
        texts = [_text_of_message(pair[column], column) for column in _PREFERENCE_COLUMNS]
        if texts[0] == instruction and texts[1] in worst and texts[2] in best:
            message = _("Chosen and rejected are the wrong way round: {what}.")
            raise Wrong(message, expected=(best[0], worst[0]), actual=texts[1:], what=what)
        for column, text, right in zip(_PREFERENCE_COLUMNS, texts, ([instruction], best, worst), strict=True):
            message = _("`{column}` holds the wrong text: {what}.")
            wrong_if(text not in right, message, expected=right[0], actual=text, column=column, what=what)


def _text_of_message(value: Any, column: str) -> str:
    """The text of the one message that a column should hold."""
    role = "user" if column == "prompt" else "assistant"
    message = value[0] if isinstance(value, list) and len(value) == 1 else None
    if message is ...:
        raise NotAttempted
    said: list[Any] = [message.get(key) for key in ("role", "content")] if isinstance(message, Mapping) else []
    if not said or not all(isinstance(text, str) for text in said) or said[0] != role:
        right = [{"role": role, "content": "…"}]
        fault = _("`{column}` should be a list of one message with the role `{role}`.")
        raise Wrong(fault, expected=right, actual=value, column=column, role=role)
    return said[1].strip()


TO_PREFERENCES = Task(
    made.to_preferences,
    RATED,
    "",
    play=_paired,
    unchanged=N_("Your function changes the row it is given: work on a copy."),
)


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
    JUDGE_REPORT.judge(report)
    TO_PREFERENCES.judge(to_preferences)
