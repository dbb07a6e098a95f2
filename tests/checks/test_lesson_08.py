"""Every check of lesson 08, both ways."""

from __future__ import annotations

import json
import re
import string
from collections import Counter, OrderedDict, defaultdict
from itertools import groupby

import numpy as np
import pandas as pd

from prompt2data import kitchen
from prompt2data.checks import lesson_08 as check

LESSON = "08_a_dataset_that_teaches"


def divides(*_args):
    return 1 / 0


NO_FUNCTION = [(3, "should be a function"), (divides, "divides raised ZeroDivisionError")]


# -- 8.1 ----------------------------------------------------------------------------------------------------------

COUNTS = ("n", "valid", "tool", "exact")


def with_kitchen(outputs, expected):
    return {
        tool: {"n": score.valid.n, "valid": score.valid.k, "tool": score.tool.k, "exact": score.exact.k}
        for tool, score in kitchen.exam(outputs, expected).by_tool.items()
    }


def with_counters(outputs, expected):
    counters = {}
    for output, wanted in zip(outputs, expected, strict=True):
        marks, call = counters.setdefault(wanted["tool"], Counter(dict.fromkeys(COUNTS, 0))), kitchen.parse_call(output)
        marks.update(["n"])
        if call:
            marks.update(["valid"] + ["tool"] * (call["tool"] == wanted["tool"]) + ["exact"] * (call == wanted))
    return counters


def with_comprehensions(outputs, expected):
    if len(outputs) != len(expected):
        raise ValueError("Not one output for each call.")
    both = [(kitchen.parse_call(output) or {}, wanted) for output, wanted in zip(outputs, expected, strict=True)]
    return OrderedDict(
        (
            tool,
            {
                "exact": sum(call == wanted for call, wanted in both if wanted["tool"] == tool),
                "tool": sum(call.get("tool") == tool for call, wanted in both if wanted["tool"] == tool),
                "valid": len([call for call, wanted in both if call and wanted["tool"] == tool]),
                "n": [wanted["tool"] for wanted in expected].count(tool),
            },
        )
        for tool in dict.fromkeys(wanted["tool"] for wanted in expected)
    )


def step_by_step(outputs, expected):
    if len(outputs) < len(expected) or len(outputs) > len(expected):
        raise ValueError
    result = defaultdict(lambda: {"n": 0, "valid": 0, "tool": 0, "exact": 0})
    for i in range(len(expected)):
        tool = expected[i]["tool"]
        result[tool]["n"] += 1
        call = kitchen.parse_call(outputs[i])
        if call is None:
            continue
        result[tool]["valid"] += 1
        if call["tool"] != tool:
            continue
        result[tool]["tool"] += 1
        if all(call[field] == expected[i][field] for field in call):
            result[tool]["exact"] += 1
    return result


def recursively(outputs, expected):
    if not outputs and not expected:
        return {}
    if not outputs or not expected:
        raise ValueError("one is longer")
    found, call = recursively(outputs[:-1], expected[:-1]), kitchen.parse_call(outputs[-1])
    wanted = expected[-1]
    marks = found.setdefault(wanted["tool"], dict.fromkeys(COUNTS, 0))
    for count, right in zip(COUNTS, [1, call, call and call["tool"] == wanted["tool"], call == wanted], strict=True):
        marks[count] += 1 if right else 0
    return found


def with_pandas(outputs, expected):
    table = pd.DataFrame({"wanted": pd.Series(expected, dtype=object), "output": outputs})
    if table.empty:
        return {}
    table["by"] = [wanted["tool"] for wanted in expected]
    calls = [kitchen.parse_call(output) for output in outputs]
    table["n"], table["valid"] = 1, [call is not None for call in calls]
    table["tool"] = [bool(call) and call["tool"] == tool for call, tool in zip(calls, table["by"], strict=True)]
    table["exact"] = [call == wanted for call, wanted in zip(calls, expected, strict=True)]
    return table.groupby("by", sort=False)[list(COUNTS)].sum().to_dict("index")


def as_text_of_calls(outputs, expected):
    found = with_kitchen(outputs, expected)
    for tool in found:
        pairs = [(kitchen.parse_call(o), w) for o, w in zip(outputs, expected, strict=True) if w["tool"] == tool]
        found[tool]["exact"] = np.sum([bool(call) and kitchen.to_json(call) == kitchen.to_json(w) for call, w in pairs])
    return found


def from_all_tools(outputs, expected):
    found = {tool: dict.fromkeys(COUNTS, 0.0) for tool in kitchen.TOOLS}
    for tool, marks in with_kitchen(outputs, expected).items():
        for count in COUNTS:
            found[tool][count] += marks[count]
    first = [wanted["tool"] for wanted in expected]
    return {
        tool: found[tool] for tool in sorted(found, key=lambda t: first.index(t) if t in first else 99) if tool in first
    }


