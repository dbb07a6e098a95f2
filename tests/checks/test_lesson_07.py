"""Every check of lesson 07, both ways."""

from __future__ import annotations

import random
import re
from collections import Counter

import numpy as np

from prompt2data.checks import lesson_07 as check
from prompt2data.quality import selection

LESSON = "07_quality"

NO_FUNCTION = [(3, "should be a function"), (lambda *args: 1 / 0, "raised ZeroDivisionError")]


# -- 7.1 ----------------------------------------------------------------------------------------------------------


def reason_of(row, filters):
    for why_drop in filters:
        try:
            reason = why_drop(row)
        except Exception:
            reason = "error"
        if reason:
            return reason
    return None


def with_counter(rows, filters):
    """Another right way: all reasons first, then a Counter."""
    reasons = [reason_of(row, filters) for row in rows]
    return [row for row, reason in zip(rows, reasons, strict=True) if not reason], Counter(filter(None, reasons))


def filter_by_filter(rows, filters):
    """Another right way: each filter goes over all rows that are left. Copies of the rows, a tuple of two."""
    counts = {}
    for why_drop in filters:
        left = []
        for row in rows:
            reason = reason_of(row, [why_drop])
            if reason:
                counts[reason] = counts.get(reason, 0) + 1
            else:
                left.append(dict(row))
        rows = left
    return rows, counts


def with_zeros(rows, filters):
    kept, counts = with_counter(rows, filters)
    return [kept, {"error": 0, "empty": 0, **counts}]


def lets_errors_through(rows, filters):
    reasons = [next(filter(None, (why_drop(row) for why_drop in filters)), None) for row in rows]
    return [row for row, reason in zip(rows, reasons, strict=True) if not reason], Counter(filter(None, reasons))


def changing(change):
    """A right answer whose kept rows and counts are changed in the end."""
    return lambda rows, filters: change(*with_counter(rows, filters))


def without_errors(counts):
    return {reason: n for reason, n in counts.items() if reason != "error"}


def keeps_errors(rows, filters):
    kept, counts = with_counter(rows, filters)
    return [row for row in rows if row in kept or reason_of(row, filters) == "error"], without_errors(counts)


def counts_twice(rows, filters):
    counts = Counter(filter(None, (reason_of(row, [one]) for row in rows for one in filters)))
    return with_counter(rows, filters)[0], counts


def test_run_filters(assert_each_named, lesson):
    assert_each_named(
        check.run_filters,
        right=[lesson["run_filters"], with_counter, filter_by_filter, with_zeros],
        wrong=[
            (lets_errors_through, "raised AttributeError"),
            (keeps_errors, "raises an error is kept"),
            (changing(lambda kept, counts: (kept, without_errors(counts))), "Rows got lost"),
            (counts_twice, "counted more than once"),
            (lambda rows, filters: with_counter(rows, filters[::-1]), "The counts are not right"),
            (changing(lambda kept, counts: (kept[::-1], counts)), "not in the order they had"),
            (changing(lambda kept, counts: ([{**row, "reason": None} for row in kept], counts)), "were changed"),
            (changing(lambda kept, counts: kept), "Return two things"),
            (changing(lambda kept, counts: (kept, list(counts.items()))), "dictionary of counts"),
            (changing(lambda kept, counts: (kept[:1], counts)), "not the rows that pass"),
            (changing(lambda kept, counts: None), "did you forget to return it"),
            *NO_FUNCTION,
        ],
    )


# -- 7.2 ----------------------------------------------------------------------------------------------------------


def words_of(row):
    return re.findall(r"\w+", str(row.get("instruction") or "").lower())


def by_dictionary(rows):
    first = {}
    for number, row in enumerate(rows):
        first.setdefault(" ".join(words_of(row)) or number, row)
    return list(first.values())


def by_lookback(rows):
    return tuple(
        row for n, row in enumerate(rows) if not words_of(row) or words_of(row) not in [words_of(r) for r in rows[:n]]
    )


def by_pandas(rows):
    import pandas as pd

    keys = pd.Series([" ".join(words_of(row)) or f"none {n}" for n, row in enumerate(rows)], dtype=str)
    return [row for row, again in zip(rows, keys.duplicated(), strict=True) if not again]


