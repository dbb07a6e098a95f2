"""Every check of lesson 06, both ways."""

from __future__ import annotations

import re
from math import isfinite

from prompt2data import ratings
from prompt2data.checks import lesson_06 as check
from prompt2data.judges import take_exam
from prompt2data.metrics import share
from prompt2data.quality import preferences

LESSON = "06_preference_data"


# -- 6.1 ----------------------------------------------------------------------------------------------------------


def grouping(*, blank=False, strip=True, once="each", adjacent=False, order="first", models="list", pop=False):
    """A right answer, with parts that can be left out or done wrong."""

    def group(rows):
        found, seen = [], set()
        for row in rows:
            text = row["generation"]
            text = text.strip() if strip and text is not None else text
            if pop:
                row.pop("model_name", None) and row.update(model_name="?")
            places = [place for place, one in enumerate(found) if one["instruction"] == row["instruction"]]
            if adjacent:
                places = places[-1:] if found and found[-1]["instruction"] == row["instruction"] else []
            if not places:
                found.append({"instruction": row["instruction"], "generations": [], "generation_models": []})
                places = [len(found) - 1]
            one = found[places[-1]]
            if not blank and not (text or "").strip():
                continue
            if once == "each" and text in one["generations"]:
                continue
            if once == "everywhere" and text in seen:
                continue
            seen.add(text)
            one["generations"].append(text)
            one["generation_models"].append(row["model_name"])
        for one in found:
            if order == "sorted":
                two = sorted(zip(one["generations"], one["generation_models"], strict=True), reverse=True)
                one["generations"], one["generation_models"] = [a for a, _b in two], [b for _a, b in two]
            if models == "one":
                del one["generation_models"][1:]
            if models == "reversed":
                one["generation_models"].reverse()
        return sorted(found, key=lambda one: one["instruction"]) if order == "instructions" else found

    return group


def as_dataset(rows):
    from datasets import Dataset

    rows = grouping()(rows)
    return Dataset.from_list(rows) if rows else []


def as_generator(rows):
    yield from grouping()(rows)


def test_group(assert_each_named, lesson):
    assert_each_named(
        check.group,
        right=[lesson["group"], preferences.group, grouping(), as_dataset, as_generator],
        wrong=[
            (grouping(blank=True), "An answer without text is still there"),
            (grouping(strip=False), "spaces or line breaks around an answer"),
            (grouping(once="never"), "The same answer is there twice"),
            (grouping(once="everywhere"), "may be the same as one to another instruction"),
            (grouping(adjacent=True), "its answers do not stand next to each other"),
            (grouping(order="sorted"), "should keep the order in which they first came"),
            (grouping(order="instructions"), "one row for each instruction, in the order"),
            (grouping(models="reversed"), "does not say who wrote which answer first"),
            (grouping(models="one"), "as many models as answers"),
            (grouping(pop=True), "changes the rows"),
            (lambda rows: rows.sort(key=str), "did you forget to return it"),
            (lambda rows: [{"instruction": "Why salt?"}], "lacks the column"),
            (lambda rows: rows["instruction"], "raised"),
        ],
    )


# -- 6.2 ----------------------------------------------------------------------------------------------------------


def line_by_line(text, n):
    """Another right way: walk through the lines, and remember whose section it is."""
    found, owner = {}, None
    for line in (text or "").splitlines():
        plain = line.strip(" #*\t").lower()
        heading = re.fullmatch(r"output for text (\d+)[ :*]*", plain)
        if heading:
            owner = int(heading[1]) - 1
        elif owner is not None and re.match(r"rating[ *]*:", plain):
            found.setdefault(owner, []).append(re.match(r"rating[ *]*:[ *]*(\d*)", plain)[1])
    return [
        int(found[place][0]) if len(found.get(place, [])) == 1 and found[place][0] in list("12345４") else None
        for place in range(n)
    ]


def distilabels(text, n):
    """What the library does: cut at blank lines."""
    ratings = []
    for section in (text or "").split("\n\n"):
        match = re.search(r"Rating: (.+?)\nRationale: (.+)", section, re.DOTALL)
        digits = re.findall(r"\b\d+\b", match[1]) if match else []
        ratings.append(int(digits[0]) if digits else None)
    return ratings