def in_groups(outputs, expected):
    order = list(dict.fromkeys(w["tool"] for w in expected))
    pairs = sorted(zip(outputs, expected, strict=True), key=lambda pair: order.index(pair[1]["tool"]))
    found = {}
    for tool, group in groupby(pairs, key=lambda pair: pair[1]["tool"]):
        group = [(kitchen.parse_call(output), wanted) for output, wanted in group]
        valid = [pair for pair in group if pair[0]]
        right = [pair for pair in valid if pair[0]["tool"] == tool]
        numbers = len(group), len(valid), len(right), len([1 for call, wanted in right if call == wanted])
        found[tool] = dict(zip(COUNTS, numbers, strict=True))
    return found


def marks_of(
    parse=kitchen.parse_call,
    by=lambda call, wanted: wanted["tool"],
    valid=lambda call, wanted: call is not None,
    tool=lambda call, wanted: call is not None and call["tool"] == wanted["tool"],
    exact=lambda call, wanted, output: call == wanted,
    n=lambda call: 1,
    lengths=True,
    change=lambda found: found,
):
    """A right answer, with parts that can be done wrong."""

    def exam(outputs, expected):
        if lengths and len(outputs) != len(expected):
            raise ValueError
        found = {}
        for output, wanted in zip(outputs, expected, strict=False):
            call = parse(output)
            marks = found.setdefault(by(call, wanted), dict.fromkeys(COUNTS, 0))
            marks["n"] += n(call)
            marks["valid"] += bool(valid(call, wanted))
            marks["tool"] += bool(tool(call, wanted))
            marks["exact"] += bool(exact(call, wanted, output))
        return change(found)

    return exam


def lenient(output):
    """JSON with a tool that there is: without the strictness of `kitchen.parse_call`."""
    try:
        call = json.loads(output)
        return call if call["tool"] in kitchen.TOOLS else None
    except (TypeError, ValueError, KeyError, IndexError):
        return None


def searched(output):
    found = re.search(r"\{.*?\}", output or "")
    return kitchen.parse_call(found[0]) if found else None


def any_json(output):
    try:
        call = json.loads(output or "")
    except ValueError:
        return None
    return call if isinstance(call, dict) and "tool" in call else None


def rebuilt_each_time(outputs, expected):
    found = {}
    for output, wanted in zip(outputs, expected, strict=True):
        found.update(marks_of()([output], [wanted]))
    return found


def uses_up(outputs, expected):
    if len(outputs) != len(expected):
        raise ValueError
    rest = marks_of()(outputs, expected)
    while outputs:
        outputs.pop()
    return rest


def takes_tool_out(outputs, expected):
    found = marks_of()(outputs, expected)
    for wanted in expected:
        wanted.pop("tool")
    return found


def unparsed_none(outputs, expected):
    return marks_of(parse=lambda output: kitchen.parse_call(output.strip()))(outputs, expected)


def call_is_some_expected(outputs, expected):
    return marks_of(exact=lambda call, wanted, output: call in expected)(outputs, expected)


def by_first_place(outputs, expected):
    found = {}
    for wanted in expected:
        output = outputs[expected.index(wanted)]
        one = marks_of()([output], [wanted])[wanted["tool"]]
        mine = found.setdefault(wanted["tool"], Counter())
        mine.update(one)
    if len(outputs) != len(expected):
        raise ValueError
    return {tool: {count: mine[count] for count in COUNTS} for tool, mine in found.items()}


def one_total(outputs, expected):
    found = marks_of()(outputs, expected)
    return {count: sum(marks[count] for marks in found.values()) for count in COUNTS}


def plain_counters(outputs, expected):
    counters = defaultdict(Counter)
    for output, wanted in zip(outputs, expected, strict=True):
        call, mine = kitchen.parse_call(output), counters[wanted["tool"]]
        mine["n"] += 1
        if call:
            mine["valid"] += 1
            if call["tool"] == wanted["tool"]:
                mine["tool"] += 1
            if call == wanted:
                mine["exact"] += 1
    return counters


def asserts_lengths(outputs, expected):
    assert len(outputs) == len(expected)
    return marks_of()(outputs, expected)


def returns_nothing_for_lengths(outputs, expected):
    return marks_of()(outputs, expected) if len(outputs) == len(expected) else {}


def right_number(call, wanted, _output=None):
    numbers = lambda call: [value for value in call.values() if isinstance(value, int)]  # noqa: E731
    return call is not None and call["tool"] == wanted["tool"] and numbers(call) == numbers(wanted)


def right_thing(call, wanted, _output=None):
    things = lambda call: [value for value in call.values() if isinstance(value, str)]  # noqa: E731
    return call is not None and things(call) == things(wanted)


