"""Every check of lesson 03, both ways."""

from __future__ import annotations

import random
import re
from itertools import takewhile

from prompt2data.checks import lesson_03 as check
from prompt2data.quality import evolutions
from prompt2data.quality.evolutions import LEAKS, REFUSALS, STOPWORDS, words

LESSON = "03_evol_instruct"


# -- 3.1 ----------------------------------------------------------------------------------------------------------


def chains(rows):
    for row in rows:
        yield row["instruction"], row.get("evolved_instructions", [row.get("evolved_instruction")])


def edge(root, generation, parent, child):
    return {"root": root, "generation": generation, "parent": parent, "child": child}


def by_zip(rows):
    return [
        edge(root, number, parent, child)
        for root, chain in chains(rows)
        for number, (parent, child) in enumerate(zip([root, *chain], chain, strict=False), 1)
    ]


def backwards_with_more_columns(rows):
    return [{**found, "model_name": "m"} for found in reversed(by_zip(rows))]


def as_dataset(rows):
    from datasets import Dataset

    return Dataset.from_list(by_zip(rows))


def parent_stays_root(rows):
    return [{**found, "parent": found["root"]} for found in by_zip(rows)]


def root_moves(rows):
    return [{**found, "root": found["parent"]} for found in by_zip(rows)]


def from_zero(rows):
    return [{**found, "generation": found["generation"] - 1} for found in by_zip(rows)]


def letters(rows):
    return [
        edge(row["instruction"], 1, row["instruction"], child)
        for row in rows
        for child in row.get("evolved_instructions", row.get("evolved_instruction"))
    ]


def lists_only(rows):
    return by_zip([row for row in rows if "evolved_instructions" in row])


def without_copies(rows):
    return [found for found in by_zip(rows) if found["parent"] != found["child"]]


def last_only(rows):
    return [found for found in by_zip(rows) if found["generation"] in (1, 3)][:2]


def changes_rows(rows):
    found = by_zip(rows)
    for row in rows:
        row["generation"] = 1
    return found


def as_frame(rows):
    import pandas as pd

    return pd.DataFrame(by_zip(rows), columns=["child", "root", "parent", "generation"]).iloc[::-1]


def as_generator(rows):
    yield from map(dict, by_zip(rows))


def looked_up(rows):
    return by_zip(
        [{"instruction": "Explain salt.", "evolved_instructions": ["Explain salt in dough."]}] if rows else []
    )


def dropping_repeats(rows):
    return list({(found["parent"], found["child"]): found for found in by_zip(rows)}.values())


def without_end(rows):
    while True:
        yield edge("", 1, "", "")


def forgets_to_return(rows):
    by_zip(rows)


def test_edges(assert_each_named, lesson):
    assert_each_named(
        check.edges,
        right=[lesson["edges"], by_zip, backwards_with_more_columns, as_dataset, as_frame, as_generator],
        wrong=[
            (parent_stays_root, "the parent is the previous child"),
            (root_moves, "the parent is the previous child"),
            (from_zero, "counted from 1"),
            (letters, "a single letter"),
            (lists_only, "gave no edge"),
            (without_copies, "copies its parent"),
            (last_only, "number of edges"),
            (changes_rows, "changed the rows"),
            (looked_up, "gave no edge"),
            (dropping_repeats, "number of edges"),
            (lambda rows: [found for found in by_zip(rows) if found["child"]], "number of edges"),
            (lambda rows: [{**found, "generation": n} for n, found in enumerate(by_zip(rows), 1)], "1, 2, 3 and so on"),
            (
                lambda rows: [{**found, "generation": str(found["generation"])} for found in by_zip(rows)],
                "1, 2, 3 and so on",
            ),
            (lambda rows: [{**found, "child": found["child"].strip()} for found in by_zip(rows)], "wrong child"),
            (
                lambda rows: [{**found, "root": found["root"].lower()} for found in by_zip(rows)],
                "instruction of its row",
            ),
            (lambda rows: [{**found, "parent": found["child"]} for found in by_zip(rows)], "parent of a row's first"),
            (lambda rows: [{**found, "child": [found["child"]]} for found in by_zip(rows)], "should be one text"),
            (lambda rows: by_zip(rows) or [edge("", 1, "", "")], "No rows should"),
            (without_end, "has no end"),
            (forgets_to_return, "returned None"),
        ],
    )


# -- 3.2 ----------------------------------------------------------------------------------------------------------


