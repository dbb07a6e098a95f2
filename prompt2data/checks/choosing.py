"""The tasks of lesson 07 that choose: the best rows that are far apart, and where they stand among random ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from math import acos, comb, pi
from typing import Any

import numpy as np

from prompt2data.checks.core import Wrong, call, plain, returned, wrong_if
from prompt2data.checks.guard import GlobalRandomState
from prompt2data.checks.judge import Case, Task, case, drawn
from prompt2data.i18n import N_, _
from prompt2data.quality import selection
from prompt2data.untrusted import safe_repr

CHANGES = N_("Your function changes the rows it is given: build a new list.")

# -- select -------------------------------------------------------------------------------------------------------


def _select(
    embeddings: Any,
    quality: list,
    k: int,
    least: float,
    distance: Callable[[float], float] = lambda cosine: 1 - cosine,
    ends: bool = False,
) -> list[int]:
    """Known mistakes take another `distance`, or come to the end at the first row that is too close."""
    chosen: list[int] = []
    for place in sorted((p for p, value in enumerate(quality) if value is not None), key=lambda p: -quality[p]):
        cosines = [min(1.0, max(-1.0, float(embeddings[place] @ embeddings[other]))) for other in chosen]
        near = any(distance(cosine) < least for cosine in cosines)
        if len(chosen) >= k or (near and ends):
            break
        chosen += [] if near else [place]
    return chosen


def _thinned(embeddings: Any, quality: list, k: int, least: float) -> list[int]:
    best = _select(embeddings, quality, k, -9)
    return _select(embeddings, [one if place in best else None for place, one in enumerate(quality)], k, least)


def _chosen(answer: Any) -> list[int]:
    answer = returned(answer)
    whole = lambda place: isinstance(place, int | float) and not isinstance(place, bool) and place % 1 == 0  # noqa: E731
    if not isinstance(answer, list) or not all(map(whole, answer)):
        raise Wrong(_("Return a list of places, which are whole numbers."), actual=answer)
    return list(map(int, answer))


def _circle(says: str, quality: list[Any], k: int, distance: float, *degrees: int) -> Case:
    """Points on a circle: at 10° the cosine distance is 0.015, at 60° 0.5, at 90° exactly 1, at 180° exactly 2."""
    angles = np.radians(np.array(degrees, float))
    points = np.round(np.stack([np.cos(angles), np.sin(angles)], axis=1), 15) + 0.0
    return case(points, quality, k, distance, says=says)


def _random_points(number: int) -> Case:
    rng = np.random.default_rng(number)
    n = 3 + number % 7
    quality = [None if rng.random() < 0.2 else np.float64(rng.integers(-3, 4)) for _point in range(n)]
    k, distance = int(rng.integers(1, n + 1)), float(np.round(rng.uniform(0.1, 1.5), 2))
    points = rng.normal(size=(n, 2 + number % 2 * 3))
    return case(points / np.linalg.norm(points, axis=1, keepdims=True), quality, k, distance)


_BEST = N_("With min_distance 0 the best k rows are taken.")
_EQUAL = N_("Of rows with equal quality the earlier comes first.")
_NEVER = N_("A row whose quality is None is never taken.")
_BELOW = N_("A quality of 0 or below is a quality, too.")
_COSINE = N_("The distance is 1 minus the cosine: two points 60 degrees apart have the distance 0.5.")
_CLOSE = N_("A row that is too close to one already taken is left out.")
_EVERY = N_(
    "A row must be far from *every* row taken, and only from those: two rows that are close to each other do not "
    "shut each other out."
)
_NEXT = N_("After a row that is too close, the search goes on with the next one, until k rows are taken.")
SELECT = Task(
    _select,
    (
        _circle(N_("The rows are taken from the highest quality down."), [1, 2], 1, 0.0, 0, 90),
        _circle(_EQUAL, [5, 5], 1, 0.0, 0, 90),
        _circle(_NEVER, [None, 1], 2, 0.0, 0, 90),
        _circle(_NEVER, [None, None], 2, 0.0, 0, 90),
        _circle(_BELOW, [0, 1], 2, 0.0, 0, 90),
        _circle(_BELOW, [-2, -1], 2, 0.0, 0, 90),
        _circle(_COSINE, [2, 1], 2, 0.4, 0, 60),
        _circle(_COSINE, [3, 2, 1], 2, 0.6, 0, 60, 180),
        _circle(N_("A distance of exactly `min_distance` is far enough."), [2, 1], 2, 1.0, 0, 90),
        _circle(_BEST, [3, 2, 1], 2, 0.0, 0, 90, 180),
        _circle(_CLOSE, [3, 2, 1], 2, 0.1, 0, 0, 90),
        _circle(_EVERY, [4, 3, 2, 1], 3, 0.1, 0, 90, 10, 180),
        _circle(_EVERY, [4, 3, 2, 1], 3, 0.1, 0, 90, 100, 180),
        _circle(_EVERY, [4, 3, 2, 1], 3, 0.5, 0, 50, 100, 180),
        _circle(
            N_("If fewer than k rows are far enough, fewer are returned."), [5, 4, 3, 2, 1], 5, 0.1, 0, 5, 90, 95, 180
        ),
        _circle(N_("With k = 0 nothing is taken."), [9, 8, 7, 6, 5, 4], 0, 0.1, 0, 10, 90, 100, 180, 270),
        _circle(_EVERY, [9, 9, 9, 9, 9, 9], 2, 2.0, 0, 90, 180, 0, 90, 270),
        _circle("", [], 2, 0.1),
        *drawn(_random_points, 24),
    ),
    N_("These are not the places of the rows to take."),
    {
        _BEST: [
            lambda embeddings, quality, k, least: _select(embeddings, quality, len(quality), least),
            lambda embeddings, quality, k, least: _select(embeddings, quality, k + 1, least),
            lambda embeddings, quality, k, least: _select(embeddings, quality, k - 1, least),
        ],
        N_("Places are counted from 0."): lambda *given: [place + 1 for place in _select(*given)],
        N_("Return a list of places, which are whole numbers."): lambda *given: [given[1][p] for p in _select(*given)],
        _CLOSE: lambda embeddings, quality, k, least: _select(embeddings, quality, k, -9),
        _COSINE: [
            partial(_select, distance=distance)
            for distance in (
                *(lambda c: (2 - 2 * c) ** 0.5, lambda c: 2 - 2 * c, lambda c: c, lambda c: 1 + c, lambda c: -c),
                *(lambda c: (1 - c) / 2, lambda c: 1 - abs(c), acos, lambda c: acos(c) / pi, lambda c: 1 - c * c),
            )
        ],
        _NEXT: (_thinned, partial(_select, ends=True)),
    },
    view=_chosen,
    unchanged=N_("`select` changed the array or the list it was given."),
    order=N_("These are the right rows, in another order than they are taken."),
)


# -- percentile ---------------------------------------------------------------------------------------------------


_SELECTED = range(101, 111)


class _Measure:
    """A measure that notes what it is given: `of` the rows, or this number for the selection and these for the draws.

    Whatever the draws are, each new one has the next number: so every right answer gives the same percentile.
    """

    def __init__(self, own: Any = None, *values: Any, of: Callable[[list], Any] | None = None) -> None:
        self.own, self.values, self.of = own, values, of
        self.calls: list[list] = []
        self.numbers: dict[Any, Any] = {}

    def __call__(self, rows: Any) -> Any:
        rows = [plain(row) for row in rows]
        self.calls.append(rows)
        if self.of or any(row in _SELECTED for row in rows):
            return self.of(rows) if self.of else self.own
        turn = min(len(self.numbers), len(self.values) - 1)
        return self.numbers.setdefault(_key(rows), self.values[turn])

    def __repr__(self) -> str:
        return getattr(self.of, "__name__", "measure")


def _key(rows: list) -> tuple[str, ...]:
    return tuple(sorted(map(safe_repr, rows)))


_MANY = 100  # draws that show every subset of a small pool


def _ranked(
    function: Callable[..., Any], measure: _Measure, chosen: list, pool: list, draws: int = 1000, seed: int = 0
) -> float:
    """The percentile that a function gives, if what it draws are random subsets."""
    fresh = deepcopy((measure, chosen, pool))
    with GlobalRandomState() as state:
        value = _number(call(function, measure, chosen, pool, *(() if draws == 1000 else (draws, seed))))
    message = _("The random state of the rest of the notebook changed.")
    hint = _("Use a generator of your own: random.Random(seed), or numpy's default_rng(seed).")
    wrong_if(state.changed, message, hint=hint)
    subsets = [rows for rows in measure.calls if _key(rows) != _key(fresh[1])]
    _look_at(subsets, len(fresh[1]), fresh[2], draws)
    if draws == _MANY:
        with GlobalRandomState():
            random.seed(123)  # a function that reads the global state must not get the same one twice
            same_seed, *other_seeds = (_calls(function, fresh, draws, seed + other) for other in range(4))
        first = list(map(_key, measure.calls))
        wrong_if(same_seed != first, _("The same seed should give the same answer."))
        wrong_if(all(other == first for other in other_seeds), _("Other seeds draw other subsets: use `seed`."))
    return value


def _calls(function: Callable[..., Any], fresh: tuple[_Measure, list, list], draws: int, seed: int) -> list:
    measure, chosen, pool = deepcopy(fresh)
    call(function, measure, chosen, pool, draws, seed)
    return list(map(_key, measure.calls))


def _look_at(subsets: list[list], size: int, pool: list, draws: int) -> None:
    """Raise `Wrong` unless these can be `draws` random subsets of the pool; who keeps results may measure fewer."""
    sizes = [len(rows) for rows in subsets]
    message = _("Each random subset should be as large as the selection.")
    wrong_if({*sizes} - {size}, message, expected=size, actual=sizes[:5])
    names, possible = Counter(map(safe_repr, pool)), comb(len(pool), size)
    for rows in subsets:
        more = Counter(map(safe_repr, rows)) - names
        wrong_if(more.keys() - names, _("A random subset has a row that is not in `pool`."), actual=rows)
        wrong_if(more, _("A random subset takes no row twice."), actual=rows)
    few, many = len(names) == len(pool) and draws == _MANY, possible > 1000 * draws**2
    kinds = Counter(map(_key, subsets))
    wrong_if(many and len(kinds) > draws, _("Draw `draws` subsets."), expected=draws, actual=len(kinds))
    if (few or many) and len(kinds) < min(draws, possible):
        wrong_if(len(subsets) < draws, _("Draw `draws` subsets."), expected=draws, actual=len(subsets))
        message = _("The draws repeat each other: make the generator once, before the first draw.")
        wrong_if(many or len(kinds) == 1, message, actual=subsets[:3])
        raise Wrong(_("Only some subsets of `pool` are ever drawn: each should be as likely as any other."))


def _number(value: Any) -> float:
    try:
        return float(value if hasattr(returned(value), "__float__") and not isinstance(value, bool) else "")
    except Exception as error:  # a learner's class may have any `__float__`
        raise Wrong(_("The percentile should be a number."), actual=value) from error


_ABOVE_ALL = N_("A selection above every random one has the percentile 100, not 1 and not 99: higher is better.")
_HALF = N_("If all subsets tie with the selection, the percentile is 50: a tie counts half.")
_NUMBER = N_("This is the number of subsets; their percentage is wanted.")
_VALUES = N_("`measure` gives {own} for `chosen` and {values} for the draws: that makes another percentile.")


def _script(own: Any, *values: Any, says: str = _VALUES, seed: int = 3) -> Case:
    given = _Measure(own, *values), list(_SELECTED), list(range(10, 40)), len(values), seed
    return case(*given, says=says, values={"own": own, "values": values})


def _random_script(number: int) -> Case:
    rng = random.Random(number)
    own, *values = rng.choices([-1.5, -1, 0, 0.25, 1, 2], k=1 + rng.choice([1, 2, 4, 5, 10, 20]))
    return _script(own, *values, seed=number)


PERCENTILE = Task(
    selection.percentile,
    (
        _script(9, 1, 2, 3, 4, says=_ABOVE_ALL),
        _script(0, 1, 2, 3, 4, says=N_("A selection below every random one has the percentile 0.")),
        _script(3, 3, 3, 3, 3, says=_HALF),
        _script(3, 3, 1, says=_HALF),
        _script(2, 1, *[3] * 7, says=N_("The percentile is not rounded to a whole number.")),
        _script(2, 1, 3, 3, says=N_("The percentile is not rounded.")),
        case(_Measure(of=sum), [101, 102], [10, 11, 12, 13], _MANY, 3),
        case(_Measure(of=sum), [10, 100], [10, 11, 12, 13], _MANY, 4),
        case(_Measure(of=sum), [10, 11, 12], [10, 11, 12], 4, 3, says=_HALF),
        case(_Measure(of=len), [], [10, 11, 12], 4, 3, says=_HALF),
        case(_Measure(of=sum), [1, 1, 1], [1] * 10, 4, 3, says=_HALF),
        case(_Measure(of=selection.topics), [{"topic": "a"}, {"topic": "b"}], [{"topic": "c"}] * 4, 4, 0),
        case(_Measure(of=sum), list(_SELECTED), list(range(10, 60))),
        *drawn(_random_script, 16),
    ),
    _ABOVE_ALL,
    {
        N_("The percentile runs from 0 to 100."): lambda *given: selection.percentile(*given) / 100,
        _NUMBER: lambda *given: selection.percentile(*given) / 100 * (*given, 1000)[3],
        _ABOVE_ALL: lambda *given: 100 - selection.percentile(*given),
    },
    play=_ranked,
    unchanged=CHANGES,
)