def test_exam(assert_each_named, lesson):
    assert_each_named(
        check.exam,
        right=[
            *(lesson["exam"], with_kitchen, with_counters, with_comprehensions, step_by_step, recursively, with_pandas),
            *(as_text_of_calls, from_all_tools, in_groups, marks_of()),
            marks_of(valid=lambda call, wanted: call),
            marks_of(exact=lambda call, wanted, output: call and not set(call.items()) ^ set(wanted.items())),
            marks_of(change=lambda found: {tool: dict(sorted(marks.items())) for tool, marks in found.items()}),
            marks_of(change=lambda found: {t: {c: np.int64(n) for c, n in m.items()} for t, m in found.items()}),
        ],
        wrong=[
            (marks_of(valid=lambda call, wanted: call and call["tool"] == wanted["tool"]), "`valid` counts"),
            (marks_of(valid=lambda call, wanted: call == wanted), "`valid` counts"),
            (marks_of(valid=lambda call, wanted: True), "`valid` counts"),
            (marks_of(parse=lenient), "`valid` counts"),
            (marks_of(parse=searched), "`valid` counts"),
            (marks_of(parse=any_json), "`valid` counts"),
            (marks_of(tool=lambda call, wanted: call is not None), "`tool` counts"),
            (marks_of(tool=lambda call, wanted: call == wanted), "`tool` counts"),
            (marks_of(tool=right_number), "`tool` counts"),
            (marks_of(exact=lambda call, wanted, o: call and call["tool"] == wanted["tool"]), "`exact` counts"),
            (marks_of(exact=right_number), "`exact` counts"),
            (marks_of(exact=right_thing), "`exact` counts"),
            (marks_of(exact=lambda call, wanted, o: o == json.dumps(wanted)), "`exact` counts"),
            (marks_of(exact=lambda call, wanted, o: o == kitchen.to_json(wanted)), "`exact` counts"),
            (marks_of(exact=lambda call, wanted, o: str(call).lower() == str(wanted)), "`exact` counts"),
            (call_is_some_expected, "`exact` counts"),
            (marks_of(n=lambda call: call is not None), "`n` counts"),
            (rebuilt_each_time, "`n` counts"),
            (by_first_place, "`valid` counts"),
            (marks_of(by=lambda call, wanted: call["tool"] if call else "none"), "No sentence asks"),
            (marks_of(by=lambda call, wanted: call["tool"] if call else wanted["tool"]), "No sentence asks"),
            (lambda o, e: {tool: marks_of()(o, e).get(tool, dict.fromkeys(COUNTS, 0)) for tool in kitchen.TOOLS},
             "No sentence asks"),
            (lambda o, e: {t: m for t, m in marks_of()(o, e).items() if m["valid"]}, "needs an entry"),
            (lambda o, e: {t: m for t, m in marks_of()(o, e).items() if t != "none"}, "needs an entry"),
            (lambda o, e: dict(sorted(marks_of()(o, e).items())), "in the order in which they are first"),
            (lambda o, e: {t: m for t, m in [*marks_of()(o, e).items()][::-1]}, "in the order in which they are first"),
            (one_total, "its four counts"),
            (lambda o, e: list(marks_of()(o, e).items()), "its four counts"),
            (lambda o, e: [{"by": t, **m} for t, m in marks_of()(o, e).items()], "its four counts"),
            (lambda o, e: {t: tuple(m.values()) for t, m in marks_of()(o, e).items()}, "its four counts"),
            (plain_counters, "and no other; 0"),
            (lambda o, e: {t: m | {"share": 0.5} for t, m in marks_of()(o, e).items()}, "and no other; 0"),
            (lambda o, e: {t: m | {"exact": str(m["exact"])} for t, m in marks_of()(o, e).items()}, "is no number"),
            (lambda o, e: {t: m | {"exact": m["exact"] > 0} for t, m in marks_of()(o, e).items()}, "is no number"),
            (marks_of(lengths=False), "raise a ValueError"),
            (returns_nothing_for_lengths, "raise a ValueError"),
            (asserts_lengths, "raise a ValueError"),
            (uses_up, "changes the lists it is given"),
            (takes_tool_out, "changes the lists it is given"),
            (unparsed_none, "raised AttributeError"),
            (marks_of(tool=lambda call, wanted: call["tool"] == wanted["tool"]), "raised TypeError"),
            (lambda o, e: o.append(e), "✘ The function returned None"),
            *NO_FUNCTION,
        ],
    )  # fmt: skip


# -- 8.2 ----------------------------------------------------------------------------------------------------------


def parts_of(call):
    """Number and thing of a call."""
    values = [value for field, value in call.items() if field != "tool"]
    return sorted(values, key=lambda value: isinstance(value, str))