def make(**changed):
    """A right `why_drop`, with single parts of it changed."""
    parts = {
        "empty": lambda child: not (child or "").strip(),
        "leak": lambda parent, text: any(leak in text and leak not in parent.lower() for leak in LEAKS),
        "refusal": lambda text: text.strip().startswith(REFUSALS),
        "apostrophe": lambda text: text.replace("’", "'"),
        "lower": str.lower,
        "stopwords": lambda text: all(word in STOPWORDS for word in words(text)),
        "copy": lambda parent, child: words(parent) == words(child),
        "keep": None,
        **changed,
    }

    def why_drop(parent, child):
        if parts["empty"](child):
            return "empty"
        text = parts["apostrophe"](parts["lower"](child or ""))
        if parts["leak"](parent, text):
            return "leak"
        if parts["refusal"](text):
            return "refusal"
        if parts["stopwords"](text):
            return "stopwords"
        return "copy" if parts["copy"](parent, child) else parts["keep"]

    return why_drop


known = {}


def remembers_the_child(parent, child):
    return known.setdefault(child, make()(parent, child))


def test_why_drop(assert_each_named, lesson):
    assert_each_named(
        check.why_drop,
        right=[
            lesson["why_drop"],
            make(keep=""),
            make(keep=False),
            make(stopwords=lambda text: {*words(text)} <= STOPWORDS),
            make(refusal=lambda text: any(text.strip()[: len(opening)] == opening for opening in REFUSALS)),
            make(copy=lambda parent, child: " ".join(words(parent)) == " ".join(words(child))),
        ],
        wrong=[
            (make(empty=lambda child: not child), "nothing but white space"),
            (make(empty=lambda child: child is None), "without any text"),
            (make(empty=lambda child: child is None or not child.strip() or "None" in child), "not the value `None`"),
            (make(lower=lambda text: text), "A leak in capitals"),
            (make(apostrophe=lambda text: text), "curly apostrophe"),
            (make(leak=lambda parent, text: any(leak in text for leak in LEAKS)), "parent itself speaks"),
            (make(leak=lambda parent, text: any(k in text and k not in parent.lower() for k in ("prompt", *LEAKS))),
             "or a hashtag is no"),
            (make(leak=lambda parent, text: False), "words of the evolving prompt"),
            (make(refusal=lambda text: any(opening in text for opening in REFUSALS)), "in the middle"),
            (make(refusal=lambda text: text.strip().lstrip("\"'“ ").startswith(REFUSALS)), "quotes an apology"),
            (make(refusal=lambda text: text.strip().startswith((*REFUSALS, "i can't"))), "bakers have problems"),
            (make(refusal=lambda text: text.startswith(REFUSALS)), "A refusal in capitals, or after white space"),
            (make(stopwords=lambda text: bool(words(text)) and all(w in STOPWORDS for w in words(text))),
             "only punctuation"),
            (make(stopwords=lambda text: any(w in STOPWORDS for w in words(text))), "One word that is no stop word"),
            (make(stopwords=lambda text: len(text.split()) < 3), "One word that is no stop word"),
            (make(stopwords=lambda text: not words(text)), "All words of this child are stop words"),
            (make(copy=lambda parent, child: parent == child), "only in case and punctuation"),
            (make(copy=lambda parent, child: " ".join(words(parent)) in " ".join(words(child))), "adds something"),
            (make(copy=lambda parent, child: set(words(child)) <= set(words(parent))), "only some of its parent"),
            (make(copy=lambda parent, child: set(words(child)) == set(words(parent))), "in another order"),
            (make(leak=lambda parent, text: any(leak in text and leak not in parent.lower() for leak in LEAKS[:5]),
                  refusal=lambda text: text.strip().startswith(REFUSALS[:7])), "words of the evolving prompt"),
            (make(refusal=lambda text: text.strip().startswith(REFUSALS[:7])), "apologizes instead"),
            (make(refusal=lambda text: False), "apologizes instead"),
            (make(leak=lambda parent, text: any(leak in text and leak not in parent for leak in LEAKS)),
             "parent itself speaks"),
            (make(leak=lambda parent, text: any(k in text for k in LEAKS) and "rewritten prompt" not in parent.lower()),
             "holds another one as well"),
            (make(copy=lambda parent, child: "".join(words(parent)) == "".join(words(child))), "different words"),
            (make(copy=lambda parent, child: False), "This child is its parent"),
            (remembers_the_child, "another parent"),
            (evolutions.why_drop, "quotes an apology"),
            (lambda parent, child: (make()(parent, child) or "").upper(), "one of the five reasons"),
            (make(keep="kept"), "one of the five reasons"),
            (lambda parent, child: None if child else "", "keeps every child"),
            (lambda parent, child: "leak", "same answer for every child"),
            (lambda parent, child: ["leak"], "a text, or None"),
            (make(empty=lambda child: not child.strip()), "AttributeError"),
        ],
    )  # fmt: skip


