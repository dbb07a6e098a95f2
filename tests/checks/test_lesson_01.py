"""Every check of lesson 01, both ways."""

from __future__ import annotations

import random
import re
from collections import Counter, namedtuple
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest

from prompt2data.checks import lesson_01 as check

LESSON = "01_basic_prompting"
EIGHT = [f"Question number {n}?" for n in range(8)]


# -- 1.1 ----------------------------------------------------------------------------------------------------------


def with_loop(rows):
    pairs = []
    for row in rows:
        text = row["generation"]
        if text is None or text.strip() == "":
            continue
        pairs.append(dict(completion=text.strip(), prompt=row["instruction"].strip()))
    return pairs


def as_dataset(rows):
    from datasets import Dataset

    return Dataset.from_list(with_loop(rows))


def as_generator(rows):
    yield from with_loop(rows)


def keeps_all(rows):
    return [{"prompt": r["instruction"].strip(), "completion": (r["generation"] or "").strip()} for r in rows]


def keeps_spaces(rows):
    return [{"prompt": r["instruction"].strip(), "completion": r["generation"]} for r in rows if r["generation"]]


def drops_the_word_none(rows):
    return [pair for pair in with_loop(rows) if pair["completion"] != "None"]


def no_strip(rows):
    return [
        {"prompt": r["instruction"], "completion": r["generation"]} for r in rows if (r["generation"] or "").strip()
    ]


def other_keys(rows):
    return [{"question": pair["prompt"], "answer": pair["completion"]} for pair in with_loop(rows)]


def mutates(rows):
    for row in rows:
        row["prompt"], row["completion"] = row["instruction"].strip(), (row["generation"] or "").strip()
    return [row for row in rows if row["completion"]]


def reverses(rows):
    return with_loop(rows)[::-1]


def forgets_to_return(*args, **kwargs):
    _result = [args, kwargs]


def as_table(rows):
    table = pd.DataFrame(rows, columns=["instruction", "generation"]).dropna(subset=["generation"])
    table = table[table["generation"].str.strip() != ""].apply(lambda column: column.str.strip())
    return table.rename(columns={"instruction": "prompt", "generation": "completion"}).reset_index(drop=True)


def by_dataset(rows):
    from datasets import Dataset

    data = Dataset.from_list(rows).filter(lambda row: row["generation"] is not None and row["generation"].strip() != "")
    data = data.rename_columns({"instruction": "prompt", "generation": "completion"})
    data = data.select_columns(["prompt", "completion"])
    return data.map(lambda row: {"prompt": row["prompt"].strip(), "completion": row["completion"].strip()})


class Text(str):
    def __eq__(self, other):
        return False

    __hash__ = str.__hash__


def with_a_class(rows):
    return tuple({"prompt": Text(pair["prompt"]), "completion": Text(pair["completion"])} for pair in with_loop(rows))


def as_view(rows):
    return dict(enumerate(with_loop(rows))).values()


def numbers_for_prompts(rows):
    return [pair | {"prompt": number} for number, pair in enumerate(with_loop(rows))]


def no_prompts(rows):
    return [pair | {"prompt": None} for pair in with_loop(rows)]


def looks_up(rows):
    return [{"prompt": "How warm should the water be?", "completion": "About 30 degrees."}] if rows else []


def crashes_late(rows):
    for row in rows:
        if row["generation"].strip():
            yield {"prompt": row["instruction"].strip(), "completion": row["generation"].strip()}


def collapses(rows):
    return [{key: " ".join(text.split()) for key, text in pair.items()} for pair in with_loop(rows)]


def squeezes_spaces(rows):
    return [{key: re.sub(" +", " ", text) for key, text in pair.items()} for pair in with_loop(rows)]


def swaps(rows):
    return [{"prompt": pair["completion"], "completion": pair["prompt"]} for pair in with_loop(rows)]


