"""Every check of lesson 02, both ways."""

from __future__ import annotations

import random
import re

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


def test_clean_lines(assert_each_named, lesson):
    assert_each_named(
        check.clean_lines,
        right=[lesson["clean_lines"], clean, with_loop, as_generator, lambda lines: tuple(clean(lines))],
        wrong=[
            (cleaning(r"^\s*\d+[.)]\s+"), "list mark is still there"),
            (cleaning(r"^\s*[\d.)*•-]*\s*"), "belongs to the instruction"),
            (cleaning(r"^\s*(\d+[.)]|[-*•])\s*"), "belongs to the instruction"),
            (lambda lines: [re.sub(MARK, "", line) for line in lines], "spaces around"),
            (lambda lines: [re.sub(MARK, "", line).strip() for line in lines], "Empty lines"),
            (repeats_before_cleaning, "a second time"),
            (lambda lines: sorted(clean(lines)), "order changed"),
            (lambda lines: clean(lines)[:2], "not the texts"),
            (lambda lines: [text.lower() for text in clean(lines)], "into something else"),
            (lambda lines: "\n".join(clean(lines)), "list of texts"),
            (lambda lines: [text for text in clean(lines) if not text[0].isdigit()], "should give one text"),
            (mutates, "changed the list"),
            (forgets_to_return, "returned None"),
            (lambda lines: lines.strip(), "AttributeError"),
        ],
    )


# -- 2.2 ----------------------------------------------------------------------------------------------------------


def by_nearest(candidate, pool, threshold):
    return bool(candidate.split()) and nearest(candidate, pool)[1] < threshold


def by_max(candidate, pool, threshold):
    if candidate.strip() == "":
        return 0
    return 1 if max([rouge_l(text, candidate) for text in pool], default=0) < threshold else 0


def compared(choose):
    def function(candidate, pool, threshold):
        return bool(candidate.strip()) and choose([rouge_l(candidate, text) for text in pool] or [0]) < threshold

    return function


def test_is_novel(assert_each_named, lesson):
    assert_each_named(
        check.is_novel,
        right=[lesson["is_novel"], by_nearest, by_max],
        wrong=[
            (lambda c, pool, t: not by_nearest(c, pool, t), "wrong way round"),
            (compared(lambda scores: sum(scores) / len(scores)), "word for word"),
            (compared(min), "word for word"),
            (compared(lambda scores: scores[-1]), "one word less"),
            (lambda c, pool, t: bool(c.strip()) and c not in pool, "one word less"),
            (lambda c, pool, t: by_nearest(c, pool, 0.7), "`threshold` used"),
            (lambda c, pool, t: bool(c.strip()) and all(rouge_l(c, x) <= t for x in pool), "exactly 0.5"),
            (lambda c, pool, t: bool(pool) and by_nearest(c, pool, t), "empty pool"),
            (lambda c, pool, t: all(rouge_l(c, x) < t for x in pool), "without any word"),
            (lambda c, pool, t: max(rouge_l(c, x) for x in pool) < t, "ValueError"),
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


def counts_accepted_only(seeds, propose, n, budget, k, seed=0):
    rng, new, useful = random.Random(seed), [], 0
    while len(new) < n and useful < budget:
        found = [c for c in propose(rng.sample([*seeds, *new], k)) or [] if c and novel(c, [*seeds, *new])]
        new += list(dict.fromkeys(found))[: n - len(new)]
        useful += bool(found)
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


def test_bootstrap(assert_each_named, lesson):
    assert_each_named(
        check.bootstrap,
        right=[lesson["bootstrap"], loop, with_while],
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
            (variant(result=lambda seeds, new: new[:1]), "one novel candidate each"),
            (variant(most=10**6), "more than n were taken"),
            (forgets_earlier_calls, "earlier call was accepted again"),
            (spends_it_all, "called again"),
            (counts_accepted_only, "more often than the budget"),
            (variant(copies=True), "k different examples"),
            (variant(pool_of=lambda seeds, new: seeds), "never serves as an example"),
            (variant(pool_of=lambda seeds, new: new if len(new) > 2 else seeds), "seeds never serve"),
            (first_k, "same in every call"),
            (small_sample, "all of the pool"),
            (grows_the_seeds, "list of seeds changed"),
            (global_state, "global random state"),
            (restores_but_reads_global_state, "same seed drew different"),
            (lambda seeds, propose, n, budget, k, seed=0: loop(seeds, propose, n, budget, k, 0), "`seed` is not used"),
            (forgets_to_return, "returned None"),
        ],
    )
