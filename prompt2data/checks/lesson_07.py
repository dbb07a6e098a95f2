"""Checks on the exercises of lesson 07 (quality). They run on given rows with planted faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from prompt2data.checks.core import Wrong, call, close, exercise, expect, records, returned, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.i18n import N_, _, translated

Row = dict[str, Any]

# -- 7.1 ----------------------------------------------------------------------------------------------------------


_FILTERS: tuple[Callable[[Row], str | None], ...] = (
    lambda row: None if row["response"].strip() else "empty",
    lambda row: "too short" if len(row["response"].split()) < 3 else None,
    lambda row: "refusal" if "sorry" in row["response"].lower() else None,
)
# (response, verdict)
_RESPONSES: tuple[tuple[Any, str | None], ...] = (
    ("Bake it for half an hour.", None),
    ("  ", "empty"),
    ("Sorry.", "too short"),
    ("I am sorry, I cannot tell.", "refusal"),
    (None, "error"),
    ("Let it cool on a rack.", None),
    ("No.", "too short"),
    ("Knead it until it is smooth.", None),
)


@exercise(
    N_("For each row, go through the filters and stop at the first that gives a reason."),
    N_(
        "try: reason = why_drop(row); except Exception: reason = 'error'. A row without a reason goes to the kept "
        "ones, any other raises the count of its reason by one."
    ),
)
def run_filters(answer: Any) -> None:
    """Exercise 7.1: rows that pass all filters, and a count for every reason."""
    verdicts = [verdict for _response, verdict in _RESPONSES]
    rows: list[Row] = [{"id": number, "response": response} for number, (response, _verdict) in enumerate(_RESPONSES)]
    good = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict is None]
    expected = dict(Counter([*filter(None, verdicts), "error"]))
    rows.append({"id": len(rows)})  # without a response, on which a filter raises
    kept, counts = _pair(call(answer, [dict(row) for row in rows], list(_FILTERS)))
    counted = sum(counts.values()) + len(kept)
    if "error" not in counts and counted < len(rows):
        message = _("Rows got lost: {kept} kept and {dropped} counted, of {n}.")
        hint = _("A row on which a filter raises an error is dropped with the reason `error`.")
        raise Wrong(message, hint=hint, kept=len(kept), dropped=counted - len(kept), n=len(rows))
    if any(row.get("response") is None for row in kept):
        raise Wrong(_("A row on which a filter raises an error is kept: drop it with the reason `error`."))
    message = _("A row is counted more than once: after its first reason, leave it.")
    wrong_if(counted > len(rows), message, expected=expected, actual=counts)
    ids, right = [row.get("id", -1) for row in kept], [row["id"] for row in good]
    if sorted(ids) == right and ids != right:
        raise Wrong(_("The kept rows are not in the order they had."), expected=good, actual=kept)
    wrong_if(ids != right, _("These are not the rows that pass all filters."), expected=good, actual=kept)
    expect(kept, good, _("The kept rows were changed: return them as they are."))
    message = _("The counts are not right: a row counts for the first reason that applies.")
    wrong_if({reason: n for reason, n in counts.items() if n} != expected, message, expected=expected, actual=counts)
    none_kept, no_counts = _pair(call(answer, [], list(_FILTERS)))
    if none_kept or any(no_counts.values()):
        raise Wrong(_("Without rows nothing is kept and nothing is counted."), actual=(none_kept, no_counts))
    all_kept, _counts = _pair(call(answer, good, []))
    expect(all_kept, good, _("Without filters every row is kept."))


def _pair(answer: Any) -> tuple[list[Row], dict[str, int]]:
    answer = returned(answer)
    if isinstance(answer, str | Mapping) or not isinstance(answer, Sequence) or len(answer) != 2:
        raise Wrong(_("Return two things: the kept rows, and the counts."), actual=answer)
    kept, counts = answer
    if not isinstance(counts, Mapping):
        raise Wrong(_("The second thing should be a dictionary of counts: reason → number of rows."), actual=counts)
    return records(kept), dict(counts)


# -- 7.2 ----------------------------------------------------------------------------------------------------------

# (instruction, kept, what it is)
_INSTRUCTIONS: tuple[tuple[Any, bool, str], ...] = (
    ("How long do I bake a loaf?", True, N_("the first of its group")),
    ("Why is my crust pale?", True, N_("the first of its group")),
    ("How long do I bake a loaf?", False, N_("the same text")),
    ("HOW LONG DO I BAKE A LOAF?", False, N_("the same words in capitals")),
    ("  how long do I  bake a loaf ", False, N_("the same words with other spaces and no question mark")),
    ("Why, is my crust pale?!", False, N_("the same words with other punctuation")),
    ("How long do I bake a roll?", True, N_("a question that differs in one word")),
    ("Why is my pale crust?", True, N_("the same words in another order")),
    (None, True, N_("an instruction that is None")),
    (None, True, N_("another instruction that is None")),
    ("Is a loaf of 1 kilo baked longer?", True, N_("a question with a number")),
    ("Is a loaf of 2 kilo baked longer?", True, N_("a question with another number")),
)


@exercise(
    N_("Make a key of each instruction that is the same for the same words, and remember the keys you saw."),
    N_(r"key = tuple(re.findall(r'\w+', instruction.lower())). A row is dropped if its key was seen before."),
)
def dedup(answer: Any) -> None:
    """Exercise 7.2: rows without exact duplicates."""
    rows: list[Row] = [{"instruction": text, "id": number} for number, (text, _keep, _what) in enumerate(_INSTRUCTIONS)]
    rows.append({"id": len(rows)})
    given = [dict(row) for row in rows]
    result = call(answer, given)
    kept = records(result)
    wrong_if(given != rows, _("Your function changes the rows it is given: build a new list."), actual=given)
    ids = [row.get("id", -1) for row in kept]
    facts = [(keep, what) for _text, keep, what in _INSTRUCTIONS] + [(True, N_("a row without an instruction"))]
    for row, (keep, what) in zip(rows, facts, strict=True):
        message = _("Dropped, although no earlier row has its words: {what}.") if keep else _("Still there: {what}.")
        wrong_if(keep != (row["id"] in ids), message, actual=row.get("instruction"), what=translated(what))
    wrong_if(ids != sorted(ids), _("The kept rows are not in the order they had."), actual=ids)
    if kept != [rows[number] for number in ids]:
        raise Wrong(_("The kept rows were changed: return them as they are."), actual=kept)
    wrong_if(records(call(answer, [])), _("Without rows nothing is kept."))


# -- 7.3 ----------------------------------------------------------------------------------------------------------


def _on_circle(*degrees: float) -> Any:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# Cosine distance of two points on the circle: 10° 0.015, 60° 0.5, 90° 1, 180° 2.
_CIRCLE = (0, 10, 90, 100, 180, 270)
# (quality, k, min_distance, expected, what goes wrong otherwise)
_SELECTIONS: tuple[tuple[list[float | None], int, float, list[int], str], ...] = (
    ([9, 8, 7, 6, 5, 4], 3, 0.0, [0, 1, 2], N_("With min_distance 0 the best k rows are taken.")),
    ([1, 2, 3, 4, 5, 6], 3, 0.0, [5, 4, 3], N_("The rows are taken from the highest quality down.")),
    ([9, 8, 7, 6, 5, 4], 3, 0.1, [0, 2, 4], N_("A row that is too close to one already taken is left out.")),
    ([9, 8, 7, 6, 5, 4], 4, 0.1, [0, 2, 4, 5],
     N_("A row must be far from *every* row taken, and only from those: two rows that are close to each other do not "
        "shut each other out.")),
    ([9, 8, 7, 6, 5, 4], 6, 0.1, [0, 2, 4, 5], N_("If fewer than k rows are far enough, fewer are returned.")),
    ([5, 5, 5, 5, 5, 5], 2, 0.0, [0, 1], N_("Of rows with equal quality the earlier comes first.")),
    ([None, 8, None, 6, 5, None], 6, 0.0, [1, 3, 4], N_("A row whose quality is None is never taken.")),
    ([0, -1, 2, -3, 0, 1], 6, 0.1, [2, 5, 0, 4], N_("A quality of 0 or below is a quality, too.")),
    ([9, 8, 7, 6, 5, 4], 0, 0.0, [], N_("With k = 0 nothing is taken.")),
)  # fmt: skip


@exercise(
    N_("Sort the places of the rows by quality, go through them, and compare each with the list of taken ones."),
    N_("all(1 - embeddings[place] @ embeddings[other] >= min_distance for other in chosen)"),
)
def select(answer: Any) -> None:
    """Exercise 7.3: the best rows that are far enough from each other."""
    points = _on_circle(*_CIRCLE)
    for quality, k, distance, expected, message in _SELECTIONS:
        result = returned(call(answer, points.copy(), list(quality), k, distance))
        try:
            actual = [int(index) for index in result]
        except (TypeError, ValueError) as error:
            raise Wrong(_("Return a list of places, which are whole numbers."), actual=result) from error
        if sorted(actual) == sorted(expected) and len(set(quality)) > 1:
            expect(actual, expected, _("These are the right rows, in another order than they are taken."))
        hint = _("quality={quality}, k={k}, min_distance={distance}; the points lie on a circle at {degrees} degrees.")
        hint = hint.format(quality=quality, k=k, distance=distance, degrees=_CIRCLE)
        expect(actual, expected, translated(message), hint=hint)
    for distance, expected in ((0.4, [0, 1]), (0.6, [0])):
        message = _("The distance is 1 minus the cosine: two points 60 degrees apart have the distance 0.5.")
        wrong_if(list(call(answer, _on_circle(0, 60), [2, 1], 2, distance)) != expected, message, expected=expected)


# -- 7.4 ----------------------------------------------------------------------------------------------------------

_DRAWS = 300
_ABOVE_ALL = N_("A selection above every random one has the percentile 100, not 1 and not 99: higher is better.")
_POOL = list(range(20))
# (measure, chosen, pool, expected, the mistake otherwise)
_RANKINGS: tuple[tuple[Callable[[list], float], list, list, float, str], ...] = (
    (sum, [17, 18, 19], [*range(17), -1, -2, -3], 100.0, _ABOVE_ALL),
    (sum, [-5, -6, -7], _POOL, 0.0, N_("A selection below every random one has the percentile 0.")),
    (len, [1, 2, 3], _POOL, 50.0,
     N_("If all subsets tie with the selection, the percentile is 50: a tie counts half.")),
    (lambda rows: -sum(rows), [-5, -6, -7], _POOL, 100.0, _ABOVE_ALL),
    (lambda rows: len(set(rows)), [1, 2, 3, 4, 5, 6], list(range(6)), 50.0,
     N_("A random subset takes no row twice.")),
)  # fmt: skip


@exercise(
    N_("random.Random(seed) is a generator of your own; its method sample draws without putting back."),
    N_("100 * sum((value < own) + (value == own) / 2 for value in drawn) / draws"),
)
def percentile(answer: Any) -> None:
    """Exercise 7.4: where a selection stands among random ones."""
    for measure, chosen, rows, expected, message in _RANKINGS:
        sizes: list[int] = []
        actual = _number(call(answer, _recording(measure, sizes), list(chosen), list(rows), _DRAWS, 3))
        if any(size != len(chosen) for size in sizes):
            expect(sizes[:5], len(chosen), _("Each random subset should be as large as the selection."))
        share = close(actual * 100, expected) and expected
        message = _("The percentile runs from 0 to 100.") if share else translated(message)
        wrong_if(not close(actual, expected), message, expected=expected, actual=actual)
        wrong_if(len(sizes) < _DRAWS, _("Draw `draws` subsets."), expected=_DRAWS, actual=len(sizes))
    seeds = (3, 3, 0, 1, 2, 4)
    by_seed = [_number(call(answer, sum, [9, 10, 10], list(_POOL), _DRAWS, seed)) for seed in seeds]
    middle, again = by_seed[:2]
    wrong_if(not 30 <= middle <= 70, _("A selection in the middle should be near 50."), expected=50.0, actual=middle)
    expect(again, middle, _("The same seed should give the same answer."))
    wrong_if(len(set(by_seed)) == 1, _("Other seeds draw other subsets: use `seed`."), actual=[middle])
    with GlobalRandomState() as state:
        call(answer, sum, [1, 2], list(_POOL), 5, 1)
    message = _("The random state of the rest of the notebook changed.")
    hint = _("Use a generator of your own: random.Random(seed), or numpy's default_rng(seed).")
    wrong_if(state.changed, message, hint=hint)


def _recording(measure: Callable[[list], float], sizes: list[int]) -> Callable[[Any], float]:
    """The same measure, which also records how many rows it is given."""

    def record(rows: Any) -> float:
        rows = list(rows)
        sizes.append(len(rows))
        return measure(rows)

    return record


def _number(value: Any) -> float:
    if isinstance(returned(value), bool) or not hasattr(value, "__float__"):
        raise Wrong(_("The percentile should be a number."), actual=value)
    return float(value)