# -- 3.3 ----------------------------------------------------------------------------------------------------------

KINDS = ("Use at most {n} words.", "Mention {word}.", "Do not mention {word}.")
WORDS = ("butter", "rye", "salt", "steam")


def make_constrain(
    n=lambda rng: rng.randint(5, 30),
    free=lambda instruction: [word for word in WORDS if word not in words(instruction)],
    kinds=KINDS,
    limit=lambda answer, n: len(answer.split()) <= n,
    has=lambda answer, word: word in words(answer),
    glue=" ",
    source=None,
):
    def constrain(instruction, rng):
        rng = source or rng
        left = free(instruction)
        kind = rng.choice(kinds if left else kinds[:1])
        number, word = n(rng), rng.choice(left or [""])
        if kind == KINDS[0]:
            verify = lambda answer: limit(answer, number)  # noqa: E731
        else:
            verify = lambda answer: has(answer, word) == (kind == KINDS[1])  # noqa: E731
        return f"{instruction}{glue}{kind.format(n=number, word=word)}", verify

    return constrain


def make_evolve(
    constrain,
    low=lambda value, limit: value < limit,
    against_parent=False,
    back=True,
    ask=all,
    last=None,
    tries_on=False,
):
    def evolve(root, rng, similarity, limit, generations=3):
        child, checks = root, []
        for _generation in range(generations):
            longer, verify = constrain(child, rng)
            if low(similarity(child if against_parent else root, longer), limit):
                if not back:
                    child = longer
                    checks.append(verify)
                if tries_on:
                    continue
                break
            child = longer
            checks.append(verify)
        return child, lambda answer: ask([verify(answer) for verify in checks][last:])

    return evolve


GOOD = make_constrain()


def until_it_has_all(root, rng, similarity, limit, generations=3):
    child, checks = root, []
    while len(checks) < generations:
        longer, verify = GOOD(child, rng)
        if similarity(root, longer) < limit:
            continue
        child = longer
        checks.append(verify)
    return child, lambda answer: all(verify(answer) for verify in checks)


def verifies_the_dropped(root, rng, similarity, limit, generations=3):
    child, checks = root, []
    for _generation in range(generations):
        longer, verify = GOOD(child, rng)
        checks.append(verify)
        if similarity(root, longer) < limit:
            break
        child = longer
    return child, lambda answer: all(verify(answer) for verify in checks)


def remembers_all_checks(root, rng, similarity, limit, generations=3, checks=[]):  # noqa: B006
    child = root
    for _generation in range(generations):
        longer, verify = GOOD(child, rng)
        if similarity(root, longer) < limit:
            break
        child = longer
        checks.append(verify)
    return child, lambda answer: all(verify(answer) for verify in checks)


def all_at_once(root, rng, similarity, limit, generations=3):
    """Makes all children, then takes those that come before the first one below the limit."""
    made = [GOOD(root, rng)]
    while len(made) < generations:
        made.append(GOOD(made[-1][0], rng))
    kept = list(takewhile(lambda pair: similarity(pair[0], root) >= limit, made))
    return [child for child, _verify in [(root, None), *kept]][-1], lambda answer: all(v(answer) for _c, v in kept)


class Verifier:
    """Another right shape: an object that remembers the child and reads the constraint from it."""

    def __init__(self, added):
        self.added = added

    def __call__(self, answer):
        if "at most" in self.added:
            return len(answer.split()) <= int(self.added.split()[3])
        word = self.added.rstrip(".").split()[-1]
        return int((word in words(answer)) != self.added.startswith("Do not"))


def constrain_with_class(instruction, rng):
    child, _verify = GOOD(instruction, rng)
    return [child, Verifier(child[len(instruction) + 1 :])]


def evolve_recursively(root, rng, similarity, limit, generations=3):
    def go(child, checks, left):
        longer, verify = constrain_with_class(child, rng)
        if not left or similarity(longer, root) < limit:
            return child, lambda answer: not any(not verify(answer) for verify in checks)
        return go(longer, [*checks, verify], left - 1)

    return go(root, [], generations)


def braces(instruction, rng):
    """Fills gaps of the instruction as well."""
    child, verify = make_constrain(kinds=KINDS)(instruction, rng)
    return child.replace("{word}", "rye").replace("{n}", "7"), verify


def first_word_only(instruction, rng):
    return make_constrain(free=lambda text: [word for word in WORDS if word not in words(text)][:1])(instruction, rng)


late = {}


def late_binding(instruction, rng):
    """Every verifier reads what was drawn last."""
    child, late["verify"] = GOOD(instruction, rng)
    return child, lambda answer: late["verify"](answer)