def in_order(text, n):
    digits = [int(digit) for digit in re.findall(r"(?im)^[\s*]*rating[\s*]*:[\s*]*(\d)", text or "")]
    return (digits + [None] * n)[:n]


HEADING = r"(?im)^[\s#*]*output for text (\d+)[\s#*:]*$"
LINE = r"(?im)^[\s*]*rating[\s*]*:[\s*]*(.*)$"


def sections(text, n, *, heading=HEADING, line=LINE, pick="one", low=1, high=5, digit=r"\d+", as_=int, bound=True):
    found = [[] for _text in range(n)]
    parts = re.split(heading, text or "")
    for number, section in zip(parts[1::2], parts[2::2], strict=False):
        if bound and not 1 <= int(number) <= n:
            continue
        found[int(number) - 1] += re.findall(line, section)
    ratings = []
    for lines in found:
        lines = lines[:1] if pick == "first" else lines
        digits = re.match(digit, lines[0]) if len(lines) == 1 else None
        value = int(digits.group()) if digits else 0
        ratings.append(as_(value) if low <= value <= high else None)
    return ratings


def varied(**parts):
    return lambda text, n: sections(text, n, **parts)


def test_parse_ratings(assert_each_named, lesson):
    assert_each_named(
        check.parse_ratings,
        right=[
            lesson["parse_ratings"],
            ratings.parse_ratings,
            line_by_line,
            varied(),
            lambda text, n: tuple(sections(text, n)),
        ],
        wrong=[
            (distilabels, "exactly 2 entries: a polite first line"),
            (in_order, "a rating line before the first heading"),
            (varied(pick="first"), "two rating lines for one text"),
            (varied(high=99), "neither a whole number from 1 to 5 nor None"),
            (varied(low=0), "neither a whole number from 1 to 5 nor None"),
            (varied(digit="[0-9]+"), "A rating was not found: a full-width digit"),
            (varied(heading=r"(?m)^#### Output for Text (\d+)$"), "bold headings"),
            (varied(line=r"(?i)rating[\s*]*:[\s*]*(.*)"), "a rationale that mentions a rating"),
            (varied(heading=r"(?im)^[\s#*]*output for text (\d)\d*[\s#*:]*$"), "eleven texts"),
            (varied(line=r"(?m)^[\s*]*Rating[\s*]*:[\s*]*(.*)$"), "everything in lower case"),
            (varied(as_=str), "neither a whole number from 1 to 5 nor None"),
            (varied(bound=False), "raised IndexError"),
            (lambda text, n: sections(text + "", n), "raised TypeError"),
            (lambda text, n: 4, "should be a list"),
            (lambda text, n: [].append(text), "should be a list"),
        ],
    )


# -- 6.3 ----------------------------------------------------------------------------------------------------------


def reporting(*, orders=2, right="both", place="both", n="pairs", low="wilson", by="damage"):
    def judge_report(pairs, judge):
        found = {}
        for pair in pairs:
            counts = found.setdefault(pair["damage"] if by == "damage" else "all", dict.fromkeys(("n", "right",
                                      "same_place"), 0))  # fmt: skip
            a = judge(pair["instruction"], pair["good"], pair["bad"])
            b = judge(pair["instruction"], pair["bad"], pair["good"]) if orders == 2 else 2
            counts["n"] += 1 if n == "pairs" else 2
            counts["right"] += {"both": a == 1 and b == 2, "any": (a == 1) + (b == 2), "first": a == 1}[right]
            counts["same_place"] += {"both": a is not None and a == b, "none": a == b, "first": a == b == 1}[place]
        for counts in found.values():
            interval = share(counts["right"], counts["n"] if right != "any" else 2 * counts["n"])
            counts["low"] = {"wilson": interval.low, "value": interval.value, "percent": 100 * interval.low}[low]
        return found

    return judge_report


def course_report(pairs, judge):
    verdicts = lambda triples: [judge(*triple) for triple in triples]  # noqa: E731
    found = {}
    for kind in {pair["damage"] for pair in pairs}:
        mine = [pair for pair in pairs if pair["damage"] == kind]
        report = take_exam(verdicts, mine)
        right = report.right[kind]
        same = report.first.k + report.second.k
        found[kind] = {"n": right.n, "right": right.k, "same_place": same, "low": right.low, "more": "is allowed"}
    return found


