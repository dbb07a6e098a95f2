"""Every check of lesson 07, both ways."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from fractions import Fraction

import numpy as np

from prompt2data.checks import lesson_07 as check
from prompt2data.quality import selection

LESSON = "07_quality"


def divides(*_args):
    return 1 / 0


NO_FUNCTION = [(3, "should be a function"), (divides, "divides raised ZeroDivisionError")]


# -- 7.2 ----------------------------------------------------------------------------------------------------------


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


def run(
    reason_of=reason_of,
    error="error",
    none=False,
    name=None,
    every=False,
    first=False,
    remember=None,
    seen_by_all=False,
):
    """Right if nothing is said; otherwise with that fault."""
    memory = {} if remember else None

    def answer(rows, filters):
        kept, counts = [], memory if remember else {}
        for row in rows:
            reasons, by = [], None
            for why_drop in filters:
                try:
                    reason = why_drop(row)
                except Exception as problem:
                    reason = error(problem) if callable(error) else error
                if reason:
                    by = by or why_drop
                    reasons.append(reason)
                    if not seen_by_all:
                        break
            if reasons:
                key = reasons[-1 if every else 0]
                key = by.__name__ if name else key
                counts[key] = 1 if first else counts.get(key, 0) + 1
            else:
                kept.append(row)
                if none:
                    counts[None] = counts.get(None, 0) + 1
        return kept, counts

    return answer


def as_tables(rows, filters):
    """Other forms: a table of the kept rows, and a counter with numpy's numbers."""
    import pandas as pd

    kept, counts = with_counter(rows, filters)
    return pd.DataFrame(kept), {reason: np.int64(n) for reason, n in counts.items()}


def as_dataset(rows, filters):
    from datasets import Dataset

    kept, counts = with_counter(rows, filters)
    return Dataset.from_list(kept), counts


def lazily(rows, filters):
    """The counts are complete once the kept rows have been read."""
    counts = Counter()

    def kept():
        for row in rows:
            reason = reason_of(row, filters)
            if reason:
                counts[reason] += 1
            else:
                yield row

    return kept(), counts


def some_errors(*kinds):
    def answer(rows, filters):
        def reason(row):
            try:
                return next(filter(None, (why_drop(row) for why_drop in filters)), None)
            except kinds:
                return "error"

        reasons = [reason(row) for row in rows]
        return [row for row, why in zip(rows, reasons, strict=True) if not why], Counter(filter(None, reasons))

    return answer


def stops_at_error(rows, filters):
    kept, counts = [], Counter()
    try:
        for row in rows:
            reason = next(filter(None, (why_drop(row) for why_drop in filters)), None)
            if reason:
                counts[reason] += 1
            else:
                kept.append(row)
    except Exception:
        counts["error"] += 1
    return kept, counts


def skips_filter_that_raises(rows, filters):
    def quiet(why_drop):
        def called(row):
            try:
                return why_drop(row)
            except Exception:
                return None

        return called

    return with_counter(rows, [*map(quiet, filters)])


def removes(rows, filters):
    counts = Counter()
    for row in list(rows):
        if reason := reason_of(row, filters):
            counts[reason] += 1
            rows.remove(row)
    return rows, counts


def marks_dropped(rows, filters):
    kept, counts = with_counter(rows, filters)
    for row in rows:
        if row not in kept:
            row["reason"] = reason_of(row, filters)
    return kept, counts


def appends_for_each_filter(rows, filters):
    kept, counts = with_counter(rows, filters)
    return [row for row in kept for _filter in filters or [None]], counts


def last_filter_only(rows, filters):
    return with_counter(rows, filters[-1:])


def errors_before_reasons(rows, filters):
    """An error of a later filter takes the place of an earlier reason."""
    reasons = []
    for row in rows:
        try:
            reasons.append(next(filter(None, [why_drop(row) for why_drop in filters]), None))
        except Exception:
            reasons.append("error")
    return [row for row, reason in zip(rows, reasons, strict=True) if not reason], Counter(filter(None, reasons))


