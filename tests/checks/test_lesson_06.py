"""Every check of lesson 06, both ways."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from math import isfinite, nan

import numpy as np
import pandas as pd

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
                row["generation"] = text
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


def as_frame(rows):
    return pd.DataFrame(grouping()(rows), columns=["generations", "instruction", "generation_models"])


def as_generator(rows):
    for row in grouping()(rows):
        yield {**row, "generations": tuple(row["generations"]), "generation_models": np.array(row["generation_models"])}


def as_views(rows):
    found = {}
    for row in rows:
        mine = found.setdefault(row["instruction"], {})
        if text := (row["generation"] or "").strip():
            mine.setdefault(text, row["model_name"])
    return ({"instruction": i, "generations": g.keys(), "generation_models": g.values()} for i, g in found.items())


def no_models(rows):
    return [{**row, "generation_models": None} for row in grouping()(rows)]


def joined(rows):
    return [{**row, "generations": "\n".join(row["generations"])} for row in grouping()(rows)]


def stored_as_it_came(rows):
    found = {}
    for row in rows:
        mine = found.setdefault(row["instruction"], [])
        text = row["generation"]
        if text and text.strip() and text.strip() not in [one.strip() for one, _model in mine]:
            mine.append((text, row["model_name"]))
    return [
        {"instruction": i, "generations": [t for t, _m in g], "generation_models": [m for _t, m in g]}
        for i, g in found.items()
    ]


def with_pandas(rows):
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    frame["generation"] = frame["generation"].str.strip()
    frame = frame.drop_duplicates(["instruction", "generation"])
    grouped = frame[frame["generation"] != ""].groupby("instruction", sort=False)
    return grouped.agg(generations=("generation", list), generation_models=("model_name", list)).reset_index()


def keyed(key, last=False):
    """Answers are the same where their keys are."""

    def group(rows):
        found = {}
        for row in rows:
            mine = found.setdefault(row["instruction"], {})
            if text := (row["generation"] or "").strip():
                mine.pop(key(text), None) if last else None
                mine.setdefault(key(text), (text, row["model_name"]))
        return [
            {
                "instruction": i,
                "generations": [t for t, _m in g.values()],
                "generation_models": [m for _t, m in g.values()],
            }
            for i, g in found.items()
        ]

    return group


def last_models(rows):
    found = {}
    for row in rows:
        mine = found.setdefault(row["instruction"], {})
        if text := (row["generation"] or "").strip():
            mine[text] = row["model_name"]
    return [{"instruction": i, "generations": list(g), "generation_models": list(g.values())} for i, g in found.items()]


def only_with_answers(rows):
    return [row for row in grouping()(rows) if row["generations"]]


def no_falsy_words(rows):
    return grouping()(
        [row if row["generation"] not in ("None", "nan") else {**row, "generation": None} for row in rows]
    )


def folded_instructions(rows):
    return grouping()([{**row, "instruction": row["instruction"].capitalize()} for row in rows])


def last_only(rows):
    return [{key: row[key][-1:] if key != "instruction" else row[key] for key in row} for row in grouping()(rows)]


def test_group(assert_each_named, lesson):
    assert_each_named(
        check.group,
        right=[
            lesson["group"],
            preferences.group,
            grouping(),
            as_dataset,
            as_frame,
            as_generator,
            as_views,
            only_with_answers,
        ],
        wrong=[
            (grouping(blank=True), "An answer without text is still there"),
            (with_pandas, "An answer without text is still there"),
            (grouping(strip=False), "spaces or line breaks around an answer"),
            (stored_as_it_came, "spaces or line breaks around an answer"),
            (grouping(once="never"), "The same answer is there twice"),
            (grouping(once="everywhere"), "may be the same as one to another instruction"),
            (grouping(adjacent=True), "its answers do not stand next to each other"),
            (grouping(order="sorted"), "belongs in its row, in the order"),
            (last_only, "belongs in its row, in the order"),
            (keyed(str, last=True), "does not say who wrote which answer first"),
            (grouping(order="instructions"), "one row for each instruction, in the order"),
            (grouping(models="reversed"), "does not say who wrote which answer first"),
            (last_models, "does not say who wrote which answer first"),
            (grouping(models="one"), "as many models as answers"),
            (no_models, "`generation_models` should be a list"),
            (joined, "`generations` should be a list"),
            (grouping(pop=True), "changes the rows"),
            (keyed(str.lower), "'Yes' and 'yes' are two different answers"),
            (keyed(lambda text: tuple(text.split())), "those inside do"),
            (no_falsy_words, "Texts such as"),
            (folded_instructions, "two different instructions"),
            (lambda rows: rows.sort(key=str), "The function returned None"),
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
        int(found[place][0]) if len(found.get(place, [])) == 1 and re.fullmatch("[1-5４٤３]", found[place][0]) else None
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
        if bound and not (1 if bound != "above" else 0) <= int(number) <= n:
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


def by_lines(text, n, collect, verdict):
    """Sections as they should be; `collect` and `verdict` say what becomes of their rating lines."""
    found = [[] for _text in range(n)]
    parts = re.split(HEADING, text or "")
    for number, section in zip(parts[1::2], parts[2::2], strict=False):
        if 1 <= int(number) <= n:
            found[int(number) - 1] += collect(section)
    return [verdict(lines) for lines in found]


def numbers(section):
    return [int(digits) for digits in re.findall(r"(?im)^[\s*]*rating[\s*]*:[\s*]*(\d+)", section)]


def one_number(lines):
    return lines[0] if len(set(lines)) == 1 and 1 <= lines[0] <= 5 else None


def equal_lines_are_one(text, n):
    return by_lines(text, n, numbers, one_number)


def in_range_only(text, n):
    return by_lines(
        text, n, lambda section: [k for k in numbers(section) if 1 <= k <= 5], lambda lines: sections_one(lines)
    )


def sections_one(lines):
    return lines[0] if len(lines) == 1 else None


def with_isdigit(text, n):
    def verdict(lines):
        ok = len(lines) == 1 and lines[0] and lines[0][0].isdigit() and 1 <= int(lines[0][0]) <= 5
        return int(lines[0][0]) if ok else None

    return by_lines(text, n, lambda section: re.findall(LINE, section), verdict)


def first_digit(text, n):
    def verdict(lines):
        found = re.match("[1-5１-５١-٥]", lines[0]) if len(lines) == 1 else None
        return int(found[0]) if found else None

    return by_lines(text, n, lambda section: re.findall(LINE, section), verdict)


def searched(text, n):
    def verdict(lines):
        found = re.search(r"\d+", lines[0]) if len(lines) == 1 else None
        return int(found[0]) if found and 1 <= int(found[0]) <= 5 else None

    return by_lines(text, n, lambda section: re.findall(LINE, section), verdict)


def test_parse_ratings(assert_each_named, lesson):
    assert_each_named(
        check.parse_ratings,
        right=[
            lesson["parse_ratings"],
            ratings.parse_ratings,
            line_by_line,
            varied(),
            lambda text, n: sections(unicodedata.normalize("NFKC", text or ""), n),
            lambda text, n: tuple(sections(text, n)),
            lambda text, n: (value for value in sections(text, n)),
            lambda text, n: pd.Series(sections(text, n), dtype=float),
            lambda text, n: np.array([nan if value is None else value for value in sections(text, n)]),
            lambda text, n: np.array(sections(text, n), dtype=object),
            lambda text, n: [None if value is None else np.int64(value) for value in sections(text, n)],
        ],
        wrong=[
            (distilabels, "exactly 2 entries: an empty output"),
            (lambda text, n: [value for value in sections(text, n) if value], "exactly 2 entries: an empty output"),
            (lambda text, n: sections(text, n) if text else [], "exactly 2 entries: an empty output"),
            (in_order, "a rating for the second text only"),
            (varied(pick="first"), "two rating lines for one text."),
            (varied(high=99), "neither a whole number from 1 to 5 nor None"),
            (varied(low=0), "neither a whole number from 1 to 5 nor None"),
            (
                lambda text, n: [value or 0 for value in sections(text, n)],
                "neither a whole number from 1 to 5 nor None",
            ),
            (varied(digit="[0-9]+"), "A rating was not found: a full-width digit"),
            (varied(heading=r"(?m)^#### Output for Text (\d+)$"), "not found: a heading without marks"),
            (varied(heading=r"(?im)^[\s#*]*output for text (\d+)[\s#*]*$"), "not found: a heading without marks"),
            (varied(line=r"(?im)^rating: (.*)$"), "A rating was not found: a rating right after the colon"),
            (varied(line=r"(?im)^rating:\s*(.*)$"), "A rating was not found: a bold rating"),
            (varied(line=r"(?i)rating[\s*]*:[\s*]*(.*)"), "a rationale that mentions a rating"),
            (varied(line=r"(?im)^[\s*]*rating[^\d\n]*(.*)$"), "not a rating: ratings out of range"),
            (varied(heading=r"(?im)^[\s#*]*output for text (\d)\d*[\s#*:]*$"), "eleven texts"),
            (varied(line=r"(?m)^[\s*]*Rating[\s*]*:[\s*]*(.*)$"), "everything in"),
            (varied(as_=str), "neither a whole number from 1 to 5 nor None"),
            (varied(bound=False), "a heading for text 0"),
            (varied(bound="above"), "a heading for text 0"),
            (varied(heading=r"(?i)output for text (\d+)"), "a rationale that mentions a heading"),
            (varied(heading=r"(?im)^[\s#*]*output for text (\d+)"), "a rationale that mentions a heading"),
            (varied(line=r"(?im)^[\s*]*rating[\s*]*:[\s*]*(\d+)"), "one without a number"),
            (equal_lines_are_one, "two equal rating lines for one text"),
            (in_range_only, "one out of range"),
            (with_isdigit, "not a rating: ratings out of range"),
            (first_digit, "not a rating: ratings out of range"),
            (searched, "not a rating: ratings out of range"),
            (lambda text, n: sections(text + "", n), "raised TypeError"),
            (lambda text, n: 4, "should be a list"),
            (lambda text, n: dict(enumerate(sections(text, n))), "should be a list"),
            (lambda text, n: [].append(text), "The function returned None"),
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
            counts["decided"] = counts.get("decided", 0) + (None not in (a, b))
            counts["n"] += 1 if n == "pairs" else 2
            counts["right"] += {"both": a == 1 and b == 2, "any": (a == 1) + (b == 2), "first": a == 1}[right]
            counts["same_place"] += {"both": a is not None and a == b, "none": a == b, "first": a == b == 1}[place]
        for counts in found.values():
            interval = share(counts["right"], counts["n"] if right != "any" else 2 * counts["n"])
            decided = counts.pop("decided") if low == "decided" else interval.n
            ends = {"wilson": interval.low, "value": interval.value, "percent": 100 * interval.low}
            ends["decided"] = share(counts["right"], decided).low
            counts["low"] = ends[low]
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
            gap="least", turn=False, messages=True, change=False, worst="min", margin=None):  # fmt: skip
    fixed = margin

    def to_preferences(rows, margin):
        made = []
        for row in rows:
            if change:
                row["instruction"] = (row["instruction"] or "").strip()
            answers, ratings = row["generations"], row["ratings"]
            if mismatch and len(answers) != len(ratings):
                continue
            if instruction and not (row["instruction"] if instruction == "crash" else row["instruction"] or "").strip():
                continue
            usable = []
            for answer, rating in zip(answers, ratings, strict=False):
                if none and rating is None or none == "falsy" and not rating:
                    continue
                rating = -1 if rating is None else rating
                if finite and not (isfinite(rating) if finite is True else rating == rating):
                    continue
                if text and not (answer or "").strip():
                    continue
                usable.append((rating, answer))
            if len(usable) < 2:
                continue
            best = max(usable, key=lambda two: two[0])
            low = min(usable if worst == "first" else usable[::-1], key=lambda two: two[0])
            low = usable[-1] if worst == "last" else low
            best = max(usable[::-1], key=lambda two: two[0]) if worst == "sorted" else best
            distance = best[0] - low[0]
            if tie and best[0] == low[0]:
                continue
            least = fixed or margin
            if distance < least if gap == "least" else distance <= margin if gap == "more" else False:
                continue
            if identical and (best[1] or "").strip() == (low[1] or "").strip():
                continue
            chosen, rejected = (low, best) if turn else (best, low)
            pair = {"prompt": row["instruction"], "chosen": chosen[1], "rejected": rejected[1]}
            if messages:
                role = lambda column: "user" if column == "prompt" or messages == "user" else "assistant"  # noqa: E731
                pair = {column: [{"role": role(column), "content": said}] for column, said in pair.items()}
            made.append(pair)
        return made

    return to_preferences


def lazily(pairs, judge):
    """Asks for the other order only where it matters, and once more for the same place."""
    found = {}
    for pair in pairs:
        texts = {"instruction": pair["instruction"], "first": pair["good"], "second": pair["bad"]}
        turned = {**texts, "first": pair["bad"], "second": pair["good"]}
        counts = found.setdefault(pair["damage"], Counter())
        counts["n"] += 1
        counts["right"] += judge(**texts) == 1 and judge(**turned) == 2
        counts["same_place"] += judge(**texts) is not None and judge(**texts) == judge(**turned)
    return {kind: {**c, "low": np.float64(share(c["right"], c["n"]).low)} for kind, c in found.items()}


def known_kinds(pairs, judge):
    found = reporting()(pairs, judge)
    return {kind: found.get(kind) for kind in ("truncated", "wrong", "swapped")}


def last_of_kind(pairs, judge):
    return reporting()(list({(pair["damage"], pair["instruction"]): pair for pair in pairs}.values()), judge)


def marks_pairs(pairs, judge):
    for pair in pairs:
        pair["verdict"] = judge(pair["instruction"], pair["good"], pair["bad"])
    return reporting()(pairs, judge)


def asks_wrongly(order):
    return lambda pairs, judge: reporting()(pairs, lambda *three: judge(*[three[place] for place in order]))


def stripped(rows, margin):
    pairs = pairing()(rows, margin)
    for pair in pairs:
        for column in ("chosen", "rejected"):
            pair[column][0]["content"] = pair[column][0]["content"].strip()
        pair["margin"] = margin
    return (pair for pair in pairs)


def dataset_of_pairs(rows, margin):
    from datasets import Dataset

    return Dataset.from_list(pairing()(rows, margin))


def with_sorted(rows, margin):
    """Takes the last of several best answers."""
    return pairing(worst="sorted")(rows, margin)


def second_best(rows, margin):
    """Where the best and the worst answer are the same, the next one is taken."""
    found = []
    for row in rows:
        pairs = pairing()([row], margin)
        if not pairs and len(row["ratings"]) == len(row["generations"]) > 2:
            pairs = pairing()([{**row, **{key: row[key][:-1] for key in ("ratings", "generations")}}], margin)
        found += pairs
    return found


REPORT_FAULTS = [
    (reporting(orders=1), "show it every pair in both orders"),
    (reporting(right="any"), "the good answer has to win in both orders"),
    (reporting(right="first"), "the good answer has to win in both orders"),
    (reporting(n="verdicts"), "count the pairs, not the verdicts"),
    (last_of_kind, "count the pairs, not the verdicts"),
    (reporting(place="none"), "None is no place"),
    (reporting(place="first"), "None is no place"),
    (reporting(low="value"), "lower end of the interval"),
    (reporting(low="percent"), "lower end of the interval"),
    (reporting(low="decided"), "lower end of the interval"),
    (reporting(by="all"), "one entry for each kind of damage"),
    (known_kinds, "one entry for each kind of damage"),
    (asks_wrongly((1, 2, 0)), "an instruction and its two answers"),
    (asks_wrongly((0, 1, 1)), "an instruction and its two answers"),
    (lambda pairs, judge: judge("", "", "") and {}, "an instruction and its two answers"),
    (marks_pairs, "changes the pairs"),
    (lambda pairs, judge: [], "should return a dictionary"),
    (lambda pairs, judge: print(end=""), "The function returned None"),
    (lambda pairs, judge: dict.fromkeys(reporting()(pairs, judge), 3), "with these keys"),
    (lambda pairs, judge: judge(*pairs[:1]) if pairs else {}, "raised TypeError"),
]
PAIR_FAULTS = [
    (pairing(none=False), "should not become a pair: a rating that is None"),
    (pairing(finite=False), "NaN"),
    (pairing(finite="nan"), "a rating that is infinite"),
    (pairing(none="falsy"), "should become a pair: a rating of 0"),
    (pairing(text=False), "an answer of nothing but spaces"),
    (pairing(mismatch=False), "more ratings than answers"),
    (pairing(instruction=False), "an empty instruction"),
    (pairing(instruction="crash"), "raised AttributeError"),
    (pairing(identical=False), "two ratings for the same words"),
    (second_best, "two ratings for the same words"),
    (pairing(tie=False), "a tie, with a margin of 0"),
    (pairing(gap="none"), "ratings closer than the margin"),
    (pairing(margin=1), "ratings closer than the margin"),
    (pairing(gap="more"), "should become a pair: a rating of 0"),
    (pairing(turn=True), "the wrong way round"),
    (pairing(worst="last"), "should become a pair: a rating of 0"),
    (pairing(messages=False), "a list of one message with the role `user`"),
    (pairing(messages="user"), "a list of one message with the role `assistant`"),
    (pairing(change=True), "changes the row"),
    (lambda rows, margin: [].append(rows), "The function returned None"),
    (lambda rows, margin: pairing()(rows[:1], margin), "should give two pairs"),
    (lambda rows, margin: pairing()(rows, margin)[::-1], "three rows, one of them a tie"),
    (lambda rows, margin: pairing()(rows, margin) * 2, "at most one pair"),
    (lambda rows, margin: [], "should become a pair: two answers, far apart"),
]


def test_preferences(assert_each_named, lesson):
    report, pairs = reporting(), pairing()
    assert_each_named(
        check.preferences,
        right=[
            (lesson["judge_report"], lesson["to_preferences"]),
            (course_report, preferences.to_preferences),
            (lazily, stripped),
            (report, dataset_of_pairs),
            (report, with_sorted),
            (report, pairing(tie=False, worst="first")),  # a tie is then an answer against itself
        ],
        wrong=[((answer, pairs), part) for answer, part in REPORT_FAULTS]
        + [((report, answer), part) for answer, part in PAIR_FAULTS],
    )