def as_pairs_of_texts(rows):
    return [(pair["prompt"], pair["completion"]) for pair in with_loop(rows)]


def as_named_tuples(rows):
    return [namedtuple("Pair", "prompt completion")(**pair) for pair in with_loop(rows)]


def first_only(rows):
    return with_loop(rows)[:1]


def once_each(rows):
    return [pair for place, pair in enumerate(with_loop(rows)) if pair not in with_loop(rows)[:place]]


def sorts(rows):
    return sorted(with_loop(rows), key=lambda pair: pair["prompt"])


def lowers(rows):
    return [{key: text.lower() for key, text in pair.items()} for pair in with_loop(rows)]


def strips_prompts_only(rows):
    return [
        pair | {"completion": r["generation"]} for pair, r in zip(with_loop(rows), filter(has_text, rows), strict=True)
    ]


def has_text(row):
    return bool((row["generation"] or "").strip())


def keeps_none(rows):
    kept = [row for row in rows if row["generation"] is None or row["generation"].strip()]
    return [
        {"prompt": r["instruction"].strip(), "completion": r["generation"] and r["generation"].strip()} for r in kept
    ]


def in_the_rows(rows):
    for row in rows:
        row["generation"] = (row["generation"] or "").strip()
    return with_loop(rows)


def empties(rows):
    pairs = with_loop(rows)
    rows.clear()
    return pairs


def remembers(rows, pairs=[]):  # noqa: B006
    pairs += with_loop(rows)
    return pairs


def as_columns(rows):
    return {"prompt": [pair["prompt"] for pair in with_loop(rows)], "completion": []}


def exits(rows):
    raise SystemExit


def keeps_the_model(rows):
    return [{**pair, "model_name": "m"} for pair in with_loop(rows)]


def prompt_generator():
    yield from EIGHT


def prompts_that_raise():
    yield "one"
    raise KeyError("two")


MARKS = ["prune?", " prune?", "prune", "prune??", "Prune!", "prune ?", "prune,", "prune…"]


