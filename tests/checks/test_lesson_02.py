"""Every check of lesson 02, both ways."""

from __future__ import annotations

import random
import re
from itertools import groupby

import numpy as np
import pandas as pd
from rouge_score import rouge_scorer

from prompt2data.checks import lesson_02 as check
from prompt2data.metrics import nearest, rouge_l
from prompt2data.quality.instructions import clean

LESSON = "02_self_instruct"
MARK = r"^\s*(\d+[.)]|[-*•])\s+"


def forgets_to_return(*args, **kwargs):
    _result = [args, kwargs]


# -- 2.1 ----------------------------------------------------------------------------------------------------------


def with_loop(lines):
    texts = []
    for line in lines:
        first, space, rest = line.strip().partition(" ")
        if space and (first in "-*•" or (first[:-1].isdigit() and first[-1] in ".)")):
            line = rest
        if line.strip() and line.strip() not in texts:
            texts.append(line.strip())
    return texts


def as_generator(lines):
    yield from clean(lines)


def cleaning(pattern):
    return lambda lines: list(dict.fromkeys(t for line in lines if (t := re.sub(pattern, "", line).strip())))


def repeats_before_cleaning(lines):
    return [text for line in dict.fromkeys(lines) if (text := re.sub(MARK, "", line).strip())]


def mutates(lines):
    lines[:] = clean(lines)
    return lines


def with_crash_later(lines):
    seen = []
    for line in lines:
        text = re.sub(MARK, "", line).strip()
        if text[0] and text not in seen:
            seen.append(text)
            yield text


def all_marks_off(lines):
    out = []
    for line in lines:
        text = line.strip()
        while (shorter := re.sub(r"^(\d+[.)]|[-*•])\s+", "", text)) != text:
            text = shorter
        out += [text] if text and text not in out else []
    return out


def neighbors_only(lines):
    texts = (re.sub(MARK, "", line).strip() for line in lines)
    return [text for text, _same in groupby(filter(None, texts))]


def any_spelling(lines):
    return list({text.lower(): text for text in clean(lines)[::-1]}.values())[::-1]


def marks_off_both_ends(lines):
    out = []
    for line in lines:
        text = re.sub(r"^\s*\d+[.)]\s+", "", line).strip()
        text = text.strip("-*• ") if text[:2] in ("- ", "* ", "• ") else text
        out += [text] if text and text not in out else []
    return out


def none_that_repeats(lines):
    texts = [text for line in lines for text in clean([line])]
    return [text for text in texts if texts.count(text) == 1]


def remembers(lines, seen=[]):  # noqa: B006
    fresh = [text for text in clean(lines) if text not in seen]
    seen += fresh
    return fresh