def runs(text):
    return re.findall(r"\d+", text)


def with_lookarounds(call, sentence):
    number, thing = parts_of(call)
    if not sentence:
        return False
    found = re.search(rf"(?<![^\W_]){re.escape(thing)}(?![^\W_])", sentence, re.IGNORECASE)
    return runs(sentence) == [str(number)] and found is not None


def with_full_match(call, sentence):
    number, thing = parts_of(call)
    if sentence is None or re.fullmatch(rf"\D*{number}\D*", sentence) is None:
        return False
    return re.fullmatch(rf"(.*\W)?{re.escape(thing.casefold())}(\W.*)?", sentence.casefold(), re.DOTALL) is not None


def with_tokens(call, sentence):
    number, thing = parts_of(call)
    words, own = (re.findall(r"[^\W\d]+", text.lower()) for text in (sentence or "", thing))
    there = any(words[place : place + len(own)] == own for place in range(len(words)))
    return there and [int(run) for run in runs(sentence)] == [number]


def character_by_character(call, sentence):
    number, thing = parts_of(call)
    numbers, digits = [], ""
    for character in (sentence or "") + " ":
        if character in "0123456789":
            digits += character
        elif digits:
            numbers.append(int(digits))
            digits = ""
    if len(numbers) != 1 or numbers[0] != number:
        return False
    text, thing = " " + sentence.lower() + " ", thing.lower()
    for i in range(len(text)):
        if text[i : i + len(thing)] == thing and not text[i - 1].isalnum() and not text[i + len(thing)].isalnum():
            return True
    return False


def with_spaces(call, sentence):
    """Signs become spaces in both, and so do the edges."""
    number, thing = parts_of(call)
    clean = lambda text: f" {' '.join(re.sub(r'[^a-zà-ÿ]', ' ', text.lower()).split())} "  # noqa: E731
    return runs(str(sentence)) == [f"{number}"] and clean(thing) in clean(sentence)


def with_groupby(call, sentence):
    number, thing = parts_of(call)
    groups = ["".join(group) for digit, group in groupby(sentence or "", str.isdigit) if digit]
    if len(groups) == 1 and int(groups[0]) == number:
        return bool(re.compile(r"\b" + re.escape(thing) + r"\b", re.I).search(sentence))
    return False


def recursive(call, sentence, start=0):
    number, thing = parts_of(call)
    text = (sentence or "").upper()
    place = text.find(thing.upper(), start)
    if place < 0 or runs(text) != [str(number)]:
        return False
    around = text[:place][-1:] + text[place + len(thing) :][:1]
    return not any(map(str.isalpha, around)) or recursive(call, sentence, place + 1)


def with_try(call, sentence):
    fields = dict(call)
    del fields["tool"]
    number = [fields[field] for field in fields if type(fields[field]) is int][0]
    thing = [fields[field] for field in fields if type(fields[field]) is str][0]
    try:
        (found,) = re.finditer("[0-9]+", sentence)
    except (TypeError, ValueError):
        return False
    return np.bool_(int(found.group()) == number and re.search(rf"\b{re.escape(thing)}\b", sentence, re.I))


def with_split(call, sentence):
    number, thing = parts_of(call)
    if sentence is None:
        return False
    pieces = re.split(rf"\b{re.escape(thing.lower())}\b", sentence.lower())
    return len(pieces) > 1 and " ".join(runs(sentence)) == str(number)


def counted(call, sentence):
    number, thing = parts_of(call)
    counts = Counter(runs(sentence)) if sentence else {}
    return counts == {str(number): 1} and any(re.finditer(r"(?i)(^|\W)" + re.escape(thing) + r"($|\W)", sentence))


def number_ok(call, sentence):
    return runs(sentence or "") == [str(parts_of(call)[0])]


def thing_ok(call, sentence):
    return bool(re.search(rf"\b{re.escape(parts_of(call)[1].lower())}\b", (sentence or "").lower()))


def thing_by(test, number=number_ok):
    """A right answer, apart from how it looks for the thing: `test(thing, sentence)`."""
    return lambda call, said: number(call, said) and bool(said) and bool(test(parts_of(call)[1], said))


def number_by(test):
    """A right answer, apart from how it looks for the number: `test(number, sentence)`."""
    return lambda call, said: bool(said) and bool(test(parts_of(call)[0], said)) and thing_ok(call, said)


def plain_words(text):
    return [word.strip(string.punctuation + "“”°") for word in text.lower().split()]


def by_names(call, sentence):
    number = call.get("minutes") or call.get("celsius") or call.get("grams")
    thing = call.get("for") or call.get("of")
    return runs(sentence or "") == [str(number)] and re.search(rf"(?i)\b{re.escape(thing)}\b", sentence) is not None


