"""Every check of lesson 01, both ways."""

from __future__ import annotations

import random

import numpy as np

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


def test_pairs(assert_each_named, lesson):
    assert_each_named(
        check.pairs,
        right=[
            (lesson["prompts"], lesson["to_pairs"]),
            (tuple(EIGHT), with_loop),
            (tuple(EIGHT), as_dataset),
            (tuple(EIGHT), as_generator),
        ],
        wrong=[
            ((EIGHT, keeps_all), "without a generation"),
            ((EIGHT, keeps_spaces), "empty completion"),
            ((EIGHT, drops_the_word_none), "'None' is a generation"),
            ((EIGHT, no_strip), "spaces or line breaks"),
            ((EIGHT, other_keys), "lacks the column"),
            ((EIGHT, mutates), "changed the rows"),
            ((EIGHT, reverses), "order changed"),
            ((EIGHT, forgets_to_return), "forget to return"),
            ((EIGHT, lambda rows: rows[0]["missing"]), "KeyError"),
            ((EIGHT[:7], with_loop), "should have eight texts"),
            (([*EIGHT[:7], EIGHT[0].upper()], with_loop), "are the same"),
            (([*EIGHT[:7], " "], with_loop), "something in it"),
            (("one text", with_loop), "list of eight"),
        ],
    )


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


def test_distinct_share(assert_each_named, lesson):
    assert_each_named(
        check.distinct_share,
        right=[lesson["distinct_share"], pooled, with_numpy],
        wrong=[
            (lambda texts, n: 100 * pooled(texts, n), "percentage"),
            (lambda texts, n: len({g for t in texts for g in grams(t, n)}), "number of different runs"),
            (per_text, "each text by itself"),
            (lambda texts, n: pooled([" ".join(texts)], n), "cross from one text"),
            (lambda texts, n: pooled(texts, n if len(texts) < 2 else 1), "single words"),
            (
                lambda texts, n: len({g for t in texts for g in grams(t, n)}) / sum(len(grams(t, n)) for t in texts),
                "ZeroDivisionError",
            ),
            (forgets_to_return, "returned None"),
            (lambda texts, n: 0.0, "the share is different"),
            (lambda texts, n: pooled(texts, min(n, 2)), "three runs"),
            (case_sensitive, "same word"),
        ],
    )


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
    rng = random.Random(seed)
    every = [f.format(topic=t, beginning=b) for t in topics for b in beginnings for f in formats]
    if k > len(every):
        raise ValueError("too many")
    return rng.sample(every[:8], min(k, 7)) if k < 8 else rng.sample(every, k)


def no_error(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, min(k, 12), seed)


def index_error(topics, beginnings, formats, k, seed):
    return [turns(topics, beginnings, formats, min(k, 12), seed)[i] for i in range(k)]


def unseeded(topics, beginnings, formats, k, seed):
    return turns(topics, beginnings, formats, k, None, rng=random.Random())


def test_build_prompts(assert_each_named, lesson):
    assert_each_named(
        check.build_prompts,
        right=[lesson["build_prompts"], turns, with_numpy_generator],
        wrong=[
            (global_state, "global random state"),
            (no_seed, "seed is not used"),
            (repeats, "comes twice"),
            (unbalanced, "not balanced"),
            (no_error, "raised no ValueError"),
            (index_error, "ValueError is wanted"),
            (unseeded, "two different lists"),
            (lambda *args, **kwargs: [str(n) for n in range(7)], "not one of the formats"),
            (lambda *args, **kwargs: ["x"], "not k"),
            (forgets_to_return, "returned None"),
        ],
    )


def test_build_prompts_leaves_the_global_state_as_it_was(card):
    before = random.getstate()
    card(check.build_prompts, global_state)
    assert random.getstate() == before