def stops_at_stop_iteration(rows, filters):
    def reason(row):
        try:
            return next(filter(None, map(lambda why_drop: why_drop(row), filters)), None)
        except Exception:
            return "error"

    reasons = list(map(reason, rows))
    return [row for row, why in zip(rows, reasons, strict=True) if not why], Counter(filter(None, reasons))


def keeps_what_is_unlike(rows, filters):
    kept, counts = with_counter(rows, filters)
    dropped = [row for row in rows if not any(row is one for one in kept)]
    return [row for row in rows if row not in dropped], counts


def inverted(rows, filters):
    kept, counts = with_counter(rows, filters)
    return [row for row in rows if row not in kept], {"empty": len(kept)}


def returns_in_loop(rows, filters):
    kept, counts = with_counter(rows[:1], filters)
    return kept, counts


def test_run_filters(assert_each_named, lesson):
    assert_each_named(
        check.run_filters,
        right=[lesson["run_filters"], with_counter, filter_by_filter, with_zeros, run(), as_tables, as_dataset, lazily],
        wrong=[
            (lets_errors_through, "raised AttributeError"),
            (some_errors(AttributeError, KeyError), "answer raised ZeroDivisionError"),
            (some_errors(AttributeError, KeyError, ZeroDivisionError), "raised ValueError"),
            (keeps_errors, "raises an error is kept"),
            (stops_at_stop_iteration, "raises an error is kept"),
            (keeps_what_is_unlike, "not the rows that pass"),
            (skips_filter_that_raises, "raises an error is kept"),
            (stops_at_error, "Rows got lost: "),
            (returns_in_loop, "Rows got lost: "),
            (run(error="exception"), "✘ A row on which a filter raises an error is dropped"),
            (run(error=str), "✘ A row on which a filter raises an error is dropped"),
            (run(none=True), "Count only the rows that are dropped"),
            (run(name=True), "Count only the rows that are dropped"),
            (
                changing(lambda kept, counts: (kept, {**counts, "kept": len(kept)})),
                "Count only the rows that are dropped",
            ),
            (run(first=True), "Rows got lost: "),
            (run(remember=True), "what does it remember"),
            (run(seen_by_all=True), "still sees rows that an earlier one has dropped"),
            (run(seen_by_all=True, every=True), "The counts are not right"),
            (errors_before_reasons, "still sees rows that an earlier one has dropped"),
            (removes, "changes the rows it is given"),
            (marks_dropped, "changes the rows it is given"),
            (appends_for_each_filter, "kept twice"),
            (last_filter_only, "The counts are not right"),
            (inverted, "not the rows that pass"),
            (changing(lambda kept, counts: {"kept": kept, "counts": counts}), "Return two things"),
            (changing(lambda kept, counts: (counts, kept)), "dictionary of counts"),
            (changing(lambda kept, counts: (kept, sum(counts.values()))), "dictionary of counts"),
            (changing(lambda kept, counts: (kept, {r: [n] for r, n in counts.items()})), "dictionary of counts"),
            (
                changing(lambda kept, counts: (kept, {(r, 1): n for r, n in counts.items()})),
                "Count only the rows that are dropped",
            ),
            (changing(lambda kept, counts: ([row["id"] for row in kept], counts)), "is not a dictionary"),
            (changing(lambda kept, counts: (kept, without_errors(counts))), "Rows got lost: "),
            (counts_twice, "counted more than once"),
            (lambda rows, filters: with_counter(rows, filters[::-1]), "The counts are not right"),
            (changing(lambda kept, counts: (kept[::-1], counts)), "not in the order they had"),
            (changing(lambda kept, counts: ([{**row, "reason": None} for row in kept], counts)), "were changed"),
            (changing(lambda kept, counts: kept), "Return two things"),
            (changing(lambda kept, counts: (kept, list(counts.items()))), "dictionary of counts"),
            (changing(lambda kept, counts: (kept[:1], counts)), "Rows got lost: "),
            (changing(lambda kept, counts: None), "returned None"),
            *NO_FUNCTION,
        ],
    )