def pairing(*, none=True, finite=True, text=True, mismatch=True, instruction=True, identical=True, tie=True,
            gap="least", turn=False, messages=True, change=False, worst="min"):  # fmt: skip
    def to_preferences(rows, margin):
        made = []
        for row in rows:
            if change:
                row["ratings"] = [0 if r is None else r for r in row["ratings"]]
            answers, ratings = row["generations"], row["ratings"]
            if mismatch and len(answers) != len(ratings):
                continue
            if instruction and not row["instruction"].strip():
                continue
            usable = []
            for answer, rating in zip(answers, ratings, strict=False):
                if none and rating is None:
                    continue
                rating = -1 if rating is None else rating
                if finite and not isfinite(rating):
                    continue
                if text and not (answer or "").strip():
                    continue
                usable.append((rating, answer))
            if len(usable) < 2:
                continue
            best = max(usable, key=lambda two: two[0])
            low = usable[-1] if worst == "last" else min(usable[::-1], key=lambda two: two[0])
            distance = best[0] - low[0]
            if tie and best[0] == low[0]:
                continue
            if distance < margin if gap == "least" else distance <= margin if gap == "more" else False:
                continue
            if identical and (best[1] or "").strip() == (low[1] or "").strip():
                continue
            chosen, rejected = (low, best) if turn else (best, low)
            pair = {"prompt": row["instruction"], "chosen": chosen[1], "rejected": rejected[1]}
            if messages:
                role = lambda column: "user" if column == "prompt" else "assistant"  # noqa: E731
                pair = {column: [{"role": role(column), "content": said}] for column, said in pair.items()}
            made.append(pair)
        return made

    return to_preferences


def course_pairs(rows, margin):
    return preferences.to_preferences(rows, margin or 1e-9)


REPORT_FAULTS = [
    (reporting(orders=1), "the good answer has to win in both orders"),
    (reporting(right="any"), "the good answer has to win in both orders"),
    (reporting(right="first"), "the good answer has to win in both orders"),
    (reporting(n="verdicts"), "count the pairs, not the verdicts"),
    (reporting(place="none"), "None is no place"),
    (reporting(low="value"), "lower end of the interval"),
    (reporting(low="percent"), "lower end of the interval"),
    (reporting(by="all"), "one entry for each kind of damage"),
    (lambda pairs, judge: [], "should return a dictionary"),
    (lambda pairs, judge: dict.fromkeys(reporting()(pairs, judge), 3), "with these keys"),
    (lambda pairs, judge: judge(pairs[0]), "raised TypeError"),
]
PAIR_FAULTS = [
    (pairing(none=False), "should not become a pair: a rating that is None"),
    (pairing(finite=False), "NaN"),
    (pairing(text=False), "an empty answer with the best rating"),
    (pairing(mismatch=False), "three answers and two ratings"),
    (pairing(instruction=False), "an empty instruction"),
    (pairing(identical=False), "two ratings for the same words"),
    (pairing(tie=False), "a tie, with a margin of 0"),
    (pairing(gap="none"), "ratings closer than the margin"),
    (pairing(gap="more"), "exactly one margin away"),
    (pairing(turn=True), "the wrong way round"),
    (pairing(worst="last"), "holds the wrong text: three answers"),
    (pairing(messages=False), "a list of one message with the role `user`"),
    (pairing(change=True), "changes the row"),
    (lambda rows, margin: [].append(rows), "did you forget to return it"),
    (
        lambda rows, margin: [
            {
                "prompt": row["instruction"],
                "chosen": row["generations"][row["ratings"].index(max(row["ratings"]))],
                "rejected": row["generations"][row["ratings"].index(min(row["ratings"]))],
            }
            for row in rows
        ],
        "a list of one message with the role `user`",
    ),
    (lambda rows, margin: pairing()(rows[:1], margin), "should give two pairs"),
]


def test_preferences(assert_each_named, lesson):
    report, pairs = reporting(), pairing()
    assert_each_named(
        check.preferences,
        right=[
            (lesson["judge_report"], lesson["to_preferences"]),
            (course_report, course_pairs),
            (report, pairs),
        ],
        wrong=[((answer, pairs), part) for answer, part in REPORT_FAULTS]
        + [((report, answer), part) for answer, part in PAIR_FAULTS],
    )