def same_text_only(rows):
    seen = set()
    return [row for row in rows if not ((t := row.get("instruction")) and (t in seen or seen.add(t)))]


def lower_only(rows):
    seen = set()
    return [row for row in rows if not ((t := (row.get("instruction") or "").lower()) and (t in seen or seen.add(t)))]


def sets_of_words(rows):
    seen, kept = [], []
    for row in rows:
        key = set(words_of(row))
        if not key or key not in seen:
            kept.append(row)
        seen.append(key)
    return kept


def none_is_a_duplicate(rows):
    seen, kept = [], []
    for row in rows:
        if words_of(row) not in seen:
            kept.append(row)
        seen.append(words_of(row))
    return kept


def letters_only(rows):
    seen, kept = set(), []
    for number, row in enumerate(rows):
        key = re.sub(r"[^a-z]", "", (row.get("instruction") or str(number)).lower()) or number
        if key not in seen:
            kept.append(row)
        seen.add(key)
    return kept


def stumbles(rows):
    return list({row["instruction"].lower(): row for row in rows}.values())


def sorts(rows):
    return by_dictionary(rows)[::-1]


def marks(rows):
    for row in rows:
        row["seen"] = True
    return by_dictionary(rows)


def texts_only(rows):
    return [row.get("instruction") for row in by_dictionary(rows)]


def test_dedup(assert_each_named, lesson):
    assert_each_named(
        check.dedup,
        right=[lesson["dedup"], by_dictionary, by_lookback, by_pandas],
        wrong=[
            (same_text_only, "the same words in capitals"),
            (lower_only, "other spaces and no question mark"),
            (sets_of_words, "the same words in another order"),
            (none_is_a_duplicate, "another instruction that is None"),
            (letters_only, "a question with another number"),
            (stumbles, "raised AttributeError"),
            (sorts, "not in the order they had"),
            (marks, "changes the rows it is given"),
            (texts_only, "is not a dictionary"),
            *NO_FUNCTION,
        ],
    )


# -- 7.3 ----------------------------------------------------------------------------------------------------------


def by_distances(embeddings, quality, k, min_distance):
    """Another right way: a matrix of distances, and the order by numpy."""
    distances = 1 - embeddings @ embeddings.T
    order = np.argsort([-value if value is not None else np.inf for value in quality], kind="stable")
    taken = []
    for index in order:
        if quality[index] is None or len(taken) >= k:
            continue
        if not taken or distances[index, taken].min() >= min_distance:
            taken.append(index)
    return np.array(taken, dtype=int)


def by_shrinking(embeddings, quality, k, min_distance, distance=lambda a, b: 1 - a @ b):
    """Another right way: take the best, strike out what is too close, begin again."""
    left = [index for index, value in enumerate(quality) if value is not None]
    taken = []
    while left and len(taken) < k:
        best = max(left, key=lambda index: quality[index])
        taken.append(best)
        left = [i for i in left if i != best and distance(embeddings[i], embeddings[best]) >= min_distance]
    return taken


def euclidean(*arguments):
    return by_shrinking(*arguments, distance=lambda a, b: np.linalg.norm(a - b))


def wrong_select(key=None, near=None, limit=True, missing=0):
    def answer(embeddings, quality, k, min_distance):
        values = [missing if value is None else value for value in quality]
        taken = []
        for place in sorted(range(len(values)), key=key or (lambda p: -values[p])):
            if limit and len(taken) >= k:
                break
            compared = taken if near is None else near(place, taken, len(values))
            if all(1 - embeddings[place] @ embeddings[other] >= min_distance for other in compared):
                taken.append(place)
        return taken

    return answer


def later_of_equal(embeddings, quality, k, min_distance):
    order = sorted((v, p) for p, v in enumerate(quality) if v is not None)[::-1]
    taken = []
    for _value, place in order:
        if len(taken) < k and all(1 - embeddings[place] @ embeddings[o] >= min_distance for o in taken):
            taken.append(place)
    return taken