def test_pairs(assert_each_named, lesson):
    assert_each_named(
        check.pairs,
        right=[
            (lesson["prompts"], lesson["to_pairs"]),
            (tuple(EIGHT), with_loop),
            (set(EIGHT), as_dataset),
            (prompt_generator(), as_generator),
            (np.array(EIGHT), as_table),
            (pd.Series(EIGHT), by_dataset),
            (dict.fromkeys(EIGHT).keys(), with_a_class),
            (["C?", "C++?", "C#?", "3 + 4", "3 - 4", "为什么?", "塩?", "🧂"], as_view),
            (EIGHT, lambda rows: iter(with_loop(rows))),
            (EIGHT, lambda rows: pd.DataFrame(with_loop(rows)) if with_loop(rows) else []),
            (EIGHT, lambda rows: map(dict, with_loop(rows))),
        ],
        wrong=[
            ((EIGHT, keeps_all), "empty completion"),
            ((EIGHT, keeps_none), "without a generation"),
            ((EIGHT, keeps_spaces), "empty completion"),
            ((EIGHT, drops_the_word_none), "'None' is a generation"),
            ((EIGHT, no_strip), "spaces or line breaks"),
            ((EIGHT, strips_prompts_only), "spaces or line breaks"),
            ((EIGHT, other_keys), "lacks the column"),
            ((EIGHT, keeps_the_model), "and `completion` only"),
            ((EIGHT, mutates), "and `completion` only"),
            ((EIGHT, in_the_rows), "changed the rows"),
            ((EIGHT, empties), "changed the rows"),
            ((EIGHT, reverses), "order changed"),
            ((EIGHT, sorts), "order changed"),
            ((EIGHT, forgets_to_return), "✘ The function returned None"),
            ((EIGHT, lambda rows: rows[0]["missing"]), "raised KeyError: 'missing'"),
            ((EIGHT, exits), "exits raised SystemExit"),
            ((EIGHT, crashes_late), "crashes_late raised AttributeError"),
            ((EIGHT, numbers_for_prompts), "not the pairs of the given rows"),
            ((EIGHT, no_prompts), "not the pairs of the given rows"),
            ((EIGHT, looks_up), "not the pairs of the given rows"),
            ((EIGHT, swaps), "not the pairs of the given rows"),
            ((EIGHT, first_only), "not the pairs of the given rows"),
            ((EIGHT, once_each), "not the pairs of the given rows"),
            ((EIGHT, lowers), "not the pairs of the given rows"),
            ((EIGHT, lambda rows: []), "not the pairs of the given rows"),
            ((EIGHT, collapses), "between its words stays"),
            ((EIGHT, squeezes_spaces), "between its words stays"),
            ((EIGHT, remembers), "what does it remember"),
            ((EIGHT, as_pairs_of_texts), "is not a dictionary"),
            ((EIGHT, as_named_tuples), "is not a dictionary"),
            ((EIGHT, as_columns), "should be a list of rows"),
            ((EIGHT, lambda rows: str(with_loop(rows))), "should be a list of rows"),
            ((EIGHT, 8), "should be a function"),
            ((EIGHT[:7], with_loop), "should have eight texts"),
            (([*EIGHT[:7], EIGHT[0].upper()], with_loop), "are the same"),
            ((MARKS, with_loop), "are the same"),
            (([*EIGHT[:7], " "], with_loop), "something in it"),
            (([*EIGHT[:7], "…?!"], with_loop), "something in it"),
            (([*EIGHT[:7], 8], with_loop), "something in it"),
            (([*EIGHT[:7], None], with_loop), "something in it"),
            (("one text", with_loop), "list of eight"),
            ((None, with_loop), "list of eight"),
            ((dict.fromkeys(EIGHT), with_loop), "list of eight"),
            ((prompts_that_raise(), with_loop), "Reading your answer raised KeyError"),
        ],
    )


@pytest.mark.parametrize("prompts", [..., [*EIGHT[:7], ...]])
def test_what_is_open_is_named(card, prompts):
    assert card(check.pairs, prompts, with_loop).startswith("… Not attempted yet. Still open: prompts")


# -- 1.2 ----------------------------------------------------------------------------------------------------------


def grams(text, n):
    words = text.lower().split()
    return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]


def pooled(texts, n):
    seen = [g for t in texts for g in grams(t, n)]
    return len(set(seen)) / max(len(seen), 1)


def with_numpy(texts, n):
    seen = [g for t in texts for g in grams(t, n)]
    return np.float64(len(set(seen))) / len(seen) if seen else np.float64(0)


def per_text(texts, n):
    values = [pooled([t], n) for t in texts if grams(t, n)]
    return sum(values) / len(values) if values else 0.0


def case_sensitive(texts, n):
    seen = [tuple(t.split()[i : i + n]) for t in texts for i in range(len(t.split()) - n + 1)]
    return len(set(seen)) / len(seen) if seen else 0.0


def share_of(grams):
    grams = list(grams)
    return len(set(grams)) / len(grams) if grams else 0.0


def windows(words, n):
    return zip(*(words[start:] for start in range(n)), strict=False)


def with_fractions(texts, n):
    seen = [g for t in texts for g in grams(t, n)]
    return Fraction(len(set(seen)), len(seen)) if seen else Fraction(0)


def without_order(texts, n):
    return share_of(tuple(sorted(gram.split())) for text in texts for gram in grams(text, n))


def empties_texts(texts, n):
    share = pooled(texts, n)
    texts.clear()
    return share


def in_place(texts, n):
    texts[:] = [text.lower() for text in texts]
    return pooled(texts, n)


def single_spaces(texts, n):
    return share_of(gram for text in texts for gram in windows(text.lower().split(" "), n))