def test_clean_lines(assert_each_named, lesson):
    assert_each_named(
        check.clean_lines,
        right=[
            lesson["clean_lines"],
            clean,
            with_loop,
            as_generator,
            lambda lines: tuple(clean(lines)),
            lambda lines: dict.fromkeys(clean(lines)).keys(),
            lambda lines: np.array(clean(lines)),
            lambda lines: (
                pd.Series([re.sub(MARK, "", line).strip() for line in lines], dtype=object)
                .loc[lambda texts: texts != ""]
                .drop_duplicates()
            ),
            cleaning(r"^ *(?:[0-9]+(?:\.|\))|-|\*|•) +"),
        ],
        wrong=[
            (cleaning("^$"), "list mark is still there"),
            (cleaning(r"^\s*\d+[.)]\s+"), "list mark is still there"),
            (cleaning(r"^\s*(\d+\.|[-*•])\s+"), "list mark is still there"),
            (cleaning(r"^(\d+[.)]|[-*•])\s+"), "list mark is still there"),
            (cleaning(r"^\s*(\d{1,2}[.)]|[-*•])\s+"), "any number of digits"),
            (cleaning(r"^\s*(\d[.)]|[-*•])\s+"), "any number of digits"),
            (cleaning(r"^\s*[\d.)*•-]*\s*"), "belongs to the instruction"),
            (cleaning(r"^\s*(\d+[.)]|[-*•])\s*"), "belongs to the instruction"),
            (cleaning(r"^\s*(\d+[.)]?|[-*•])\s+"), "without a dot or a bracket"),
            (cleaning(r"^\s*(\w+[.)]|[^\w\s])\s+"), "no such list mark"),
            (cleaning(r"^\s*((\d+[.)]|[-*•])\s+)+"), "One list mark goes"),
            (all_marks_off, "One list mark goes"),
            (cleaning(r"\s*(\d+[.)]|[-*•])\s+"), "further on"),
            (marks_off_both_ends, "further on"),
            (lambda lines: [" ".join(text.split()) for text in clean(lines)], "between its words"),
            (lambda lines: [re.sub(MARK, "", line) for line in lines if line.strip()], "spaces around"),
            (lambda lines: [re.sub(MARK, "", line).strip() for line in lines], "Empty lines"),
            (lambda lines: [t for line in lines if (t := re.sub(MARK, "", line).strip())], "a second time"),
            (repeats_before_cleaning, "a second time"),
            (neighbors_only, "a second time"),
            (none_that_repeats, "comes more than once"),
            (any_spelling, "no repeat"),
            (lambda lines: [text for text in clean(lines) if text not in " ".join(clean(lines)[:1])[4:]], "no repeat"),
            (lambda lines: sorted(clean(lines)), "order changed"),
            (lambda lines: set(clean(lines)), "list of texts"),
            (lambda lines: clean(lines)[:2], "not the texts"),
            (lambda lines: [text for text in clean(lines) if text.endswith(("?", "."))], "need not end with"),
            (lambda lines: [text.lower() for text in clean(lines)], "into something else"),
            (lambda lines: [text.encode("ascii", "ignore").decode() for text in clean(lines)], "into something else"),
            (lambda lines: [text for text in clean(lines) if not text[0].isdigit()], "belongs to the instruction"),
            (lambda lines: "\n".join(clean(lines)), "list of texts"),
            (lambda lines: [[text] for text in clean(lines)], "list of texts"),
            (mutates, "changed the list"),
            (remembers, "what does it remember"),
            (forgets_to_return, "returned None"),
            (lambda lines: lines.strip(), "AttributeError"),
            (with_crash_later, "IndexError"),
        ],
    )


# -- 2.2 ----------------------------------------------------------------------------------------------------------


def by_nearest(candidate, pool, threshold):
    return has_word(candidate) and nearest(candidate, pool)[1] < threshold


def by_max(candidate, pool, threshold):
    if not has_word(candidate):
        return 0
    return 1 if max([rouge_l(text, candidate) for text in pool], default=0) < threshold else 0


def compared(choose):
    def function(candidate, pool, threshold):
        return has_word(candidate) and choose([rouge_l(candidate, text) for text in pool] or [0]) < threshold

    return function


def scored(measure, part):
    score = rouge_scorer.RougeScorer([measure]).score
    return lambda c, pool, t: has_word(c) and all(getattr(score(x, c)[measure], part) < t for x in pool)


def has_word(text):
    return bool(re.search(r"\w", text))


def falls_through(candidate, pool, threshold):
    """Gives back nothing where it means no."""
    if has_word(candidate) and not [text for text in pool if rouge_l(text, candidate) >= threshold]:
        return True


def returns_inside_the_loop(candidate, pool, threshold):
    for text in pool:
        return has_word(candidate) and rouge_l(candidate, text) < threshold
    return has_word(candidate)


def adds_to_the_pool(candidate, pool, threshold):
    if novel := by_nearest(candidate, pool, threshold):
        pool.append(candidate)
    return novel