def test_select(assert_each_named, lesson):
    assert_each_named(
        check.select,
        right=[lesson["select"], selection.select, by_distances, by_shrinking],
        wrong=[
            (
                lambda e, quality, k, d: by_shrinking(e, [None if v is None else -v for v in quality], k, d),
                "the best k rows are taken",
            ),
            (lambda e, quality, k, d: by_shrinking(e, quality, k, -1), "too close to one already taken is left out"),
            (
                wrong_select(near=lambda place, taken, n: taken[-1:], missing=-9),
                "A row whose quality is None is never taken",
            ),
            (
                wrong_select(near=lambda place, taken, n: [p for p in range(n) if p != place]),
                "too close to one already taken is left out",
            ),
            (wrong_select(limit=False), "the best k rows are taken"),
            (wrong_select(missing=0), "A row whose quality is None is never taken"),
            (
                lambda e, quality, k, d: by_shrinking(e, [value or None for value in quality], k, d),
                "A quality of 0 or below is a quality",
            ),
            (later_of_equal, "the earlier comes first"),
            (lambda *arguments: sorted(by_shrinking(*arguments)), "in another order than they are taken"),
            (euclidean, "too close to one already taken is left out"),
            (lambda e, *rest: [e[index] for index in by_shrinking(e, *rest)], "Return a list of places"),
            (lambda *arguments: [].append(arguments), "did you forget to return it"),
            *NO_FUNCTION,
        ],
    )


# -- 7.4 ----------------------------------------------------------------------------------------------------------


def with_numpy(measure, chosen, pool, draws=1000, seed=0):
    """Another right way: numpy's generator."""
    rng = np.random.default_rng(seed)
    own = measure(chosen)
    values = [measure([pool[p] for p in rng.choice(len(pool), len(chosen), replace=False)]) for _ in range(draws)]
    return float(100 * np.mean([0.5 if value == own else float(value < own) for value in values]))


def by_shuffling(measure, chosen, pool, draws=1000, seed=0):
    """Another right way: shuffle a copy and take its beginning."""
    rng, own, points = random.Random(seed), measure(chosen), 0
    for _ in range(draws):
        copy = list(pool)
        rng.shuffle(copy)
        value = measure(copy[: len(chosen)])
        points += 2 * (value < own) + (value == own)
    return 50 * points / draws


def faulty(**how):
    def answer(measure, chosen, pool, draws=1000, seed=0):
        rng = how.get("rng", random.Random)(seed)
        size = how.get("size", len(chosen))
        draw = (lambda: rng.choices(pool, k=size)) if how.get("replace") else (lambda: rng.sample(list(pool), size))
        own = measure(chosen)
        values = [measure(draw()) for _ in range(how.get("draws", draws))]
        better = sum((v > own if how.get("reverse") else v < own) + how.get("tie", 0.5) * (v == own) for v in values)
        return how.get("scale", 100) * better / len(values)

    return answer


def global_state(measure, chosen, pool, draws=1000, seed=0):
    random.seed(seed)
    return faulty(rng=lambda seed: random)(measure, chosen, pool, draws, seed)


def text_answer(measure, chosen, pool, draws=1000, seed=0):
    return f"{with_numpy(measure, chosen, pool, draws, seed)} %"


def test_percentile(assert_each_named, lesson):
    assert_each_named(
        check.percentile,
        right=[lesson["percentile"], selection.percentile, with_numpy, by_shuffling],
        wrong=[
            (faulty(scale=1), "runs from 0 to 100"),
            (faulty(tie=0), "a tie counts half"),
            (faulty(tie=1), "a tie counts half"),
            (faulty(replace=True), "takes no row twice"),
            (faulty(reverse=True), "percentile 100"),
            (faulty(size=1), "as large as the selection"),
            (faulty(draws=20), "Draw `draws` subsets"),
            (faulty(rng=lambda seed: random.Random(0)), "Other seeds draw other subsets"),
            (faulty(rng=lambda seed: random.Random()), "The same seed should give the same answer"),
            (global_state, "The random state of the rest of the notebook changed"),
            (text_answer, "should be a number"),
            (lambda *arguments: [].append(arguments), "did you forget to return it"),
            *NO_FUNCTION,
        ],
    )