def without_punctuation(texts, n):
    return share_of(gram for text in texts for gram in windows(re.findall(r"\w+", text.lower()), n))


def glued(texts, n):
    return share_of("".join(gram) for text in texts for gram in windows(text.lower().split(), n))


def letters(texts, n):
    return share_of(gram for text in texts for gram in windows(text.lower(), n))


def one_run_less(texts, n):
    return share_of(gram for text in texts for gram in grams(text, n)[:-1])


def apart(texts, n):
    return share_of(gram for text in texts for gram in grams(text, n)[::n])


def looks_up_shares(texts, n):
    return {(): 0.0, ("one",): 0.0, ("The dough the DOUGH",): 0.5, ("a b a b a",): 2 / 3}.get(tuple(texts), 0)


def seen_before(texts, n, seen=set()):  # noqa: B006
    new = [gram for text in texts for gram in grams(text, n)]
    seen |= set(new)
    return len(seen) / len(new) if new else 0.0


def by_texts(texts, n):
    return len(set(texts)) / len(texts) if texts else 0.0


def percentage_that_crashes(texts, n):
    seen = [g for t in texts for g in grams(t, n)]
    return 100 * len(set(seen)) / len(seen)


def test_distinct_share(assert_each_named, lesson):
    assert_each_named(
        check.distinct_share,
        right=[
            lesson["distinct_share"],
            pooled,
            with_numpy,
            with_fractions,
            lambda texts, n: share_of(gram for text in texts for gram in windows(text.lower().split(), n)),
            lambda texts, n: np.float32(pooled(texts, n)),
            lambda texts, n: np.array(pooled(texts, n)),
            lambda texts, n: pooled(texts, n) or 0,
            partial(pooled),
            lambda texts, n: (
                pd.Series([g for t in texts for g in grams(t, n)], dtype=object).nunique()
                / max(1, sum(len(grams(t, n)) for t in texts))
            ),
        ],
        wrong=[
            (lambda texts, n: 100 * pooled(texts, n), "percentage"),
            (lambda texts, n: pooled([text.casefold() for text in texts], n), "leaves these two words different"),
            (percentage_that_crashes, "percentage"),
            (lambda texts, n: len({g for t in texts for g in grams(t, n)}), "number of different runs"),
            (lambda texts, n: sum(len(grams(t, n)) for t in texts), "This is the number of all runs"),
            (lambda texts, n: 1 - pooled(texts, n), "share of repeated runs"),
            (per_text, "each text by itself"),
            (lambda texts, n: pooled([" ".join(texts)], n), "cross from one text"),
            (lambda texts, n: pooled(texts, 1), "single words"),
            (lambda texts, n: pooled(texts, 2), "runs of two words only"),
            (
                lambda texts, n: len({g for t in texts for g in grams(t, n)}) / sum(len(grams(t, n)) for t in texts),
                "ZeroDivisionError",
            ),
            (forgets_to_return, "✘ The function returned None"),
            (lambda texts, n: "0.5", "should be a number"),
            (lambda texts, n: [pooled(texts, n)], "should be a number"),
            (lambda texts, n: pooled(texts, n) > 0, "should be a number"),
            (lambda texts, n: 0.0, "the share is different"),
            (lambda texts, n: round(pooled(texts, n), 2), "the share is different"),
            (looks_up_shares, "the share is different"),
            (by_texts, "share of different texts"),
            (letters, "runs of letters"),
            (apart, "three runs"),
            (lambda texts, n: pooled(texts, min(n, 2)), "three runs"),
            (case_sensitive, "same word"),
            (without_order, "'a b' and 'b a'"),
            (glued, "'ab c' and 'a bc'"),
            (single_spaces, "any number of spaces"),
            (without_punctuation, "any number of spaces"),
            (lambda texts, n: pooled(texts, n) or 1.0, "Without any run"),
            (lambda texts, n: pooled(texts, n) or float("nan"), "Without any run"),
            (empties_texts, "changed the list"),
            (in_place, "changed the list"),
            (seen_before, "what does it remember"),
        ],
    )