def test_is_novel(assert_each_named, lesson):
    assert_each_named(
        check.is_novel,
        right=[
            lesson["is_novel"],
            by_nearest,
            by_max,
            falls_through,
            lambda c, pool, t: rouge_l(c, c) > 0 and not any(rouge_l(c, x) >= t for x in pool),
            lambda c, pool, t: np.all(np.array([1 - has_word(c), *(rouge_l(c, x) for x in pool)]) < t),
        ],
        wrong=[
            (lambda c, pool, t: not by_nearest(c, pool, t), "wrong way round"),
            (compared(lambda scores: sum(scores) / len(scores)), "word for word"),
            (compared(min), "word for word"),
            (compared(lambda scores: scores[-1]), "word for word"),
            (returns_inside_the_loop, "word for word"),
            (lambda c, pool, t: has_word(c) and c not in pool, "one word less"),
            (lambda c, pool, t: by_nearest(c, pool, 0.7), "With a threshold of 0.99"),
            (lambda c, pool, t: by_nearest(c, pool, max(t, 0.5)), "With a threshold of 0.3"),
            (lambda c, pool, t: has_word(c) and all(rouge_l(c, x) <= t for x in pool), "exactly 0.5"),
            (lambda c, pool, t: bool(pool) and by_nearest(c, pool, t), "empty pool"),
            (lambda c, pool, t: all(rouge_l(c, x) < t for x in pool), "without any word"),
            (lambda c, pool, t: bool(c.strip()) and all(rouge_l(c, x) < t for x in pool), "without any word"),
            (lambda c, pool, t: has_word(c) and max(rouge_l(c, x) for x in pool) < t, "ValueError"),
            (scored("rouge1", "fmeasure"), "order of the words"),
            (scored("rougeL", "recall"), "length of both"),
            (scored("rougeL", "precision"), "length of both"),
            (scored("rouge2", "fmeasure"), "word for word"),
            (adds_to_the_pool, "changed the pool"),
            (lambda c, pool, t: False, "hardly a word"),
            (lambda c, pool, t: True, "word for word"),
            (forgets_to_return, "returned None"),
        ],
    )


# -- 2.3 ----------------------------------------------------------------------------------------------------------


def novel(candidate, pool):
    return by_nearest(candidate, pool, 0.7)


def loop(
    seeds, propose, n, budget, k, seed=0, *, answers=lambda found: found or [], filled=bool, most=None, pool_of=None,
    accept=None, result=None, rng=None, copies=False,
):  # fmt: skip
    """A right loop, with one part at a time to be exchanged by a wrong one."""
    rng = rng or random.Random(seed)
    new = []
    for _number in range(budget):
        if len(new) >= n:
            break
        pool = (pool_of or (lambda seeds, new: [*seeds, *new]))(seeds, new)
        shown = rng.choices(pool, k=k) if copies else rng.sample(pool, min(k, len(pool)))
        against = [*seeds, *new]
        for candidate in answers(propose(shown)):
            if not filled(candidate) or len(new) >= (n if most is None else most):
                continue
            if (accept or (lambda c, _frozen, live: novel(c, live)))(candidate, against, [*seeds, *new]):
                new.append(candidate)
    return result(seeds, new) if result else new


def variant(**parts):
    return lambda seeds, propose, n, budget, k, seed=0: loop(seeds, propose, n, budget, k, seed, **parts)


def with_while(seeds, propose, n, budget, k, seed=0):
    rng, pool, calls = random.Random(seed + 7), list(seeds), 0
    while calls < budget and len(pool) < len(seeds) + n:
        calls += 1
        rng.shuffle(order := list(range(len(pool))))
        for candidate in propose([pool[index] for index in order[:k]]) or ():
            if len(pool) < len(seeds) + n and isinstance(candidate, str) and novel(candidate, pool):
                pool.append(candidate)
    return tuple(pool[len(seeds) :])


def grows_the_seeds(seeds, propose, n, budget, k, seed=0):
    seeds += (new := loop(seeds, propose, n, budget, k, seed))
    return new


def counts_what_brings_something(seeds, propose, n, budget, k, seed=0):
    rng, new, useful = random.Random(seed), [], 0
    while len(new) < n and useful < budget:
        before = len(new)
        for candidate in propose(rng.sample([*seeds, *new], k)) or []:
            if candidate and novel(candidate, [*seeds, *new]) and len(new) < n:
                new.append(candidate)
        useful += len(new) > before
    return new


def spends_it_all(seeds, propose, n, budget, k, seed=0):
    found = loop(seeds, propose, 10**6, budget, k, seed)
    return found[:n]


def global_state(seeds, propose, n, budget, k, seed=0):
    return loop(seeds, propose, n, budget, k, seed, rng=random)


def restores_but_reads_global_state(seeds, propose, n, budget, k, seed=0):
    rng = random.Random()
    rng.setstate(random.getstate())
    return loop(seeds, propose, n, budget, k, seed, rng=rng)