def by_names_get(call, sentence):
    number = call.get("minutes", call.get("celsius", call.get("grams", 0)))
    thing = call.get("for", call.get("of", ""))
    return number_ok({"n": number, "t": thing}, sentence) and thing_ok({"n": number, "t": thing}, sentence)


def by_places(call, sentence):
    _tool, number, thing = call.values()
    return runs(sentence or "") == [str(number)] and thing_ok({"n": number, "t": str(thing)}, sentence)


def takes_tool(call, sentence):
    call.pop("tool", None)
    return number_ok(call, sentence) and thing_ok(call, sentence)


def tool_as_well(call, sentence):
    return number_ok(call, sentence) and all(v.lower() in sentence.lower() for v in call.values() if isinstance(v, str))


def lowers_call(call, sentence):
    for field in call:
        if isinstance(call[field], str):
            call[field] = call[field].upper()
    return number_ok(call, sentence) and thing_ok(call, sentence)


def none_otherwise(call, sentence):
    if number_ok(call, sentence) and thing_ok(call, sentence):
        return True


def with_reason(call, sentence):
    return kitchen.verify(call, sentence) is None


def number_and_match(call, sentence):
    return number_ok(call, sentence) and re.search(rf"(?i)\b{re.escape(parts_of(call)[1])}\b", sentence)


def tokens_of_digits(number, said):
    return [word for word in said.split() if word.isdigit()] == [str(number)]


def test_verify(assert_each_named, lesson):
    both = lambda call, said: number_ok(call, said) and thing_ok(call, said)  # noqa: E731
    assert_each_named(
        check.verify,
        right=[
            *(lesson["verify"], with_lookarounds, with_full_match, with_tokens, character_by_character, with_spaces),
            *(with_groupby, recursive, with_try, with_split, counted, both),
            thing_by(lambda thing, said: f" {thing.lower()} " in re.sub(r"[^\w'+-]", " ", f" {said} ".lower())),
            number_by(lambda number, said: re.findall(r"\d+", said) == re.findall(r"\d+", str(number))),
            number_by(lambda number, said: len(runs(said)) == 1 and int(*runs(said)) == number),
            number_by(lambda number, said: re.match(rf"\D*(?<!\d){number}(?!\d)\D*$", said)),
            number_by(lambda number, said: [run for run in re.split(r"\D", said) if run] == [str(number)]),
        ],
        wrong=[
            (lambda call, said: True, "This says True to every sentence"),
            (lambda call, said: said is not None, "This says True to every sentence"),
            (lambda call, said: False, "This says False to every sentence"),
            (lambda call, said: not both(call, said), "the wrong way round"),
            (lambda call, said: number_ok(call, said) or thing_ok(call, said), "One of both is enough"),
            (number_ok, "The thing is not looked at"),
            (thing_ok, "The number is not looked at"),
            (thing_by(lambda thing, said: thing.lower() in said.lower()), "a part of another word"),
            (thing_by(lambda thing, said: f" {thing.lower()}" in f" {said.lower()}"), "next to it, too"),
            (thing_by(lambda thing, said: re.search(rf"(?i)\b{re.escape(thing)}", said)), "a part of another word"),
            (thing_by(lambda thing, said: re.search(rf"(?i)\b{re.escape(thing)}s?\b", said)), "a part of another word"),
            (thing_by(lambda thing, said: re.search(rf"\b{re.escape(thing)}\b", said)), "Capitals make no difference"),
            (thing_by(lambda thing, said: re.search(rf"\b{re.escape(thing)}\b", said.lower())),
             "Capitals make no difference"),
            (thing_by(lambda thing, said: re.search(rf"(?i)\b{thing}\b", said)), "they are a part of it"),
            (thing_by(lambda thing, said: thing.lower() in said.lower().split()), "next to it, too"),
            (thing_by(lambda thing, said: f" {thing.lower()} " in f" {said.lower()} "), "next to it, too"),
            (thing_by(lambda thing, said: thing.lower() in plain_words(said)), "may be more than one word"),
            (thing_by(lambda thing, said: all(word in plain_words(said) for word in plain_words(thing))),
             "not next to each other"),
            (thing_by(lambda thing, said: any(word in plain_words(said) for word in plain_words(thing))),
             "is not in this sentence"),
            (thing_by(lambda thing, said: len(re.findall(rf"(?i)\b{re.escape(thing)}\b", said)) == 1),
             "more than once"),
            (thing_by(lambda thing, said: re.search(rf"(?i)\b{re.escape(thing)}\b", re.sub(r"[^\w\s]", "", said))),
             "they are a part of it"),
            (number_by(lambda number, said: str(number) in said), "a part of another number"),
            (number_by(lambda number, said: re.search(rf"\b{number}", said)), "a part of another number"),
            (number_by(lambda number, said: str(number) in runs(said)), "Two numbers are one"),
            (number_by(lambda number, said: re.search(rf"\b{number}\b", said)), "whatever stands next"),
            (number_by(lambda number, said: runs(said)[:1] == [str(number)]), "Two numbers are one"),
            (number_by(lambda number, said: runs(said)[-1:] == [str(number)]), "Two numbers are one"),
            (number_by(lambda number, said: "".join(filter(str.isdigit, said)) == str(number)), "Two numbers are one"),
            (number_by(lambda number, said: set(runs(said)) == {str(number)}), "here twice"),
            (number_by(lambda number, said: len(runs(said)) == 1), "another one than the call's"),
            (number_by(lambda number, said: re.findall(r"\d[\d,.]*", said) == [str(number)]), "whatever stands next"),
            (number_by(lambda number, said: re.findall(r"\b\d+\b", said) == [str(number)]), "whatever stands next"),
            (number_by(tokens_of_digits), "whatever stands next"),
            (number_by(lambda number, said: runs(re.sub(r"(?<=\d),(?=\d)", "", said)) == [str(number)]),
             "Each run of digits is a number"),
            (number_by(lambda number, said: [int(float(n)) for n in re.findall(r"\d+\.?\d*", said)] == [number]),
             "Each run of digits is a number"),
            (number_by(lambda number, said: runs(said.replace("wo", "2")) == [str(number)]), "in words does not count"),
            (by_names, "fields of any name"),
            (by_names_get, "fields of any name"),
            (by_places, "fields of any name"),
            (tool_as_well, "the name of the tool does not"),
            (with_reason, "looks at more than number and thing"),
            (takes_tool, "changes the call it is given"),
            (lowers_call, "changes the call it is given"),
            (none_otherwise, "Return True or False, and nothing else"),
            (lambda call, said: [].append(both(call, said)), "Return True or False, and nothing else"),
            (number_and_match, "Return True or False, and nothing else"),
            (lambda call, said: "kept" if both(call, said) else "dropped", "Return True or False, and nothing else"),
            (lambda call, said: int(both(call, said)), "Return True or False, and nothing else"),
            (lambda call, said: runs(said) == [str(parts_of(call)[0])] and thing_ok(call, said), "raised TypeError"),
            *NO_FUNCTION,
        ],
    )  # fmt: skip