# -- 7.1 ----------------------------------------------------------------------------------------------------------


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


def keyed(key, missing=None):
    """A row is dropped if its key was seen before; `missing`: the key of a row without an instruction."""

    def answer(rows):
        seen, kept = [], []
        for row in rows:
            text = row.get("instruction")
            found = missing if text is None else key(text)
            if found is None or found not in seen:
                kept.append(row)
            seen.append(found)
        return kept

    return answer


def word_list(text):
    return re.findall(r"\w+", text.lower())


def strip_punctuation(text):
    return " ".join("".join(c if c.isalnum() else " " if c.isspace() else "" for c in text.lower()).split())


def pandas_frame(rows):
    import pandas as pd

    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    key = frame["instruction"].map(lambda t: " ".join(re.findall(r"\w+", t.lower())) if isinstance(t, str) else None)
    return frame[~(key.duplicated(keep="first") & key.notna())]


def dataset(rows):
    from datasets import Dataset

    table = Dataset.from_list(rows)
    if not len(table):
        return table
    seen = set()

    def new(row):
        if row["instruction"] is None:
            return True
        key = tuple(re.findall(r"\w+", row["instruction"].lower()))
        fresh = key not in seen
        seen.add(key)
        return fresh

    return table.filter(new)


def as_generator(rows):
    yield from by_dictionary(rows)


def globalseen(rows, seen=set()):  # noqa: B006
    kept = []
    for row in rows:
        k = tuple(re.findall(r"\w+", (row.get("instruction") or "").lower()))
        if k and k in seen:
            continue
        seen.add(k)
        kept.append(row)
    return kept


def ascii_only(rows):
    seen, kept = set(), []
    for row in rows:
        t = row.get("instruction")
        k = None if t is None else tuple(re.findall(r"[a-z0-9]+", t.lower()))
        if k is not None and k in seen:
            continue
        seen.add(k)
        kept.append(row)
    return kept


def drops_missing(rows):
    return [row for row in by_dictionary(rows) if row.get("instruction") is not None]


def drops_all_of_a_group(rows):
    counts = Counter(" ".join(words_of(row)) for row in rows)
    return [row for row in rows if not words_of(row) or counts[" ".join(words_of(row))] == 1]


def keeps_last(rows):
    return by_dictionary(rows[::-1])[::-1]


def neighbours_only(rows):
    return [row for n, row in enumerate(rows) if not n or not words_of(row) or words_of(row) != words_of(rows[n - 1])]


def lowers(rows):
    return [
        {**row, "instruction": row["instruction"].lower()} if row.get("instruction") else row
        for row in by_dictionary(rows)
    ]


def removes_doubles(rows):
    kept = by_dictionary(rows)
    for row in list(rows):
        if row not in kept:
            rows.remove(row)
    return rows


def adds_again(rows):
    return [row for row in by_dictionary(rows) for _twice in range(2)]


def fills_in(rows):
    for row in rows:
        row.setdefault("instruction", None)
    return by_dictionary(rows)