def first_k(seeds, propose, n, budget, k, seed=0):
    class First(random.Random):
        def sample(self, pool, k):
            return list(pool)[:k]

    return loop(seeds, propose, n, budget, k, seed, rng=First())


def gives_up(seeds, propose, n, budget, k, seed=0):
    """Ends at the first empty answer."""
    rng, new = random.Random(seed), []
    for _number in range(budget):
        found = propose(rng.sample([*seeds, *new], k)) if len(new) < n else None
        if not found:
            break
        new += [c for c in dict.fromkeys(found) if c and novel(c, [*seeds, *new])][: n - len(new)]
    return new


def forgets_earlier_calls(seeds, propose, n, budget, k, seed=0):
    rng, new = random.Random(seed), []
    for _number in range(budget):
        fresh = []
        for candidate in (propose(rng.sample([*seeds, *new], k)) or []) if len(new) < n else []:
            if candidate and novel(candidate, [*seeds, *fresh]) and len(new) < n:
                fresh.append(candidate)
                new.append(candidate)
    return new


def small_sample(seeds, propose, n, budget, k, seed=0):
    return loop(seeds, propose, n, budget, 1 if k > len(seeds) else k, seed)


def as_generator_loop(seeds, propose, n, budget, k, seed=0):
    rng, pool = random.Random(f"{seed}"), [*seeds]
    for _number in range(budget if n else 0):
        for candidate in filter(None, propose(sorted(pool, key=lambda _text: rng.random())[:k]) or ""):
            if novel(candidate, pool):
                pool.append(candidate)
                yield candidate
                if len(pool) == len(seeds) + n:
                    return


def recursive(seeds, propose, n, budget, k, seed=0, new=()):
    if budget < 1 or len(new) >= n:
        return list(new)
    pool = [*seeds, *new]
    for candidate in propose(random.Random(f"{seed} {budget}").sample(pool, min(len(pool), k))) or ():
        if candidate is not None and novel(candidate, [*seeds, *new]):
            new = (*new, candidate)
    return recursive(seeds, propose, n, budget - 1, k, seed, new[:n])


def with_numpy_draws(seeds, propose, n, budget, k, seed=0):
    rng, new = np.random.default_rng(seed), []
    while budget > 0 and n - len(new) > 0:
        pool = np.array([*seeds, *new])
        for candidate in propose(rng.choice(pool, size=min(k, len(pool)), replace=False)) or []:
            if len(new) != n and novel(candidate or " ", [*seeds, *new]):
                new.append(candidate)
        budget -= 1
    return np.array(new)


def counts_candidates(seeds, propose, n, budget, k, seed=0):
    rng, new, used = random.Random(seed), [], 0
    while len(new) < n and used < budget:
        pool = [*seeds, *new]
        answer = propose(rng.sample(pool, min(k, len(pool)))) or [None]
        used += len(answer)
        for candidate in answer:
            if candidate and len(new) < n and novel(candidate, [*seeds, *new]):
                new.append(candidate)
    return new


class Drawing(random.Random):
    def __init__(self, draw):
        super().__init__(1)
        self.draw = draw

    def sample(self, pool, k):
        return self.draw(super(), list(pool), k)


def drawn(draw):
    """A loop that draws by `draw(random, pool, k)`."""

    def function(seeds, propose, n, budget, k, seed=0):
        rng = Drawing(draw)
        rng.seed(seed)
        return loop(seeds, propose, n, budget, k, seed, rng=rng)

    return function


def newest_always(rng, pool, k):
    return [*rng.sample(pool[:-1], min(k, len(pool)) - 1), pool[-1]]


def window(rng, pool, k):
    start = rng.randrange(len(pool))
    return [*pool, *pool][start : start + k]


def new_generator_each_call(seeds, propose, n, budget, k, seed=0):
    return drawn(lambda rng, pool, k: random.Random(seed).sample(pool, k))(seeds, propose, n, budget, k, seed)


def catches_everything(seeds, propose, n, budget, k, seed=0):
    def careful(examples):
        try:
            return propose(examples)
        except:  # noqa: E722
            return []

    return loop(seeds, careful, n, budget + 3, k, seed)