# -- 8.3 ----------------------------------------------------------------------------------------------------------


def wanted_of(rows):
    return max(Counter(row["call"]["tool"] for row in rows).values(), default=0)


def key_of(sentence):
    return (sentence or "").strip().lower()


def with_most_common(rows, calls, write, why_drop):
    if not rows:
        return []
    [(_tool, number)] = Counter(row["call"]["tool"] for row in rows).most_common(1)
    result, left = list(rows), number
    for call in calls:
        if left == 0:
            break
        known = [row["sentence"].strip().lower() for row in result]
        fitting = (
            sentence.strip()
            for sentence in write(call) or ()
            if sentence and sentence.strip() and sentence.strip().lower() not in known and not why_drop(call, sentence)
        )
        first = next(fitting, None)
        if first is not None:
            result.append({"call": call, "sentence": first})
            left -= 1
    return result


def with_while(rows, calls, write, why_drop):
    tools = [row["call"]["tool"] for row in rows]
    number = max([tools.count(tool) for tool in tools] or [0])
    new, position = [], 0
    while len(new) < number and position < len(calls):
        call, position = calls[position], position + 1
        sentences = write(call)
        if not sentences:
            continue
        for text in sentences:
            if text is None or not text.strip():
                continue
            text = text.strip()
            if text.casefold() in {row["sentence"].strip().casefold() for row in rows + new}:
                continue
            if why_drop(call, text):
                continue
            new += [dict(sentence=text, call=dict(call))]
            break
    return rows + new


def reasons_first(rows, calls, write, why_drop):
    """All reasons are asked for before it looks at anything else."""
    result = json.loads(json.dumps(rows))
    for call in calls:
        if len(result) - len(rows) >= wanted_of(rows):
            return result
        good = [text for text in write(call) or [] if why_drop(call, text) is None]
        good = [text.strip() for text in good if text and not text.isspace()]
        good = [text for text in good if key_of(text) not in [key_of(row["sentence"]) for row in result]]
        result.extend({"sentence": text, "call": call} for text in good[:1])
    return result


def as_generator(rows, calls, write, why_drop):
    yield from rows
    seen, left, dealt = {key_of(row["sentence"]) for row in rows}, wanted_of(rows), iter(calls)
    while left > 0:
        call = next(dealt, None)
        if call is None:
            return
        for text in write(call) or []:
            if key_of(text) and key_of(text) not in seen and why_drop(call, text.strip()) is None:
                seen.add(key_of(text))
                yield {"sentence": text.strip(), "call": call}
                left -= 1
                break