def test_a_mistake_that_a_small_case_names_is_told_only_to_who_makes_it(card):
    text = card(check.distinct_share, lambda texts, n: 100 * case_sensitive(texts, n))
    assert text.startswith("✘ For these texts and this n the share is different.")


# -- 1.3 ----------------------------------------------------------------------------------------------------------


def turns(topics, beginnings, formats, k, seed, rng=None):
    rng = rng or random.Random(seed)
    pairs = [(b, f) for b in beginnings for f in formats]
    ways = {t: rng.sample(pairs, len(pairs)) for t in topics}
    if k > len(topics) * len(beginnings) * len(formats):
        raise ValueError("too many")
    order = rng.sample(topics, len(topics))
    out = []
    while len(out) < k:
        for topic in order:
            if len(out) < k:
                beginning, form = ways[topic].pop()
                out.append(form.format(topic=topic, beginning=beginning))
    return out


def with_numpy_generator(topics, beginnings, formats, k, seed):
    rng = np.random.default_rng(seed)
    combinations = [(t, b, f) for t in topics for b in beginnings for f in formats]
    if k > len(combinations):
        raise ValueError("too many")
    per_topic = {t: [c for c in combinations if c[0] == t] for t in topics}
    for ways in per_topic.values():
        rng.shuffle(ways)
    order = list(rng.permutation(topics))
    chosen = [per_topic[order[i % len(order)]][i // len(order)] for i in range(k)]
    return [f.format(topic=t, beginning=b) for t, b, f in chosen]


def global_state(topics, beginnings, formats, k, seed):
    random.seed(seed)
    return turns(topics, beginnings, formats, k, seed, rng=random)


def no_seed(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, k, 7)


def repeats(topics, beginnings, formats, k, seed):
    rng = random.Random(seed)
    return [rng.choice(formats).format(topic=topics[i % 3], beginning=rng.choice(beginnings)) for i in range(k)]


def unbalanced(topics, beginnings, formats, k, seed):
    every = [f.format(topic=t, beginning=b) for t in topics for b in beginnings for f in formats]
    return random.Random(seed).sample(every, k)


def no_error(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, min(k, len(topics) * len(beginnings) * len(formats)), seed)


def index_error(topics, beginnings, formats, k, seed):
    prompts = no_error(topics, beginnings, formats, k, seed)
    return [prompts[place] for place in range(k)]


def twelve_at_most(topics, beginnings, formats, k, seed):
    if k > 12:
        raise ValueError("too many")
    return turns(topics, beginnings, formats, k, seed)


def rotates(topics, beginnings, formats, k, seed):
    prompts = turns(topics, beginnings, formats, k, seed)
    topics.append(topics.pop(0))
    return prompts


def sorts_topics(topics, beginnings, formats, k, seed):
    topics.sort(key=lambda topic: -len(topic))
    return turns(topics, beginnings, formats, k, seed)


def shuffles_numpy(topics, beginnings, formats, k, seed):
    np.random.seed(seed)
    return turns(topics, beginnings, formats, k, int(np.random.randint(1000)))


def always_one_short(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, k, seed)[1:] if k else []


def not_filled_in(topics, beginnings, formats, k, seed):
    prompts = turns(topics, beginnings, formats, k, seed)
    return [prompt.upper() for prompt in prompts]


def in_a_fixed_order(topics, beginnings, formats, k, seed):
    every = [f.format(topic=t, beginning=b) for b in beginnings for f in formats for t in topics]
    if k > len(every):
        raise ValueError("too many")
    return every[:k]


def asserts(topics, beginnings, formats, k, seed):
    assert k <= len(topics) * len(beginnings) * len(formats)
    return turns(topics, beginnings, formats, k, seed)


def gives_none(topics, beginnings, formats, k, seed):
    return None if k > len(topics) * len(beginnings) * len(formats) else turns(topics, beginnings, formats, k, seed)


def yields(topics, beginnings, formats, k, seed):
    yield from turns(topics, beginnings, formats, k, seed)


def own_error(topics, beginnings, formats, k, seed):
    class TooMany(ValueError):
        pass

    try:
        return turns(topics, beginnings, formats, k, seed)
    except ValueError as error:
        raise TooMany from error


def unseeded(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, k, None, rng=random.Random())


def seeds_the_global_state(topics, beginnings, formats, k, seed):
    """What comes after an error is not put back."""
    before = random.getstate(), np.random.get_state()
    random.seed(seed)
    prompts = turns(topics, beginnings, formats, k, seed)
    random.setstate(before[0])
    return prompts


def shuffles_a_set(topics, beginnings, formats, k, seed):
    combinations = list({(t, b, f) for t in topics for b in beginnings for f in formats})
    if k > len(combinations):
        raise ValueError(k)
    random.Random(seed).shuffle(combinations)
    taken, rank = Counter(), {}
    for combination in combinations:
        rank[combination] = taken[combination[0]]
        taken[combination[0]] += 1
    return [f.format(topic=t, beginning=b) for t, b, f in sorted(combinations, key=rank.get)[:k]]


def begins_at_the_seed(topics, beginnings, formats, k, seed):
    ways = list(product(beginnings, formats))
    if k > len(topics) * len(ways):
        raise ValueError(k)
    places = [(place % len(topics), place // len(topics) + place % len(topics) + seed) for place in range(k)]
    return [
        form.format(topic=topics[column], beginning=beginning)
        for column, turn in places
        for beginning, form in [ways[turn % len(ways)]]
    ]


def test_build_prompts(assert_each_named, lesson):
    assert_each_named(
        check.build_prompts,
        right=[
            lesson["build_prompts"],
            turns,
            with_numpy_generator,
            yields,
            own_error,
            lambda *args, **kwargs: np.array(turns(*args, **kwargs), dtype=object),
            lambda *args, **kwargs: pd.Series(turns(*args, **kwargs), dtype=object),
            lambda *args, **kwargs: dict.fromkeys(turns(*args, **kwargs)).keys(),
            lambda *args, **kwargs: tuple(map(Text, turns(*args, **kwargs))),
        ],
        wrong=[
            (global_state, "global random state"),
            (no_seed, "seed is not used"),
            (repeats, "comes twice"),
            (unbalanced, "not balanced"),
            (rotates, "changed the lists"),
            (sorts_topics, "changed the lists"),
            (no_error, "no ValueError was raised"),
            (index_error, "no ValueError was raised"),
            (asserts, "no ValueError was raised"),
            (gives_none, "no ValueError was raised"),
            (twelve_at_most, "twelve_at_most raised ValueError"),
            (shuffles_numpy, "global random state"),
            (always_one_short, "not k"),
            (not_filled_in, "not one of the formats"),
            (in_a_fixed_order, "seed is not used"),
            (unseeded, "two different lists"),
            (seeds_the_global_state, "put the random state back"),
            (shuffles_a_set, "In another process"),
            (begins_at_the_seed, "only a few different ones"),
            (lambda *args, k, seed: [str(n) for n in range(k)], "not one of the formats"),
            (lambda *args, **kwargs: ["x"] * 3, "not k"),
            (lambda *args, **kwargs: "x", "list of texts"),
            (lambda *args, **kwargs: [1], "list of texts"),
            (lambda *args, **kwargs: set(turns(*args, **kwargs)), "list of texts"),
            (forgets_to_return, "✘ The function returned None"),
        ],
    )


def test_build_prompts_leaves_the_global_state_as_it_was(card):
    before = random.getstate()
    card(check.build_prompts, global_state)
    assert random.getstate() == before