def never_ends(seeds, propose, n, budget, k, seed=0):
    return loop(seeds, propose, n, 10**9, k, seed)


def seeds_count(seeds, propose, n, budget, k, seed=0):
    return loop(seeds, propose, n - len(seeds), budget, k, seed)


def pool_with_seeds_counted(seeds, propose, n, budget, k, seed=0):
    return [*seeds, *loop(seeds, propose, n - len(seeds), budget, k, seed)]


def asks_once_more(seeds, propose, n, budget, k, seed=0):
    return loop(seeds, propose, n, max(budget, 1), k, seed)


def patience_of_three(seeds, propose, n, budget, k, seed=0):
    barren = [0]

    def counting(examples):
        barren[0] += 1
        return propose(examples) if barren[0] < 4 else None

    return loop(seeds, counting, n, budget, k, seed)


def first_of_each(found):
    return [candidate for candidate in found or [] if (candidate or "").strip()][:1]


def test_bootstrap(assert_each_named, lesson):
    assert_each_named(
        check.bootstrap,
        right=[lesson["bootstrap"], loop, with_while, as_generator_loop, recursive, with_numpy_draws],
        wrong=[
            (variant(answers=lambda found: found), "TypeError"),
            (gives_up, "cost one call, and nothing else"),
            (
                variant(filled=lambda c: c is not None, accept=lambda c, frozen, live: nearest(c, live)[1] < 0.7),
                "empty candidate was accepted",
            ),
            (variant(accept=lambda c, frozen, live: novel(c, frozen)), "Twins"),
            (variant(accept=lambda c, frozen, live: c.strip() and c not in live), "nearly a seed"),
            (variant(accept=lambda c, frozen, live: novel(c, frozen[:5])), "Twins"),
            (variant(result=lambda seeds, new: [*seeds, *new]), "without the seeds"),
            (variant(result=lambda seeds, new: sorted(new, reverse=True)), "order of acceptance"),
            (variant(result=lambda seeds, new: new[:2]), "one novel candidate each"),
            (variant(most=10**6), "more than n were taken"),
            (forgets_earlier_calls, "earlier call was accepted again"),
            (spends_it_all, "called again"),
            (counts_what_brings_something, "more often than the budget"),
            (variant(copies=True), "k different examples"),
            (variant(pool_of=lambda seeds, new: seeds), "never serves as an example"),
            (variant(pool_of=lambda seeds, new: new if len(new) > 2 else seeds), "seeds never serve"),
            (first_k, "same in every call"),
            (small_sample, "all of the pool"),
            (grows_the_seeds, "list of seeds changed"),
            (global_state, "global random state"),
            (restores_but_reads_global_state, "same seed drew different"),
            (lambda seeds, propose, n, budget, k, seed=0: loop(seeds, propose, n, budget, k, 0), "`seed` is not used"),
            (counts_candidates, "not the candidates"),
            (drawn(newest_always), "too often or too seldom"),
            (
                drawn(lambda rng, pool, k: pool[:1] + rng.sample(pool[1:], min(k, len(pool)) - 1)),
                "too often or too seldom",
            ),
            (drawn(window), "together too often"),
            (drawn(lambda rng, pool, k: tuple(pool) and "\n".join(rng.sample(pool, k))), "a list of examples"),
            (drawn(lambda rng, pool, k: set(rng.sample(pool, k))), "a list of examples"),
            (drawn(lambda rng, pool, k: [text.lower() for text in rng.sample(pool, k)]), "not in the pool"),
            (new_generator_each_call, "same in every call"),
            (variant(accept=lambda c, frozen, live: has_word(c) and nearest(c, live)[1] < 0.75), "ROUGE-L of 0.73"),
            (variant(accept=lambda c, frozen, live: has_word(c) and nearest(c, live)[1] < 0.5), "only 0.67"),
            (variant(answers=first_of_each), "not only the first"),
            (seeds_count, "the seeds do not count"),
            (pool_with_seeds_counted, "without the seeds"),
            (catches_everything, "more often than the budget"),
            (never_ends, "more often than the budget"),
            (asks_once_more, "more often than the budget"),
            (patience_of_three, "cost one call, and nothing else"),
            (forgets_to_return, "returned None"),
        ],
    )