def recursive_tool(rows, calls, write, why_drop, number=None):
    number = wanted_of(rows) if number is None else number
    if not number or not calls:
        return tuple(rows)
    call, *others = calls
    seen = [key_of(row["sentence"]) for row in rows]
    good = [text.strip() for text in write(call) or [] if key_of(text) not in ["", *seen]]
    good = [text for text in good if not why_drop(call=call, sentence=text)]
    new = [{"sentence": good[0], "call": call}] if good else []
    return recursive_tool([*rows, *new], others, write, why_drop, number - len(new))


def helped(rows, calls, write, why_drop):
    sentences = {key_of(row["sentence"]): row for row in rows}

    def first(call):
        for text in filter(key_of, write(call) or []):
            if key_of(text) not in sentences and why_drop(call, text) is None:
                return text.strip()

    new = []
    for call in calls:
        if len(new) == wanted_of(rows):
            break
        if text := first(call):
            new.append({"sentence": text, "call": call})
            sentences[key_of(text)] = new[-1]
    return [*rows, *new]


def adding(
    number=wanted_of,
    key=key_of,
    store=lambda text: (text or "").strip(),
    old=True,
    new=True,
    blank=False,
    drop=lambda reason: reason is not None,
    spoilt=False,
    stop="before",
    several=False,
    pick=lambda texts: texts[:1],
    give_up=False,
    call=lambda call: call,
    give=lambda rows, found: [*rows, *found],
    ask=lambda write, call: write(call) or [],
    order=lambda calls: calls,
):
    """A right answer, with parts that can be left out or done wrong."""

    def add_tool(rows, calls, write, why_drop):
        seen, found, most = {key(row["sentence"]) for row in rows} if old else set(), [], number(rows)
        for one in order(calls):
            if stop == "before" and len(found) >= most:
                break
            good = []
            for text in ask(write, one):
                fresh = (blank or key_of(text)) and key(text) not in seen
                if spoilt:
                    seen.add(key(text))
                if fresh and not drop(why_drop(one, text)):
                    good.append(text)
            taken = good if several else pick(good)
            for text in taken:
                if several or len(found) < most:
                    found.append({"sentence": store(text), "call": call(one)})
                    if new:
                        seen.add(key(text))
            if give_up and not taken:
                break
        return give(rows, found)

    return add_tool


def appends(rows, calls, write, why_drop):
    for row in adding(give=lambda rows, found: found)(rows, calls, write, why_drop):
        rows.append(row)
    return rows


def strips_old(rows, calls, write, why_drop):
    for row in rows:
        row["sentence"] = row["sentence"].strip()
    return adding()(rows, calls, write, why_drop)


def uses_up_calls(rows, calls, write, why_drop):
    found, most = [], wanted_of(rows)
    while calls and len(found) < most:
        found += adding(give=lambda rows, found: found)([*rows, *found], [calls.pop(0)], write, why_drop)
    return [*rows, *found]


def asks_all_first(rows, calls, write, why_drop):
    written = {call["celsius"]: write(call) for call in calls}
    return adding(ask=lambda write, call: written[call["celsius"]] or [])(rows, calls, write, why_drop)


def asks_twice(rows, calls, write, why_drop):
    return adding(ask=lambda write, call: write(call) if write(call) else [])(rows, calls, write, why_drop)


def one_too_late(rows, calls, write, why_drop):
    found, most, seen = [], wanted_of(rows), [key_of(row["sentence"]) for row in rows]
    for call in calls:
        sentences = write(call) or []
        if len(found) == most:
            break
        for text in sentences:
            if key_of(text) and key_of(text) not in seen and not why_drop(call, text):
                found.append({"sentence": text.strip(), "call": call})
                seen.append(key_of(text))
                break
    return rows + found


def last_tool(rows):
    return [row["call"]["tool"] for row in rows].count(rows[-1]["call"]["tool"]) if rows else 0


def counted_in_runs(rows):
    counts = [0]
    for before, row in zip([None, *rows], rows, strict=False):
        same = before and before["call"]["tool"] == row["call"]["tool"]
        counts.append(counts[-1] + 1 if same else 1)
    return max(counts)


def only_columns(rows, found):
    return [{"sentence": row["sentence"], "call": row["call"]} for row in [*rows, *found]]


def crashes_without_rows(rows):
    return max(Counter(row["call"]["tool"] for row in rows).values())


