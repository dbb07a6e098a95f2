"""Checks on the exercises of lesson 07 (quality). They run on given rows with planted faults."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, close, exercise, is_stub, records
from prompt2data.i18n import _

Row = dict[str, Any]

# -- 7.1 ----------------------------------------------------------------------------------------------------------


def _no_response(row: Mapping[str, Any]) -> str | None:
    return None if row["response"].strip() else "empty"


def _short(row: Mapping[str, Any]) -> str | None:
    return "too short" if len(row["response"].split()) < 3 else None


def _sorry(row: Mapping[str, Any]) -> str | None:
    return "refusal" if "sorry" in row["response"].lower() else None


_FILTERS = (_no_response, _short, _sorry)
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


def _filter_rows() -> list[Row]:
    rows = [{"id": number, "response": response} for number, (response, _verdict) in enumerate(_RESPONSES)]
    return [*rows, {"id": len(rows)}]


def _expected_counts() -> dict[str, int]:
    counts: dict[str, int] = {}
    for _response, verdict in (*_RESPONSES, (None, "error")):
        if verdict:
            counts[verdict] = counts.get(verdict, 0) + 1
    return counts


@exercise(
    hints=(
        lambda: _("For each row, go through the filters and stop at the first that gives a reason."),
        lambda: _(
            "try: reason = why_drop(row); except Exception: reason = 'error'. A row without a reason goes to the kept "
            "ones, any other raises the count of its reason by one."
        ),
    )
)
def run_filters(answer: Any) -> None:
    """Exercise 7.1: rows that pass all filters, and a count for every reason."""
    rows = _filter_rows()
    kept, counts = _pair(call(answer, [dict(row) for row in rows], list(_FILTERS)))
    if "error" not in counts and sum(counts.values()) + len(kept) < len(rows):
        raise Wrong(
            _("Rows got lost: {kept} kept and {dropped} counted, of {n}.").format(
                kept=len(kept), dropped=sum(counts.values()), n=len(rows)
            ),
            hint=_("A row on which a filter raises an error is dropped with the reason `error`."),
        )
    expected = _expected_counts()
    good = [row for row, (_response, verdict) in zip(rows, _RESPONSES, strict=False) if verdict is None]
    if any(row.get("response", "") is None or "response" not in row for row in kept):
        raise Wrong(_("A row on which a filter raises an error is kept: drop it with the reason `error`."))
    if sum(counts.values()) + len(kept) > len(rows):
        raise Wrong(
            _("A row is counted more than once: after its first reason, leave it."), expected=expected, actual=counts
        )
    if [row.get("id") for row in kept] != [row["id"] for row in good]:
        ids = sorted(row.get("id", -1) for row in kept)
        if ids == [row["id"] for row in good]:
            raise Wrong(_("The kept rows are not in the order they had."), expected=good, actual=kept)
        raise Wrong(_("These are not the rows that pass all filters."), expected=good, actual=kept)
    if kept != good:
        raise Wrong(_("The kept rows were changed: return them as they are."), expected=good, actual=kept)
    if {reason: n for reason, n in counts.items() if n} != expected:
        raise Wrong(
            _("The counts are not right: a row counts for the first reason that applies."),
            expected=expected,
            actual=counts,
        )
    empty_kept, empty_counts = _pair(call(answer, [], list(_FILTERS)))
    if empty_kept or any(empty_counts.values()):
        raise Wrong(_("Without rows nothing is kept and nothing is counted."), actual=(empty_kept, empty_counts))
    all_kept, _counts = _pair(call(answer, good, []))
    if all_kept != good:
        raise Wrong(_("Without filters every row is kept."), expected=good, actual=all_kept)


def _pair(answer: Any) -> tuple[list[Row], dict[str, int]]:
    if answer is None:
        raise Wrong(_("The answer is None: did you forget to return it?"))
    if isinstance(answer, str | Mapping) or not isinstance(answer, Sequence) or len(answer) != 2:
        raise Wrong(_("Return two things: the kept rows, and the counts."), actual=answer)
    kept, counts = answer
    if not isinstance(counts, Mapping):
        raise Wrong(_("The second thing should be a dictionary of counts: reason → number of rows."), actual=counts)
    return records(kept), dict(counts)


# -- 7.2 ----------------------------------------------------------------------------------------------------------

# (instruction, kept, what it is)
_INSTRUCTIONS: tuple[tuple[Any, bool, Callable[[], str]], ...] = (
    ("How long do I bake a loaf?", True, lambda: _("the first of its group")),
    ("Why is my crust pale?", True, lambda: _("the first of its group")),
    ("How long do I bake a loaf?", False, lambda: _("the same text")),
    ("HOW LONG DO I BAKE A LOAF?", False, lambda: _("the same words in capitals")),
    ("  how long do I  bake a loaf ", False, lambda: _("the same words with other spaces and no question mark")),
    ("Why, is my crust pale?!", False, lambda: _("the same words with other punctuation")),
    ("How long do I bake a roll?", True, lambda: _("a question that differs in one word")),
    ("Why is my pale crust?", True, lambda: _("the same words in another order")),
    (None, True, lambda: _("an instruction that is None")),
    (None, True, lambda: _("another instruction that is None")),
    ("Is a loaf of 1 kilo baked longer?", True, lambda: _("a question with a number")),
    ("Is a loaf of 2 kilo baked longer?", True, lambda: _("a question with another number")),
)


@exercise(
    hints=(
        lambda: _("Make a key of each instruction that is the same for the same words, and remember the keys you saw."),
        lambda: _(
            r"key = tuple(re.findall(r'\w+', instruction.lower())). A row is dropped if its key was seen before."
        ),
    )
)
def dedup(answer: Any) -> None:
    """Exercise 7.2: rows without exact duplicates."""
    rows: list[Row] = [{"instruction": text, "id": number} for number, (text, _keep, _what) in enumerate(_INSTRUCTIONS)]
    rows.append({"id": len(rows)})
    given = [dict(row) for row in rows]
    result = call(answer, given)
    kept = records(result)
    if given != rows:
        raise Wrong(_("Your function changes the rows it is given: build a new list."), actual=given)
    ids = [row.get("id") for row in kept]
    facts = [*((keep, what()) for _text, keep, what in _INSTRUCTIONS), (True, _("a row without an instruction"))]
    for number, (keep, what) in enumerate(facts):
        if keep == (number in ids):
            continue
        message = _("Dropped, although no earlier row has its words: {what}.") if keep else _("Still there: {what}.")
        raise Wrong(message.format(what=what), actual=rows[number].get("instruction"))
    if ids != sorted(ids):
        raise Wrong(_("The kept rows are not in the order they had."), actual=ids)
    if kept != [rows[number] for number in ids]:
        raise Wrong(_("The kept rows were changed: return them as they are."), actual=kept)
    if records(call(answer, [])):
        raise Wrong(_("Without rows nothing is kept."))


# -- 7.3 ----------------------------------------------------------------------------------------------------------


def _on_circle(*degrees: float) -> Any:
    import numpy as np

    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# Cosine distance of two points on the circle: 10° 0.015, 60° 0.5, 90° 1, 180° 2.
_CIRCLE = (0, 10, 90, 100, 180, 270)
# (quality, k, min_distance, expected, what goes wrong otherwise)
_SELECTIONS: tuple[tuple[list[float | None], int, float, list[int], Callable[[], str]], ...] = (
    ([9, 8, 7, 6, 5, 4], 3, 0.0, [0, 1, 2], lambda: _("With min_distance 0 the best k rows are taken.")),
    ([1, 2, 3, 4, 5, 6], 3, 0.0, [5, 4, 3], lambda: _("The rows are taken from the highest quality down.")),
    ([9, 8, 7, 6, 5, 4], 3, 0.1, [0, 2, 4], lambda: _("A row that is too close to one already taken is left out.")),
    ([9, 8, 7, 6, 5, 4], 4, 0.1, [0, 2, 4, 5], lambda: _("A row must be far from *every* row taken, and only from "
     "those: two rows that are close to each other do not shut each other out.")),
    ([9, 8, 7, 6, 5, 4], 6, 0.1, [0, 2, 4, 5], lambda: _("If fewer than k rows are far enough, fewer are returned.")),
    ([5, 5, 5, 5, 5, 5], 2, 0.0, [0, 1], lambda: _("Of rows with equal quality the earlier comes first.")),
    ([None, 8, None, 6, 5, None], 6, 0.0, [1, 3, 4], lambda: _("A row whose quality is None is never taken.")),
    ([0, -1, 2, -3, 0, 1], 6, 0.1, [2, 5, 0, 4], lambda: _("A quality of 0 or below is a quality, too.")),
    ([9, 8, 7, 6, 5, 4], 0, 0.0, [], lambda: _("With k = 0 nothing is taken.")),
)  # fmt: skip


@exercise(
    hints=(
        lambda: _(
            "Sort the places of the rows by quality, go through them, and compare each with the list of taken ones."
        ),
        lambda: _("all(1 - embeddings[place] @ embeddings[other] >= min_distance for other in chosen)"),
    )
)
def select(answer: Any) -> None:
    """Exercise 7.3: the best rows that are far enough from each other."""
    points = _on_circle(*_CIRCLE)
    for quality, k, distance, expected, message in _SELECTIONS:
        result = call(answer, points.copy(), list(quality), k, distance)
        if result is None:
            raise Wrong(_("The answer is None: did you forget to return it?"))
        try:
            actual = [int(place) for place in result]
        except (TypeError, ValueError) as error:
            raise Wrong(_("Return a list of places, which are whole numbers."), actual=result) from error
        if actual == expected:
            continue
        if sorted(actual) == sorted(expected) and len(set(quality)) > 1 and actual != expected:
            raise Wrong(
                _("These are the right rows, in another order than they are taken."), expected=expected, actual=actual
            )
        raise Wrong(
            message(),
            expected=expected,
            actual=actual,
            hint=_(
                "quality={quality}, k={k}, min_distance={distance}; the points lie on a circle at {degrees} degrees."
            ).format(quality=quality, k=k, distance=distance, degrees=_CIRCLE),
        )
    if list(call(answer, _on_circle(0, 60), [2, 1], 2, 0.4)) != [0, 1]:
        raise Wrong(
            _("The distance is 1 minus the cosine: two points 60 degrees apart have the distance 0.5."),
            expected=[0, 1],
        )
    if list(call(answer, _on_circle(0, 60), [2, 1], 2, 0.6)) != [0]:
        raise Wrong(
            _("The distance is 1 minus the cosine: two points 60 degrees apart have the distance 0.5."), expected=[0]
        )


# -- 7.4 ----------------------------------------------------------------------------------------------------------

_DRAWS = 300


def _above_all() -> str:
    return _("A selection above every random one has the percentile 100, not 1 and not 99: higher is better.")


@exercise(
    hints=(
        lambda: _("random.Random(seed) is a generator of your own; its method sample draws without putting back."),
        lambda: _("100 * sum((value < own) + (value == own) / 2 for value in drawn) / draws"),
    )
)
def percentile(answer: Any) -> None:
    """Exercise 7.4: where a selection stands among random ones."""
    if is_stub(answer):
        raise NotAttempted
    pool = list(range(20))
    # (measure, chosen, pool, expected, message)
    cases: tuple[tuple[Callable[[list], float], list, list, float, Callable[[], str]], ...] = (
        (sum, [17, 18, 19], [*range(17), -1, -2, -3], 100.0, _above_all),
        (sum, [-5, -6, -7], pool, 0.0, lambda: _("A selection below every random one has the percentile 0.")),
        (len, [1, 2, 3], pool, 50.0, lambda: _("If all subsets tie with the selection, the percentile is 50: a tie "
         "counts half.")),
        (lambda rows: -sum(rows), [-5, -6, -7], pool, 100.0, _above_all),
        (lambda rows: len(set(rows)), [1, 2, 3, 4, 5, 6], list(range(6)), 50.0, lambda: _("A random subset takes no "
         "row twice.")),
    )  # fmt: skip
    for measure, chosen, rows, expected, message in cases:
        sizes: list[int] = []
        actual = _number(call(answer, _listening(measure, sizes), list(chosen), list(rows), _DRAWS, 3))
        if any(size != len(chosen) for size in sizes):
            raise Wrong(
                _("Each random subset should be as large as the selection."), expected=len(chosen), actual=sizes[:5]
            )
        if not close(actual, expected):
            if close(actual * 100, expected) and expected:
                raise Wrong(_("The percentile runs from 0 to 100."), expected=expected, actual=actual)
            raise Wrong(message(), expected=expected, actual=actual)
        if len(sizes) < _DRAWS:
            raise Wrong(_("Draw `draws` subsets."), expected=_DRAWS, actual=len(sizes))
    middle = [_number(call(answer, sum, [9, 10, 10], pool, _DRAWS, seed)) for seed in (3, 3, 4)]
    if not 30 <= middle[0] <= 70:
        raise Wrong(_("A selection in the middle should be near 50."), expected=50.0, actual=middle[0])
    if middle[0] != middle[1]:
        raise Wrong(_("The same seed should give the same answer."), expected=middle[0], actual=middle[1])
    several = {_number(call(answer, sum, [9, 10, 10], pool, _DRAWS, seed)) for seed in range(5)}
    if len(several) == 1:
        raise Wrong(_("Other seeds draw other subsets: use `seed`."), actual=sorted(several))
    _leaves_random_state_alone(answer, pool)


def _leaves_random_state_alone(answer: Any, pool: list[int]) -> None:
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()
    try:
        call(answer, sum, [1, 2], list(pool), 5, 1)
        changed = random.getstate() != python or not np.array_equal(np.random.get_state()[1], numpy[1])
        changed = changed or np.random.get_state()[2] != numpy[2]
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
    if changed:
        raise Wrong(
            _("The random state of the rest of the notebook changed."),
            hint=_("Use a generator of your own: random.Random(seed), or numpy's default_rng(seed)."),
        )


def _listening(measure: Callable[[list], float], sizes: list[int]) -> Callable[[Any], float]:
    def listen(rows: Any) -> float:
        rows = list(rows)
        sizes.append(len(rows))
        return measure(rows)

    return listen


def _number(value: Any) -> float:
    if value is None:
        raise Wrong(_("The answer is None: did you forget to return it?"))
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise Wrong(_("The percentile should be a number."), actual=value)
    return float(value)