def test_constrain(assert_each_named, lesson):
    assert_each_named(
        check.constrain,
        right=[
            (lesson["constrain"], lesson["evolve"]),
            (constrain_with_class, evolve_recursively),
            (GOOD, make_evolve(GOOD)),
        ],
        wrong=[
            ((answer, make_evolve(GOOD)), message)
            for answer, message in [
                (make_constrain(limit=lambda answer, n: len(answer.split()) < n), "exactly as many words"),
                (make_constrain(limit=lambda answer, n: len(answer.split()) <= n + 1), "one word too many"),
                (make_constrain(has=lambda answer, word: word in answer.lower()), "inside longer words"),
                (make_constrain(has=lambda answer, word: word in answer.split()), "in capitals and with a comma"),
                (make_constrain(kinds=KINDS[:2]), "one kind of constraint"),
                (make_constrain(n=lambda rng: rng.randint(1, 30)), "number of words should be"),
                (make_constrain(free=lambda instruction: list(WORDS)), "mentions this word already"),
                (
                    make_constrain(free=lambda instruction: [w for w in WORDS if w not in instruction]),
                    "still free",
                ),
                (make_constrain(free=lambda text: [w for w in WORDS if w not in text.lower()]), "still free"),
                (make_constrain(glue=""), "instruction and a space"),
                (make_constrain(source=random), "global random state"),
                (make_constrain(source=random.Random(5)), "another source"),
                (
                    lambda instruction, rng: (f"{instruction} Use at most 9 words.", lambda a: len(a.split()) < 10),
                    "is `rng` used",
                ),
                (lambda instruction, rng: GOOD(instruction, rng)[0], "Two things"),
                (lambda instruction, rng: (f"{instruction} Add {rng.choice(WORDS)}.", bool), "not one of `KINDS`"),
                (late_binding, "keep its own draw"),
                (
                    make_constrain(has=lambda answer, word: any(w.startswith(word) for w in words(answer))),
                    "inside longer words",
                ),
                (
                    make_constrain(has=lambda answer, word: bool(re.search(rf"\b{word}", answer, re.I))),
                    "inside longer words",
                ),
                (
                    make_constrain(has=lambda answer, word: word in re.findall("[a-z]+", answer.lower())),
                    "inside longer words",
                ),
                (make_constrain(n=lambda rng: 12), "numbers from 5 to 30 never"),
                (make_constrain(n=lambda rng: rng.randrange(5, 30)), "numbers from 5 to 30 never"),
                (make_constrain(limit=lambda answer, n: len(words(answer)) <= n), "exactly as many words"),
                (lambda instruction, rng: braces(instruction, rng), "instruction and a space"),
                (first_word_only, "words that are free never came"),
            ]
        ],
    )


def test_evolve(assert_each_named):
    assert_each_named(
        check.constrain,
        right=[(GOOD, make_evolve(GOOD)), (GOOD, all_at_once), (GOOD, make_evolve(GOOD, low=lambda s, t: not s >= t))],
        wrong=[
            ((GOOD, answer), message)
            for answer, message in [
                (make_evolve(GOOD, against_parent=True), "compared with its parent"),
                (make_evolve(GOOD, back=False), "below the limit came back"),
                (make_evolve(GOOD, low=lambda value, limit: value <= limit), "only a lower one stops"),
                (make_evolve(GOOD, low=lambda value, limit: False), "below the limit came back"),
                (make_evolve(GOOD, last=-1), "should ask for all"),
                (make_evolve(GOOD, tries_on=True), "no other is tried"),
                (until_it_has_all, "no other is tried"),
                (verifies_the_dropped, "any answer will do"),
                (remembers_all_checks, "keep its own draw"),
                (
                    lambda root, rng, *more, **options: make_evolve(GOOD)(root, random.Random(1), *more, **options),
                    "is `rng`",
                ),
                (
                    lambda root, rng, similarity, limit, generations=3: make_evolve(GOOD)(
                        root, rng, similarity, limit, 3
                    ),
                    "more constraints than generations",
                ),
                (
                    lambda root, rng, similarity, limit, generations=3: make_evolve(GOOD)(
                        root, rng, lambda a, b: similarity([a], [b]), limit, generations
                    ),
                    "takes two texts",
                ),
                (make_evolve(GOOD, ask=any), "should ask for all"),
                (lambda root, rng, similarity, limit, generations=3: GOOD(root, rng), "never called"),
            ]
        ],
    )


def test_the_checks_leave_the_global_random_state_alone(card):
    random.seed(5)
    before = random.getstate()
    card(check.constrain, make_constrain(source=random), make_evolve(GOOD))
    assert random.getstate() == before