def test_add_tool(assert_each_named, lesson):
    each = lambda change: lambda rows, found: [*rows, *map(change, found)]  # noqa: E731
    assert_each_named(
        check.add_tool,
        right=[
            *(lesson["add_tool"], with_most_common, with_while, reasons_first, as_generator, recursive_tool, helped),
            *(adding(), adding(drop=bool), adding(give=lambda rows, found: tuple(rows + found))),
            adding(call=dict, give=lambda rows, found: [dict(row) for row in rows] + found),
            adding(give=each(lambda row: row | {"reason": None})),
            adding(ask=lambda write, call: [text for text in write(call) or [] if text]),
        ],
        wrong=[
            (adding(number=len), "There are more new rows"),
            (adding(number=lambda rows: 99), "There are more new rows"),
            (adding(number=lambda rows: wanted_of(rows) + 1), "There are more new rows"),
            (adding(several=True), "A call has several new rows"),
            (adding(number=lambda rows: wanted_of(rows) - 1), "too few new rows"),
            (adding(number=lambda rows: len({row["call"]["tool"] for row in rows})), "too few new rows"),
            (adding(number=lambda rows: min(Counter(r["call"]["tool"] for r in rows).values(), default=0)),
             "too few new rows"),
            (adding(number=last_tool), "too few new rows"),
            (adding(number=counted_in_runs), "too few new rows"),
            (adding(give_up=True), "too few new rows"),
            (adding(spoilt=True), "too few new rows"),
            (adding(pick=lambda texts: texts[-1:]), "the first of its sentences"),
            (adding(pick=lambda texts: sorted(texts, key=len)[:1]), "the first of its sentences"),
            (adding(pick=lambda texts: sorted(set(texts))[-1:]), "the first of its sentences"),
            (adding(ask=lambda write, call: (write(call) or [])[:1]), "too few new rows"),
            (adding(old=False), "has this sentence"),
            (adding(new=False), "has this sentence"),
            (adding(old=False, new=False), "has this sentence"),
            (adding(key=lambda text: text), "has this sentence"),
            (adding(key=lambda text: (text or "").strip()), "has this sentence"),
            (adding(key=lambda text: (text or "").lower()), "has this sentence"),
            (adding(key=lambda text: (text or "").lower().rstrip()), "has this sentence"),
            (adding(drop=lambda reason: False), "for which `why_drop`"),
            (adding(drop=lambda reason: reason is None), "the other way round"),
            (adding(store=lambda text: text), "A new sentence has white"),
            (adding(store=lambda text: text.rstrip()), "A new sentence has white"),
            (adding(store=key_of), "not one that `write` gave"),
            (adding(store=lambda text: text.strip().rstrip(".")), "not one that `write` gave"),
            (adding(blank=True), "A new row has no sentence"),
            (adding(call=kitchen.SYSTEM.__add__), "raised TypeError"),
            (adding(call=json.dumps), "The `call` of a new row"),
            (adding(call=lambda call: call["tool"]), "The `call` of a new row"),
            (adding(call=lambda call: call | {"tool": "oven"}), "The `call` of a new row"),
            (adding(give=lambda rows, found: found), "begins with all old rows"),
            (adding(give=lambda rows, found: found + rows), "begins with all old rows"),
            (adding(give=only_columns), "begins with all old rows"),
            (adding(give=lambda rows, found: [r | {"sentence": r["sentence"].strip()} for r in rows + found]),
             "begins with all old rows"),
            (adding(give=lambda rows, found: rows + found[::-1]), "order of their calls"),
            (adding(order=lambda calls: calls[::-1]), "one call after the other"),
            (adding(order=lambda calls: sorted(calls, key=lambda call: call["celsius"])), "order of their calls"),
            (adding(give=each(lambda row: row["sentence"])), "is not a dictionary"),
            (adding(give=each(lambda row: {"text": row["sentence"], "call": row["call"]})), "lacks the column"),
            (adding(give=lambda rows, found: rows.extend(found)), "✘ The function returned None"),
            (adding(give=lambda rows, found: (rows, found)), "is not a dictionary"),
            (adding(stop="after"), "although there were enough rows"),
            (one_too_late, "although there were enough rows"),
            (asks_all_first, "although there were enough rows"),
            (asks_twice, "more than once for the same call"),
            (adding(ask=lambda write, call: write(call)), "raised TypeError"),
            (adding(ask=lambda write, call: [text.strip() for text in write(call) or []]), "raised AttributeError"),
            (adding(number=crashes_without_rows), "raised ValueError"),
            (lambda rows, calls, write, why_drop: adding()(rows, calls, write, lambda call, text: why_drop(text, call)),
             "takes the call first"),
            (appends, "changes what it is given"),
            (strips_old, "begins with all old rows"),
            (uses_up_calls, "changes what it is given"),
            *NO_FUNCTION,
        ],
    )  # fmt: skip