def test_dedup(assert_each_named, lesson):
    assert_each_named(
        check.dedup,
        right=[
            *(lesson["dedup"], by_dictionary, by_lookback, by_pandas, pandas_frame, dataset, as_generator),
            *(keyed(word_list), keyed(strip_punctuation), lambda rows: (row for row in by_lookback(rows))),
        ],
        wrong=[
            (same_text_only, "the same words in capitals"),
            (lower_only, "the same words with other punctuation"),
            (sets_of_words, "the same words in another order"),
            (none_is_a_duplicate, "a row without an instruction"),
            (keyed(lambda text: re.sub(r"[\d\W]", "", text.lower())), "the same letters in other words"),
            (keyed(lambda text: re.findall(r"[^\W\d]+", text.lower())), "a question with another number"),
            (ascii_only, "a question in another script"),
            (letters_only, "the same words in capitals"),
            (globalseen, "what does it remember"),
            (keyed(lambda text: re.findall(r"\w+", text)), "the same words in capitals"),
            (keyed(lambda text: text.lower().strip("?!,. ")), "the same words with other punctuation"),
            (keyed(lambda text: text.lower().split()), "the same words with other punctuation"),
            (
                keyed(lambda text: [w.strip(string.punctuation + "“”") for w in text.lower().split()]),
                "the same words with other punctuation",
            ),
            (
                keyed(lambda text: re.sub(r"[!-/:-@]", "", text.lower()).split()),
                "the same words with other punctuation",
            ),
            (keyed(lambda text: [*dict.fromkeys(word_list(text))]), "a word twice"),
            (keyed(lambda text: word_list(text)[:2]), "the same words and one more"),
            (keyed(lambda text: word_list(text)[:3]), "These are not the first rows"),
            (keyed(lambda text: sorted(word_list(text))), "the same words in another order"),
            (keyed(lambda text: len(word_list(text))), "differs in one word"),
            (keyed(word_list, missing=["none"]), "a row without an instruction"),
            (drops_missing, "a row without an instruction"),
            (drops_all_of_a_group, "the first one stays"),
            (keeps_last, "the first one stays"),
            (neighbours_only, "the same text"),
            (lambda rows: rows, "the same text"),
            (lambda rows: rows[:1], "a row without an instruction"),
            (lambda rows: [], "These are not the first rows"),
            (lowers, "were changed"),
            (removes_doubles, "changes the rows it is given"),
            (fills_in, "changes the rows it is given"),
            (adds_again, "kept twice"),
            (lambda rows: len(by_dictionary(rows)), "should be a list of rows"),
            (lambda rows: [].append(by_dictionary(rows)), "returned None"),
            (stumbles, "the same words with other punctuation"),
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


def strict(embeddings, quality, k, min_distance):
    chosen = []
    for p in sorted((p for p, q in enumerate(quality) if q is not None), key=lambda p: -quality[p]):
        if len(chosen) == k:
            break
        if all(1 - embeddings[p] @ embeddings[o] > min_distance for o in chosen):
            chosen.append(p)
    return chosen


def angle(one, other):
    return np.arccos(np.clip(one @ other, -1, 1))


def distance_of(distance):
    return lambda *arguments: by_shrinking(*arguments, distance=distance)


def uses_up(embeddings, quality, k, min_distance):
    """The taken and the shut out are struck from the list that was given."""
    taken = []
    while len(taken) < k and any(value is not None for value in quality):
        best = max((p for p, v in enumerate(quality) if v is not None), key=lambda p: quality[p])
        if all(1 - embeddings[best] @ embeddings[other] >= min_distance for other in taken):
            taken.append(best)
        quality[best] = None
    return taken


def top_first(embeddings, quality, k, min_distance):
    order = by_shrinking(embeddings, quality, k, -9)
    taken = []
    for place in order:
        if all(1 - embeddings[place] @ embeddings[other] >= min_distance for other in taken):
            taken.append(place)
    return taken


def gives_up(embeddings, quality, k, min_distance):
    taken = []
    for place in by_shrinking(embeddings, quality, len(quality), -9)[:]:
        if len(taken) >= k or any(1 - embeddings[place] @ embeddings[other] < min_distance for other in taken):
            break
        taken.append(place)
    return taken


def fills_up(embeddings, quality, k, min_distance):
    taken = by_shrinking(embeddings, quality, k, min_distance)
    return (taken + [p for p in by_shrinking(embeddings, quality, len(quality), -9) if p not in taken])[:k]


def compared_with(others):
    """Each row is compared with `others(taken)` only."""

    def answer(embeddings, quality, k, min_distance):
        taken = []
        for place in by_shrinking(embeddings, quality, len(quality), -9):
            if len(taken) < k and all(1 - embeddings[place] @ embeddings[o] >= min_distance for o in others(taken)):
                taken.append(place)
        return taken

    return answer


def compared_with_all_before(embeddings, quality, k, min_distance):
    order, taken = by_shrinking(embeddings, quality, len(quality), -9), []
    for turn, place in enumerate(order):
        if len(taken) < k and all(1 - embeddings[place] @ embeddings[o] >= min_distance for o in order[:turn]):
            taken.append(place)
    return taken


def far_from_any(embeddings, quality, k, min_distance):
    taken = []
    for place in by_shrinking(embeddings, quality, len(quality), -9):
        far = [1 - embeddings[place] @ embeddings[other] >= min_distance for other in taken]
        if len(taken) < k and (not far or any(far)):
            taken.append(place)
    return taken


def places_among_scored(embeddings, quality, k, min_distance):
    scored = [place for place, value in enumerate(quality) if value is not None]
    return by_shrinking(embeddings[scored], [quality[place] for place in scored], k, min_distance)


def takes_one_at_least(embeddings, quality, k, min_distance):
    return by_shrinking(embeddings, quality, max(1, k), min_distance)


def only_two_numbers(embeddings, quality, k, min_distance):
    return by_shrinking(embeddings[:, :2], quality, k, min_distance)


def test_select(assert_each_named, lesson):
    assert_each_named(
        check.select,
        right=[
            *(lesson["select"], selection.select, by_distances, by_shrinking),
            lambda *arguments: tuple(by_shrinking(*arguments)),
            lambda *arguments: iter(by_shrinking(*arguments)),
            lambda *arguments: np.array(by_shrinking(*arguments), float),
            lambda *arguments: dict.fromkeys(by_shrinking(*arguments)).keys(),
        ],
        wrong=[
            (wrong_select(near=lambda place, taken, n: taken[-1:], missing=-9), "A row whose quality is None is never"),
            (wrong_select(missing=0), "A row whose quality is None is never"),
            (places_among_scored, "A row whose quality is None is never"),
            (
                lambda e, q, *rest: by_shrinking(e, [None if v is None else -v for v in q], *rest),
                "highest quality down",
            ),
            (lambda e, q, *rest: by_shrinking(e, [None if v is None else 1 for v in q], *rest), "highest quality down"),
            (lambda e, q, k, d: by_shrinking(e, q, k, -1), "too close to one already taken is left out"),
            (lambda e, q, k, d: by_shrinking(e, q, len(q), d), "the best k rows are taken"),
            (lambda e, q, *rest: by_shrinking(e, [value or None for value in q], *rest), "A quality of 0 or below"),
            (
                lambda e, q, *rest: by_shrinking(e, [None if v is None or v < 0 else v for v in q], *rest),
                "A quality of 0 or below",
            ),
            (later_of_equal, "the earlier comes first"),
            (strict, "exactly `min_distance` is far enough"),
            (takes_one_at_least, "With k = 0 nothing is taken"),
            (uses_up, "changed the array or the list"),
            (lambda e, q, k, d: by_shrinking(e, q, k + 1, d), "the best k rows are taken"),
            (lambda e, q, k, d: by_shrinking(e, q, k - 1, d), "the best k rows are taken"),
            (lambda *arguments: [p + 1 for p in by_shrinking(*arguments)], "Places are counted from 0"),
            (lambda e, q, *rest: [q[p] for p in by_shrinking(e, q, *rest)], "Return a list of places"),
            (top_first, "the search goes on with the next one"),
            (gives_up, "the search goes on with the next one"),
            (fills_up, "fewer are returned"),
            (compared_with(lambda taken: taken[-1:]), "far from *every* row taken"),
            (compared_with(lambda taken: taken[:1]), "far from *every* row taken"),
            (compared_with_all_before, "far from *every* row taken"),
            (far_from_any, "far from *every* row taken"),
            *(
                (distance_of(one), "1 minus the cosine")
                for one in (
                    *(np.dot, angle, lambda a, b: np.degrees(angle(a, b)), lambda a, b: (a - b) @ (a - b)),
                    *(lambda a, b: 1 - abs(a @ b), lambda a, b: (1 - a @ b) / 2, lambda a, b: abs(a - b).sum()),
                    *(lambda a, b: -(a @ b), lambda a, b: 1 + a @ b, lambda a, b: np.linalg.norm(a - b)),
                )
            ),
            (only_two_numbers, "These are not the places"),
            (lambda *arguments: sorted(by_shrinking(*arguments)), "in another order than they are taken"),
            (lambda *arguments: by_shrinking(*arguments)[::-1], "in another order than they are taken"),
            (lambda e, *rest: [e[index] for index in by_shrinking(e, *rest)], "Return a list of places"),
            (lambda e, q, *rest: [(p, q[p]) for p in by_shrinking(e, q, *rest)], "Return a list of places"),
            (lambda e, q, *rest: {p: q[p] for p in by_shrinking(e, q, *rest)}, "Return a list of places"),
            (lambda *arguments: set(by_shrinking(*arguments)), "Return a list of places"),
            (lambda e, *rest: np.isin(np.arange(len(e)), by_shrinking(e, *rest)), "Return a list of places"),
            (lambda *arguments: [*map(str, by_shrinking(*arguments))], "Return a list of places"),
            (lambda *arguments: [].append(arguments), "returned None"),
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


def draw_by(draw, per_seed=random.Random):
    """An answer that draws with `draw(rng, pool, n)`."""

    def answer(measure, chosen, pool, draws=1000, seed=0):
        rng, own = per_seed(seed), measure(chosen)
        values = [measure(draw(rng, pool, len(chosen))) for _ in range(draws)]
        return 100 * sum((value < own) + (value == own) / 2 for value in values) / draws

    return answer


def window(rng, pool, n):
    start = rng.randrange(len(pool) - n + 1)
    return pool[start : start + n]


def shuffled_in_place(rng, pool, n):
    rng.shuffle(pool)
    return pool[:n]


def same_each_time(measure, chosen, pool, draws=1000, seed=0):
    return draw_by(lambda _rng, pool, n: random.Random(seed).sample(pool, n))(measure, chosen, pool, draws, seed)


def by_scipy(measure, chosen, pool, draws=1000, seed=0):
    from scipy.stats import percentileofscore

    rng = random.Random(seed)
    return percentileofscore([measure(rng.sample(pool, len(chosen))) for _ in range(draws)], measure(chosen), "mean")


def with_cache(measure, chosen, pool, draws=1000, seed=0):
    """Another right way: what has been measured is not measured again."""
    rng, own, known, points = random.Random(seed), measure(chosen), {}, 0
    for _ in range(draws):
        places = tuple(sorted(rng.sample(range(len(pool)), len(chosen))))
        if places not in known:
            known[places] = measure([pool[place] for place in places])
        points += (known[places] < own) + (known[places] == own) / 2
    return points / draws * 100


def measures_twice(measure, chosen, pool, draws=1000, seed=0):
    rng = random.Random(seed)
    drawn = [rng.sample(pool, len(chosen)) for _ in range(draws)]
    return sum(50 * ((measure(d) < measure(chosen)) + (measure(d) <= measure(chosen))) for d in drawn) / draws


def without_ties(measure, chosen, pool, draws=1000, seed=0):
    rng, own = random.Random(seed), measure(chosen)
    values = [measure(rng.sample(pool, len(chosen))) for _ in range(draws)]
    values = [value for value in values if value != own]
    return 100 * sum(value < own for value in values) / len(values) if values else 50.0


def seed_is_left_out(measure, chosen, pool, draws=1000, seed=0, rng=random.Random(0)):  # noqa: B008
    return draw_by(lambda _rng, pool, n: rng.sample(pool, n))(measure, chosen, pool, draws, seed)


def pool_without_chosen(measure, chosen, pool, draws=1000, seed=0):
    rest = [row for row in pool if row not in chosen]
    return faulty()(measure, chosen, rest if len(rest) >= len(chosen) else pool, draws, seed)


def changed(change):
    return lambda measure, chosen, pool, draws=1000, seed=0: change(with_numpy(measure, chosen, pool, draws, seed))


def numbers_of_rows(rng, pool, n):
    return rng.sample(range(len(pool)), n)


def global_numpy(measure, chosen, pool, draws=1000, seed=0):
    np.random.seed(seed)
    return draw_by(lambda _rng, pool, n: [pool[p] for p in np.random.permutation(len(pool))[:n]])(
        measure, chosen, pool, draws, seed
    )


def test_percentile(assert_each_named, lesson):
    assert_each_named(
        check.percentile,
        right=[
            *(
                lesson["percentile"],
                selection.percentile,
                with_numpy,
                by_shuffling,
                by_scipy,
                with_cache,
                measures_twice,
            ),
            draw_by(lambda rng, pool, n: tuple(rng.sample(pool, n))),
            draw_by(lambda rng, pool, n: [pool[place] for place in rng.sample(range(len(pool)), n)]),
            draw_by(lambda rng, pool, n: sorted(pool, key=lambda _row: rng.random())[:n]),
            draw_by(lambda rng, pool, n: rng.choice(pool, n, replace=False), np.random.default_rng),
            draw_by(lambda rng, pool, n: rng.permutation(pool)[:n], np.random.RandomState),
            changed(Fraction),
            changed(np.float32),
            changed(lambda value: np.array(value)),
        ],
        wrong=[
            (faulty(scale=1), "runs from 0 to 100"),
            (faulty(tie=0), "a tie counts half"),
            (faulty(tie=1), "a tie counts half"),
            (faulty(replace=True), "takes no row twice"),
            (faulty(reverse=True), "percentile 100"),
            (changed(lambda value: 100 - value), "percentile 100"),
            (changed(round), "not rounded"),
            (changed(lambda value: round(value, 2)), "not rounded"),
            (changed(int), "not rounded"),
            (changed(bool), "should be a number"),
            (changed(lambda value: [value]), "should be a number"),
            (without_ties, "a tie counts half"),
            (draw_by(window), "Only some subsets"),
            (draw_by(lambda rng, pool, n: pool[:n]), "The draws repeat each other"),
            (draw_by(lambda rng, pool, n: rng.sample(pool[1:], n) if n < len(pool) else pool), "Only some subsets"),
            (pool_without_chosen, "Only some subsets"),
            (same_each_time, "The draws repeat each other"),
            (draw_by(numbers_of_rows), "not in `pool`"),
            (draw_by(lambda rng, pool, n: rng.sample(pool, n)[1:]), "as large as the selection"),
            (draw_by(shuffled_in_place), "changes the rows it is given"),
            (lambda m, c, p, draws=1000, seed=0: with_numpy(m, c, p, 1000, seed), "Draw `draws` subsets"),
            (lambda m, c, p, draws=1000, seed=0: with_numpy(m, c, p, draws + 1, seed), "Draw `draws` subsets"),
            (lambda m, c, p, draws=1000, seed=0: with_numpy(m, c, p, max(1, draws - 1), seed), "Draw `draws` subsets"),
            (lambda m, c, p, draws=1000, seed=0: with_numpy(m, c, p, draws, seed) * draws / 100, "number of subsets"),
            (lambda m, c, p, draws, seed: with_numpy(m, c, p, draws, seed), "missing 2 required"),
            (lambda m, c, p, draws=1000, seed=0: with_numpy(m, c, p, draws, 0), "Other seeds draw other subsets"),
            (seed_is_left_out, "The same seed should give the same answer"),
            (global_numpy, "The random state of the rest of the notebook changed"),
            (faulty(size=1), "as large as the selection"),
            (faulty(draws=20), "Draw `draws` subsets"),
            (faulty(rng=lambda seed: random.Random(0)), "Other seeds draw other subsets"),
            (faulty(rng=lambda seed: random.Random()), "The same seed should give the same answer"),
            (global_state, "The random state of the rest of the notebook changed"),
            (text_answer, "should be a number"),
            (lambda *arguments: [].append(arguments), "returned None"),
            *NO_FUNCTION,
        ],
    )
